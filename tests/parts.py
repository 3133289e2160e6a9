"""Parts of the machine that tests want, and what happens where they are absent."""

import os

import pytest

IN_CI = os.environ.get("CI") == "true"


def absent(what: str) -> None:
    """A part of the machine that a test needs isn't there: said loudly at home, an error in CI."""
    if IN_CI:
        pytest.fail(f"CI must have {what}")
    pytest.skip(f"SKIPPED because {what} isn't on this machine")
