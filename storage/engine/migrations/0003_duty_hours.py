"""From when until when a court's duty goes, where it says so itself."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

COLUMNS = ("duty_starts", "duty_ends")


async def forward(_apps: Any, editor: Any) -> None:
    """Adds the columns that aren't there: it is called again after a kill before the note."""
    client = editor.client
    there = (
        "SELECT name FROM pragma_table_info('court')"
        if client.capabilities.dialect == "sqlite"
        else "SELECT column_name AS name FROM information_schema.columns "
        "WHERE table_schema = current_schema() AND table_name = 'court'"
    )
    have = {row["name"] for row in (await client.execute_query(there))[1]}
    for column in COLUMNS:
        if column not in have:
            await client.execute_query(f"ALTER TABLE court ADD COLUMN {column} VARCHAR(5) DEFAULT '' NOT NULL")


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0002_shown")]
    operations = [ops.RunPython(forward)]
