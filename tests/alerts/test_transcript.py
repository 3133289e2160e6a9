"""A voice message is read like what is typed, where the court has a machine for it, and stays what counts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from storage.alerts.alert import Alert, AlertState
from storage.alerts.attachment import Attachment
from storage.alerts.sighting import Sighting
from storage.people.endpoint import join
from storage.people.person import Person
from tests.world import ADMIN, GRID_WORKER, HEAD, JUDGE, SECRETARY, STRANGER, Phone, Stage, World

SENTENCE = "林永福回来了，人就在村委"


@dataclass
class Listener:
    """A server of the widely spoken form on loopback: says what `words` says of the file, or fails."""

    words: dict[str, str | int] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    free: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        content = form["file"].file.read()  # type: ignore[union-attr]
        about = {name: value for name, value in form.items() if name != "file"}
        self.asked.append({**about, "key": request.headers.get("Authorization"), "name": form["file"].filename})  # type: ignore[union-attr]
        await self.free.wait()
        said = self.words[content.decode()]
        if isinstance(said, int):
            raise web.HTTPFound("http://127.0.0.1:9/elsewhere") if said == 302 else web.HTTPInternalServerError
        return web.json_response({"text": said})


@contextlib.asynccontextmanager
async def listened(stage: Stage, **words: str | int) -> AsyncIterator[tuple[World, Listener]]:
    listener = Listener(words=dict(words))
    listener.free.set()
    app = web.Application()
    app.router.add_post("/v1/audio/transcriptions", listener.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    url = f"http://x:secret@127.0.0.1:{port}/v1/audio/transcriptions?model=SenseVoice"
    try:
        async with stage.world(transcribe=url) as world:
            yield world, listener
    finally:
        await runner.cleanup()


async def sends_voice(world: World, phone: Phone, content: str) -> None:
    file_id = await world.store.keep_file(phone.chat_id, "voice", "audio/ogg", content.encode())
    await phone.sends(voice={"file_id": file_id, "file_unique_id": file_id[:16], "duration": 3})
    await world.settled()


async def speaks(world: World, phone: Phone, content: str) -> None:
    await sends_voice(world, phone, content)
    await heard(world)


async def heard(world: World) -> None:
    """Until the machine has been asked about everything that is due, and its answers have gone their way."""

    async def done() -> bool:
        due = await Attachment.filter(hear_at__lte=world.clock.now()).exists()
        return not due and not world.product.transcriber.busy

    assert world.product.transcriber is not None
    await world.settled()
    world.clock.advance(1)  # the transcriber's next look
    await world.until(done)
    await world.settled()


async def keeps_waiting(world: World, listener: Listener) -> None:
    """The secretary speaks, and the machine is asked and doesn't answer."""
    listener.free.clear()
    await sends_voice(world, world.phone(SECRETARY), "one")
    world.clock.advance(1)  # the transcriber's next look
    await world.until(lambda: _asked(listener))


async def test_a_spoken_report_rings_the_judge(stage: Stage) -> None:
    async with listened(stage, one=SENTENCE) as (world, listener):
        await speaks(world, world.phone(SECRETARY), "one")
        card = await world.phone(JUDGE).expects(lambda message: bool(message.buttons))
        assert f"“{SENTENCE}”" in card.text and "机器听语音写的" in card.text
        voice = await world.phone(JUDGE).expects(lambda message: "voice" in message.body)
        assert f"机器听写，以语音为准：“{SENTENCE}”" in voice.text
        await world.phone(SECRETARY).expects("林永福")
        assert not [m for m in await world.phone(SECRETARY).received() if "请再用一句话说" in m.text]
        wanted = {"model": "SenseVoice", "language": "zh", "response_format": "json", "key": "Bearer secret"}
        assert listener.asked == [{**wanted, "name": "voice.ogg"}]
        await world.advance(120)
        assert await Alert.all().count() == 1


async def test_a_voice_that_went_up_by_itself_tells_no_tale_of_a_lost_signal(stage: Stage) -> None:
    async with listened(stage, one="今天天气不错") as (world, _listener):
        await speaks(world, world.phone(SECRETARY), "one")
        await world.advance(61)
        card = await world.phone(HEAD).expects(lambda message: bool(message.buttons))
        assert "说的" not in card.text


@pytest.mark.parametrize("late", [False, True])
async def test_who_asks_in_a_voice_not_to_be_named_is_not(stage: Stage, late: bool) -> None:
    """In time, or after the voice has gone up with the name: then that is taken back."""
    async with listened(stage, one="有个欠钱的回来了在村口，别说是我说的") as (world, listener):
        if late:
            await keeps_waiting(world, listener)
            await world.advance(62)
            await world.phone(HEAD).expects("应建华")
            listener.free.set()
            await heard(world)
        else:
            await speaks(world, world.phone(SECRETARY), "one")
        await world.advance(61)
        assert await Sighting.filter(confidential=True).exists()
        for who in (HEAD, JUDGE):
            assert not [m for m in await world.phone(who).received() if "应建华" in m.text]


