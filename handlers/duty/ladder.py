"""/ladder: who would get an alert about a case, now or at another time, and who then. /ladder 值班 3 changes a step."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from handlers.callback import Tap
from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.describe import choice, lasted, shows
from handlers.form import Field, Form
from handlers.people import approval
from handlers.route import App, on_command, on_tap
from storage.cases import case as cases
from storage.cases import quota
from storage.cases.case import may_read, search
from storage.cases.quota import Verdict
from storage.duty import ladder
from storage.duty.ladder import Call, Rung, Staff, Target
from storage.engine import audit
from storage.engine.text import fold
from storage.engine.unit import unit
from storage.people.access import Action, may
from storage.people.approval import Deed
from storage.people.area import county_of
from storage.people.person import by_id
from storage.reading.when import stretch_in

_TARGETS = {
    "再催": Target.AGAIN,
    "值班": Target.DUTY,
    "带班": Target.DUTY_HEAD,
    "局长": Target.HEAD,
    "院长": Target.PRESIDENT,
}
_STEP = re.compile(rf"({'|'.join(_TARGETS)})\s*(?:(\d{{1,3}})\s*(?:分钟?|min)?|不叫|off)", re.I)
"""值班 3分钟, 院长 不叫."""
LONGEST = timedelta(hours=12)
SHOWN = 8


def register(app: App) -> None:
    on_command(app, "ladder", Action.LADDER, show, menu=330, awaits=True)
    on_tap("ladder", open_ladder, Action.LADDER)


async def show(turn: Turn, words: str) -> None:
    """Answers `/ladder 456`, `/ladder 456 今晚11点`; without words it shows the court's rungs."""
    if not words:
        await turn.reply("rungs")
        return
    if step := _STEP.fullmatch(fold(words)):
        await _change(turn, _TARGETS[step[1]], timedelta(minutes=int(step[2])) if step[2] else None)
        return
    now = unit().now
    stretch, left = stretch_in(words, now)
    found = await search(turn.who, left[:60], SHOWN)
    at = int((stretch[0] if stretch is not None else now).timestamp())
    if not found:
        await turn.say("ladder.none")
    elif len(found) == 1:
        await _dry_run(turn, found[0].id, at)
    elif await quota.look_up(turn.who) is Verdict.STOPPED:
        await turn.say("privacy.stopped")
    else:
        audit.record("case.searched", actor=turn.actor, hits=[one.id for one in found])
        for one in found:
            audit.record("case.listed", f"case:{one.id}", actor=turn.actor)
        await turn.reply("ladders", ids=[one.id for one in found], at=at)


async def open_ladder(turn: Turn, tap: Tap) -> None:
    """Answers a tap on one of several cases that a number fits; it carries minutes since 1970."""
    if not await may_read(turn.who, tap.ref, unit().now):
        await turn.refuse(f"case:{tap.ref}")
        return
    await turn.toast()
    await _dry_run(turn, tap.ref, tap.arg * 60)


async def _dry_run(turn: Turn, case_id: int, at: int) -> None:
    audit.record("ladder.read", f"case:{case_id}", actor=turn.actor)
    await turn.reply("ladder", case_id, at=at)


async def _change(turn: Turn, target: Target, after: timedelta | None) -> None:
    if not may(turn.who, Action.ROSTER) or (after is not None and not timedelta(0) < after <= LONGEST):
        await turn.say("ladder.how")
        return
    county = county_of(turn.who.area_code)
    left = [rung for rung in await ladder.rungs_for(county) if rung.target not in (target, Target.AGAIN)]
    if after is None and target is not Target.AGAIN and not left:
        await approval.ask(turn, Deed.LADDER, county, target=target.value, minutes=0)
        return
    await ladder.set_rung(county, target, after, turn.who)
    await turn.reply("rungs")


@card("rungs")
async def show_rungs(showing: Showing) -> Card | None:
    if showing.person is None:
        return None
    rungs = await ladder.rungs_for(showing.person.area_code)
    targets = tuple(word for word in _TARGETS if not word.isascii())
    minutes = Field("minutes", showing.plain("form.minutes"), "number")
    rung = Field("rung", showing.plain("form.whom"), "select", targets)
    number = Field("number", showing.plain("form.case"))
    forms = [
        Form(showing.plain("ladder.form_case"), "/ladder {number}", (number,)),
        Form(showing.plain("ladder.form_rung"), "/ladder {rung} {minutes}", (rung, minutes)),
    ]
    staff = await ladder.staff_for(showing.person.area_code, showing.now, [])
    chain = [_rung(showing, rung, await _now(showing, rung, staff)) for rung in rungs]
    return Card(showing.text("ladder.rungs_head"), forms=forms, chain=chain, how=showing.text("ladder.how"))


async def _now(showing: Showing, rung: Rung, staff: Staff) -> str:
    """Says whom a rung would reach now."""
    if rung.target is Target.AGAIN:
        return ""
    holding = ladder.holding(rung.target, staff, showing.now)
    people = [one.name for person_id in holding if (one := await by_id(person_id))]
    key = "ladder.now" if people else "ladder.now_nobody"
    return showing.plain(key, names="、".join(people))


def _rung(showing: Showing, rung: Rung, now: str) -> tuple[str, str]:
    after = lasted(showing, timedelta(seconds=rung.after_seconds))
    return after, showing.plain(f"ladder.target_{rung.target.value}") + now


@card("ladders")
async def show_ladders(showing: Showing) -> Card | None:
    """Asks which of the cases that a number fits."""
    rows = await cases.with_parties(showing.args["ids"])
    return choice(showing.text("ladder.which"), rows, "ladder", showing.args["at"] // 60)


@card("ladder")
async def show_ladder(showing: Showing) -> Card | None:
    """Shows a dry run: nobody is rung."""
    at = datetime.fromtimestamp(showing.args["at"], UTC)
    row = await cases.whole(showing.ref)
    if row is None or showing.person is None:
        return None
    areas = [party.debtor.area_code for party in row.parties if party.debtor.area_code]
    calls = await ladder.foreseen((areas or [showing.person.area_code])[0], row.judge_id, at)
    alone = len({person for call in calls for person in call.people}) < 2
    lines = [showing.text("ladder.head", number=row.number, at=showing.at(at))]
    lines += [showing.text("ladder.alone")] if alone else []
    chain = [await _call(showing, calls, call) for call in calls]
    return Card("\n".join(lines), chain=chain, shows=shows(party.debtor_id for party in row.parties))


async def _call(showing: Showing, calls: Sequence[Call], call: Call) -> tuple[str, str]:
    people = [one.name for person_id in call.people if (one := await by_id(person_id))]
    waited = call.at - calls[0].at
    target = showing.plain(f"ladder.target_{call.target.value}")
    names = "、".join(people) or showing.plain("ladder.nobody")
    after = lasted(showing, waited) if waited else showing.plain("ladder.at_once")
    return after, showing.plain("ladder.call", target=target, names=names)
