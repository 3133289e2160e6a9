"""Who may do what: every role, every area, every command.

A stranger and the officer of the next village see nothing."""

import io
import itertools
from collections.abc import Iterable

import pytest
from PIL import Image

from handlers.route import COMMANDS, route_table
from storage.cases.case import Case, may_read
from storage.cases.debtor import Debtor
from storage.people.access import REPORTERS, TABLE, Action
from storage.people.endpoint import Endpoint
from storage.people.person import Person, Role
from storage.reading import lesson
from storage.reading.lesson import LessonKind
from tests.world import JUDGE, SECRETARY, STRANGER, World

pytestmark = pytest.mark.slow

COUNTY, TOWN, VILLAGE = "331122", "331122203", "331122203226"
NEXT_VILLAGE, OTHER_TOWN = "331122203240", "331122103"
AREAS = {"county": COUNTY, "town": TOWN, "village": VILLAGE, "next village": NEXT_VILLAGE, "other town": OTHER_TOWN}
HEADS = {Role.BUREAU_HEAD, Role.PRESIDENT, Role.ADMIN}
COURT = HEADS | {Role.JUDGE}
WATCHING = HEADS | {Role.SUPERVISOR}
ASKING = COURT | {Role.SUPERVISOR, Role.TOWN_SECRETARY}
UNKNOWN = "没有这个命令"

WORDS = {
    "help": ("/help", None),
    "me": ("/me", "某人 · "),
    "lang": ("/lang", "用哪种语言"),
    "cancel": ("/cancel", "现在没有问您的事"),
    "case": ("/case 456", "林永福"),
    "pending": ("/pending", "林永福"),
    "open": ("/open", "在办：没有"),
    "today": ("/today", "林永福"),
    "week": ("/week", "林永福"),
    "village": ("/village 周弄村", "林永福"),
    "judge": ("/judge 沈立群", "林永福"),
    "duty": ("/duty", "没有排值班"),
    "chart": ("/chart", ""),
    "map": ("/map", ""),
    "report": ("/report", "执行线索报告"),
    "digest": ("/digest", "没有订日报"),
    "leave": ("/leave", "没有人请假"),
    "ladder": ("/ladder 456", "承办法官：沈立群"),
    "stats": ("/stats", "线索 1 条"),
    "mine": ("/mine", "我的报告：没有"),
    "why": ("/why 1", "林永福"),
    "learned": ("/learned", "林永福"),
    "people": ("/people", "人员"),
    "handover": ("/handover 沈立群 郑雅芳", "全部移交给郑雅芳"),
    "court": ("/court", "上班 08:30"),
    "access": ("/access 林永福", "案件 1 件"),
    "erase": ("/erase 林永福", "要两个人同意"),
    "push": ("/push", "这样叫您"),
    "quiet": ("/quiet", "没有设免打扰"),
    "invite": ("/invite 应建华", "验证码"),
    "areas": ("/areas", "七里乡"),
    "lead": ("/lead 1", "线索 1：林永福"),
    "import": ("/import", "还没有在网页上导入过"),
}
"""What is typed, and the word that shows that it was answered with what there is to see."""


def test_the_table_names_every_command_and_button() -> None:
    assert set(WORDS) == set(COMMANDS)
    assert route_table() == {
        **dict.fromkeys(
            ("ack", "go", "there", "close", "xfer", "back", "out", "to", "ask", "told", "amend", "fix"), "everyone"
        ),
        **dict.fromkeys(("lang", "leave", "left", "alone", "stay", "move", "page", "agree", "refuse"), "everyone"),
        **dict.fromkeys(("group", "run", "apart", "idle", "paid", "unnote", "reopen", "restore"), "everyone"),
        **dict.fromkeys(("send", "bare", "elsewhere", "unsend"), "report"),
        **dict.fromkeys(("wrong", "undo", "hide", "pick", "none", "unsure"), "everyone"),
        **dict.fromkeys(("tell", "lookup", "case", "cases", "line", "place", "sheet", "follow"), "case"),
        **dict.fromkeys(("lead", "rows", "defs", "period", "chart", "map", "board", "report", "table"), "list"),
        **dict.fromkeys(("unlearn", "why"), "explain"),
        **dict.fromkeys(("pushadd", "pushtry", "pushoff", "pushrang", "pushmute"), "push"),
        **dict.fromkeys(("urge", "supervise"), "urge"),
        **dict.fromkeys(("reassign", "give"), "reassign"),
        "endleave": "leave",
        "ladder": "ladder",
        "text": "invite",
        **dict.fromkeys(("approve", "reject"), "roster"),
        **dict.fromkeys(("person", "lost", "signout", "gone", "dismiss", "heir", "handover"), "people"),
        **dict.fromkeys(("unimport", "unimported", "imports"), "people"),
    }
    assert TABLE[Action.URGE] == TABLE[Action.LADDER] == frozenset(WATCHING)
    assert TABLE[Action.PUSH] == TABLE[Action.LEAVE] == frozenset(COURT)
    assert TABLE[Action.REASSIGN] == TABLE[Action.EXPLAIN] == TABLE[Action.ROSTER] == frozenset(HEADS)
    assert TABLE[Action.CASE] == TABLE[Action.LIST] == frozenset(ASKING)


async def test_who_sees_a_case(world: World) -> None:
    """The case's judge; of the others who may ask, those in whose area a debtor lives."""
    found = await Case.get(number="（2013）浙1122执456号")
    judge = await world.person(JUDGE)

    async def work() -> None:
        assert await may_read(judge, found.id, world.clock.now())
        for role, area in itertools.product(Role, AREAS):
            person = Person(id=1000, role=role, area_code=AREAS[area], active=True)
            inside = area in ("county", "town", "village") and role is not Role.JUDGE
            assert await may_read(person, found.id, world.clock.now()) is (role in ASKING and inside), (role, area)

    await world.product.db.unit(work)


