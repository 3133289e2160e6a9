"""Who works in several villages. As SQL: tortoise would copy the whole table to drop a column on the way back."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0006_lesson")]

    operations = [
        ops.RunSQL(
            ["ALTER TABLE person ADD COLUMN more_areas VARCHAR(200) NOT NULL DEFAULT ''"],
            ["ALTER TABLE person DROP COLUMN more_areas"],
        ),
    ]
