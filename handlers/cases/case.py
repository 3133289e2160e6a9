"""/case: what about this case?"""

from decimal import Decimal

import locales
from handlers.callback import Tap
from handlers.card import Button, Card, Showing, card
from handlers.cases import follow as follow_handlers
from handlers.cases.quota import visible
from handlers.context import Turn
from handlers.describe import choice, debtor_line, event_line, judge_name, shows
from handlers.route import App, on_command, on_tap
from storage.alerts import alert
from storage.alerts.attachment import place_of
from storage.cases import case as cases
from storage.cases import quota
from storage.cases.case import Case, owing, search
from storage.cases.debtor import age
from storage.cases.quota import Verdict
from storage.desk import listing
from storage.desk.listing import Asked
from storage.engine import audit
from storage.engine.unit import unit
from storage.people.access import Action, may, sees_whole
from storage.people.area import full_name
from storage.people.person import Person
from storage.post.outbox import Lane

PAGE = 8


def register(app: App) -> None:
    on_command(app, "case", Action.CASE, case, menu=210, awaits=True)
    on_tap("case", open_case, Action.CASE)
    on_tap("cases", turn_page, Action.CASE)


async def case(turn: Turn, words: str) -> None:
    """Answers `/case 456`, a whole number, a name, a plate; what one may not see, as if it didn't exist."""
    if not words:
        await turn.say("case.how")
        return
    if await quota.look_up(turn.who) is Verdict.STOPPED:
        await turn.say("privacy.stopped")
        return
    found = await search(turn.who, words[:60], PAGE + 1)
    _note(turn, found[:PAGE])
    if not found:
        asked, left = await listing.understand(words, turn.who, unit().now)
        if asked.chosen and not left:
            await turn.reply("listing", (await listing.begin(turn.who, asked)).id, page=0)  # 七里乡还有几件没人管
        else:
            await turn.say("case.none")
    elif len(found) == 1:
        await turn.reply("case", found[0].id)
    else:
        kept = await listing.keep(turn.who, Asked(words=words[:60]))
        await turn.reply("cases", kept.id, ids=[row.id for row in found[:PAGE]], more=len(found) > PAGE)


async def turn_page(turn: Turn, tap: Tap) -> None:
    """Answers the buttons for further and back: searches anew, within what the person may read now."""
    row = await listing.of(tap.ref, turn.who.id)
    if row is None:
        await turn.refuse(f"listing:{tap.ref}")
        return
    await turn.toast()
    if await quota.look_up(turn.who) is Verdict.STOPPED:
        return
    found = await search(turn.who, row.what.words, PAGE + 1, max(0, tap.arg) * PAGE)
    _note(turn, found[:PAGE])
    ids = [one.id for one in found[:PAGE]]
    more = len(found) > PAGE
    await turn.reply("cases", row.id, fresh=False, lane=Lane.REPLY, ids=ids, page=max(0, tap.arg), more=more)


def _note(turn: Turn, found: list[Case]) -> None:
    """Records that somebody searched, and each case whose people were seen by it."""
    audit.record("case.searched", actor=turn.actor, hits=[one.id for one in found])
    deed = "read" if len(found) == 1 else "listed"
    for one in found:
        audit.record(f"case.{deed}", f"case:{one.id}", actor=turn.actor)


async def open_case(turn: Turn, tap: Tap) -> None:
    if await visible(turn, tap):
        await turn.toast()
        await turn.reply("case", tap.ref)


@card("cases")
async def show_cases(showing: Showing) -> Card | None:
    rows = await cases.with_parties(showing.args["ids"])
    page = int(showing.args.get("page", 0))
    ways = [showing.button("listing.back", "cases", showing.ref, page - 1)] if page else []
    ways += [showing.button("listing.more", "cases", showing.ref, page + 1)] if showing.args.get("more") else []
    whole = not page and not ways
    text = showing.text("case.several" if whole else "case.many", count=len(rows))
    return choice(text, rows, "case", ways=ways)


@card("case")
async def show_case(showing: Showing) -> Card | None:
    row, person = await cases.whole(showing.ref), showing.person
    if row is None or person is None:
        return None
    parties = list(row.parties)
    alerts = await alert.about_debtors([party.debtor_id for party in parties])
    status = case_status(showing, row, alerts)
    lines = [
        showing.text(
            "case.head", number=row.number, who="、".join(party.debtor.name for party in parties), status=status
        )
    ]
    owed = [party.amount for party in parties if party.amount is not None]
    lines.append(
        showing.text(
            "case.figures",
            judge=row.judge.name if row.judge else row.judge_name or showing.plain("case.no_judge"),
            amount=locales.amount(showing.language, max(owed)) if owed else showing.plain("case.amount_unknown"),
            paid=locales.amount(showing.language, sum((party.paid for party in parties), Decimal(0))),
            left=locales.amount(
                showing.language, max((owing(party) or Decimal(0) for party in parties), default=Decimal(0))
            ),
        )
    )
    if sees_whole(person):
        for party in parties:
            debtor = party.debtor
            extra = [debtor.phone, debtor.registered_address, *[plate.number for plate in debtor.plates]]
            lines.append(" · ".join([debtor_line(showing, debtor), *[locales.escape(word) for word in extra if word]]))
        lines.append(
            showing.text("case.owed_to", creditor="、".join(dict.fromkeys(p.creditor for p in parties if p.creditor)))
        )
    else:
        years = [age(party.debtor.born, showing.today) for party in parties]
        known = [showing.plain("case.years", years=value) for value in years if value is not None]
        lines += ["、".join(known)] if known else []
    lines.append(await _last_seen(showing, alerts))
    whom = shows([party.debtor_id for party in parties])
    return Card("\n".join(lines), await _buttons(showing, person, row, alerts), shows=whom)


def case_status(showing: Showing, row: Case, alerts: list[alert.Alert]) -> str:
    """Says how the case stands, and whether somebody is after a report about it now."""
    running = any(one.state in alert.OPEN for one in alerts)
    status = showing.plain(f"case.status_{row.status.value}")
    return f"{status} {showing.plain('case.in_hand')}" if running else status


async def _buttons(showing: Showing, person: Person, row: Case, alerts: list[alert.Alert]) -> list[list[Button]]:
    looking = [showing.button("case.timeline", "line", row.id)]
    if await place_of([one.sighting_id for one in alerts]) is not None:
        looking.append(showing.button("case.map", "place", row.id))
    looking.append(showing.button("case.export", "sheet", row.id))
    doing = []
    for one in [one for one in alerts if one.state in alert.OPEN][:1]:
        doing += [showing.button("urge.button", "urge", one.id)] if may(person, Action.URGE) else []
        doing += [showing.button("reassign.button", "reassign", one.id)] if may(person, Action.REASSIGN) else []
    return [looking, doing, await follow_handlers.buttons(showing, person, row.id)]


async def _last_seen(showing: Showing, alerts: list[alert.Alert]) -> str:
    """Says when and where the debtor was last seen and how far that got."""
    if not alerts:
        return showing.text("case.never_seen")
    one = alerts[0]
    steps = [event for event in one.timeline if event.kind in ("acknowledged", "en_route", "on_scene", "closed")]
    words = [showing.text("case.seen", at=showing.at(one.sighting.reported_at), village=await full_name(one.area_code))]
    words += [event_line(showing, event) for event in steps]
    if one.outcome is not None:
        words.append(showing.plain(f"alert.outcome_{one.outcome.value}"))
    elif one.state is alert.AlertState.SENT:
        words.append(showing.text("case.unanswered", judge=judge_name(showing, one)))
    return " → ".join(words)
