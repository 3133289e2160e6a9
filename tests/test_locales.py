"""Wording: the same keys and arguments in every language, none missing, none left over, none outside locales/."""

import ast
import re
import string
from functools import cache
from pathlib import Path

import pytest

import locales

ROOT = Path(__file__).parent.parent
FLOORS = ("bot", "handlers", "storage")
SOURCES = [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py")) if "migrations" not in path.parts]
PAGE = sorted((ROOT / "bot" / "page" / "static").glob("*.*"))
NOUNS = {path.stem for path in (ROOT / "locales" / locales.DEFAULT).glob("*.po")}
KEY = re.compile(rf"^({'|'.join(sorted(NOUNS))})\.[a-z_]+$")


def arguments(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_language_has_the_same_files_keys_and_arguments() -> None:
    first = locales.catalogue(locales.DEFAULT)
    for language in locales.LANGUAGES:
        if language not in locales.GENERATED:
            assert {path.stem for path in (ROOT / "locales" / language).glob("*.po")} == NOUNS
        other = locales.catalogue(language)
        assert set(other) == set(first)
        for key in first:
            assert arguments(other[key]) <= arguments(first[key]), key
            if language in locales.GENERATED:
                assert re.findall("<[^>]*>|https?:[^ ]*", other[key]) == re.findall("<[^>]*>|https?:[^ ]*", first[key])
            assert other[key], key


@cache
def used() -> tuple[set[str], set[str]]:
    """Keys that the code names whole, and the beginnings of those that it puts together (`alert.state_`)."""
    whole, parts = set(), set()
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        others = {id(part) for node in ast.walk(tree) for part in not_keys(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                start = str(node.values[0].value)
                parts |= {start} if re.match(rf"^({'|'.join(NOUNS)})\.[a-z_]*$", start) else set()
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in others:
                whole |= {node.value} if KEY.match(node.value) else set()
    page = " ".join(path.read_text() for path in PAGE if path.suffix != ".png")
    named = re.findall(
        r'(?<!/)words\.([a-z_]+)|data-(?:word|hint)="([a-z_]+)"|\d: "([a-z_]+)"|\? trouble.* : "([a-z_]+)"', page
    )
    return whole | {f"page.{name}" for names in named for name in names if name}, {*parts, "page.demo_"}


def not_keys(node: ast.AST) -> list[ast.AST]:
    """What looks like a key and isn't: the audit's actions, and pieces of longer strings."""
    if isinstance(node, ast.JoinedStr):
        return list(node.values)
    called = node.func if isinstance(node, ast.Call) else None
    if not isinstance(node, ast.Call) or not isinstance(called, ast.Attribute) or called.attr != "record":
        return []
    return [part for argument in node.args for part in ast.walk(argument)]


def test_no_key_is_missing_and_none_is_left_over() -> None:
    known = set(locales.catalogue(locales.DEFAULT))
    whole, parts = used()
    assert not whole - known - {"page.phone", "page.version", "board.html"}
    spare = {key for key in known - whole if not any(key.startswith(part) and key != part for part in parts)}
    assert not spare - {f"cli.{key}" for key in BACKUP_ERRORS} - {f"doctor.{key}" for key in SUBJECTS}


BACKUP_ERRORS = re.findall(r'BackupError\("(\w+)"', (ROOT / "bot" / "office" / "backup.py").read_text())
SUBJECTS = re.findall(r'Finding\(\s*"(\w+)"', (ROOT / "bot" / "health" / "doctor.py").read_text())


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_sentence_for_people_stands_in_the_code(path: Path) -> None:
    """Chinese in a string is data (headers, roles, what people type), never a sentence with a full stop."""
    tree = ast.parse(path.read_text())
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            sentence = re.search(r"[\u4e00-\u9fa5]{4,}[，。！？]", node.value)
            assert not sentence, (path, node.lineno)


def test_arguments_are_escaped_and_missing_ones_are_an_error() -> None:
    assert locales.text("zh_Hans", "alert.quote", text="<b>&\"'") == "“&lt;b&gt;&amp;\"'”"
    assert locales.text("zh_Hans", "alert.quote", text=locales.Html("<b>x</b>")) == "“<b>x</b>”"
    with pytest.raises(KeyError):
        locales.text("zh_Hans", "alert.quote")
    with pytest.raises(KeyError):
        locales.text("zh_Hans", "alert.no_such_key")
