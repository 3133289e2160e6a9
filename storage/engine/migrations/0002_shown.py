"""Whom each message shows: from now on, and, as far as the records tell, of those that were sent before."""

import json
from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLE = """
CREATE TABLE shown (
    id {bigid},
    about VARCHAR(10) NOT NULL,
    ref BIGINT NOT NULL,
    delivery_id BIGINT REFERENCES delivery (id) ON DELETE CASCADE
);
CREATE INDEX shown_about ON shown (about, ref);
CREATE INDEX shown_delivery ON shown (delivery_id, id);
"""
SENT_BEFORE = """
INSERT INTO shown (about, ref, delivery_id)
SELECT 'report', d.ref, d.id FROM delivery d WHERE d.kind IN ('receipt', 'witness');

INSERT INTO shown (about, ref, delivery_id)
SELECT 'reporter', d.ref, d.id FROM delivery d WHERE d.kind = 'witness';

INSERT INTO shown (about, ref, delivery_id)
SELECT w.about, s.id, d.id FROM delivery d JOIN alert a ON a.id = d.ref
JOIN sighting s ON s.id = a.sighting_id OR s.joined_id = a.sighting_id
CROSS JOIN (SELECT 'report' AS about UNION ALL SELECT 'reporter') w WHERE d.kind IN ('alert', 'change');

INSERT INTO shown (about, ref, delivery_id)
SELECT 'debtor', p.debtor_id, d.id FROM delivery d JOIN alert a ON a.id = d.ref
JOIN suspect p ON p.sighting_id = a.sighting_id WHERE d.kind IN ('alert', 'change');

INSERT INTO shown (about, ref, delivery_id)
SELECT w.about, a.sighting_id, d.id FROM delivery d JOIN alert_event e ON e.id = d.ref JOIN alert a ON a.id = e.alert_id
CROSS JOIN (SELECT 'report' AS about UNION ALL SELECT 'reporter') w WHERE d.kind IN ('urged', 'step');

INSERT INTO shown (about, ref, delivery_id)
SELECT w.about, t.sighting_id, d.id FROM delivery d JOIN attachment t ON t.id = d.ref
CROSS JOIN (SELECT 'report' AS about UNION ALL SELECT 'reporter') w
WHERE d.kind = 'attachment' AND t.sighting_id IS NOT NULL;

INSERT INTO shown (about, ref, delivery_id)
SELECT 'debtor', p.debtor_id, d.id FROM delivery d JOIN case_debtor p ON p.case_id = d.ref
WHERE d.kind IN ('case', 'timeline', 'case_sheet', 'case_place', 'ladder');

INSERT INTO shown (about, ref, delivery_id)
SELECT w.about, s.id, d.id FROM delivery d JOIN case_debtor p ON p.case_id = d.ref
JOIN suspect u ON u.debtor_id = p.debtor_id JOIN sighting s ON s.id = u.sighting_id
CROSS JOIN (SELECT 'report' AS about UNION ALL SELECT 'reporter') w WHERE d.kind IN ('case', 'timeline', 'case_sheet');

INSERT INTO shown (about, ref, delivery_id)
SELECT 'debtor', d.ref, d.id FROM delivery d WHERE d.kind = 'access'
"""
"""By kind of card, as the version before looked for them when somebody was to be erased; rather one too many."""
LISTED = "SELECT d.id, l.asked FROM delivery d JOIN listing l ON l.id = d.ref WHERE d.kind = 'cases'"


async def forward(_apps: Any, editor: Any) -> None:
    """Makes the table and fills it, unless that is done already: it is called again after a kill before the note."""
    client = editor.client
    is_sqlite = client.capabilities.dialect == "sqlite"
    there = (
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'shown'"
        if is_sqlite
        else "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'shown'"
    )
    if (await client.execute_query(there))[1]:
        return
    number = "INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL" if is_sqlite else "BIGSERIAL NOT NULL PRIMARY KEY"
    for statement in f"{TABLE.format(bigid=number)};{SENT_BEFORE}".split(";"):
        if statement.strip():
            await client.execute_query(statement)
    # Lists that were searched for by a name: the words say whose.
    lists = (await client.execute_query(LISTED))[1]
    debtors = (await client.execute_query("SELECT id, name FROM debtor"))[1] if lists else []
    for row in lists:
        asked = json.dumps(json.loads(row["asked"]), ensure_ascii=False)
        for debtor in debtors:
            if debtor["name"] in asked:
                values = f"('debtor', {int(debtor['id'])}, {int(row['id'])})"
                await client.execute_query(f"INSERT INTO shown (about, ref, delivery_id) VALUES {values}")  # noqa: S608


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0001_schema")]
    operations = [ops.RunPython(forward)]
