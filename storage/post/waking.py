"""Ways of waking somebody beside their chats: a robot of DingTalk, WeCom or Feishu, Bark, ServerChan, PushPlus, ntfy,
e-mail, SMS, a telephone call. They carry no more than "something waits for you"; the addresses are secrets and sealed.
A way is proven once its owner has said that a trial woke them.
"""

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from tortoise import fields
from tortoise.models import Model

from storage.engine import audit
from storage.engine.secret import Secrets
from storage.engine.sql import add, among, change, fetch, joined, pick, run
from storage.engine.unit import unit
from storage.noun import Fate, Noun, Record
from storage.people.endpoint import TELEGRAM, Address, Endpoint, leave, reached, served_by
from storage.people.person import Person, by_id
from storage.people.quiet import quiet_left
from storage.post.outbox import Lane, put, put_to_person

CHANNEL = "push"
MOST = 5
"""So many a person may have."""
_MAIL = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
_KEY = re.compile(r"[A-Za-z0-9_-]{4,128}")
_HOSTS = {
    "oapi.dingtalk.com": "dingtalk",
    "qyapi.weixin.qq.com": "wecom",
    "open.feishu.cn": "feishu",
    "api.day.app": "bark",
    "sctapi.ftqq.com": "serverchan",
    "www.pushplus.plus": "pushplus",
    "ntfy.sh": "ntfy",
}
SMS, CALL, WEB = "sms", "call", "web"
"""`web` is a browser's own way, and comes from the page."""
BY_PHONE = {SMS: SMS, CALL: CALL, "短信": SMS, "电话": CALL, "打电话": CALL}
"""How people say the ways that need only the number they are registered with."""
TYPED_KINDS = (*_HOSTS.values(), "mail")
CALL_AFTER = timedelta(minutes=1)
"""So long a telephone call waits for the other ways: it is the loudest, and the one that costs."""
TRIAL_AFTER = timedelta(seconds=10)
"""Time to lock the phone and put it down."""
_BROWSERS = re.compile(
    r"fcm\.googleapis\.com|updates\.push\.services\.mozilla\.com|web\.push\.apple\.com|[a-z0-9-]+\.notify\.windows\.com"
)


