"""Which files were imported, and how the last one can be taken back."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0017_approval_expand")]

    operations = [
        ops.CreateModel(
            name="ImportRun",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("kind", fields.CharField(max_length=10)),
                ("file", fields.CharField(max_length=200)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("added", fields.IntField()),
                ("changed", fields.IntField()),
                ("journal", fields.TextField(unique=False)),
                ("undone_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={"table": "import_run", "app": "chuishao", "pk_attr": "id"},
            bases=["Model"],
        ),
    ]
