"""JSON as others send it."""

import json
from typing import Any


def parse_json(raw: str | bytes) -> Any:
    """ValueError for what is no JSON, also where it is nested so deeply that nobody can have meant it."""
    try:
        return json.loads(raw)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
