"""How cases end: what the reform's figures are made of."""

from tortoise import migrations
from tortoise.migrations import operations as ops

_COLUMNS = {
    "closed_on": "DATE NULL",
    "voluntary": "BOOLEAN NULL",
    "received_on": "DATE NULL",
    "paid_out_on": "DATE NULL",
    "petitions": "INT NOT NULL DEFAULT 0",
}
_DATES = ("closed_on", "dormant_on", "paid_out_on")


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0014_follow_expand")]

    operations = [
        ops.RunSQL(
            [
                *(f"ALTER TABLE court_case ADD COLUMN {name} {kind}" for name, kind in _COLUMNS.items()),
                *(f"CREATE INDEX court_case_{name} ON court_case ({name})" for name in _DATES),
            ],
            [
                *(f"DROP INDEX court_case_{name}" for name in reversed(_DATES)),
                *(f"ALTER TABLE court_case DROP COLUMN {name}" for name in reversed(_COLUMNS)),
            ],
        ),
    ]
