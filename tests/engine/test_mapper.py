"""What the mapper makes is what tortoise makes, of every model: held against the version that is pinned."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from tortoise import Tortoise, fields
from tortoise.fields.base import Field

from storage.alerts.alert import Alert
from storage.cases.debtor import Debtor
from storage.engine.mapper import map_of, relate
from storage.engine.sql import add, among, change, joined, pick
from storage.people.person import Person
from tests.world import JUDGE, SECRETARY, World


async def test_every_row_of_a_days_work_reads_the_same_either_way(world: World) -> None:
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(JUDGE).taps("收到")
    await world.settled()
    compared = 0
    for model in Tortoise.apps["chuishao"].values():
        key = model._meta.db_pk_column
        ours = {row.pk: row for row in await pick(model, f"{key} IS NOT NULL")}
        theirs = {row.pk: row for row in await model.all()}
        assert set(ours) == set(theirs)
        for number, row in theirs.items():
            for name in model._meta.fields_db_projection:
                one, other = getattr(ours[number], name), getattr(row, name)
                assert one == other and type(one) is type(other), (model, name, one, other)
            assert ours[number]._saved_in_db and ours[number] == row
            compared += 1
    assert compared > 50


def sample(field: Field[Any]) -> Any:
    """A value that the field takes."""
    kind = getattr(field, "enum_type", None)
    if kind is not None:
        return list(kind)[-1]
    values: tuple[tuple[type, Any], ...] = (
        (fields.DatetimeField, datetime(2026, 11, 27, 9, 41, 3, 5, tzinfo=UTC)),
        (fields.DateField, date(2026, 2, 28)),
        (fields.BooleanField, True),
        (fields.DecimalField, Decimal("12.50")),
        (fields.FloatField, 1.5),
        (fields.CharField, "x"),
        (fields.TextField, "词"),
    )
    return next((value for kind_, value in values if isinstance(field, kind_)), 7)


async def test_what_is_added_and_changed_is_what_tortoise_reads(world: World) -> None:
    """Every kind of field there is, through `add` and `change`, and back by a queryset."""

    async def work() -> None:
        person = await add(Person, name="某", phone="1", role="judge", area_code="331122")  # an enum by its value
        assert (await Person.get(id=person.id)).role.value == "judge"
        debtor = await add(Debtor, name="林", kind="person", area_code="331122203226", born=date(1969, 3, 12))
        await change(Debtor, debtor.id, born=None, hint="祠堂")
        again = await Debtor.get(id=debtor.id)
        assert (again.born, again.hint, again.gender) == (None, "祠堂", "")
        with pytest.raises(TypeError, match="nothing_like_it"):
            await add(Debtor, name="x", kind="person", area_code="", nothing_like_it=1)

    await world.product.db.unit(work)
    for model in Tortoise.apps["chuishao"].values():
        mapped = map_of(model)
        for name in mapped.names:
            value = sample(model._meta.fields_map[name])
            stored = value.value if isinstance(value, Enum) else value
            reader = dict(mapped.readers).get(name)
            if reader is not None and not isinstance(value, datetime | date):
                assert reader(stored) == value, (model, name)


async def test_relations_are_there_as_if_they_had_been_prefetched(world: World) -> None:
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.phone(JUDGE).expects("林永福")
    await world.settled()
    theirs = await Alert.all().prefetch_related("judge", "events", "handler").first()
    assert theirs is not None
    for row, judge in await joined(
        (Alert, Person), "alert a JOIN person b ON b.id = a.judge_id WHERE a.id = ?", theirs.id
    ):
        relate(row, judge=judge, handler=None, events=list(theirs.events))
        assert row.judge == theirs.judge and row.handler is None and theirs.handler is None
        assert list(row.events) == list(theirs.events)


def test_the_list_of_one_is_no_list() -> None:
    assert among([5]) == ("= ?", 5)
