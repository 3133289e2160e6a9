"""The schema: made new, taken over from the version before, and held against the models. On both engines."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from tortoise import Tortoise
from tortoise.connection import get_connection

from storage.cases.debtor import Debtor, read_id_number
from storage.desk import privacy
from storage.engine import migrations
from storage.engine.audit import verify
from storage.engine.migrations import BEFORE
from storage.engine.schema import NewerDatabaseError, OlderDatabaseError, applied_migrations, bare, pending_migrations
from storage.engine.secret import Secrets
from storage.nouns import nouns
from storage.opening import open_database
from storage.people.person import Person, Role
from storage.post.delivery import Delivery
from storage.post.outbox import Outbox
from tests.postgres import Server
from tests.world import Stage

DATA = Path(__file__).parents[1] / "data"
KEY = "Y2h1aXNoYW8taXMtdGVzdGVkLXdpdGgtdGhpcy1rZXk="
"""With which the files of the version before were made, by a day's work on the sample county."""
STEPS = {path.stem for path in Path(migrations.__file__).parent.glob("0*.py")}
"""The migrations that there are."""
GONE = {("court", "points")}
"""Columns of the version before that no longer are."""
REMADE = {
    "tortoise_migrations",
    "traced",
    "trace",
    "ladder_step",
    "court",
    "sqlite_sequence",
    "audit",
    "audit_head",
    "outbox",
    "delivery",
    "inbox",
}
"""Tables of the version before whose rows need not be the same: they are gone, go on, or keep nothing handled."""


@pytest.fixture
def before(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A filled database as the version before has left it: the twenty migrations, an outbox that is full."""
    if engine == "sqlite":
        path = tmp_path / "before.db"
        path.write_bytes(gzip.decompress((DATA / "before.db.gz").read_bytes()))
        return f"sqlite://{path}"
    server: Server = request.getfixturevalue("postgres_server")
    return server.restore(gzip.decompress((DATA / "before.sql.gz").read_bytes()))


async def ask(url: str, sql: str) -> list[dict[str, Any]]:
    async with bare(url) as (client, _config):
        return [dict(row) for row in (await client.execute_query(sql))[1]]


async def shape(url: str) -> dict[str, Any]:
    """Every table with its columns, keys and indexes, however the statements were written."""
    async with bare(url) as (client, _config):

        async def rows(sql: str) -> list[tuple[Any, ...]]:
            return sorted(tuple(row) for row in (await client.execute_query(sql))[1])

        if not url.startswith("sqlite"):
            columns = (
                "SELECT table_name, column_name, data_type, is_nullable, character_maximum_length "
                "FROM information_schema.columns WHERE table_schema = 'public'"
            )
            indexes = "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            keys = "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'"
            return {"columns": await rows(columns), "indexes": await rows(indexes), "keys": await rows(keys)}
        found = {}
        for (name,) in await rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
            columns = await rows(f"SELECT name, type, \"notnull\", pk FROM pragma_table_info('{name}')")
            keys = await rows(f'SELECT "from", "table", on_delete FROM pragma_foreign_key_list(\'{name}\')')
            indexes = await rows(f"SELECT name, \"unique\", partial FROM pragma_index_list('{name}')")
            found[name] = (columns, keys, indexes)
        return found


async def columns_of(url: str) -> dict[str, list[str]]:
    """The columns of each table; one that was added since isn't among them."""
    if url.startswith("sqlite"):
        sql = "SELECT m.name AS t, c.name AS c FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
    else:
        sql = "SELECT table_name AS t, column_name AS c FROM information_schema.columns WHERE table_schema = 'public'"
    found: dict[str, list[str]] = {}
    for row in await ask(url, sql):
        if (row["t"], row["c"]) not in GONE:
            found.setdefault(row["t"], []).append(row["c"])
    return found


async def rows_of(url: str, columns: dict[str, list[str]]) -> dict[str, list[str]]:
    """The rows of each table as these columns show them."""
    listed = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if url.startswith("sqlite")
        else "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
    )
    names = [row["name"] for row in await ask(url, listed)]
    found = {}
    for name in names:
        wanted = ", ".join(f'"{column}"' for column in columns.get(name, ()))
        rows = await ask(url, f'SELECT {wanted or "*"} FROM "{name}"')
        found[name] = sorted(str(sorted(row.items())) for row in rows)
    return found