async def test_a_voice_that_only_asks_not_to_be_named_goes_up_unnamed(stage: Stage) -> None:
    async with listened(stage, one="千万要保密，不要说是我讲的") as (world, _listener):
        await speaks(world, world.phone(SECRETARY), "one")
        await world.advance(61)
        await world.phone(HEAD).expects(lambda message: bool(message.buttons))
        assert not [m for m in await world.phone(HEAD).received() if "应建华" in m.text]


async def test_a_report_that_was_taken_back_stays_so(stage: Stage) -> None:
    async with listened(stage, one=SENTENCE) as (world, listener):
        await keeps_waiting(world, listener)
        await world.advance(62)
        await world.phone(SECRETARY).taps("撤回", await world.phone(SECRETARY).expects("已记录"))
        await world.settled()
        listener.free.set()
        await heard(world)
        assert await Alert.exclude(state=AlertState.WITHDRAWN).count() == 0


async def test_a_voice_that_corrects_adds_and_takes_nothing_back(stage: Stage) -> None:
    async with listened(stage, one="不是林永福，是朱宝根回来了") as (world, _listener):
        await world.phone(SECRETARY).says(SENTENCE)
        await world.phone(JUDGE).expects(SENTENCE)
        await speaks(world, world.phone(SECRETARY), "one")
        assert await Alert.filter(state=AlertState.SENT).count() == 2


async def test_a_voice_is_reported_from_the_chat_in_which_it_came(stage: Stage) -> None:
    """Whoever has two phones says something on the one and speaks on the other."""
    async with listened(stage, one=SENTENCE) as (world, _listener):
        person = await world.person(SECRETARY)
        await world.phone(SECRETARY).says("你好")
        await world.store.ensure_chat(STRANGER)
        await world.product.db.unit(lambda: join(person, "telegram", STRANGER))
        other = world.phone(STRANGER)
        await speaks(world, other, "one")
        await world.phone(JUDGE).expects(SENTENCE)
        report = await Sighting.get(text=SENTENCE)
        assert report.chat_id == STRANGER
        await other.expects("已记录")


async def test_a_voice_of_somebody_who_left_is_heard_once(stage: Stage) -> None:
    async with listened(stage, one="今天天气不错") as (world, listener):
        await keeps_waiting(world, listener)

        async def leave() -> None:
            await Person.filter(phone="19800001001").update(active=False)

        await world.product.db.unit(leave)
        listener.free.set()
        for _again in range(3):
            await heard(world)
            await world.advance(200)
        assert len(listener.asked) == 1
        assert (await Attachment.get()).hear_at is None


async def test_a_busy_writer_makes_one_voice_no_storm(stage: Stage) -> None:
    async with listened(stage, one=SENTENCE) as (world, listener):
        transcriber = world.product.transcriber
        assert transcriber is not None
        listener.free.clear()
        await sends_voice(world, world.phone(SECRETARY), "one")
        for _tick in range(20):
            world.clock.advance(1)
            await asyncio.sleep(0)
        await world.until(lambda: _asked(listener))
        await world.settled()
        assert len(listener.asked) == 1
        listener.free.set()
        await heard(world)


async def test_what_is_no_report_goes_up_with_the_voice(stage: Stage) -> None:
    """The machine may have heard wrong: a person hears the voice, and reads what the machine made of it."""
    async with listened(stage, one="今天天气不错") as (world, _listener):
        await speaks(world, world.phone(SECRETARY), "one")
        await world.phone(SECRETARY).expects("语音收到了")
        assert await Sighting.all().count() == 0
        await world.advance(61)
        voice = await world.phone(HEAD).expects(lambda message: "voice" in message.body)
        assert "今天天气不错" in voice.text


async def test_words_that_come_after_the_voice_went_up_turn_it_to_the_judge(stage: Stage) -> None:
    async with listened(stage, one=SENTENCE) as (world, listener):
        await keeps_waiting(world, listener)
        await world.phone(SECRETARY).expects("语音收到了")
        await world.advance(62)
        await world.phone(HEAD).expects(lambda message: "voice" in message.body)
        listener.free.set()
        await world.phone(JUDGE).expects(SENTENCE)
        await world.phone(HEAD).expects("报告人更正了")
        voice = await world.phone(JUDGE).expects(lambda message: "voice" in message.body)
        assert SENTENCE in voice.text