class Push(Model):
    """One way to one person. `sealed` is its address as Apprise writes it."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "chuishao.Person", related_name="pushes", on_delete=fields.CASCADE
    )
    person_id: int
    kind = fields.CharField(max_length=12)
    sealed = fields.TextField()
    active = fields.BooleanField(default=True)
    proven_at = fields.DatetimeField(null=True)
    made_at = fields.DatetimeField()

    class Meta:
        table = "push"


@dataclass(frozen=True)
class WakeAddress:
    """Where to send: `url` as Apprise writes it, an e-mail address for `mail`, a phone number for `sms` and `call`."""

    kind: str
    url: str


# -- pure --------------------------------------------------------------------------------------------------------


def understood(said: str, own_hosts: Collection[str] = ()) -> WakeAddress | None:
    """Reads what somebody typed or pasted: a robot's address, an e-mail address, `sms` or `call`; None for all else.

    A server of the court's own for ntfy or Bark must be among `own_hosts`, and is said with its kind before it.
    """
    words = said.split()
    if len(words) == 1 and words[0].lower() in BY_PHONE:
        return WakeAddress(BY_PHONE[words[0].lower()], "")
    kind = words.pop(0).lower() if words and words[0].lower() in TYPED_KINDS else ""
    if not words or len(words) > 2:
        return None
    if kind in ("", "mail") and _MAIL.fullmatch(words[0]) and len(words) == 1:
        return WakeAddress("mail", words[0])
    try:
        parts = urlsplit(words[0])
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    known = _HOSTS.get(host, "")
    own = _is_own(host, port, parts.scheme, own_hosts) and kind in ("ntfy", "bark")
    theirs = known and kind in ("", known) and port is None and parts.scheme == "https"
    if parts.scheme not in ("http", "https") or not (own or theirs):
        return None
    place = f"{host}:{port}" if port else host
    return _robot(kind or known, parts.path, parts.query, place, words[1] if len(words) > 1 else "", parts.scheme)


def _is_own(host: str, port: int | None, scheme: str, own_hosts: Collection[str]) -> bool:
    """Tells whether the court has named this server, with this port where it isn't the scheme's own: no other door of
    the same machine is knocked at."""
    usual = {"http": 80, "https": 443}.get(scheme)
    names = {f"{host}:{port or usual}"} | ({host} if port in (None, usual) else set())
    return bool(names & set(own_hosts))


def _robot(kind: str, path: str, query: str, place: str, secret: str, scheme: str) -> WakeAddress | None:
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    steps = path.strip("/").split("/")
    last = steps[0 if kind == "bark" else -1].removesuffix(".send")  # after Bark's key stands what it is to say
    key = {"dingtalk": asked.get("access_token", ""), "wecom": asked.get("key", ""), "pushplus": asked.get("token", "")}
    token = key.get(kind, last)
    if not _KEY.fullmatch(token) or (secret and not (kind == "dingtalk" and _KEY.fullmatch(secret))):
        return None
    safe = quote(token, safe="")
    tls = "s" if scheme == "https" else ""
    return WakeAddress(
        kind,
        {
            "dingtalk": f"dingtalk://{f'{secret}@' if secret else ''}{safe}/",
            "wecom": f"wecombot://{safe}/",
            "feishu": f"feishu://{safe}/",
            "bark": f"bark{tls}://{place}/{safe}",
            "serverchan": f"schan://{safe}/",
            "pushplus": f"pushplus://{safe}/",
            "ntfy": f"ntfy{tls}://{place}/{safe}",
        }[kind],
    )


def of_browser(subscription: Any, own_hosts: Collection[str] = ()) -> WakeAddress | None:
    """Reads a browser's PushSubscription, as JSON; None where it isn't one, or its push service isn't known."""
    keys = subscription.get("keys") if isinstance(subscription, dict) else None
    parts = {"endpoint": subscription.get("endpoint"), **keys} if isinstance(keys, dict) else {}
    said = {name: parts.get(name) for name in ("endpoint", "p256dh", "auth")}
    if not all(isinstance(value, str) and 10 < len(value) < 1000 for value in said.values()):
        return None
    try:
        url = urlsplit(str(said["endpoint"]))
        host, port = url.hostname or "", url.port
    except ValueError:
        return None
    known = url.scheme == "https" and _BROWSERS.fullmatch(url.netloc)
    return (
        WakeAddress(WEB, json.dumps(said))
        if known or (url.scheme in ("http", "https") and _is_own(host, port, url.scheme, own_hosts))
        else None
    )


# -- records -----------------------------------------------------------------------------------------------------


async def keep(person: Person, target: WakeAddress) -> Push | None:
    """Adds a way to the person; None where they have too many. Needs a unit."""
    rows = await of_person(person.id)
    same = [row for row in rows if row.kind == target.kind and unit().secrets.unseal(row.sealed) == target.url]
    if same or len(rows) >= MOST:
        return same[0] if same else None
    sealed = unit().secrets.seal(target.url)
    row = await add(Push, person_id=person.id, kind=target.kind, sealed=sealed, made_at=unit().now)
    audit.record("push.added", person.actor, actor=person.actor, kind=target.kind)
    return row


async def keep_browser(person: Person, target: WakeAddress, *, trial: bool = False) -> bool:
    """Adds the browser, unless it is known already, and rings it once for a trial, as for who asks for a `trial`;
    the oldest browser gives way where there are many. Needs a unit."""
    rows = await of_person(person.id)
    for row in rows:
        if row.kind == target.kind and unit().secrets.unseal(row.sealed) == target.url:
            await works_again(row.id)
            if trial:
                await try_out(row)
            return True
    browsers = [row for row in rows if row.kind == target.kind]
    if len(rows) >= MOST and browsers:
        await remove(browsers[0], person)
    added = await keep(person, target)
    if added is not None:
        await try_out(added)
    return added is not None


async def try_out(row: Push) -> None:
    """Sends a trial after TRIAL_AFTER, and asks in the person's chats whether it has been heard. Needs a unit."""
    await works_again(row.id)
    await put(Address(CHANNEL, row.id, row.person_id), "notice", lane=Lane.REPLY, fresh=True, delay=TRIAL_AFTER)
    await put_to_person(row.person_id, "trial", row.id, lane=Lane.REPLY, fresh=True)


async def heard(row: Push, by: Person, *, woke: bool) -> None:
    """Keeps whether a trial woke its owner. Needs a unit."""
    await change(Push, row.id, proven_at=unit().now if woke else None)
    audit.record("push.proven" if woke else "push.unheard", by.actor, actor=by.actor, kind=row.kind)


