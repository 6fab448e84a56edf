"""The way of one answer out of the app: headers added, bytes counted, its record written before it leaves."""

import asyncio
from http import HTTPStatus

from starlette.types import Message, Send

from trinity_beast.web.asked import Asked
from trinity_beast.web.headers import CORS, raw, with_limits
from trinity_beast.web.metering import STATES, Meter

_DATE = len(b"date: Fri, 20 Nov 2026 07:40:00 GMT\r\n")
_CLOSE = len(b"connection: close\r\n")


class Answer:
    """Sends what the app answers. The head waits for the first part of the body, so that a record can go before both."""

    def __init__(self, send: Send, asked: Asked, meter: Meter | None, *, is_head: bool) -> None:
        self._send, self._asked, self._meter, self._is_head = send, asked, meter, is_head
        self._head: Message | None = None
        self.status, self._head_bytes, self._bytes = 0, 0, 0  # No status until there is an answer.
        self.limit: asyncio.Timeout | None = None
        """The time limit of the request, lifted once the answer begins: a stream may go on."""
        self.is_body_unread = True
        """Whether the caller may still be sending; then the connection cannot be used for another request."""
        self.has_started = False
        self.is_complete = False

    async def send(self, message: Message) -> None:
        """Take one message of the app's."""
        if self.is_complete:
            return
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
            self._head = {**message, "headers": [*message.get("headers", ()), *self._added(message)]}
            self._head_bytes = _head_bytes(self.status, self._head["headers"])
            self.has_started = True
            if self.limit is not None:
                self.limit.reschedule(None)
            return
        is_last = self._is_head or not message.get("more_body", False)
        self._bytes += 0 if self._is_head else len(message.get("body", b""))
        if is_last:
            self._record()
            self.is_complete = True
        if self._head is not None:
            head, self._head = self._head, None
            await self._send(head)
        await self._send({"type": "http.response.body", "body": b"", "more_body": False} if self._is_head else message)

    def _added(self, head: Message) -> list[tuple[bytes, bytes]]:
        given = {name.lower() for name, _ in head.get("headers", ())}
        ours = [("X-Request-Id", self._asked.request_id), *CORS, *with_limits(self._asked.headers, self._asked.known_limits)]
        if b"cache-control" not in given:
            ours.append(("Cache-Control", "no-store"))
        if self.is_body_unread:
            ours.append(("Connection", "close"))
        return [(name, value) for name, value in raw(ours) if name not in given]

    def _record(self) -> None:
        usage = self._asked.usage
        if usage is None or self._meter is None:
            return
        self._asked.usage = None
        self._meter.record(
            key_id=usage.key_id,
            asset=usage.asset,
            asset_count=usage.asset_count,
            source=usage.source,
            venue=usage.venue,
            cache_tier=usage.cache_tier,
            state=usage.state or STATES.get(self._asked.code, ""),
            code=self._asked.code,
            status=self.status,
            protocol="http",
            latency_ns=self._asked.latency_ns,
            answer_bytes=self._head_bytes + self._bytes,
            charged=usage.is_charged,
            request_id=self._asked.own_id,
        )


def _head_bytes(status: int, headers: list[tuple[bytes, bytes]]) -> int:
    """Return how long a head will be once the server has put the date and, on a handed connection, its end into it."""
    line = len(f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n")
    close = 0 if any(name.lower() == b"connection" for name, _ in headers) else _CLOSE
    return line + _DATE + close + sum(len(name) + len(value) + 4 for name, value in headers) + 2
