"""Whether a court keeps a table of points."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0018_imports_expand")]

    operations = [
        ops.RunSQL(
            ["ALTER TABLE court ADD COLUMN points BOOLEAN NOT NULL DEFAULT FALSE"],
            ["ALTER TABLE court DROP COLUMN points"],
        ),
    ]
