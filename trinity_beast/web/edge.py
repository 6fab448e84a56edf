"""The outermost layer of every app: names the request, bounds it, and sees that it is answered."""

import asyncio
from collections.abc import Iterable, Sequence
from email.utils import formatdate
from functools import partial
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.log import get_log
from trinity_beast.traces import UNTRACED, SpanKind, Traces
from trinity_beast.web.answer import Answer
from trinity_beast.web.asked import Asked, answering
from trinity_beast.web.bounds import RequestBounds
from trinity_beast.web.envelope import PROBLEM_JSON, Identity
from trinity_beast.web.errors import NotFound, Overloaded, RequestTimeout, RequestTooLarge
from trinity_beast.web.headers import CORS, KEYLESS, PREFLIGHT, raw, refusal_headers
from trinity_beast.web.known_limits import KnownLimits, carried
from trinity_beast.web.metering import Count, Meter, counters_of
from trinity_beast.web.refusals import refusal_of, refused
from trinity_beast.web.request_ids import RequestIds, echoed
from trinity_beast.web.traced import describe, method_told, parent_in
from trinity_beast.web.words import Words

LOG = get_log("web")


class Edge:
    """An ASGI app around another: what every answer has in common is done here, once."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        identity: Identity,
        words: Words,
        clock: Clock,
        request_ids: RequestIds,
        bounds: RequestBounds,
        meter: Meter | None = None,
        count: Count | None = None,
        limits: KnownLimits | None = None,
        traces: Traces = UNTRACED,
    ) -> None:
        self._traces = traces
        self._app, self._identity, self._words, self._clock = app, identity, words, clock
        self._request_ids, self._bounds, self._meter, self._count, self._limits = request_ids, bounds, meter, count, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or let a WebSocket through."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def refusal_bytes(self, error: TrinityError, *, status: int | None = None) -> bytes:
        """Return a whole HTTP answer that closes the connection, for what never became a request."""
        asked = self._asked(())
        given = status or error.status
        body = asked.refused(error, given)
        headers = [
            ("Date", formatdate(self._clock.time_ns() // 1_000_000_000, usegmt=True)),
            ("Content-Type", PROBLEM_JSON),
            ("Content-Length", str(len(body))),
            ("X-Request-Id", asked.request_id),
            *CORS,
            *refusal_headers(error),
            *KEYLESS,
            ("Cache-Control", "no-store"),
            ("Connection", "close"),
        ]
        status_line = b"HTTP/1.1 %d %s\r\n" % (given, HTTPStatus(given).phrase.encode())
        return b"".join([status_line, *(b"%s: %s\r\n" % header for header in raw(headers)), b"\r\n", body])

    def _asked(self, headers: Iterable[tuple[bytes, bytes]], method: str = "GET", scope: Scope | None = None) -> Asked:
        found = dict(headers)
        language = found.get(b"accept-language")
        own_id = self._request_ids.next()
        return Asked(
            own_id=own_id,
            request_id=echoed(found.get(b"x-request-id")) or own_id,
            started_ns=self._clock.monotonic_ns(),
            identity=self._identity,
            clock=self._clock,
            words=self._words,
            accept_language=language.decode("latin-1") if language else None,
            method=method,
            known_limits=partial(self._limits_of, scope or {}),
        )

    def _limits_of(self, scope: Scope) -> Sequence[tuple[str, str]] | None:
        secret = carried(scope.get("headers", ()), scope.get("query_string", b"")) if self._limits is not None else None
        address, _ = scope.get("client") or ("", 0)
        return None if self._limits is None or secret is None else self._limits(secret, address)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        method: str = scope["method"]
        asked = self._asked(scope["headers"], method, scope)
        answering(asked)
        # To the app a HEAD is a GET; its body stays here.
        inner = {**scope, "method": "GET"} if method == "HEAD" else scope
        with self._traces.span(method_told(method), kind=SpanKind.SERVER, parent=parent_in(scope["headers"])) as span:
            answer = await self._answered(inner, receive, send, asked)
            describe(span, inner, answer.status, asked)
        self._counted(asked.code)
        LOG.debug("request answered", request_id=asked.request_id, method=method, path=scope["path"], code=asked.code, ns=asked.latency_ns)

    async def _answered(self, scope: Scope, receive: Receive, send: Send, asked: Asked) -> Answer:
        answer = Answer(send, asked, self._meter, is_head=asked.method == "HEAD")
        body = Body(receive, answer, self._bounds.body_bytes_max)
        try:
            async with asyncio.timeout(self._bounds.request_seconds) as answer.limit:
                body.expect(scope["headers"])
                if asked.method == "OPTIONS":
                    await Response(status_code=204, headers=dict(PREFLIGHT))(scope, body.receive, answer.send)
                else:
                    await self._app(scope, body.receive, answer.send)
        except Exception as error:
            await self._answer_failure(error, scope, body, answer, asked)
        return answer

    def _counted(self, code: str) -> None:
        if self._count is not None:
            self._count("tcp_requests", 1)
            for name in counters_of(code):
                self._count(name, 1)

    async def _answer_failure(self, error: Exception, scope: Scope, body: "Body", answer: Answer, asked: Asked) -> None:
        limit, answer.limit = answer.limit, None
        refusal = refusal_of(error, method=asked.method, path=scope["path"])
        if answer.has_started:
            # Refused already, by the same rules further in; or a stream broke, and cutting it is all that can be told.
            if not answer.is_complete:
                LOG.error("answer broken off", error=error, request_id=asked.request_id, path=scope["path"])
            return
        if isinstance(error, TimeoutError) and limit is not None and limit.expired():
            late = RequestTimeout(seconds=self._bounds.request_seconds)
            refusal = Overloaded(retry_after_seconds=5) if body.is_whole else late
            LOG.warning("request given up", request_id=asked.request_id, path=scope["path"], seconds=self._bounds.request_seconds)
        elif refusal.code == TrinityError.code:
            LOG.error("request failed", error=error, request_id=asked.request_id, path=scope["path"])
        await refused(asked, refusal)(scope, body.receive, answer.send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = self._asked(scope["headers"])
        answering(asked)
        is_accepted = False

        async def told(message: Message) -> None:
            nonlocal is_accepted
            is_accepted = is_accepted or message["type"] in ("websocket.accept", "websocket.http.response.start")
            if message["type"] == "websocket.close" and not is_accepted:
                await self._deny(scope, receive, send, asked)
            else:
                await send(message)

        await self._app(scope, receive, told)

    async def _deny(self, scope: Scope, receive: Receive, send: Send, asked: Asked) -> None:
        async def told(message: Message) -> None:
            await send({**message, "type": f"websocket.{message['type']}"})

        answer = Answer(told, asked, None, is_head=False)
        answer.is_body_unread = False
        await refused(asked, NotFound(path=scope["path"]))({**scope, "type": "http"}, receive, answer.send)


class Body:
    """The request's body on its way in, counted."""

    def __init__(self, receive: Receive, answer: Answer, bytes_max: int) -> None:
        self._receive, self._answer, self._bytes_max, self._bytes = receive, answer, bytes_max, 0
        self.is_whole = False

    def expect(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Look at what the caller says is coming.

        Raises:
            RequestTooLarge: it is more than is read.
        """
        found = dict(headers)
        length = found.get(b"content-length", b"0")
        if b"transfer-encoding" not in found and length.strip() == b"0":
            self._whole()
        if length.isdigit() and int(length) > self._bytes_max:
            raise RequestTooLarge(bytes_max=self._bytes_max)

    async def receive(self) -> Message:
        """Return the next part.

        Raises:
            RequestTooLarge: together they are more than is read.
        """
        message = await self._receive()
        if message["type"] == "http.request":
            self._bytes += len(message.get("body", b""))
            if self._bytes > self._bytes_max:
                raise RequestTooLarge(bytes_max=self._bytes_max)
            if not message.get("more_body", False):
                self._whole()
        return message

    def _whole(self) -> None:
        self.is_whole = True
        self._answer.is_body_unread = False
