"""Hours in which somebody wants no noise."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0009_spoken_expand")]

    operations = [
        ops.RunSQL(
            [
                "ALTER TABLE person ADD COLUMN quiet_from SMALLINT NULL",
                "ALTER TABLE person ADD COLUMN quiet_until SMALLINT NULL",
            ],
            ["ALTER TABLE person DROP COLUMN quiet_until", "ALTER TABLE person DROP COLUMN quiet_from"],
        ),
    ]
