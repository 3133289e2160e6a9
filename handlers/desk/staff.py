"""/people: who belongs to the court's people, added, changed and dismissed in the chat; /handover: a judge's work to
another."""

import re

from handlers.callback import Tap
from handlers.card import Button, Card, Showing, card
from handlers.context import Turn
from handlers.form import Field, Form
from handlers.route import App, on_command, on_tap
from storage.desk import staff
from storage.desk.staff import Burden, may_keep
from storage.engine import audit
from storage.engine.text import fold
from storage.imports.normal import is_mobile
from storage.people.access import Action
from storage.people.area import area_names, county_of, full_name
from storage.people.area import named as area_named
from storage.people.endpoint import addresses
from storage.people.person import ROLE_NAMES, Person, Role, by_id, judges_of_court

_ASLEEP = 10
"""So many are named whom nothing wakes."""
_ADD = re.compile(r"(?:加|添加|新增|add)\s+(\S{2,20})\s+(\S*\d\S*)\s+(\S+)\s+(\S+)(?:\s+(.+))?", re.I)
_KEEPS = re.compile(r"(?:加|添加|新增|add|改|修改|set)(?:\s.*|$)", re.I)
_CHANGE = re.compile(r"(?:改|修改|set)\s+(\S+)\s+(手机|角色|辖区|phone|role|area)\s+(\S.*)", re.I)


def register(app: App) -> None:
    on_command(app, "people", Action.PEOPLE, people, menu=340, awaits=True)
    on_command(app, "handover", Action.PEOPLE, handover, menu=0, awaits=True)
    on_tap("person", open_person, Action.PEOPLE)
    on_tap("gone", ask_gone, Action.PEOPLE)
    on_tap("lost", lost, Action.PEOPLE)
    on_tap("signout", sign_out, Action.PEOPLE)
    on_tap("dismiss", dismiss, Action.PEOPLE)
    on_tap("heir", choose_heir, Action.PEOPLE)
    on_tap("handover", hand_over, Action.PEOPLE)


async def people(turn: Turn, words: str) -> None:
    """Answers `/people`, `/people 应建华`, `/people 七里乡`, `/people 加 …`, `/people 改 …`."""
    said = fold(words)
    if not said:
        await turn.reply("people")
    elif found := _ADD.fullmatch(said):
        await _add(turn, *found.groups(default=""))
    elif found := _CHANGE.fullmatch(said):
        await _change(turn, *found.groups())
    elif _KEEPS.match(said):
        await turn.say("staff.lacks")
    else:
        await _seek(turn, said)


async def _seek(turn: Turn, words: str) -> None:
    found = await staff.seek(words[:40], turn.who)
    audit.record("person.listed", actor=turn.actor, count=len(found))
    if len(found) == 1:
        await turn.reply("person", found[0].id)
    elif found:
        await turn.reply("persons", ids=[one.id for one in found])
    else:
        await turn.say("staff.nobody")


async def _add(turn: Turn, name: str, phone: str, role: str, area: str, organisation: str) -> None:
    code = await area_named(area, turn.who.area_code)
    if role not in ROLE_NAMES:
        await turn.say("staff.no_role", word=role, roles="、".join(ROLE_NAMES))
    elif not code:
        await turn.say("staff.no_area", word=area)
    elif not is_mobile(phone):
        await turn.say("staff.no_phone", word=phone)
    else:
        made = await staff.take_on(name, phone, ROLE_NAMES[role], code, organisation[:80], turn.who)
        await (turn.reply("person", made.id) if made is not None else turn.say("staff.phone_taken", word=phone))


async def _change(turn: Turn, who: str, what: str, value: str) -> None:
    found = [one for one in await staff.seek(who, turn.who) if who in (one.name, one.phone, one.staff_no)]
    if len(found) != 1:
        await turn.say("staff.several" if found else "staff.nobody")
        return
    refusal = await _changed(turn.who, found[0], what.lower(), value)
    if refusal:
        await turn.say(refusal, word=value, roles="、".join(ROLE_NAMES), name=found[0].name)
    else:
        await turn.reply("person", found[0].id)


