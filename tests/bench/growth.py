"""A large county with years behind it, written straight into a database: the importers have a figure of their own."""

import itertools
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.county import JUDGES, County

PORTION = 20_000
"""Rows between two commits."""
TEXT = "老林回来了，人就在村委"
_OFFICIALS = 5_000_000
"""Where the chat numbers of officials begin who never say anything."""


class Filling:
    """The database of a product that isn't running, with the county's areas and people in it."""

    def __init__(self, path: Path, county: County) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        self._county = county
        rows = self._db.execute(
            "SELECT p.id FROM endpoint e JOIN person p ON p.id = e.person_id WHERE p.role = 'judge' ORDER BY e.chat_id"
        )
        self._judges = [row[0] for row in rows]
        reporters = self._db.execute("SELECT area_code, id FROM person WHERE role = 'village_secretary'")
        self._reporters = dict(reporters.fetchall())
        self._now = datetime.now(UTC)

    def cases(self, cases: int) -> None:
        """The county's debtors, and `cases` cases shared out among them; each debtor's have one judge."""
        county = self._county
        debtors = (
            (n + 1, county.name(n), "person", "", "", "", "", "", "", county.home(n)) for n in range(county.debtors)
        )
        self._db.execute("UPDATE traced SET rules = 0")
        self._add("debtor", "id name kind gender id_sealed id_index phone registered_address hint area_code", debtors)
        rows = (
            (
                n + 1,
                self._number(n),
                "浙1122",
                "执",
                2000 + n % 25,
                n // 25 + 1,
                "enforcing",
                "",
                self._judge(n % county.debtors),
            )
            for n in range(cases)
        )
        self._add("court_case", "id number court_code kind year sequence status judge_name judge_id", rows)
        parties = ((n + 1, n % county.debtors + 1, "某银行", "1000", "0", "") for n in range(cases))
        self._add("case_debtor", "case_id debtor_id creditor amount paid note", parties)

    def officials(self, count: int) -> None:
        """So many who have joined and say nothing."""
        first = self._db.execute("SELECT max(id) FROM person").fetchone()[0] + 1
        villages = self._county.villages
        people = (
            (first + n, f"网格员{n}", f"16{n:09}", "", "grid_worker", villages[n % len(villages)], "", "", "zh_Hans", 1)
            for n in range(count)
        )
        self._add("person", "id name phone staff_no role area_code organisation title language active", people)
        chats = (("telegram", _OFFICIALS + n, 1, "", "", self._now, first + n) for n in range(count))
        self._add("endpoint", "channel chat_id active reason menu joined_at person_id", chats)

    def year(self, sightings: int) -> None:
        """A year of reports up to yesterday, each with its alert, closed, and everything that lies behind it."""
        step = timedelta(days=364) / max(sightings, 1)
        when = [str(self._now - timedelta(days=365) + step * n) for n in range(sightings)]
        home = [self._county.home(n) for n in range(self._county.debtors)]
        who = [n % self._county.debtors for n in range(sightings)]
        self._add(
            "sighting",
            "id channel chat_id message_id text amended area_code reported_at kind place urgent doubtful off_list "
            "confidential code state reporter_id",
            (
                (
                    n + 1,
                    "telegram",
                    1,
                    n,
                    TEXT,
                    "",
                    home[d],
                    when[n],
                    "person",
                    "",
                    1,
                    0,
                    0,
                    0,
                    "AAAA",
                    "alerted",
                    self._reporters[home[d]],
                )
                for n, d in enumerate(who)
            ),
        )
        self._add("suspect", "evidence debtor_id sighting_id", (("[]", d + 1, n + 1) for n, d in enumerate(who)))
        self._add(
            "alert",
            "id area_code state step reachable raised_at closed_at outcome note judge_id sighting_id",
            (
                (n + 1, home[d], "closed", 0, 1, when[n], when[n], "found", "", self._judge(d), n + 1)
                for n, d in enumerate(who)
            ),
        )
        self._add("recipient", "escalated alert_id person_id", ((0, n + 1, self._judge(d)) for n, d in enumerate(who)))
        self._add(
            "alert_event",
            "kind at detail alert_id",
            ((kind, when[n], "", n + 1) for n in range(sightings) for kind in ("raised", "delivered", "closed")),
        )
        self._add(
            "delivery",
            "outbox_id channel chat_id kind ref message_id rendered at",
            ((n + 1, "telegram", JUDGES + d % 20, "alert", n + 1, n, "", when[n]) for n, d in enumerate(who)),
        )

    def close(self) -> None:
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._db.close()

    def _judge(self, debtor: int) -> int:
        return int(self._judges[debtor % len(self._judges)])

    @staticmethod
    def _number(n: int) -> str:
        return f"（{2000 + n % 25}）浙1122执{n // 25 + 1}号"

    def _add(self, table: str, columns: str, rows: Iterable[Sequence[object]]) -> None:
        names = columns.split()
        sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        for portion in _portions(iter(rows)):
            self._db.execute("BEGIN")
            self._db.executemany(sql, portion)
            self._db.execute("COMMIT")


def _portions(rows: Iterator[Sequence[object]]) -> Iterator[list[Sequence[object]]]:
    while portion := list(itertools.islice(rows, PORTION)):
        yield portion