async def _asked(listener: Listener) -> bool:
    return bool(listener.asked)


async def test_a_voice_with_a_report_shows_its_words_below_it(stage: Stage) -> None:
    async with listened(stage, one="他穿一件黑衣服") as (world, _listener):
        await world.phone(SECRETARY).says(SENTENCE)
        await world.phone(JUDGE).expects(SENTENCE)
        await speaks(world, world.phone(SECRETARY), "one")
        voices = [m for m in await world.phone(JUDGE).received() if "voice" in m.body]
        assert ["他穿一件黑衣服" in voice.text for voice in voices] == [True]
        assert await Alert.all().count() == 1


async def test_another_name_in_a_voice_is_a_lead_of_its_own(stage: Stage) -> None:
    async with listened(stage, one="朱宝根也回来了，在老车站") as (world, _listener):
        await world.phone(SECRETARY).says(SENTENCE)
        await world.phone(JUDGE).expects(SENTENCE)
        await speaks(world, world.phone(SECRETARY), "one")
        assert await Alert.all().count() == 2
        second = await Alert.all().order_by("-id").first()
        assert second is not None
        assert await Sighting.filter(id=second.sighting_id, spoken=True).exists()


async def test_a_voice_takes_nothing_back(stage: Stage) -> None:
    """What a machine hears is too little to send a judge home; it is shown, and the judge hears the voice."""
    async with listened(stage, one="看错了，不是林永福", two="不要说是我说的") as (world, _listener):
        await world.phone(SECRETARY).says(SENTENCE)
        await world.phone(JUDGE).expects(SENTENCE)
        await speaks(world, world.phone(SECRETARY), "one")
        await world.phone(JUDGE).expects(lambda m: "voice" in m.body and "看错了" in m.text)
        assert await Alert.filter(state=AlertState.WITHDRAWN).count() == 0
        await speaks(world, world.phone(SECRETARY), "two")
        assert await Sighting.filter(confidential=True).count() == 1


async def test_a_machine_that_fails_is_asked_again_and_harms_nothing(stage: Stage) -> None:
    async with listened(stage, one=500, two=302) as (world, listener):
        for name in ("one", "two"):
            await speaks(world, world.phone(GRID_WORKER), name)
        assert len(listener.asked) == 2
        await world.advance(61)
        await world.phone(HEAD).expects(lambda message: "voice" in message.body)
        before = len(listener.asked)
        listener.words["one"] = SENTENCE
        await world.advance(10)
        await heard(world)
        assert len(listener.asked) > before
        await world.phone(JUDGE).expects(SENTENCE)


async def test_a_model_that_dies_harms_nothing(stage: Stage, tmp_path: Path) -> None:
    """A folder with something in it that is no model: the process that should load it ends, the voice goes its way."""
    for name in ("tokens.txt", "model.onnx"):
        (tmp_path / name).write_text("nonsense")
    async with stage.world(transcribe=str(tmp_path)) as world:
        await speaks(world, world.phone(SECRETARY), "one")
        await world.phone(SECRETARY).expects("语音收到了")
        assert await Attachment.filter(hear_at__gt=world.clock.now()).count() == 1
        await world.advance(61)
        await world.phone(HEAD).expects(lambda message: "voice" in message.body)


async def test_who_was_asked_for_may_be_killed(stage: Stage) -> None:
    """A restart asks again for what nobody has answered."""
    async with listened(stage, one=SENTENCE) as (world, listener):
        await keeps_waiting(world, listener)
    async with listened(stage, one=SENTENCE) as (world, _again):
        world.clock.advance(155)
        await heard(world)
        await world.phone(JUDGE).expects(SENTENCE)


async def test_who_is_erased_is_gone_from_what_was_heard(stage: Stage) -> None:
    async with listened(stage, one="车是不是朱宝根的？", two="朱宝根这个人嘛") as (world, _listener):
        await speaks(world, world.phone(GRID_WORKER), "two")
        await world.phone(SECRETARY).says(SENTENCE)
        await world.phone(JUDGE).expects(SENTENCE)
        await speaks(world, world.phone(SECRETARY), "one")
        await world.phone(JUDGE).expects(lambda m: "voice" in m.body and "朱宝根" in m.text)
        await world.phone(ADMIN).says("/erase 朱宝根")
        asked = await world.phone(HEAD).expects(lambda m: "【要您同意】" in m.text and "朱宝根" in m.text)
        await world.phone(HEAD).taps("同意", asked)
        await world.phone(ADMIN).expects("同意了，已办")
        await world.settled()
        assert not await Attachment.filter(words__contains="朱宝根").exists()
        assert not [m for m in await world.phone(JUDGE).received() if "朱宝根" in m.text]