async def test_a_database_of_the_version_before_goes_on_as_one_of_this(before: str, stage: Stage) -> None:
    columns = await columns_of(before)
    old = await rows_of(before, columns)
    assert set(await pending_migrations(before)) == STEPS
    async with open_database(before, Secrets(KEY)) as db:
        assert await applied_migrations() == sorted(STEPS)
        assert (await verify(db.secrets)).broken is None
        debtor = await Debtor.get(name="林永福")
        assert await db.unit(lambda: _id_number(debtor)) == "331122196903120114"
    async with open_database(stage.settings.database_url, stage.settings.secrets()):
        pass
    assert await shape(before) == await shape(stage.settings.database_url)
    new = await rows_of(before, columns)
    assert len(old["sighting"]) == 3 and len(old["outbox"]) > 10
    for table in set(old) - REMADE:
        assert new[table] == old[table], table


async def test_a_start_that_is_killed_before_it_has_noted_its_migrations_is_made_again(
    before: str, stage: Stage
) -> None:
    """What a migration does is one transaction, the note that it was done another."""
    for url in (before, stage.settings.database_url):
        for step in (sorted(STEPS), sorted(STEPS)[1:]):
            async with open_database(url, Secrets(KEY)):
                pass
            for name in step:
                await ask(url, f"DELETE FROM tortoise_migrations WHERE name = '{name}'")
        async with open_database(url, Secrets(KEY)):
            assert await applied_migrations() == sorted(STEPS)
    assert (await ask(before, "SELECT count(*) AS count FROM debtor WHERE name = '林永福'"))[0]["count"] == 1


async def test_what_the_version_before_had_sent_is_found_when_somebody_is_erased(before: str) -> None:
    async with open_database(before, Secrets(KEY)) as db:
        debtor, admin = await Debtor.get(name="林永福"), await Person.filter(role=Role.ADMIN).first()
        assert admin is not None
        sent = await Delivery.filter(kind__in=["alert", "receipt", "witness", "change", "case", "step", "urged"])
        assert sent
        await db.unit(lambda: privacy.erase(debtor.id, admin, "（已按申请删除）"))
        unsaid = {
            (row.channel, row.chat_id, row.arguments["message"]) for row in await Outbox.filter(kind="unsay").all()
        }
    shows = {(row.channel, row.chat_id, row.message_id) for row in sent}
    assert shows & unsaid, (shows, unsaid)


async def _id_number(debtor: Debtor) -> str:
    return read_id_number(debtor, "test")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_database_that_lacks_some_of_it_is_refused_and_told_where_to_pass_through(before: str) -> None:
    await ask(before, f"DELETE FROM tortoise_migrations WHERE name = '{max(BEFORE)}'")
    for opening in (pending_migrations(before), _open(before)):
        with pytest.raises(OlderDatabaseError, match="47ad8d3"):
            await opening
    assert await ask(before, "SELECT count(*) AS count FROM ladder_step") == [{"count": 5}], "nothing was changed"


async def _open(url: str) -> None:
    async with open_database(url, Secrets(KEY)):
        pass


async def test_a_database_from_a_newer_version_is_refused(stage: Stage) -> None:
    url = stage.settings.database_url
    values = "('chuishao', '9999_future', CURRENT_TIMESTAMP)"
    await ask(url, f"INSERT INTO tortoise_migrations (app, name, applied_at) VALUES {values}")
    with pytest.raises(NewerDatabaseError, match="9999_future"):
        async with open_database(url, stage.settings.secrets()):
            pass


async def test_the_models_and_the_schema_agree(stage: Stage) -> None:
    """Each model's columns are there, and only those, with the same null or not."""
    url = stage.settings.database_url
    async with open_database(url, stage.settings.secrets()):
        models = {model._meta.db_table: model for model in Tortoise.apps["chuishao"].values()}
        assert {record.model for noun in nouns().values() for record in noun.records} == set(models.values())
    for table, model in models.items():
        if url.startswith("sqlite"):
            sql = f"SELECT name, \"notnull\" = 0 AS nullable FROM pragma_table_info('{table}')"
        else:
            sql = (
                "SELECT column_name AS name, is_nullable = 'YES' AS nullable FROM information_schema.columns "
                f"WHERE table_schema = 'public' AND table_name = '{table}'"
            )
        there = {row["name"]: bool(row["nullable"]) for row in await ask(url, sql)}
        fields = {
            column: bool(model._meta.fields_map[name].null) for name, column in model._meta.fields_db_projection.items()
        }
        assert there == fields, table


async def test_what_is_up_to_date_is_left_alone(stage: Stage) -> None:
    """Opening it again costs no migration, and changes nothing."""
    url = stage.settings.database_url
    async with open_database(url, stage.settings.secrets()):
        pass
    old = await shape(url)
    assert await pending_migrations(url) == set()
    async with open_database(url, stage.settings.secrets()):
        assert get_connection("default") is not None
    assert await shape(url) == old
