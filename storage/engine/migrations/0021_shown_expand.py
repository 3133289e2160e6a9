"""Whom a message shows."""

from enum import StrEnum

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class About(StrEnum):
    DEBTOR = "debtor"
    REPORT = "report"
    REPORTER = "reporter"


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0020_holder_expand")]

    operations = [
        ops.CreateModel(
            name="Shown",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "delivery",
                    fields.ForeignKeyField(
                        "chuishao.Delivery",
                        source_field="delivery_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="shown",
                        on_delete=fields.CASCADE,
                    ),
                ),
                ("about", fields.CharEnumField(enum_type=About, max_length=10)),
                ("ref", fields.BigIntField()),
            ],
            options={"table": "shown", "app": "chuishao", "indexes": [Index(fields=["about", "ref"])], "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.RunSQL("CREATE INDEX shown_delivery ON shown (delivery_id)", "DROP INDEX shown_delivery"),
    ]
