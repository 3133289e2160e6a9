"""What a judge says instead of tapping: 收到，马上过来; 出发了; 到了."""

import re

from telegram import Message

from handlers.alerts.alert import STEP_OF_VERB
from handlers.callback import Tap
from handlers.card import Button, Card, Showing, card
from handlers.context import Turn
from handlers.describe import names, shows
from storage.alerts import alert, sighting, steps
from storage.alerts.alert import Alert, may_advance
from storage.cases.case import search
from storage.engine.text import fold, simplified
from storage.people.area import full_name
from storage.people.person import COURT
from storage.post.delivery import delivery_of, newest_kind
from storage.post.question import QuestionKind

_ACK = (
    "收到了?|(?:我|我们)?(?:这就|马上|现在|立刻)(?:过来|过去|赶过[来去]|到|去|就[到来去])"
    "|我(?:们)?(?:过来|过去|去看看|去一趟|来了?)"
)
_GO = "(?:我们?)?(?:已经?|马上|这就|现在|准备)?(?:出发|动身|上路|在路上|在去的路上|正在路上|在赶来|在赶过去)了?"
_THERE = "(?:我们?)?(?:已经?)?(?:到了|到场了?|到现场了?|到达了?|到村里了|到门口了)"
_SAID = {"ack": re.compile(_ACK), "go": re.compile(_GO), "there": re.compile(_THERE)}
"""How each step is said; every clause must be one of them."""
_POLITE = re.compile(
    "好的?|嗯|行|谢谢|辛苦了?|收到"
    "|(?:大概|大约|预计)?[0-9一二两三四五六七八九十半几多]+个?(?:小时|分钟?|钟头|刻钟|点钟?)(?:左右|[之以]?[后内])?(?:就?能?到(?:达)?)?"
)
"""What may stand beside a step: thanks, and how long it takes."""
_BARE = re.compile("(?:好的?[,，])?收到了?")
_ABOUT_A_LEAD = ("alert", "witness", "urged", "change", "attachment", "relay", "toast")
"""Kinds of card after which a bare 收到 is about the lead."""
_NAMED = re.compile("[\u4e00-\u9fff·]{2,4}")
"""What may be somebody's name, and is looked up rather than taken for talk."""


def step_in(text: str) -> str:
    """Returns the furthest step that the words say, as its button is called; "" where they say anything else."""
    clauses = [one for one in re.split(r"[,，。.;；!！~\s]+", simplified(fold(text))) if one]
    found = ""
    for clause in clauses:
        step = next((verb for verb, words in _SAID.items() if words.fullmatch(clause)), "")
        if not step and not _POLITE.fullmatch(clause):
            return ""
        found = max(found, step, key=["", *_SAID].index)
    return found


async def take(turn: Turn, message: Message) -> bool:
    """Tells whether somebody of the court said how far they are with what they hold: the card that is answered, else
    the only one that can be at this step; of several it asks."""
    if turn.who.role not in COURT or (message.reply_to_message is None and await turn.questions(QuestionKind.ASK)):
        return False  # 问一句 waits for the words: they are the reporter's
    text = message.text or ""
    verb = step_in(text)
    if not verb:
        return False
    held = await _held(turn, message)
    ready = [one for one in held if may_advance(one.state, STEP_OF_VERB[verb])]
    if len(ready) == 1 and await _is_meant(turn, message):
        await steps.advance(ready[0], STEP_OF_VERB[verb], turn.who)
        await turn.say(f"alert.toast_{verb}", of=ready[0].sighting_id)
    elif ready:
        await turn.reply("which_step", ids=[one.id for one in ready], verb=verb)
    elif held:  # it stands there already, or further
        await turn.reply("alert", held[-1].id, fresh=False)
        await turn.say(f"alert.stands_{held[-1].state.value}", of=held[-1].sighting_id)
    return bool(held)


async def show_instead(turn: Turn, text: str) -> bool:
    """Answers talk by whose name nobody is found, while somebody holds a lead, with its card; tells whether it did."""
    held = await alert.open_of(turn.who.id) if turn.who.role in COURT else []
    if not held or re.search("[0-9]", text) or _NAMED.fullmatch(text.strip()) or await search(turn.who, text[:60], 1):
        return False
    await turn.say("alert.by_buttons", of=held[-1].sighting_id)
    await turn.reply("alert", held[-1].id)
    return True


async def _held(turn: Turn, message: Message) -> list[Alert]:
    replied = message.reply_to_message
    shown = await delivery_of(turn.channel, turn.chat_id, replied.message_id) if replied is not None else None
    held = await alert.open_of(turn.who.id)
    if shown is not None and shown.kind == "alert":
        return [one for one in held if one.id == shown.ref]
    return held if replied is None else []


async def _is_meant(turn: Turn, message: Message) -> bool:
    """Tells whether the words are about the lead: a bare 收到 may answer whatever the bot has said last."""
    if message.reply_to_message is not None or not _BARE.fullmatch(fold(message.text or "").strip("。.!！~ ")):
        return True
    return await newest_kind(turn.channel, turn.chat_id) in _ABOUT_A_LEAD


@card("which_step")
async def show_which_step(showing: Showing) -> Card | None:
    """Asks which of the leads is meant."""
    verb = str(showing.args["verb"])
    buttons, whom, reports = [], set[int](), list[int]()
    for alert_id in showing.args["ids"]:
        one = await alert.by_id(alert_id)
        report = await sighting.whole(one.sighting_id) if one is not None else None
        if one is None or report is None or not may_advance(one.state, STEP_OF_VERB[verb]):
            continue
        who = names(showing, [each.debtor.name for each in report.suspects], report.doubtful)
        where = report.place or await full_name(report.area_code)
        label = f"{who or showing.plain('sighting.off_list')} · {where} · {showing.at(report.reported_at)}"
        buttons.append([Button(label, Tap(verb, one.id))])
        whom |= {each.debtor_id for each in report.suspects}
        reports.append(report.id)
    if not buttons:
        return Card(showing.text("help.stale_button"))
    step = showing.plain(f"alert.step_{STEP_OF_VERB[verb].value}")
    return Card(showing.text("alert.which_step", step=step), buttons, shows=shows(whom, reports))
