"""What the reader is taught in each village (storage/reading/lesson.py)."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from storage.reading.lesson import LessonKind


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0005_words")]

    operations = [
        ops.CreateModel(
            name="Lesson",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("area_code", fields.CharField(max_length=12)),
                ("word", fields.CharField(max_length=12)),
                (
                    "debtor",
                    fields.ForeignKeyField(
                        "chuishao.Debtor",
                        source_field="debtor_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="lessons",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("kind", fields.CharEnumField(enum_type=LessonKind, max_length=10)),
                ("times", fields.IntField(default=1)),
                (
                    "teacher",
                    fields.ForeignKeyField(
                        "chuishao.Person",
                        source_field="teacher_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="lessons",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("sighting_id", fields.IntField()),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("undone_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "lesson",
                "app": "chuishao",
                "indexes": [Index(fields=["debtor_id", "area_code"]), Index(fields=["area_code", "at"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
