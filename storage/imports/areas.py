"""`chuishao import areas`."""

from collections.abc import Sequence

from storage.engine import audit
from storage.engine.text import squeeze
from storage.imports import OPERATOR, Clerk, Plan, Progress, Report, sift, step
from storage.imports.normal import Unclear, code
from storage.imports.table import Columns, Row, other_names
from storage.people.area import CODE_LENGTHS, Area, AreaLevel, level_named, short_code

COLUMNS = Columns(
    required=("区划代码", "名称"),
    optional=("级别", "上级代码"),
    also=other_names("areas"),
)
_PARENT = {12: 9, 9: 6, 6: 4, 4: 2, 2: 0}


async def plan(rows: Sequence[Row], progress: Progress, clerk: Clerk = OPERATOR) -> Plan:
    """Plans the import of areas, keyed by code. A parent must be known, or come in the same file."""
    report = Report()
    have = {area.code: area for area in await Area.all()}
    kept = sift(rows, report)
    coming = {short_code(code(row["区划代码"])) for row in kept}
    fresh: dict[str, Area] = {}
    changed: list[Area] = []
    for count, row in enumerate(kept):
        await step(progress, count, len(kept))
        try:
            area = _area(row)
            clerk.check(area.code)
            if area.parent and area.parent not in have and area.parent not in coming:
                raise Unclear("area_unknown_parent", area.parent)
            if not area.code.startswith(area.parent) or area.code == area.parent:
                raise Unclear("area_parent", area.parent)
            if area.code in fresh:
                raise Unclear("same_key", area.code)
        except Unclear as why:
            report.reject(row, why)
            continue
        old = have.get(area.code)
        if old is None:
            fresh[area.code] = area
            report.took(row, "added")
        elif (old.name, old.level, old.parent) != (area.name, area.level, area.parent):
            changed.append(area)
            report.took(row, "changed")
        else:
            report.took(row, "unchanged")

    async def apply() -> None:
        await Area.bulk_create(list(fresh.values()), batch_size=500)
        for area in changed:
            await Area.filter(code=area.code).update(name=area.name, level=area.level, parent=area.parent)
        audit.record("import.areas", actor=clerk.actor, added=len(fresh), changed=len(changed))

    return Plan(report, apply, (Area,), [(Area, [area.code for area in changed])])


def _area(row: Row) -> Area:
    number, name = short_code(code(row["区划代码"])), squeeze(row["名称"])
    if not number.isascii() or not number.isdigit() or len(number) not in CODE_LENGTHS:
        raise Unclear("area_code_form", number)
    if not name:
        raise Unclear("missing_name")
    level = AreaLevel(CODE_LENGTHS[len(number)])
    said = squeeze(row["级别"])
    if said and level_named(said) is not level:
        raise Unclear("area_level", said)
    parent = short_code(code(row["上级代码"])) or number[: _PARENT[len(number)]]
    return Area(code=number, name=name[:60], level=level, parent=parent)
