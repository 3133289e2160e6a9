"""JSON as others send it."""

import json
from typing import Any


def parse_json(raw: str | bytes) -> Any:
    """Parses JSON. Raises ValueError for anything else, and for nesting so deep that nobody can have meant it."""
    try:
        return json.loads(raw)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
