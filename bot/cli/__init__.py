"""The `chuishao` command: a module for each group of commands, which registers its own with the application."""

import importlib

for group in ("running", "files", "people", "reading", "upkeep", "dead"):  # in the order of the help
    importlib.import_module(f"bot.cli.{group}")
