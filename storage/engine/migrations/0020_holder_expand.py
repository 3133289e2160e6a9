"""Who has what is to be sent in hand."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0019_points_expand")]

    operations = [
        ops.RunSQL(
            ["ALTER TABLE outbox ADD COLUMN holder VARCHAR(32) NOT NULL DEFAULT ''"],
            ["ALTER TABLE outbox DROP COLUMN holder"],
        ),
    ]
