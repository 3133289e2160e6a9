"""Indexes by which a report finds whom it speaks of, however many people the county has."""

from tortoise import migrations
from tortoise.migrations import operations as ops

INDEXES = {
    **{f"debtor_pair_{n}": f"debtor (substr(name, {n}, 2), area_code)" for n in (1, 2, 3)},
    **{f"debtor_letter_{n}": f"debtor (substr(name, {n}, 1), area_code)" for n in (1, 2, 3, 4)},
    "alias_pair": "alias (substr(text, 1, 2))",
}


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0002_rules")]

    operations = [
        ops.RunSQL(
            [f"CREATE INDEX {name} ON {what}" for name, what in INDEXES.items()],
            [f"DROP INDEX {name}" for name in INDEXES],
        ),
    ]