async def test_every_role_in_every_area_with_every_command(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One report in 周弄村 stands open; everybody asks for it with every command there is. (Pictures are not drawn,
    which takes its time.)"""
    blank = io.BytesIO()
    Image.new("RGB", (8, 8)).save(blank, "PNG")

    async def drawn(*_args: object) -> bytes:
        return blank.getvalue()

    for name in ("chart", "report"):
        monkeypatch.setattr(f"handlers.desk.{name}.drawn", drawn)
    await world.phone(SECRETARY).says("林永福回来了，在村委")
    await world.settled()
    await teach(world)
    cast = await hire(world, AREAS if world.product.db.is_sqlite else ("county", "next village"))
    for name, (typed, _word) in WORDS.items():
        for chat in [*cast, STRANGER]:
            await world.phone(chat).says(typed)
        await world.settled()
        for chat, (role, area) in cast.items():
            heard = [m.text for m in await world.phone(chat).received()]
            answers = [text for text in heard if "林永福回来了" not in text or text.startswith(("报告 #", "线索 1"))]
            answers = [text for text in answers if not text.startswith("【要您同意】")]  # asked by somebody else
            check(name, role, area, answers[-1])
    stranger = {m.text for m in await world.phone(STRANGER).received()}
    assert len(stranger) == 1 and "只对登记人员开放" in stranger.pop()


async def teach(world: World) -> None:
    """What the reader has learned is there to be seen, too."""
    debtor, teacher = await Debtor.get(name="林永福"), await world.person(SECRETARY)
    signs = [("elder", "老林")]
    await world.product.db.unit(lambda: lesson.teach(LessonKind.ALIAS, VILLAGE, signs, debtor.id, teacher, 1))


async def hire(world: World, areas: Iterable[str] = AREAS) -> dict[int, tuple[Role, str]]:
    """Somebody in every role for every area, with a phone. (On the other engine two areas have to do: the rule is the
    same, and it takes its time.)"""
    cast = {20_000 + n: pair for n, pair in enumerate(itertools.product(Role, areas))}

    async def work() -> None:
        for chat, (role, area) in cast.items():
            person = await Person.create(name="某人", phone=str(chat), role=role, area_code=AREAS[area])
            await Endpoint.create(
                person_id=person.id,
                channel="telegram",
                chat_id=chat,
                joined_at=world.clock.now(),
                menu=f"{role}:zh_Hans",
            )

    await world.product.db.unit(work)
    for chat in cast:
        await world.store.ensure_chat(chat)
    return cast


def check(command: str, role: Role, area: str, answer: str) -> None:
    where = f"{role.value} of {area} typed {command} and read: {answer}"
    if COMMANDS[command] is Action.EVERYONE:
        word = WORDS[command][1]
        assert word is None or word in answer, where
        assert "林永福" not in answer or command == "help", where
    elif COMMANDS[command] is Action.INVITE:
        inside = area in ("county", "town", "village")
        assert ("验证码" if inside else "没有这个人") in answer if role is Role.ADMIN else UNKNOWN in answer, where
    elif COMMANDS[command] is Action.PRIVACY:
        sees = area in ("county", "town", "village")
        expected = UNKNOWN if role is not Role.ADMIN else str(WORDS[command][1]) if sees else "被执行人里没有这个人"
        assert expected in answer, where
    elif COMMANDS[command] is Action.PEOPLE:
        sees = area == "county" or command in ("people", "court", "import", "areas")
        expected = UNKNOWN if role is not Role.ADMIN else str(WORDS[command][1]) if sees else "移交：/handover"
        assert expected in answer, where
    elif command in ("push", "leave"):
        assert (WORDS[command][1] if role in COURT else UNKNOWN) in answer, where
    elif command in ("chart", "map"):
        assert (answer == "") is (role in ASKING) and (role in ASKING or UNKNOWN in answer), where
    elif command == "ladder":
        inside = area in ("county", "town", "village")
        expected = UNKNOWN if role not in WATCHING else str(WORDS[command][1]) if inside else "看某件案子先叫谁"
        assert expected in answer, where
    elif command == "mine":
        assert (WORDS[command][1] if role in REPORTERS else UNKNOWN) in answer, where
    elif command == "stats" and role in ASKING:
        inside = role is not Role.JUDGE and area in ("county", "town", "village")
        assert ("线索 1 条" if inside else "线索 0 条") in answer, where
    elif command in ("duty", "open", "digest", "report"):
        assert (WORDS[command][1] if role in ASKING else UNKNOWN) in answer, where
    elif role not in (HEADS if COMMANDS[command] is Action.EXPLAIN else ASKING):
        assert UNKNOWN in answer, where
    elif role is not Role.JUDGE and area in ("county", "town", "village"):
        assert "林永福" in answer, where
    else:
        assert "林永福" not in answer and UNKNOWN not in answer, where


async def test_what_may_not_be_seen_answers_like_what_does_not_exist(world: World) -> None:
    cast = await hire(world)
    chats = [chat for chat, (role, area) in cast.items() if role in ASKING and area in ("next village", "other town")]
    missing = await Case.all().count() + 1000
    for chat in chats:
        await world.phone(chat).says("/case 456")
        await world.settled()
        await world.phone(chat).says(f"/case {missing}")
    await world.settled()
    for chat in chats:
        hidden, absent = [m.text for m in await world.phone(chat).received()][-2:]
        assert hidden == absent
