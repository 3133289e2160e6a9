"""Finds every noun: by looking, not by a list."""

import importlib
import pkgutil
from functools import cache

import storage
from storage.noun import Noun

WINGS = ("engine", "people", "post", "duty", "cases", "reading", "alerts", "desk", "imports")
"""From the ground up: a wing knows those before it."""


@cache
def nouns() -> dict[str, Noun]:
    """Lists all nouns by the modules that declare them, wing by wing."""
    found = {}
    for wing in WINGS:
        package = importlib.import_module(f"{storage.__name__}.{wing}")
        for module in sorted(one.name for one in pkgutil.iter_modules(package.__path__) if not one.ispkg):
            name = f"{package.__name__}.{module}"
            noun = getattr(importlib.import_module(name), "NOUN", None)
            if isinstance(noun, Noun):
                found[name] = noun
    return found


def model_modules() -> list[str]:
    """Lists the modules in which there are models, for tortoise."""
    return sorted({record.model.__module__ for noun in nouns().values() for record in noun.records})
