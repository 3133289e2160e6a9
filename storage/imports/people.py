"""`chuishao import people`."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from storage.engine import audit
from storage.engine.text import fold, squeeze
from storage.engine.unit import unit
from storage.imports import OPERATOR, Clerk, Plan, Progress, Report, sift, step
from storage.imports.normal import Unclear, code, is_mobile, phone
from storage.imports.table import Columns, Row, other_names
from storage.people.access import REPORTERS
from storage.people.area import Area, county_of, in_full, short_code, short_name
from storage.people.endpoint import Endpoint
from storage.people.person import ROLE_NAMES, Person, Role

COLUMNS = Columns(
    required=("姓名", "手机号", "角色", "辖区代码"),
    optional=("工号", "单位", "职务", "Telegram号", "序号"),
    also=other_names("people"),
    stands_in={"职务": "角色"},
)
FIELDS = ("name", "staff_no", "role", "area_code", "more_areas", "organisation", "title")
_KEPT = ("staff_no", "organisation", "title")
CHANNEL = "telegram"
MOST_AREAS = 12
_BETWEEN = re.compile("[、,;/\\s]+")


async def plan(rows: Sequence[Row], progress: Progress, clerk: Clerk = OPERATOR) -> Plan:
    """Plans people, keyed by phone number. A number registered under another name is refused, not overwritten."""
    report = Report()
    places = _places({area.code: area.name for area in await Area.all()})
    have = {person.phone: person for person in await Person.all()}
    chats = {row.chat_id: row.person.phone for row in await Endpoint.filter(channel=CHANNEL).prefetch_related("person")}
    lines: dict[str, int] = {}
    fresh: list[Person] = []
    changed: list[Person] = []
    joining: dict[str, int] = {}
    kept = sift(rows, report)
    for count, row in enumerate(kept):
        await step(progress, count, len(kept))
        try:
            person = _person(row, places, report)
            clerk.check(*person.area_codes)
            if person.phone in lines:
                raise Unclear("same_phone", str(lines[person.phone]))
            old = have.get(person.phone)
            if old is not None and not old.area_code.startswith(clerk.county):
                raise Unclear("phone_of_another", person.phone)  # where they are is nobody's business here
            if old is not None and old.actor == clerk.actor and old.role is not person.role:
                raise Unclear("own_role")
            if old is not None and old.name != person.name:
                raise Unclear("phone_of_another", person.phone)
        except Unclear as why:
            report.reject(row, why)
            continue
        lines[person.phone] = row.line
        _beside(row, person, old, have, report)
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
        audit.record("import.people", actor=clerk.actor, added=len(fresh), changed=len(changed), joined=len(joining))
        await _made_by(clerk, [person.phone for person in (*fresh, *changed)])

    ids = [have[person.phone].id for person in changed]
    return Plan(report, apply, (Person, Endpoint), [(Person, ids)])


async def _made_by(clerk: Clerk, phones: Sequence[str]) -> None:
    """Notes of each who has made them what they are: four eyes ask for it. Needs a unit."""
    if clerk.county:
        for one in await Person.filter(phone__in=list(phones)).order_by("id"):
            audit.record("person.taken_on", one.actor, actor=clerk.actor, role=one.role, area=one.area_code)


def _beside(row: Row, person: Person, old: Person | None, have: dict[str, Person], report: Report) -> None:
    """Keeps what the file leaves empty as it was, and says what looks like a slip."""
    if old is not None:
        for name in _KEPT:
            setattr(person, name, getattr(person, name) or getattr(old, name))
        if old.role is not person.role:
            report.warn(row, "role_changed", f"{_name_of(old.role)} → {_name_of(person.role)}")
    elif any((one.name, one.area_code) == (person.name, person.area_code) for one in have.values()):
        report.warn(row, "same_name_there", person.name)
    if not is_mobile(person.phone):
        report.warn(row, "not_mobile", person.phone)


def _name_of(role: Role) -> str:
    return next(name for name, one in ROLE_NAMES.items() if one is role)


def _role(cell: str) -> Role:
    """Reads the role as the product calls it, or as offices do."""
    said = re.sub(r"\([^()]*\)", "", squeeze(cell))
    role = ROLE_NAMES.get(said) or next((one for words, one in _ROLE_WORDS.items() if re.fullmatch(words, said)), None)
    if role is None:
        raise Unclear("role", said)
    return role


_ROLE_WORDS = {
    "(?:专职|兼职|专属)?网格(?:员|长)": Role.GRID_WORKER,
    "村?支书|村长|村?(?:党?支部|社)?书记|村(?:党?支)?书记|社区书记|村社(?:党组织)?书记|村主任": Role.VILLAGE_SECRETARY,
    "(?:派出所)?(?:民警|所长|辅警)": Role.POLICE,
    "法官|员额法官|承办法官": Role.JUDGE,
}
"""How offices call what the product calls by one name."""


def _person(row: Row, places: Mapping[str, str], report: Report) -> Person:
    name = squeeze(row["姓名"])
    if not name:
        raise Unclear("missing_name")
    number = phone(re.split(r"[、,，;；/\n]+", row["手机号"].strip())[0])
    role = _role(row["角色"])
    areas = _areas(row, role, places)
    return Person(
        name=report.fit(row, "姓名", name, 40),
        phone=number,
        staff_no=report.fit(row, "工号", code(row["工号"]), 20),
        role=role,
        area_code=areas[0],
        more_areas=",".join(areas[1:]),
        organisation=report.fit(row, "单位", fold(row["单位"]), 80),
        title=report.fit(row, "职务", fold(row["职务"]), 40),
    )


def _places(names: Mapping[str, str]) -> dict[str, str]:
    """Returns the codes by themselves and by what only one area is called: 七里乡周弄村, 周弄村, 周弄."""
    full = in_full(names)
    said = [(one, known) for known in names for one in {names[known], full[known], short_name(names[known])}]
    often = Counter(one for one, _code in said)
    return {one: known for one, known in said if often[one] == 1} | {known: known for known in names}


def _areas(row: Row, role: Role, places: Mapping[str, str]) -> list[str]:
    """Reads one area, by code or name; of those who report also several, parted as offices do it, within one court."""
    said = [one for one in _BETWEEN.split(fold(row["辖区代码"])) if one]
    for one in said or [""]:
        if short_code(code(one)) not in places and one not in places:
            raise Unclear("area", one)
    areas = list(dict.fromkeys(places.get(one) or places[short_code(code(one))] for one in said))
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
