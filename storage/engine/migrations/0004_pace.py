"""The pace at which several processes send together."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0003_traces")]

    operations = [
        ops.RunSQL(
            ["CREATE TABLE pace (name VARCHAR(60) PRIMARY KEY, free_at TIMESTAMP WITH TIME ZONE NOT NULL)"],
            ["DROP TABLE pace"],
        ),
    ]
