"""Cases found while somebody types: on the page, and as @bot 1234 in any Telegram chat, where what is sent is the state
without any name."""

from telegram import Update
from telegram.ext import InlineQueryHandler

from handlers.card import Card, Showing, card
from handlers.context import Context
from handlers.describe import amount_of
from handlers.route import App
from storage.alerts import alert
from storage.cases import case as cases
from storage.cases import quota
from storage.cases.case import Case, may_read, search
from storage.cases.quota import Verdict
from storage.engine import audit
from storage.engine.unit import unit
from storage.people.access import Action, may
from storage.people.person import Person
from storage.post.outbox import Lane, put

MOST = 8
SHORTEST = 2
"""Characters; every one that is typed asks again."""


def register(app: App) -> None:
    app.add_handler(InlineQueryHandler(asked))


async def asked(update: Update, context: Context) -> None:
    """Answers what is typed inline; who may not ask or is unknown finds nothing: that there is a bot is no secret."""
    turn, query = context.turn, update.inline_query
    if query is None:
        return
    person, words = turn.person, query.query.strip()[:60]
    ids = await found(person, words) if person is not None else []
    args = {"query": query.id, "ids": ids, "at": unit().now.timestamp()}
    await put(turn.address, "inline", lane=Lane.REPLY, fresh=True, args=args)


async def found(person: Person, words: str, most: int = MOST) -> list[int]:
    """Finds the cases that the words can mean and the person may see, and notes who has seen whom. Needs a unit."""
    if not may(person, Action.CASE) or len(words) < SHORTEST:
        return []
    rows = await search(person, words, most)
    if not rows or await quota.look_up(person) is Verdict.STOPPED:
        return []
    for one in rows:
        audit.record("case.listed", f"case:{one.id}", actor=person.actor)
    return [one.id for one in rows]


async def hits(showing: Showing, ids: list[int]) -> list[dict[str, str]]:
    """Describes cases for a list below what is being typed: number, whose, and how it stands."""
    rows = await cases.with_parties(ids)
    names = ["、".join(party.debtor.name for party in row.parties) for row in rows]
    return [
        {"number": row.number, "who": who, "about": _about(showing, row)} for row, who in zip(rows, names, strict=True)
    ]


def _about(showing: Showing, row: Case) -> str:
    judge = row.judge.name if row.judge else row.judge_name or showing.plain("case.no_judge")
    return f"{showing.plain(f'case.status_{row.status.value}')} · {judge}"


@card("inline")
async def show_inline(showing: Showing) -> Card | None:
    """Shows the list under the line that is being typed. After half a minute nobody looks at it."""
    if showing.now.timestamp() - showing.args["at"] > 30:
        return None
    person = showing.person
    rows = await cases.with_parties(showing.args["ids"])
    results = [
        await _result(showing, row)
        for row in rows
        if person is not None and await may_read(person, row.id, showing.now)
    ]
    answer = {"inline_query_id": showing.args["query"], "results": results, "cache_time": 0, "is_personal": True}
    return Card(method="answerInlineQuery", parameters=answer)


async def _result(showing: Showing, row: Case) -> dict[str, object]:
    """Makes a case's entry: names stand in the list, which only the person asking sees, and not in what is sent."""
    status = showing.plain(f"case.status_{row.status.value}")
    judge = row.judge.name if row.judge else row.judge_name or showing.plain("case.no_judge")
    owed = [party.amount for party in row.parties if party.amount is not None]
    amount = amount_of(showing, max(owed, default=None))
    newest = (await alert.about_debtors([party.debtor_id for party in row.parties], limit=1))[:1]
    seen = [showing.plain(f"alert.state_{one.state.value}") for one in newest]
    text = showing.text("inline.sent", number=row.number, status="，".join([status, *seen]), judge=judge, amount=amount)
    return {
        "type": "article",
        "id": str(row.id),
        "title": f"{row.number} {'、'.join(party.debtor.name for party in row.parties)}",
        "description": _about(showing, row),
        "input_message_content": {"message_text": text, "parse_mode": "HTML"},
    }
