"""`chuishao doctor`: what is wrong, and what to do about it."""

import asyncio
import shutil
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from cryptography.exceptions import InvalidTag

from bot.health.single import holder
from bot.settings import Settings, unknown_in_environment
from bot.transport.api import ApiError, BotApi, NoAnswerError, NotSentError, proxy_for
from storage.cases.case import Case
from storage.cases.debtor import Debtor
from storage.desk import staff
from storage.duty.ladder import Target, first_call, staff_for
from storage.engine.audit import GENESIS, AuditEntry, link
from storage.engine.database import Database, is_alive
from storage.engine.schema import NewerDatabaseError, OlderDatabaseError, pending_migrations
from storage.opening import open_database
from storage.people import person
from storage.people.endpoint import reached
from storage.people.person import COURT, Person, Role
from storage.post.inbox import Inbox, InboxState
from storage.post.waking import sleepers

FREE_GB = 1.0
SKEW_SECONDS = 5.0


class Grade(StrEnum):
    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, how it is, and a sentence of the catalogue with its arguments."""

    subject: str
    grade: Grade
    key: str
    args: dict[str, Any] = field(default_factory=dict)


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Looks at everything that a running Chuishao leans on; changes nothing."""
    unknown = unknown_in_environment()
    if unknown:
        yield Finding("settings", Grade.WARN, "settings.unknown_warning", {"names": "、".join(unknown)})
    else:
        yield Finding("settings", Grade.OK, "doctor.settings_ok")
    yield _data(settings)
    yield _key(settings)
    yield _process(settings)
    async for finding in _database(settings):
        yield finding
    async for finding in _api(settings):
        yield finding
    if settings.court_phone:
        yield Finding("phone", Grade.OK, "doctor.phone_ok", {"phone": settings.court_phone})
    else:
        yield Finding("phone", Grade.WARN, "doctor.phone_none")
    yield _speech(settings.transcribe)


def _speech(setting: str) -> Finding:
    """Says where voices go."""
    if "://" in setting:
        return Finding("speech", Grade.OK, "doctor.speech_out", {"host": urlsplit(setting).hostname})
    key = "doctor.speech_here" if setting else "doctor.speech_none"
    return Finding("speech", Grade.OK, key, {"path": setting})


def _data(settings: Settings) -> Finding:
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        probe = settings.data / ".probe"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError:
        return Finding("data", Grade.BAD, "doctor.data_bad", {"path": settings.data})
    free = shutil.disk_usage(settings.data).free / 1e9
    args = {"path": settings.data, "free": f"{free:.1f}"}
    if free < FREE_GB:
        return Finding("data", Grade.BAD, "doctor.data_full", args)
    return Finding("data", Grade.OK, "doctor.data_ok", args)


def _key(settings: Settings) -> Finding:
    if settings.key:
        return Finding("key", Grade.OK, "doctor.key_environment")
    path = settings.data / "key"
    settings.secrets()
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return Finding("key", Grade.BAD, "doctor.key_open", {"path": path})
    return Finding("key", Grade.WARN, "doctor.key_file", {"path": path})


def _process(settings: Settings) -> Finding:
    running = holder(settings)
    if running is None:
        return Finding("process", Grade.WARN, "doctor.process_stopped")
    return Finding("process", Grade.OK, "doctor.process_running", {"pid": running.pid, "since": running.since})


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    where = settings.database_shown
    path = settings.database_path
    if path is not None and not path.exists():
        yield Finding("database", Grade.BAD, "doctor.database_missing", {"where": where})
        return
    try:
        if await pending_migrations(settings.database_url):
            yield Finding("database", Grade.BAD, "doctor.database_old")
            return
        async with open_database(
            settings.database_url,
            settings.secrets(),
            migrating=False,
            channels=settings.channels,
            court_phone=settings.court_phone,
        ) as db:
            good = await is_alive(db)
            key = "doctor.database_ok" if good else "doctor.database_readonly"
            yield Finding("database", Grade.OK if good else Grade.BAD, key, {"where": where})
            async for finding in _records(db):
                yield finding
    except NewerDatabaseError as error:
        yield Finding("database", Grade.BAD, "cli.newer_database", {"name": str(error)})
    except OlderDatabaseError as error:
        yield Finding("database", Grade.BAD, "cli.older_database", {"commit": str(error)})
    except Exception as error:  # noqa: BLE001 - whatever the engine says is the finding
        yield Finding("database", Grade.BAD, "doctor.database_bad", {"where": where, "why": f"{error}"[:200]})


