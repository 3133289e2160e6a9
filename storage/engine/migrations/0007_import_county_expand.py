"""Whose administrator has taken a file in on the page."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops


async def forward(_apps: Any, editor: Any) -> None:
    """Adds the column if it isn't there: it is called again after a kill before the note."""
    client = editor.client
    lite = client.capabilities.dialect == "sqlite"
    there = (
        "SELECT name FROM pragma_table_info('import_run')"
        if lite
        else "SELECT column_name AS name FROM information_schema.columns "
        "WHERE table_schema = current_schema() AND table_name = 'import_run'"
    )
    if "county" not in {row["name"] for row in (await client.execute_query(there))[1]}:
        await client.execute_query("ALTER TABLE import_run ADD COLUMN county VARCHAR(6) NOT NULL DEFAULT ''")


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0006_proven_expand")]
    operations = [ops.RunPython(forward)]
