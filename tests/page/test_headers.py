"""What every answer says to the browser, and to whom a phone that joins is told."""

import aiohttp

from storage.engine.audit import AuditEntry
from storage.post.invitation import invite
from tests.post.test_waking import page_of
from tests.world import ADMIN, SECRETARY, Stage, World

ALWAYS = {
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=()",
    "Server": "chuishao",
}


async def test_every_answer_has_them_and_what_is_personal_is_kept_nowhere(world: World) -> None:
    async with page_of(world, SECRETARY) as (page, base):
        here = base.removeprefix(world.product.url)
        for path in ("/", "/sw.js", "/static/chat.js", "/nothing", "/api/join", f"{here}/changes"):
            answer = await page.get(f"{world.product.url}{path}")
            for name, words in ALWAYS.items():
                assert words in answer.headers.get(name, ""), (path, name)
            assert "Strict-Transport-Security" not in answer.headers
        for path in ("changes?after=0", "earlier?before=9", "session", "file/x", "board", "board/map.svg"):
            answer = await page.get(f"{base}/{path}")
            assert answer.headers["Cache-Control"] == "no-store", path


async def test_behind_tls_the_cookie_and_the_browser_are_told_so(stage: Stage) -> None:
    """By the address that the court has written down, also where the proxy says nothing."""
    async with stage.world(public_url="https://chuishao.example.gov.cn") as world:
        who = await world.person(SECRETARY)
        code = await world.product.db.unit(lambda: invite(who))
        url = world.product.channels["web"].api._base  # reached on loopback, as by a proxy
        async with aiohttp.ClientSession() as browser:
            answer = await browser.post(f"{url}/api/join", json={"code": code})
            assert answer.status == 200
            cookie = answer.headers["Set-Cookie"]
            assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Strict"))
            assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


async def test_whoever_joins_in_somebodys_name_is_told_to_their_other_phones(world: World) -> None:
    async with page_of(world, SECRETARY):
        await world.phone(SECRETARY).expects("有一部新手机用您的名字加入了")
    await world.settled()
    assert not [m for m in await world.phone(ADMIN).received() if "新手机" in m.text]


async def test_a_code_that_opens_nothing_stands_in_the_audit(world: World) -> None:
    async with aiohttp.ClientSession() as nobody:
        answer = await nobody.post(f"{world.product.url}/api/join", json={"code": "19800001001-000000"})
        assert answer.status == 403
    assert await AuditEntry.filter(action="invitation.refused").count() == 1
