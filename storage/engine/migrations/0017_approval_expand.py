"""What needs a second pair of eyes, and how many names somebody has looked up."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from storage.people.approval import ApprovalState, Deed


def _id() -> fields.IntField:
    return fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0016_steps_expand")]

    operations = [
        ops.CreateModel(
            name="Approval",
            fields=[
                ("id", _id()),
                ("deed", fields.CharEnumField(enum_type=Deed, max_length=10)),
                ("ref", fields.IntField(default=0)),
                ("args", fields.TextField(default="{}", unique=False)),
                ("area_code", fields.CharField(max_length=12)),
                ("asked_by", fields.IntField()),
                ("asked_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("answered_by", fields.IntField(null=True)),
                ("state", fields.CharEnumField(default=ApprovalState.ASKED, enum_type=ApprovalState, max_length=10)),
            ],
            options={"table": "approval", "app": "chuishao", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Quota",
            fields=[
                ("id", _id()),
                ("person_id", fields.IntField(unique=True)),
                ("since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("count", fields.IntField()),
            ],
            options={"table": "quota", "app": "chuishao", "pk_attr": "id"},
            bases=["Model"],
        ),
    ]