async def _changed(keeper: Person, person: Person, what: str, value: str) -> str:
    """Makes the change; returns the key of the refusal where it can't be made, else an empty text."""
    if what in ("手机", "phone"):
        value = re.sub(r"[\s-]", "", value)
        if not is_mobile(value):
            return "staff.no_phone"
        return "" if await staff.set_phone(person, value, keeper) else "staff.phone_taken"
    if what in ("角色", "role"):
        if value not in ROLE_NAMES:
            return "staff.no_role"
        if person.role is Role.ADMIN and ROLE_NAMES[value] is not Role.ADMIN and await staff.is_last_admin(person):
            return "staff.last_admin"
        return "" if await staff.set_role(person, ROLE_NAMES[value], keeper) else "staff.still_has"
    code = await area_named(value, keeper.area_code)
    if not code:
        return "staff.no_area"
    return "" if await staff.set_area(person, code, keeper) else "staff.still_has"


async def handover(turn: Turn, words: str) -> None:
    """Answers `/handover 沈立群 郑雅芳`: asks once, then hands everything over in one step."""
    said = words.split()
    if len(said) != 2:
        await turn.say("staff.handover_how")
        return
    both = [[one for one in await staff.seek(name, turn.who) if one.role is Role.JUDGE] for name in said]
    if any(len(found) != 1 for found in both) or both[0][0].id == both[1][0].id:
        await turn.say("staff.handover_how")
        return
    await turn.reply("handover", both[0][0].id, to=both[1][0].id)


# -- taps --------------------------------------------------------------------------------------------------------


async def _theirs(turn: Turn, person_id: int) -> Person | None:
    person = await by_id(person_id)
    if person is None or not person.active or not may_keep(turn.who, person):
        await turn.refuse(f"person:{person_id}")
        return None
    return person


async def open_person(turn: Turn, tap: Tap) -> None:
    if await _theirs(turn, tap.ref) is not None:
        await turn.toast()
        await turn.reply("person", tap.ref)


async def ask_gone(turn: Turn, tap: Tap) -> None:
    """Answers 离岗: asks who takes over, where there is something to take over."""
    person = await _theirs(turn, tap.ref)
    if person is None:
        return
    await turn.toast()
    if person.role is Role.ADMIN and await staff.is_last_admin(person):
        await turn.say("staff.last_admin", name=person.name)
    else:
        await turn.reply("going", person.id)


async def lost(turn: Turn, tap: Tap) -> None:
    """Answers 手机丢了: asks once."""
    person = await _theirs(turn, tap.ref)
    if person is not None:
        await turn.toast()
        await turn.reply("person", person.id, fresh=False, asks=True)


async def sign_out(turn: Turn, tap: Tap) -> None:
    """Answers 退出所有手机: signs out every phone of theirs; an invitation lets them in again."""
    person = await _theirs(turn, tap.ref)
    if person is not None:
        await staff.sign_out_everywhere(person, turn.who)
        await turn.toast("staff.signed_out")
        await turn.reply("person", person.id)


async def dismiss(turn: Turn, tap: Tap) -> None:
    person = await _theirs(turn, tap.ref)
    if person is None:
        return
    if person.id == turn.who.id or (await staff.burden_of(person)).anything:
        await turn.toast("staff.still_has", loud=True)
        return
    await staff.dismiss(person, turn.who)
    await turn.toast("staff.dismissed")
    await turn.say("staff.gone", name=person.name)


async def choose_heir(turn: Turn, tap: Tap) -> None:
    person, heir = await _theirs(turn, tap.ref), await by_id(tap.arg)
    if person is not None and heir is not None and may_keep(turn.who, heir):
        await turn.toast()
        await turn.reply("handover", person.id, to=heir.id)


async def hand_over(turn: Turn, tap: Tap) -> None:
    """Answers 确定移交: hands the work over."""
    person = await _theirs(turn, tap.ref)
    heir = await _theirs(turn, tap.arg) if person is not None else None
    if person is None or heir is None or heir.role is not Role.JUDGE or heir.id == person.id:
        return
    moved = await staff.hand_over(person, heir, turn.who)
    await turn.toast("staff.handed_over")
    await turn.say("staff.handover_done", name=person.name, heir=heir.name, cases=moved.cases, alerts=moved.alerts)
    await turn.reply("going", person.id)


# -- cards -------------------------------------------------------------------------------------------------------


@card("people")
async def show_people(showing: Showing) -> Card | None:
    if showing.person is None:
        return None
    lines = [showing.text("staff.head", area=await full_name(showing.person.area_code))]
    for role, (every, joined) in (await staff.head_count(showing.person)).items():
        name = showing.plain(f"person.role_{role.value}")
        lines.append(showing.text("staff.count", role=name, every=every, joined=joined))
    if asleep := await staff.whom_nobody_wakes(showing.person):
        named = [one.name for one in asleep[:_ASLEEP]]
        lines.append(showing.text("staff.asleep", count=len(asleep), names="、".join(named)))
    places = Form(showing.plain("help.menu_areas"), "/areas", ())
    who = Field("who", showing.plain("form.name"), "text", await staff.names_in(showing.person))
    finding = Form(showing.plain("staff.form_find"), "/people {who}", (who,))
    forms = [finding, await _adding(showing, showing.person), places]
    return Card("\n".join(lines), forms=forms, how=showing.text("staff.how"))


