"""/access: what is kept about somebody and who has looked at it; /erase: asks to have it erased, which takes two."""

from handlers.card import Card, Showing, card
from handlers.context import Turn
from handlers.describe import shows
from handlers.form import Field, Form
from handlers.people import approval
from handlers.route import App, on_command
from storage.cases.debtor import Debtor
from storage.cases.debtor import by_id as by_number
from storage.desk import privacy
from storage.engine import audit
from storage.engine.text import fold
from storage.people.access import Action
from storage.people.approval import Deed
from storage.people.area import county_of
from storage.people.person import Person, by_id


def register(app: App) -> None:
    on_command(app, "access", Action.PRIVACY, access, menu=260, awaits=True)
    on_command(app, "erase", Action.PRIVACY, erase)


async def access(turn: Turn, words: str) -> None:
    """Answers `/access` with what was changed of late; `/access` with an id number or a name with who looked at it."""
    if not words:
        audit.record("audit.listed", turn.who.area_code, actor=turn.actor)
        await turn.reply("changes")
        return
    found = await _one(turn, words, "privacy.access_how")
    if found is not None:
        audit.record("debtor.access_read", f"debtor:{found.id}", actor=turn.actor)
        await turn.reply("access", found.id)


async def erase(turn: Turn, words: str) -> None:
    """Answers `/erase` with an id number or a name: another who heads the court has to agree."""
    found = await _one(turn, words, "privacy.erase_how")
    if found is not None and await privacy.may_be_two(found):
        await turn.say("privacy.which_number", about=[found.id])
    elif found is not None:
        await approval.ask(turn, Deed.ERASE, county_of(found.area_code), found.id)


async def _one(turn: Turn, words: str, how: str) -> Debtor | None:
    if not words:
        await turn.say(how)
        return None
    found = await privacy.find(fold(words)[:40], turn.who)
    if len(found) != 1:
        await turn.say("privacy.several" if found else "privacy.nobody", about=[one.id for one in found])
        return None
    return found[0]


@card("access")
async def show_access(showing: Showing) -> Card | None:
    row = await by_number(showing.ref)
    if row is None:
        return None
    kept = await privacy.kept_about(row.id)
    counts = {"cases": kept.cases, "reports": kept.reports, "names": kept.names}
    lines = [showing.text("privacy.kept", name=row.name, number=row.id, **counts)]
    looks = await privacy.looks_at(row.id)
    lines.append(showing.text("privacy.looks" if looks else "privacy.no_looks"))
    for look in looks:
        who = await _person(look.actor)
        did = showing.plain(f"privacy.did_{look.action}")
        lines.append(showing.text("privacy.look", at=showing.at(look.at), who=who.name if who else "—", did=did))
    return Card("\n".join(lines), shows=shows([row.id]))


@card("changes")
async def show_changes(showing: Showing) -> Card | None:
    """Shows who has changed what of the court's own people, duty and settings."""
    if showing.person is None:
        return None
    lines = [showing.text("privacy.changes")]
    for row in await privacy.changes(showing.person):
        who, whom = await _person(row.actor), await _person(row.subject)
        did = showing.plain(f"privacy.changed_{row.action.replace('.', '_')}")
        about = "" if whom is None or (who is not None and whom.id == who.id) else f"：{whom.name}"
        said = {"who": who.name if who is not None else "—", "did": did + about}
        lines.append(showing.text("privacy.change", at=showing.at(row.at), **said))
    asked = Field("who", showing.plain("privacy.form_who"))
    form = Form(showing.plain("privacy.form"), "/access {who}", (asked,))
    return Card("\n".join(lines), forms=[form], how=showing.text("privacy.access_how"))


async def _person(actor: str) -> Person | None:
    number = actor.removeprefix("person:")
    return await by_id(int(number)) if number.isdigit() else None


@card("unsay")
async def show_unsay(showing: Showing) -> Card | None:
    """Takes a message away; Telegram lets a bot do so for two days, our own page always."""
    return Card(method="deleteMessage", parameters={"chat_id": showing.chat_id, "message_id": showing.args["message"]})