async def _records(db: Database) -> AsyncIterator[Finding]:
    if not await _key_fits(db):
        yield Finding("key", Grade.BAD, "doctor.key_wrong")
    people = await Person.filter(active=True)
    there = await reached(one.id for one in people)
    count, joined = len(people), len(there)
    if count:
        yield Finding("people", Grade.OK, "doctor.people_ok", {"count": count, "joined": joined})
    else:
        yield Finding("people", Grade.WARN, "doctor.people_none")
    deaf = [one.name for one in people if one.role is Role.JUDGE and one.id not in there]
    if deaf:
        yield Finding("judges", Grade.BAD, "doctor.judges_unreachable", {"names": "、".join(deaf[:10])})
    elif count:
        yield Finding("judges", Grade.OK, "doctor.judges_ok")
    asleep = await sleepers(one.id for one in people if one.role in COURT)
    if asleep:
        names = [one.name for one in people if one.id in asleep]
        yield Finding("waking", Grade.WARN, "doctor.waking_none", {"names": "、".join(names[:10]), "count": len(names)})
    elif count:
        yield Finding("waking", Grade.OK, "doctor.waking_ok")
    cases, orphans = await Case.all().count(), await Case.filter(judge_id=None).count()
    key = "doctor.cases_orphan" if orphans else "doctor.cases_ok"
    yield Finding("cases", Grade.WARN if orphans else Grade.OK, key, {"count": cases, "orphans": orphans})
    if deaf_cases := await staff.unreachable_cases():
        yield Finding("cases", Grade.BAD, "doctor.cases_unreachable", {"count": deaf_cases})
    async for finding in _duty(db):
        yield finding
    dead = await Inbox.filter(state=InboxState.DEAD).order_by("-id").limit(5)
    if dead:
        total = await Inbox.filter(state=InboxState.DEAD).count()
        args = {"count": total, "incidents": "、".join(row.incident for row in dead)}
        yield Finding("dead", Grade.WARN, "doctor.dead_some", args)
    else:
        yield Finding("dead", Grade.OK, "doctor.dead_none")


async def _duty(db: Database) -> AsyncIterator[Finding]:
    """Checks, for each court that has judges, who answers for what has no judge."""
    now = db.clock.now()
    courts = sorted(set(await Person.filter(role=Role.JUDGE, active=True).values_list("area_code", flat=True)))
    for court in courts:
        staff = await staff_for(str(court), now)
        call = first_call(None, staff, now)
        who = await person.by_id(call.people[0] if call.people else None)
        if who is None:
            yield Finding("duty", Grade.BAD, "doctor.duty_nobody")
        elif call.target in (Target.DUTY, Target.DUTY_HEAD):
            yield Finding("duty", Grade.OK, "doctor.duty_ok", {"name": who.name})
        else:
            yield Finding("duty", Grade.WARN, "doctor.duty_head", {"name": who.name})


async def _key_fits(db: Database) -> bool:
    """Tells whether the key opens what was sealed, or signed the first entry of the audit chain."""
    sealed = await Debtor.exclude(id_sealed="").first()
    if sealed is not None:
        try:
            db.secrets.unseal(sealed.id_sealed)
        except InvalidTag:
            return False
    first = await AuditEntry.filter(id=1).first()
    return first is None or first.hash == link(vars(first), GENESIS, db.secrets)


async def _api(settings: Settings) -> AsyncIterator[Finding]:
    if not settings.bot_token:
        yield Finding("api", Grade.OK, "doctor.api_none")
        yield Finding("clock", Grade.OK, "doctor.clock_unknown")
        return
    async with aiohttp.ClientSession() as session:
        try:
            async with asyncio.timeout(10):
                me = await BotApi(session, settings.api_base, settings.bot_token, settings.proxy).call("getMe")
            yield Finding("api", Grade.OK, "doctor.api_ok", {"name": me.get("username", "")})
            yield await _skew(session, settings)
        except ApiError as error:
            args = {"base": settings.api_base, "code": error.code}
            yield Finding("api", Grade.BAD, "doctor.api_refused", args)
        except (NotSentError, NoAnswerError, TimeoutError):
            yield Finding("api", Grade.BAD, "doctor.api_unreachable", {"base": settings.api_base})


async def _skew(session: aiohttp.ClientSession, settings: Settings) -> Finding:
    async with session.get(
        settings.api_base, timeout=aiohttp.ClientTimeout(total=10), proxy=proxy_for(settings.api_base, settings.proxy)
    ) as response:
        stamp = response.headers.get("Date", "")
    if not stamp:
        return Finding("clock", Grade.OK, "doctor.clock_unknown")
    seconds = abs((datetime.now(UTC) - parsedate_to_datetime(stamp)).total_seconds())
    off = seconds > SKEW_SECONDS
    key = "doctor.clock_off" if off else "doctor.clock_ok"
    return Finding("clock", Grade.BAD if off else Grade.OK, key, {"seconds": f"{seconds:.0f}"})
