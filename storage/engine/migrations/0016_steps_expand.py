"""The newest steps of all alerts are found by time."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0015_ending_expand")]

    operations = [
        ops.RunSQL(["CREATE INDEX alert_event_at ON alert_event (at)"], ["DROP INDEX alert_event_at"]),
    ]
