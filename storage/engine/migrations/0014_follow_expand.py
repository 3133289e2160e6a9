"""Who follows which case, who wants a digest, and the last four of an id number as a blind index."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from storage.desk.digest import Rhythm


def _id() -> fields.IntField:
    return fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0013_ladder_expand")]

    operations = [
        ops.CreateModel(
            name="Follow",
            fields=[
                ("id", _id()),
                ("person_id", fields.IntField()),
                ("case_id", fields.IntField(db_index=True)),
                ("supervised", fields.BooleanField(default=False)),
                ("since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "follow",
                "app": "chuishao",
                "unique_together": (("person_id", "case_id"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Digest",
            fields=[
                ("id", _id()),
                ("person_id", fields.IntField()),
                ("rhythm", fields.CharEnumField(enum_type=Rhythm, max_length=10)),
                ("hour", fields.SmallIntField()),
                ("next_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "digest",
                "app": "chuishao",
                "unique_together": (("person_id", "rhythm"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE debtor ADD COLUMN id_tail VARCHAR(64) NOT NULL DEFAULT ''",
                "CREATE INDEX debtor_id_tail ON debtor (id_tail) WHERE id_tail <> ''",
                "CREATE INDEX debtor_without_tail ON debtor (id) WHERE id_tail = '' AND id_sealed <> ''",
            ],
            ["DROP INDEX debtor_without_tail", "DROP INDEX debtor_id_tail", "ALTER TABLE debtor DROP COLUMN id_tail"],
        ),
    ]
