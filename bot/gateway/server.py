"""The gateway over HTTP: `/bot<token>/<method>` and `/file/bot<token>/<path>`, as the Bot API has them."""

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, MultipartReader, web

from bot.gateway.methods import Described, Methods
from bot.gateway.parameters import Files, RefusedError, Upload
from bot.transport.body import parse_json

LARGEST = 50_000_000
"""Bytes of a form, as Telegram takes them."""
_LONGEST_NAME = 120
Interceptor = Callable[[str, dict[str, Any]], Awaitable[web.StreamResponse | None]]


class Gateway:
    """Routes for one bot. `interceptors` may answer instead: tests play the far end's faults through them."""

    def __init__(self, methods: Methods) -> None:
        self.methods = methods
        self.interceptors: list[Interceptor] = []

    def add_routes(self, app: web.Application) -> None:
        app.router.add_route("*", "/bot{token}/{method}", self._method)
        app.router.add_get("/file/bot{token}/{path}", self._file)
        app.router.add_get("/file/bot{token}//{path}", self._file)  # as telegrinder writes it
        for nowhere in ("/bot{rest:.*}", "/file/{rest:.*}"):
            app.router.add_route("*", nowhere, self._nowhere)

    def _known(self, request: web.Request) -> bool:
        return hmac.compare_digest(request.match_info["token"].encode(), self.methods.token.encode())

    async def _method(self, request: web.Request) -> web.StreamResponse:
        if not self._known(request):
            return _refusal(RefusedError(401, "Unauthorized"))
        try:
            parameters, files = await _decode(request)
            for interceptor in self.interceptors:
                answer = await interceptor(request.match_info["method"], parameters)
                if answer is not None:
                    return answer
            result = await self.methods.call(request.match_info["method"], parameters, files)
        except RefusedError as error:
            return _refusal(error)
        except web.HTTPRequestEntityTooLarge:
            return _refusal(RefusedError(413, "Request Entity Too Large"))
        if isinstance(result, Described):
            return web.json_response({"ok": True, "result": result.result, "description": result.description})
        return web.json_response({"ok": True, "result": result})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        known = await self.methods.store.file(request.match_info["path"]) if self._known(request) else None
        if known is None:
            return await self._nowhere(request)
        return web.FileResponse(self.methods.store.files / known["id"])

    @staticmethod
    async def _nowhere(_request: web.Request) -> web.StreamResponse:
        return _refusal(RefusedError(404, "Not Found"))


def _refusal(error: RefusedError) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
    if error.parameters:
        body["parameters"] = error.parameters
    after = error.parameters.get("retry_after")
    return web.json_response(
        body, status=error.code, headers={"Retry-After": str(after)} if after is not None else None
    )


async def _decode(request: web.Request) -> tuple[dict[str, Any], Files]:
    parameters: dict[str, Any] = dict(request.query)
    files: Files = {}
    if request.content_type == "application/json":
        raw = await request.read()
        try:
            body = parse_json(raw or b"{}")
        except ValueError as error:
            raise RefusedError(400, "Bad Request: can't parse JSON object") from error
        parameters.update(body if isinstance(body, dict) else {})  # telebot.v3 posts null where there are none
    elif request.content_type == "application/x-www-form-urlencoded":
        parameters.update(parse_qsl((await request.read()).decode("utf-8", "replace"), keep_blank_values=True))
    elif request.content_type == "multipart/form-data":
        await _parts(request, parameters, files)
    return parameters, files


async def _parts_of(reader: MultipartReader) -> AsyncIterator[BodyPartReader | MultipartReader]:
    try:
        while (part := await reader.next()) is not None:
            yield part
    except ValueError as error:
        raise RefusedError(400, "Bad Request: can't parse form") from error


async def _parts(request: web.Request, parameters: dict[str, Any], files: Files) -> None:
    """Fields and files of a form; some clients send one with a GET. No longer than a request may be."""
    size = 0
    try:
        reader = await request.multipart()
    except (ValueError, AssertionError) as error:  # aiohttp's, of a form without a boundary
        raise RefusedError(400, "Bad Request: can't parse form") from error
    async for part in _parts_of(reader):
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise RefusedError(400, "Bad Request: can't parse form")
        content = bytearray()
        while chunk := await part.read_chunk():
            content += chunk
            size += len(chunk)
            if size > LARGEST:
                raise RefusedError(413, "Request Entity Too Large")
        if part.filename is not None:
            files[part.name] = Upload(content)
            files[part.name].name = part.filename[:_LONGEST_NAME]
        else:
            parameters[part.name] = content.decode("utf-8", "replace")
