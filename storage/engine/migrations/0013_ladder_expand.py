"""A ladder with more rungs, leave with deputies, swaps of duty, and what courts decide for themselves."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from storage.duty.ladder import Target
from storage.duty.shift import SwapState


def _id() -> fields.IntField:
    return fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0012_urge_expand")]

    operations = [
        ops.CreateModel(
            name="Rung",
            fields=[
                ("id", _id()),
                ("area_code", fields.CharField(default="", max_length=12)),
                ("number", fields.SmallIntField()),
                ("after_seconds", fields.IntField()),
                ("target", fields.CharEnumField(enum_type=Target, max_length=10)),
            ],
            options={
                "table": "rung",
                "app": "chuishao",
                "unique_together": (("area_code", "number"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Court",
            fields=[
                ("id", _id()),
                ("area_code", fields.CharField(unique=True, max_length=12)),
                ("opens", fields.CharField(default="08:30", max_length=5)),
                ("closes", fields.CharField(default="17:30", max_length=5)),
                ("phone", fields.CharField(default="", max_length=40)),
                ("greeting", fields.CharField(default="", max_length=200)),
            ],
            options={"table": "court", "app": "chuishao", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Swap",
            fields=[
                ("id", _id()),
                ("shift_id", fields.IntField()),
                ("person_id", fields.IntField()),
                ("other_id", fields.IntField()),
                ("back_id", fields.IntField(null=True)),
                ("agreed", fields.BooleanField()),
                ("other_agreed", fields.BooleanField()),
                ("state", fields.CharEnumField(default=SwapState.ASKED, enum_type=SwapState, max_length=10)),
                ("asked_by", fields.IntField()),
                ("asked_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "swap", "app": "chuishao", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Errand",
            fields=[
                ("id", _id()),
                ("kind", fields.CharField(max_length=20)),
                ("place", fields.CharField(max_length=20)),
                ("day", fields.CharField(max_length=10)),
            ],
            options={
                "table": "errand",
                "app": "chuishao",
                "unique_together": (("kind", "place", "day"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Leave",
            fields=[
                ("id", _id()),
                (
                    "person",
                    fields.ForeignKeyField(
                        "chuishao.Person",
                        source_field="person_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="leaves",
                        on_delete=fields.CASCADE,
                    ),
                ),
                (
                    "deputy",
                    fields.ForeignKeyField(
                        "chuishao.Person",
                        source_field="deputy_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="deputising",
                        on_delete=fields.SET_NULL,
                    ),
                ),
                ("starts_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ends_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "leave", "app": "chuishao", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "CREATE INDEX leave_ends ON leave (ends_at)",
                "CREATE INDEX shift_ends ON shift (area_code, ends_at)",
                "ALTER TABLE shift ADD COLUMN lead BOOLEAN NOT NULL DEFAULT FALSE",
                "ALTER TABLE alert ADD COLUMN owner_id INT NULL",
                # A version before this one that runs beside it finds the head after whatever rung this one has taken.
                "INSERT INTO ladder_step (area_code, number, after_seconds, target) VALUES "
                "('', 3, 300, 'head'), ('', 4, 300, 'head'), ('', 5, 900, 'head')",
                "INSERT INTO rung (area_code, number, after_seconds, target) "
                "SELECT area_code, number, after_seconds, target FROM ladder_step WHERE area_code <> ''",
                "INSERT INTO rung (area_code, number, after_seconds, target) VALUES ('', 1, 120, 'again'), "
                "('', 2, 180, 'duty'), ('', 3, 240, 'duty_head'), ('', 4, 300, 'head'), ('', 5, 900, 'president')",
            ],
            [
                "DELETE FROM rung",
                "DELETE FROM ladder_step WHERE area_code = '' AND number > 2",
                "ALTER TABLE alert DROP COLUMN owner_id",
                "ALTER TABLE shift DROP COLUMN lead",
                "DROP INDEX shift_ends",
                "DROP INDEX leave_ends",
            ],
        ),
    ]
