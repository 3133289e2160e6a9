"""The words by which debtors are found in a sentence (storage/reading/index.py), instead of indexes over pieces of names."""

from tortoise import migrations
from tortoise.migrations import operations as ops

DROPPED = {
    **{f"debtor_pair_{n}": f"debtor (substr(name, {n}, 2), area_code)" for n in (1, 2, 3)},
    **{f"debtor_letter_{n}": f"debtor (substr(name, {n}, 1), area_code)" for n in (1, 2, 3, 4)},
}


class Words(ops.RunSQL):
    """The table is nothing but its key: on SQLite the rows live in it."""

    async def _run_sql(self, state_editor, sqls):
        keyed = " WITHOUT ROWID" if state_editor.client.capabilities.dialect == "sqlite" else ""
        await super()._run_sql(state_editor, [sql + keyed * sql.startswith("CREATE") for sql in sqls])


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0004_pace")]

    operations = [
        Words(
            [
                "CREATE TABLE trace (word VARCHAR(40) NOT NULL, area_code VARCHAR(12) NOT NULL, "
                "debtor_id INT NOT NULL, PRIMARY KEY (word, area_code, debtor_id))",
            ],
            ["DROP TABLE trace"],
        ),
        ops.RunSQL(
            [
                "CREATE TABLE traced (rules INT NOT NULL, up_to INT)",
                "INSERT INTO traced (rules, up_to) VALUES (0, 0)",
                *(f"DROP INDEX {name}" for name in DROPPED),
            ],
            [
                "DROP TABLE traced",
                *(f"CREATE INDEX {name} ON {what}" for name, what in DROPPED.items()),
            ],
        ),
    ]
