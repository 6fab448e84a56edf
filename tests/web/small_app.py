"""A small ASGI app with one path for each thing a server must carry."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable

from starlette.types import Message, Receive, Scope, Send


class SmallApp:
    """`slow` answers once `go` is set; whatever lasts is told to `begun` when it was asked."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.begun: asyncio.Queue[str] = asyncio.Queue()
        self.asked = 0
        self.streams_ended = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._websocket(receive, send)
            return
        self.asked += 1
        answers: dict[str, Callable[[Scope, Receive, Send], Awaitable[None]]] = {
            "/slow": self._slow,
            "/stream": self._stream,
            "/flood": self._flood,
            "/refuse": self._refuse,
        }
        await answers.get(scope["path"], self._echo)(scope, receive, send)

    async def _echo(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await whole(receive)
        told = {"path": scope["path"], "bytes": len(body), "sha": hashlib.sha256(body).hexdigest(), "client": scope["client"]}
        await answer(send, json.dumps(told).encode())

    async def _slow(self, _: Scope, receive: Receive, send: Send) -> None:
        await whole(receive)
        self.begun.put_nowait("slow")
        await self.go.wait()
        await answer(send, b"finished")

    async def _refuse(self, _: Scope, __: Receive, send: Send) -> None:
        await answer(send, b"too much", status=413)

    async def _stream(self, _: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        await send({"type": "http.response.body", "body": b"data: 2\n\n", "more_body": True})
        self.begun.put_nowait("stream")
        try:
            message: Message = {"type": ""}
            while message["type"] != "http.disconnect":
                message = await receive()
        finally:
            self.streams_ended += 1

    async def _flood(self, _: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        self.begun.put_nowait("flood")
        for _part in range(2_000):
            await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _websocket(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        self.begun.put_nowait("ws")
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "bytes": message.get("bytes"), "text": message.get("text")})
        self.streams_ended += 1


async def whole(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body", False):
            return body


async def answer(send: Send, body: bytes, *, status: int = 200) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [length]})
    await send({"type": "http.response.body", "body": body})