async def of_person(person_id: int) -> list[Push]:
    return await pick(Push, "person_id = ? ORDER BY id", person_id)


async def remove(row: Push, by: Person) -> None:
    """Removes a way. The court's calls stay in the list, switched off: they come to everybody who hasn't done that."""
    if row.kind == CALL and CALL in unit().db.offers:
        await change(Push, row.id, active=False)
    else:
        await run("DELETE FROM push WHERE id = ?", row.id)
    audit.record("push.removed", by.actor, actor=by.actor, kind=row.kind)


async def notify(person_id: int, alert_id: int, *, urgent: bool) -> None:
    """Wakes the person on every way that works; for what isn't urgent not before their quiet hours are over.

    All ways ring at once. Only a call waits CALL_AFTER, and not even that for what is urgent, or where nothing else
    has been proven to wake this person.
    """
    ways = [row for row in await with_calls(person_id) if row.active]
    owner = await by_id(person_id) if ways else None
    quiet = quiet_left(owner, unit().now) if owner is not None and not urgent else timedelta(0)
    waits = not urgent and person_id not in await sleepers([person_id]) if _calls(ways) else False
    for row in ways:
        to = Address(CHANNEL, row.id, person_id)
        delay = max(quiet, CALL_AFTER) if row.kind == CALL and waits else quiet
        await put(to, "notice", alert_id, lane=Lane.ALERT, fresh=True, delay=delay)


def _calls(ways: Iterable[Push]) -> bool:
    return any(row.kind == CALL for row in ways)


async def with_calls(person_id: int) -> list[Push]:
    """Finds a person's ways; where the court calls people, a call is among everybody's. Needs a unit."""
    rows = await of_person(person_id)
    if CALL in unit().db.offers and not _calls(rows):
        sealed = unit().secrets.seal("")
        rows.append(await add(Push, person_id=person_id, kind=CALL, sealed=sealed, made_at=unit().now))
    return rows


async def sleepers(person_ids: Iterable[int]) -> frozenset[int]:
    """Finds those of these people who have joined and whom nothing has been proven to wake: a page that isn't open
    rings nowhere."""
    there = await reached(person_ids)
    words, value = among(sorted(there))
    sql = f"SELECT person_id FROM push WHERE active = ? AND proven_at IS NOT NULL AND person_id {words}"
    woken = {row["person_id"] for row in await fetch(sql, True, value)}
    return there - woken - await served_by(TELEGRAM, there - woken)


async def give_up(push_id: int) -> Push | None:
    """Switches off a way that doesn't take anything any more; the row stays, so that its owner sees it."""
    rows = await pick(Push, "id = ? AND active = ?", push_id, True)
    for row in rows:
        await change(Push, row.id, active=False)
        audit.record("push.disabled", f"person:{row.person_id}", kind=row.kind)
    return rows[0] if rows else None


async def works_again(push_id: int) -> None:
    await change(Push, push_id, active=True)


async def sign_out(endpoint: Endpoint, reason: str = "left") -> None:
    """Ends a chat that was left, or whose phone was lost. A web chat's browser shows nothing of it any more and isn't
    woken; the person's other browsers ask to be woken again when they are opened. On Telegram that isn't ours to do."""
    await leave(endpoint, reason)
    if endpoint.channel == "web":
        await run("DELETE FROM push WHERE person_id = ? AND kind = ?", endpoint.person_id, WEB)
        await put(Address(endpoint.channel, endpoint.chat_id), "signout", lane=Lane.RECEIPT, fresh=True)


def by_sms(person: Person) -> Address:
    """Returns where an SMS to this person goes, who need not have asked for it: a code for joining."""
    return Address(CHANNEL, -person.id, person.id)


async def target_of(push_id: int, secrets: Secrets) -> WakeAddress | None:
    """Finds where to send; None where it was removed, or its owner has left."""
    if push_id < 0:
        person = await by_id(-push_id)
        return WakeAddress(SMS, person.phone) if person is not None and person.active else None
    source = "push a JOIN person b ON b.id = a.person_id WHERE a.id = ? AND b.active = ?"
    for row, person in await joined((Push, Person), source, push_id, True):
        return WakeAddress(row.kind, person.phone if row.kind in (SMS, CALL) else secrets.unseal(row.sealed))
    return None


NOUN = Noun((Record(Push, erasing=Fate.NONE, leaving=Fate.STAYS),))
