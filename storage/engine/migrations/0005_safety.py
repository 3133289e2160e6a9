"""Whom an import must not bring back, which message a card answers, which buttons were put before somebody, and a seal
on the audit's head; what was handled needn't be kept any more."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLE = """
CREATE TABLE IF NOT EXISTS erased (
    id {id},
    mark VARCHAR(64) NOT NULL,
    at {at} NOT NULL
);
CREATE INDEX IF NOT EXISTS idx_erased_mark ON erased (mark);
"""
KINDS = {
    "sqlite": {"id": "INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL", "at": "TIMESTAMP"},
    "postgres": {"id": "SERIAL NOT NULL PRIMARY KEY", "at": "TIMESTAMPTZ"},
}
COLUMNS = {
    "outbox": ("asked", "BIGINT"),
    "audit_head": ("seal", "VARCHAR(64) DEFAULT '' NOT NULL"),
    "delivery": ("buttons", "TEXT"),
}


async def forward(_apps: Any, editor: Any) -> None:
    """Adds what isn't there: it is called again after a kill before the note."""
    client = editor.client
    lite = client.capabilities.dialect == "sqlite"
    for statement in TABLE.format(**KINDS["sqlite" if lite else "postgres"]).split(";"):
        if statement.strip():
            await client.execute_query(statement)
    for table, (column, kind) in COLUMNS.items():
        there = (
            f"SELECT name FROM pragma_table_info('{table}')"
            if lite
            else "SELECT column_name AS name FROM information_schema.columns "
            f"WHERE table_schema = current_schema() AND table_name = '{table}'"
        )
        if column not in {row["name"] for row in (await client.execute_query(there))[1]}:
            await client.execute_query(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
    await client.execute_query(
        "CREATE INDEX IF NOT EXISTS outbox_doubtful ON outbox (channel, chat_id, ref) WHERE doubtful"
    )
    await client.execute_query("UPDATE inbox SET payload = '{}' WHERE state IN (1, 3)")


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0004_transcript")]
    operations = [ops.RunPython(forward)]
