"""Which files were imported, and taking the last one back: what it added goes, what it changed is as before, unless
something has been built on it since."""

import json
from collections.abc import Sequence
from typing import Any

from tortoise import Tortoise, fields
from tortoise.models import Model

from storage.engine import audit
from storage.engine.sql import add, among, change, fetch, is_shared, pick, run
from storage.engine.unit import unit
from storage.engine.values import columns_of, from_json, to_json
from storage.imports import Plan
from storage.noun import Erasure, Fate, Noun, Record
from storage.nouns import nouns
from storage.reading import index


class ImportRun(Model):
    """One file that went in. `journal` holds the keys of what was added, and what was changed from what into what."""

    id = fields.IntField(primary_key=True)
    kind = fields.CharField(max_length=10)
    file = fields.CharField(max_length=200)
    county = fields.CharField(max_length=6, default="")
    """Whose administrator took it in on the page; empty where it was done at the machine."""
    at = fields.DatetimeField()
    added = fields.IntField()
    changed = fields.IntField()
    journal = fields.TextField()
    undone_at = fields.DatetimeField(null=True)

    class Meta:
        table = "import_run"


class InUseError(Exception):
    """Something points to what the import added; carries the table, and how many of its rows."""


async def apply(plan: Plan, kind: str, file: str, county: str = "") -> int:
    """Runs the plan, notes how it can be taken back, and returns the note's number. Needs a unit."""
    if is_shared():
        by_hand = {record.model for noun in nouns().values() for record in noun.records if record.by_hand}
        for table in sorted(model._meta.db_table for model in set(plan.adding) & by_hand):
            await run(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
    before = {model: await _keys(model) for model in plan.adding}
    old = {model: await _values(model, keys) for model, keys in plan.changing}
    await plan.apply()
    added = {model._meta.db_table: await _new(model, keys) for model, keys in before.items()}
    changed = []
    for model, keys in plan.changing:
        now = await _values(model, keys)
        for key, values in old[model].items():
            differs = {name: [value, now[key][name]] for name, value in values.items() if now[key][name] != value}
            changed += [[model._meta.db_table, key, differs]] if differs else []
    journal = json.dumps({"added": added, "changed": changed}, ensure_ascii=False)
    row = await add(
        ImportRun,
        kind=kind,
        file=file[:200],
        county=county,
        at=unit().now,
        added=plan.report.added,
        changed=plan.report.changed,
        journal=journal,
    )
    return int(row.id)


async def next_id(model: type[Model]) -> int:
    """Returns the first id that was never given: the numbers of an import that was taken back aren't given again, as
    the audit knows them as somebody else's."""
    table = model._meta.db_table
    highest = int((await fetch(f'SELECT COALESCE(max(id), 0) FROM "{table}"'))[0][0])
    for row in await fetch("SELECT journal FROM import_run WHERE undone_at IS NOT NULL"):
        highest = max(highest, *(json.loads(row["journal"])["added"].get(table) or [0]))
    return highest + 1


async def _keys(model: type[Model]) -> Any:
    """Returns the highest number there is; of what has keys of its own, all of them."""
    key, table = model._meta.db_pk_column, model._meta.db_table
    if model._meta.pk.generated:
        return (await fetch(f'SELECT COALESCE(max({key}), 0) FROM "{table}"'))[0][0]
    return {row[0] for row in await fetch(f'SELECT {key} FROM "{table}"')}


async def _new(model: type[Model], before: Any) -> list[Any]:
    """Returns the first and the last number that were added; of what has keys of its own, all of them."""
    if isinstance(before, set):
        return sorted(await _keys(model) - before)
    last = await _keys(model)
    return [before + 1, last] if last > before else []


async def _values(model: type[Model], keys: Sequence[Any]) -> dict[Any, dict[str, Any]]:
    words, value = among(keys)
    rows = await pick(model, f"{model._meta.db_pk_column} {words}", value) if keys else []
    return {row.pk: {name: to_json(getattr(row, name)) for name in columns_of(model)} for row in rows}


async def last(county: str = "") -> ImportRun | None:
    """Finds the newest import that hasn't been taken back, of one county's administrators or of all."""
    found = await pick(ImportRun, "undone_at IS NULL AND county LIKE ? ORDER BY id DESC LIMIT 1", f"{county}%")
    return found[0] if found else None


async def runs(limit: int = 20, county: str = "") -> list[ImportRun]:
    """Lists the newest imports, of one county's administrators or of all."""
    return await pick(ImportRun, f"county LIKE ? ORDER BY id DESC LIMIT {limit:d}", f"{county}%")


async def undo(row: ImportRun, actor: str = "cli") -> None:
    """Takes an import back. Needs a unit. Raises InUseError; nothing is changed then."""
    journal = json.loads(row.journal)
    models = {model._meta.db_table: model for model in Tortoise.apps["chuishao"].values()}
    added = {models[table]: keys for table, keys in journal["added"].items() if keys}
    for model in added:
        await _refuse_in_use(model, added, list(models.values()))
    touched = {key for table, key, _differs in journal["changed"] if table == "debtor"}
    words, value = among([key for table, key, _differs in journal["changed"] if table == "case_debtor"])
    touched |= {row[0] for row in await fetch(f"SELECT debtor_id FROM case_debtor WHERE id {words}", value)}
    for table, key, differs in journal["changed"]:
        await _restore(models[table], key, differs)
    for model in reversed(added):
        where, args = _among(model, model._meta.db_pk_column, added[model])
        if model._meta.db_table == "debtor":
            touched |= {found[0] for found in await fetch(f"SELECT id FROM debtor WHERE {where}", *args)}
        await run(f'DELETE FROM "{model._meta.db_table}" WHERE {where}', *args)
    words, value = among(sorted(touched))
    await run(f"DELETE FROM trace WHERE debtor_id {words}", value)
    await index.note(sorted(touched))
    await change(ImportRun, row.id, undone_at=unit().now)
    audit.record("import.undone", f"import:{row.id}", actor=actor, kind=row.kind)


async def forget(debtor_id: int) -> None:
    """Removes what imports have changed of somebody who is erased: it isn't kept here either. Needs a unit."""
    parties = [row[0] for row in await fetch("SELECT id FROM case_debtor WHERE debtor_id = ?", debtor_id)]
    theirs = {("debtor", debtor_id), *(("case_debtor", party) for party in parties)}
    for row in await pick(ImportRun, "1 = 1"):
        journal = json.loads(row.journal)
        kept = [entry for entry in journal["changed"] if (entry[0], entry[1]) not in theirs]
        if kept != journal["changed"]:
            words = json.dumps({**journal, "changed": kept}, ensure_ascii=False)
            await change(ImportRun, row.id, journal=words)


async def _refuse_in_use(model: type[Model], added: dict[type[Model], list[Any]], every: list[type[Model]]) -> None:
    """Raises InUseError if anything points to these rows, except what was added by the same file."""
    for other in every:
        for name in other._meta.fk_fields:
            field: Any = other._meta.fields_map[name]
            if field.related_model is not model:
                continue
            where, args = _among(model, field.source_field or f"{name}_id", added[model])
            sql = f'SELECT count(*) FROM "{other._meta.db_table}" WHERE {where}'
            if other in added:
                own, more = _among(other, other._meta.db_pk_column, added[other])
                sql, args = f"{sql} AND NOT ({own})", [*args, *more]
            if count := (await fetch(sql, *args))[0][0]:
                raise InUseError(other._meta.db_table, count)
    pointers = [one for noun in nouns().values() for one in noun.points if one.to == model._meta.db_table]
    for pointer in pointers:
        where, args = _among(model, pointer.column, added[model])
        if count := (await fetch(f"SELECT count(*) FROM {pointer.table} WHERE {where}", *args))[0][0]:
            raise InUseError(pointer.table, count)


def _among(model: type[Model], column: str, keys: list[Any]) -> tuple[str, list[Any]]:
    if model._meta.pk.generated:
        return f"{column} BETWEEN ? AND ?", list(keys)
    words, value = among(keys)
    return f"{column} {words}", [value]


async def _restore(model: type[Model], key: Any, differs: dict[str, list[Any]]) -> None:
    """Restores a row as it was, where it still is what the import made of it."""
    now = (await _values(model, [key])).get(key)
    fields_of = columns_of(model)
    back = {name: from_json(fields_of[name], old) for name, (old, new) in differs.items() if now and now[name] == new}
    if not back:
        return
    if model._meta.pk.generated:
        await change(model, key, **back)
    else:
        await model.filter(pk=key).update(**back)


async def _erases(what: Erasure) -> None:
    await forget(what.debtor_id)


NOUN = Noun((Record(ImportRun, erasing=Fate.GOES, leaving=Fate.STAYS),), erases=_erases)
