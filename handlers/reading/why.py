"""/why: why the reader understood a report as it did, with every sign and what it counts for."""

import locales
from handlers.callback import Tap
from handlers.card import Button, Card, Showing, card
from handlers.context import Turn
from handlers.describe import names, reporter_name, shows
from handlers.length import shortened
from handlers.route import App, on_command, on_tap
from storage.alerts import sighting
from storage.alerts.sighting import Suspect
from storage.cases import quota
from storage.cases.quota import Verdict
from storage.engine import audit
from storage.engine.text import heard
from storage.people.access import Action
from storage.people.area import contains, full_name
from storage.reading.classifier import SOMEBODY, loudest
from storage.reading.evidence import WEIGHTS, sureness

MOST = 8
"""So many of the newest reports are offered."""


def register(app: App) -> None:
    on_command(app, "why", Action.EXPLAIN, why, menu=160)
    on_tap("why", open_why, Action.EXPLAIN)


async def why(turn: Turn, words: str) -> None:
    """Answers `/why` with the newest reports, `/why 12` by explaining one; another area's as if it didn't exist."""
    number = words.strip().lstrip("#")
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        audit.record("sighting.listed", turn.who.area_code, actor=turn.actor)
        await turn.reply("whys")
        return
    await _explain(turn, int(number))


async def open_why(turn: Turn, tap: Tap) -> None:
    await turn.toast()
    await _explain(turn, tap.ref)


async def _explain(turn: Turn, number: int) -> None:
    row = await sighting.by_id(number)
    if row is None or not contains(turn.who.area_code, row.area_code):
        await turn.say("why.none")
        return
    if await quota.look_up(turn.who) is Verdict.STOPPED:
        await turn.say("privacy.stopped")
        return
    audit.record("sighting.explained", f"sighting:{row.id}", actor=turn.actor)
    await turn.reply("why", row.id)


@card("whys")
async def show_whys(showing: Showing) -> Card | None:
    if showing.person is None:
        return None
    rows = await sighting.newest_in(showing.person.area_code, MOST)
    if not rows:
        return Card(showing.text("why.none"))
    buttons = [[Button(f"#{row.id} {shortened(row.text, 24)}", Tap("why", row.id))] for row in rows]
    return Card(showing.text("why.which"), buttons, shows=shows(reports=[row.id for row in rows]))


@card("why")
async def show_why(showing: Showing) -> Card | None:
    row = await sighting.whole(showing.ref)
    if row is None:
        return None
    lines = [
        showing.text(
            "why.head",
            number=row.id,
            at=showing.at(row.reported_at),
            village=await full_name(row.area_code),
            who=reporter_name(showing, row),
        ),
        showing.text("alert.quote", text=shortened(row.amended or row.text)),
    ]
    suspects = list(row.suspects)
    if suspects:
        everybody = names(showing, [locales.escape(one.debtor.name) for one in suspects], row.doubtful)
        lines.append(showing.text("why.doubtful" if row.doubtful else "why.meant", who=locales.Html(everybody)))
        lines += [_signs(showing, one) for one in suspects]
    else:
        lines.append(showing.text("why.off_list" if row.off_list else "why.not_read"))
    lines.append(
        showing.text(
            "why.rest",
            kind=showing.plain(f"cli.kind_{row.kind}"),
            place=row.place or showing.plain("why.no_place"),
            urgent=showing.plain("why.urgent" if row.urgent else "why.not_urgent"),
        )
    )
    lines += _pieces(showing, row.amended or row.text, suspects)
    return Card("\n".join(lines), shows=shows([one.debtor_id for one in suspects], [row.id], [row]))


def _pieces(showing: Showing, said: str, suspects: list[Suspect]) -> list[str]:
    """Lists the words that spoke for kind and urgency; 甲 stands for whoever is meant."""
    text = heard(said)
    words = {word for one in suspects for _kind, word in one.reasons if word}
    stretches = [(text.find(word), text.find(word) + len(word), SOMEBODY) for word in sorted(words) if word in text]
    loud = loudest(text, stretches)
    glue = showing.plain("case.comma")
    return [showing.text(f"why.by_{name}", pieces=glue.join(found)) for name, found in loud.items() if found]


def _signs(showing: Showing, one: Suspect) -> str:
    words = [
        showing.plain("why.sign", sign=showing.plain(f"sighting.because_{kind}", word=word), weight=WEIGHTS[kind])
        for kind, word in one.reasons
    ]
    level = showing.plain(f"alert.sure_{sureness(one.reasons).value}")
    return showing.text("why.signs", name=one.debtor.name, sure=level, signs="；".join(words))
