"""Whom each message shows."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLE = """
CREATE TABLE shown (
    id {bigid},
    about VARCHAR(10) NOT NULL,
    ref BIGINT NOT NULL,
    delivery_id BIGINT REFERENCES delivery (id) ON DELETE CASCADE
);
CREATE INDEX shown_about ON shown (about, ref);
CREATE INDEX shown_delivery ON shown (delivery_id);
"""


async def forward(_apps: Any, editor: Any) -> None:
    """Makes the table."""
    is_sqlite = editor.client.capabilities.dialect == "sqlite"
    number = "INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL" if is_sqlite else "BIGSERIAL NOT NULL PRIMARY KEY"
    for statement in TABLE.format(bigid=number).split(";"):
        if statement.strip():
            await editor.client.execute_query(statement)


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0001_schema")]
    operations = [ops.RunPython(forward)]
