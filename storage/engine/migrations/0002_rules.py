"""What the model classes can't say: indexes on foreign keys, partial ones for the queues, and the rows that the
rules start from."""

from tortoise import migrations
from tortoise.migrations import operations as ops

GENESIS = "0" * 64


class Migration(migrations.Migration):
    dependencies = [("chuishao", "0001_initial")]

    operations = [
        ops.RunSQL(
            [
                "CREATE INDEX inbox_new ON inbox (id) WHERE state = 0",
                "CREATE INDEX outbox_due ON outbox (lane, id) WHERE state = 0",
                "CREATE INDEX outbox_later ON outbox (not_before) WHERE state = 0",
                "CREATE INDEX outbox_leased ON outbox (lease_until) WHERE state = 1",
                "CREATE INDEX outbox_waiting ON outbox (dedup) WHERE state = 0",
                "CREATE INDEX court_case_judge ON court_case (judge_id)",
                "CREATE INDEX case_debtor_debtor ON case_debtor (debtor_id)",
                "CREATE INDEX suspect_debtor ON suspect (debtor_id)",
                "CREATE INDEX sighting_joined ON sighting (joined_id)",
                "CREATE INDEX endpoint_person ON endpoint (person_id)",
                "CREATE INDEX alert_event_alert ON alert_event (alert_id)",
                "CREATE INDEX recipient_person ON recipient (person_id)",
                f"INSERT INTO audit_head (id, count, hash) VALUES (1, 0, '{GENESIS}')",
                "INSERT INTO ladder_step (area_code, number, after_seconds, target) VALUES "
                "('', 1, 120, 'again'), ('', 2, 300, 'head')",
            ],
            [
                "DELETE FROM ladder_step",
                "DELETE FROM audit_head",
                "DROP INDEX court_case_judge",
                "DROP INDEX case_debtor_debtor",
                "DROP INDEX suspect_debtor",
                "DROP INDEX sighting_joined",
                "DROP INDEX endpoint_person",
                "DROP INDEX alert_event_alert",
                "DROP INDEX recipient_person",
                "DROP INDEX outbox_waiting",
                "DROP INDEX outbox_leased",
                "DROP INDEX outbox_later",
                "DROP INDEX outbox_due",
                "DROP INDEX inbox_new",
            ],
        ),
    ]
