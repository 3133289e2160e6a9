"""What a machine has heard in a voice message, when it listens next, and of a
report when it was recorded, where that was late, and what takes the place of its words once it is over."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

COLUMNS = {
    "attachment": {
        "chat_id": "BIGINT DEFAULT 0 NOT NULL",
        "message_id": "BIGINT DEFAULT 0 NOT NULL",
        "said_at": {"sqlite": "TIMESTAMP", "postgres": "TIMESTAMPTZ"},
        "words": "TEXT DEFAULT '' NOT NULL",
        "hear_at": {"sqlite": "TIMESTAMP", "postgres": "TIMESTAMPTZ"},
    },
    "sighting": {
        "spoken": {"sqlite": "INT DEFAULT 0 NOT NULL", "postgres": "BOOL DEFAULT false NOT NULL"},
        "recorded_at": {"sqlite": "TIMESTAMP", "postgres": "TIMESTAMPTZ"},
        "blank_with": "TEXT",
    },
}
INDEXES = (
    "idx_attachment_hear_at ON attachment (hear_at)",
    "idx_sighting_blank_with ON sighting (blank_with)",
)


async def forward(_apps: Any, editor: Any) -> None:
    """Adds the columns that aren't there: it is called again after a kill before the note."""
    client = editor.client
    dialect = client.capabilities.dialect
    for table, columns in COLUMNS.items():
        there = (
            f"SELECT name FROM pragma_table_info('{table}')"
            if dialect == "sqlite"
            else "SELECT column_name AS name FROM information_schema.columns "
            f"WHERE table_schema = current_schema() AND table_name = '{table}'"
        )
        have = {row["name"] for row in (await client.execute_query(there))[1]}
        for column, kind in columns.items():
            if column not in have:
                words = kind if isinstance(kind, str) else kind["sqlite" if dialect == "sqlite" else "postgres"]
                await client.execute_query(f"ALTER TABLE {table} ADD COLUMN {column} {words}")
    for index in INDEXES:
        await client.execute_query(f"CREATE INDEX IF NOT EXISTS {index}")


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0003_duty_hours")]
    operations = [ops.RunPython(forward)]
