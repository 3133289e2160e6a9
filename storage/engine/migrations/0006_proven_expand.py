"""When its owner last said that a way of waking them has woken them."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops


async def forward(_apps: Any, editor: Any) -> None:
    """Adds the column if it isn't there: it is called again after a kill before the note."""
    client = editor.client
    lite = client.capabilities.dialect == "sqlite"
    there = (
        "SELECT name FROM pragma_table_info('push')"
        if lite
        else "SELECT column_name AS name FROM information_schema.columns "
        "WHERE table_schema = current_schema() AND table_name = 'push'"
    )
    if "proven_at" not in {row["name"] for row in (await client.execute_query(there))[1]}:
        kind = "TIMESTAMP" if lite else "TIMESTAMPTZ"
        await client.execute_query(f"ALTER TABLE push ADD COLUMN proven_at {kind}")


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0005_safety")]
    operations = [ops.RunPython(forward)]
