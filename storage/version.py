"""Which version this is: as the package says that is installed, else as `pyproject.toml` beside the checkout does."""

import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def _version() -> str:
    project = Path(__file__).parents[1] / "pyproject.toml"
    if project.exists():
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
    try:
        return version("chuishao")
    except PackageNotFoundError:
        return "0"


VERSION = _version()
