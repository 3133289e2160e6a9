"""Lists that somebody asked for, so that their pages can be turned after a restart (storage/desk/listing.py)."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0010_quiet_expand")]

    operations = [
        ops.CreateModel(
            name="Listing",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("person_id", fields.IntField()),
                ("asked", fields.TextField(unique=False)),
                ("made_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "listing", "app": "chuishao", "pk_attr": "id"},
            bases=["Model"],
        ),
    ]
