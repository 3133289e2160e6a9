"""What a supervisor says when urging somebody on."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0011_listing_expand")]

    operations = [
        ops.RunSQL(
            ["ALTER TABLE alert_event ADD COLUMN words TEXT NOT NULL DEFAULT ''"],
            ["ALTER TABLE alert_event DROP COLUMN words"],
        ),
    ]
