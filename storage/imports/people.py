"""`chuishao import people`."""

import re
from collections.abc import Sequence

from storage.engine import audit
from storage.engine.text import fold, squeeze
from storage.engine.unit import unit
from storage.imports import Plan, Progress, Report, sift
from storage.imports.normal import Unclear, code, is_mobile, phone
from storage.imports.table import Columns, Row, other_names
from storage.people.access import REPORTERS
from storage.people.area import Area, county_of, short_code
from storage.people.endpoint import Endpoint
from storage.people.person import ROLE_NAMES, Person, Role

COLUMNS = Columns(
    required=("姓名", "手机号", "角色", "辖区代码"),
    optional=("工号", "单位", "职务", "Telegram号", "序号"),
    also=other_names("people"),
)
FIELDS = ("name", "staff_no", "role", "area_code", "more_areas", "organisation", "title")
CHANNEL = "telegram"
MOST_AREAS = 12
_BETWEEN = re.compile("[、,;/\\s]+")


async def plan(rows: Sequence[Row], progress: Progress) -> Plan:
    """Plans people, keyed by phone number. A number registered under another name is refused, not overwritten."""
    report = Report()
    known_areas = {area.code for area in await Area.all()}
    have = {person.phone: person for person in await Person.all()}
    chats = {row.chat_id: row.person.phone for row in await Endpoint.filter(channel=CHANNEL).prefetch_related("person")}
    lines: dict[str, int] = {}
    fresh: list[Person] = []
    changed: list[Person] = []
    joining: dict[str, int] = {}
    kept = sift(rows, report)
    for count, row in enumerate(kept):
        progress(count, len(kept))
        try:
            person = _person(row, known_areas)
            if person.phone in lines:
                raise Unclear("same_phone", str(lines[person.phone]))
            old = have.get(person.phone)
            if old is not None and old.name != person.name:
                raise Unclear("phone_of_another", person.phone)
        except Unclear as why:
            report.reject(row, why)
            continue
        lines[person.phone] = row.line
        if not is_mobile(person.phone):
            report.warn(row, "not_mobile", person.phone)
        new_chat = _chat(row, person, chats, report)
        if new_chat is not None:
            joining[person.phone] = chats_id = new_chat
            chats[chats_id] = person.phone
        if old is None:
            fresh.append(person)
            report.took(row, "added")
        elif any(getattr(old, name) != getattr(person, name) for name in FIELDS) or new_chat is not None:
            changed.append(person)
            report.took(row, "changed")
        else:
            report.took(row, "unchanged")

    async def apply() -> None:
        await Person.bulk_create(fresh, batch_size=500)
        for person in changed:
            values = {name: getattr(person, name) for name in FIELDS}
            await Person.filter(phone=person.phone).update(**values)
        ids = dict(await Person.filter(phone__in=list(joining)).values_list("phone", "id"))
        now = unit().now
        await Endpoint.bulk_create(
            [
                Endpoint(person_id=ids[phone], channel=CHANNEL, chat_id=chat, joined_at=now)
                for phone, chat in joining.items()
            ],
            batch_size=500,
        )
        audit.record("import.people", added=len(fresh), changed=len(changed), joined=len(joining))

    ids = [have[person.phone].id for person in changed]
    return Plan(report, apply, (Person, Endpoint), [(Person, ids)])


def _person(row: Row, known_areas: set[str]) -> Person:
    name = squeeze(row["姓名"])
    if not name:
        raise Unclear("missing_name")
    number = phone(row["手机号"])
    role = ROLE_NAMES.get(squeeze(row["角色"]))
    if role is None:
        raise Unclear("role", squeeze(row["角色"]))
    areas = _areas(row, role, known_areas)
    return Person(
        name=name[:40],
        phone=number,
        staff_no=code(row["工号"])[:20],
        role=role,
        area_code=areas[0],
        more_areas=",".join(areas[1:]),
        organisation=fold(row["单位"])[:80],
        title=fold(row["职务"])[:40],
    )


def _areas(row: Row, role: Role, known_areas: set[str]) -> list[str]:
    """Reads one code; of those who report also several, parted as offices do it, within one court."""
    said = _BETWEEN.split(fold(row["辖区代码"]))
    areas = list(dict.fromkeys(short_code(code(one)) for one in said if one))
    for area in areas or [""]:
        if area not in known_areas:
            raise Unclear("area", area)
    if len(areas) > 1 and (role not in REPORTERS or len({county_of(area) for area in areas}) > 1):
        raise Unclear("areas", "、".join(areas))
    if len(areas) > MOST_AREAS:
        raise Unclear("areas_many", str(MOST_AREAS))
    return areas


def _chat(row: Row, person: Person, chats: dict[int, str], report: Report) -> int | None:
    """Returns a chat that is to be joined; None where the cell is empty, wrong, or says what is so already."""
    text = code(row["Telegram号"])
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 15:
        report.warn(row, "chat_number", text)
        return None
    owner = chats.get(int(text))
    if owner is not None and owner != person.phone:
        report.warn(row, "chat_of_another", text)
    return int(text) if owner is None else None
