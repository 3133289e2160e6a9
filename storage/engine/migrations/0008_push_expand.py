"""Ways of waking somebody beside their chats (storage/post/waking.py)."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0007_areas_expand")]

    operations = [
        ops.CreateModel(
            name="Push",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "person",
                    fields.ForeignKeyField(
                        "chuishao.Person",
                        source_field="person_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="pushes",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("kind", fields.CharField(max_length=12)),
                ("sealed", fields.TextField(unique=False)),
                ("active", fields.BooleanField(default=True)),
                ("made_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "push", "app": "chuishao", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.RunSQL(["CREATE INDEX push_person ON push (person_id)"], ["DROP INDEX push_person"]),
    ]
