"""Codes that are read out on the telephone."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0008_push_expand")]

    operations = [
        ops.RunSQL(
            [
                "ALTER TABLE invitation ADD COLUMN spoken BOOLEAN NOT NULL DEFAULT FALSE",
                "ALTER TABLE invitation ADD COLUMN tries SMALLINT NOT NULL DEFAULT 0",
            ],
            ["ALTER TABLE invitation DROP COLUMN tries", "ALTER TABLE invitation DROP COLUMN spoken"],
        ),
    ]