async def _adding(showing: Showing, keeper: Person) -> Form:
    """Asks for what somebody new is added with."""
    return Form(
        showing.plain("staff.form_add"),
        "/people 加 {name} {phone} {role} {area}",
        (
            Field("name", showing.plain("form.name")),
            Field("phone", showing.plain("form.phone"), "tel"),
            Field("role", showing.plain("form.role"), "select", tuple(ROLE_NAMES)),
            Field("area", showing.plain("form.area"), "text", await area_names(keeper.area_code)),
        ),
    )


async def _changing(showing: Showing, person: Person) -> list[Form]:
    """Asks for a new number, another role, another area."""
    phone, area = showing.plain("form.phone"), showing.plain("form.area")
    fields = {
        "手机": Field("value", phone, "tel", value=person.phone),
        "角色": Field("value", showing.plain("form.role"), "select", tuple(ROLE_NAMES)),
        "辖区": Field("value", area, "text", await area_names(county_of(person.area_code))),
    }
    said = f"/people 改 {person.phone}"
    return [
        Form(showing.plain("staff.form_change", what=field.label), f"{said} {what} {{value}}", (field,))
        for what, field in fields.items()
    ]


@card("persons")
async def show_persons(showing: Showing) -> Card | None:
    rows = await staff.these(showing.args["ids"])
    buttons = [
        Button(f"{one.name} {showing.plain(f'person.role_{one.role.value}')}", Tap("person", one.id)) for one in rows
    ]
    pairs = [buttons[start : start + 2] for start in range(0, len(buttons), 2)]
    return Card(showing.text("staff.which"), pairs)


@card("person")
async def show_person(showing: Showing) -> Card | None:
    person = await by_id(showing.ref)
    if person is None or not person.active:
        return None
    joined = len(await addresses(person.id))
    where = "、".join([await full_name(code) for code in person.area_codes])
    text = showing.text(
        "staff.person",
        name=person.name,
        role=showing.plain(f"person.role_{person.role.value}"),
        area=where,
        phone=f"+86{person.phone.removeprefix('0')}",
        organisation="" if person.organisation in where else person.organisation,
        joined=showing.plain("staff.joined", count=joined) if joined else showing.plain("staff.not_joined"),
    )
    if showing.args.get("asks") and joined:
        yes = showing.button("staff.lost_yes", "signout", person.id)
        sure = [yes, showing.button("staff.lost_no", "person", person.id)]
        return Card(f"{text}\n{showing.text('staff.lost_sure', name=person.name)}", [sure])
    lost = [showing.button("staff.lost", "lost", person.id)] if joined else []
    again = Form(showing.plain("staff.form_invite"), f"/invite {person.phone}", ())
    forms = [again, *await _changing(showing, person)]
    return Card(text, [[*lost, showing.button("staff.going", "gone", person.id)]], forms=forms)


@card("going")
async def show_going(showing: Showing) -> Card | None:
    """Shows what they have in hand, and who could take it; where there is nothing, one tap dismisses them."""
    person = await by_id(showing.ref)
    if person is None or not person.active:
        return None
    burden = await staff.burden_of(person)
    if not burden.anything:
        sure = [[showing.button("staff.dismiss", "dismiss", person.id)]]
        return Card(showing.text("staff.sure", name=person.name), sure)
    heirs = [one for one in await judges_of_court(person.area_code) if one.id != person.id]
    buttons = [Button(one.name, Tap("heir", person.id, one.id)) for one in heirs]
    rows = [buttons[start : start + 3] for start in range(0, len(buttons), 3)]
    return Card(_has(showing, "staff.to_whom", person, burden), rows)


@card("handover")
async def show_handover(showing: Showing) -> Card | None:
    person, heir = await by_id(showing.ref), await by_id(showing.args["to"])
    if person is None or heir is None:
        return None
    text = _has(showing, "staff.handover_sure", person, await staff.burden_of(person), heir=heir.name)
    return Card(text, [[showing.button("staff.handover", "handover", person.id, heir.id)]])


def _has(showing: Showing, key: str, person: Person, burden: Burden, **more: str) -> str:
    return showing.text(key, name=person.name, cases=burden.cases, alerts=burden.alerts, **more)
