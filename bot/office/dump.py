"""`chuishao export --all`: every record as JSON Lines, a file a table, and back into an empty database of any engine.

What is sealed stays sealed: whoever takes it in needs the same key. The words by which people are found aren't in it;
they are made anew. Rows are read and written a portion at a time; taking in is one transaction, so that an interruption
leaves nothing behind.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tortoise import Tortoise
from tortoise.models import Model

from storage.engine import audit
from storage.engine.database import Database
from storage.engine.schema import applied_migrations
from storage.engine.sql import add_numbered, fetch, pick, run, snapshot
from storage.engine.values import columns_of, from_json, to_json
from storage.imports import sequences_follow

Progress = Callable[[int, int], None]
PORTION = 1000
SECONDS = 7200.0
MANIFEST = "manifest.json"


class NotADumpError(Exception):
    """The folder isn't an export, or not all of one; carries what is wrong."""


class OtherKeyError(Exception):
    """What is sealed in the export was sealed with another key than this database's."""


class NotEmptyError(Exception):
    """The database has people or cases already: taking in would mix two counties."""


def models() -> list[type[Model]]:
    """Lists every kind of record, those first that others point to."""
    left = sorted(Tortoise.apps["chuishao"].values(), key=lambda model: model._meta.db_table)
    placed: list[type[Model]] = []
    while left:
        ready = [model for model in left if not _points_to(model) & {other for other in left if other is not model}]
        placed += ready
        left = [model for model in left if model not in ready]
    return placed


def _points_to(model: type[Model]) -> set[type[Model]]:
    return {model._meta.fields_map[name].related_model for name in model._meta.fk_fields}  # type: ignore[attr-defined]


async def _rows(model: type[Model]) -> Any:
    """Yields all rows, a portion at a time, in the order of their keys."""
    key = model._meta.pk_attr
    last: Any = None
    while True:
        where = f"{key} > ? " if last is not None else "1 = 1 "
        some = await pick(model, f"{where}ORDER BY {key} LIMIT {PORTION:d}", *([last] if last is not None else []))
        if not some:
            return
        yield some
        last = getattr(some[-1], key)


def _empty_book() -> Any:
    from openpyxl import Workbook

    return Workbook(write_only=True)


async def export_all(db: Database, folder: Path, progress: Progress, *, spreadsheet: bool = False) -> int:
    """Writes the folder, which must not exist, as of one moment; how many rows. With `spreadsheet` also all.xlsx, a
    sheet a table. Raises FileExistsError, OSError."""
    await asyncio.to_thread(folder.mkdir, 0o700, parents=True)
    book = _empty_book() if spreadsheet else None
    done, tables = 0, {}
    async with snapshot():
        total = sum([await _count(model) for model in models()])
        for model in models():
            sheet = book.create_sheet(model._meta.db_table[:31]) if book is not None else None
            told = partial(_scaled, progress, total, done)
            tables[model._meta.db_table] = described = await _write(model, folder, sheet, told)
            done += int(described["rows"])
    if book is not None:
        await asyncio.to_thread(book.save, folder / "all.xlsx")
    manifest = {"made_at": db.clock.now().isoformat(), "migrations": await applied_migrations(), "tables": tables}
    manifest["key"] = _key_mark(db)
    words = json.dumps(manifest, ensure_ascii=False, indent=1)
    await asyncio.to_thread((folder / MANIFEST).write_text, words, encoding="utf-8")
    await db.unit(partial(_note, "export.all", done), "cli:export")
    return done


async def _write(model: type[Model], folder: Path, sheet: Any, told: Callable[[int], None]) -> dict[str, Any]:
    """Writes one table's file and returns what the manifest says of it."""
    columns, count, digest = columns_of(model), 0, hashlib.sha256()
    if sheet is not None:
        sheet.append(list(columns))
    with (folder / f"{model._meta.db_table}.jsonl").open("wb") as file:
        async for some in _rows(model):
            for row in some:
                values = {name: to_json(getattr(row, name)) for name in columns}
                line = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
                digest.update(line)
                file.write(line)
                if sheet is not None:
                    sheet.append([_cell(value) for value in values.values()])
            count += len(some)
            told(count)
    kinds = {name: type(field).__name__.removesuffix("Field").lower() for name, field in columns.items()}
    return {"rows": count, "sha256": digest.hexdigest(), "columns": kinds}


async def _note(action: str, rows: int) -> None:
    audit.record(action, actor="cli", rows=rows)


async def _count(model: type[Model]) -> int:
    return int((await fetch(f'SELECT count(*) FROM "{model._meta.db_table}"'))[0][0])  # noqa: S608 - our own table


def _cell(value: Any) -> Any:
    text = str(value) if isinstance(value, dict | list) else value
    return f"'{text}" if isinstance(text, str) and text.startswith(("=", "+", "-", "@")) else text


async def import_all(db: Database, folder: Path, progress: Progress) -> int:
    """Takes an export in; how many rows. Raises NotADumpError, OtherKeyError, NotEmptyError, OSError."""
    tables = _manifest(folder, await applied_migrations(), _key_mark(db))
    kinds = models()
    for model in kinds:
        if model._meta.db_table in ("person", "court_case") and await _count(model):
            raise NotEmptyError
    total = sum(int(tables[model._meta.db_table]["rows"]) for model in kinds)
    await db.unit(
        partial(_take_in, kinds, folder, tables, partial(_scaled, progress, total, 0)), "cli:import", seconds=SECONDS
    )
    return total


def _scaled(progress: Progress, total: int, before: int, done: int) -> None:
    progress(before + done, total)


def _key_mark(db: Database) -> str:
    """Tells whether two keys are the same, and nothing else about them."""
    return db.secrets.sign("export")


def _manifest(folder: Path, known: Sequence[str], key: str) -> dict[str, dict[str, Any]]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        tables, made_with = dict(manifest["tables"]), list(manifest["migrations"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotADumpError(MANIFEST) from error
    if made_with != list(known):
        raise NotADumpError(f"{MANIFEST}: {made_with[-1] if made_with else ''}")
    if manifest.get("key") != key:
        raise OtherKeyError
    for model in models():
        table = model._meta.db_table
        if table not in tables or not (folder / f"{table}.jsonl").is_file():
            raise NotADumpError(f"{table}.jsonl")
    return tables


async def _take_in(
    kinds: Iterable[type[Model]], folder: Path, tables: dict[str, dict[str, Any]], progress: Callable[[int], None]
) -> None:
    """Reads the tables of an export into the database: everything or nothing. Needs a unit."""
    kinds, done = list(kinds), 0
    for model in reversed(kinds):
        await run(f'DELETE FROM "{model._meta.db_table}"')  # noqa: S608 - what a new database begins with
    for model in kinds:
        table = model._meta.db_table
        digest = hashlib.sha256()
        for some in _portions(folder / f"{table}.jsonl", digest.update):
            await add_numbered(model, [_meant(model, row, table) for row in some])
            done += len(some)
            progress(done)
        if digest.hexdigest() != tables[table]["sha256"]:
            raise NotADumpError(f"{table}.jsonl")
    await run("UPDATE traced SET up_to = 0")
    await sequences_follow(*(model for model in kinds if model._meta.fields_map[model._meta.pk_attr].generated))


def _portions(path: Path, seen: Callable[[bytes], None]) -> Iterator[list[dict[str, Any]]]:
    some: list[dict[str, Any]] = []
    with path.open("rb") as file:
        for line in file:
            seen(line)
            try:
                some.append(dict(json.loads(line)))
            except (ValueError, TypeError) as error:
                raise NotADumpError(path.name) from error
            if len(some) == PORTION:
                yield some
                some = []
    if some:
        yield some


def _meant(model: type[Model], row: dict[str, Any], table: str) -> dict[str, Any]:
    columns = columns_of(model)
    if set(row) != set(columns):
        raise NotADumpError(f"{table}.jsonl")
    return {name: from_json(field, row[name]) for name, field in columns.items()}
