"""A collector of OpenTelemetry's on a port of 127.0.0.1: real HTTP, the body read by OpenTelemetry's own classes."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Collector:
    """Keeps what it is told, or answers as a test says. It may go away and come back at the same port."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.spans: list[Span] = []
        self.resources: list[dict[str, str]] = []
        self.scopes: list[tuple[str, str]] = []
        self.bodies: list[bytes] = []
        self.headers: list[Mapping[str, str]] = []
        self.statuses: list[int] = []
        self.port = 0
        self.came = asyncio.Condition()
        self._runner: web.ServerRunner | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._runner = web.ServerRunner(web.Server(self._answer))
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True, ssl_context=self._tls).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def until(self, spans: int, *, within_seconds: float = 20.0) -> None:
        """Wait until so many spans have come."""
        async with asyncio.timeout(within_seconds), self.came:
            await self.came.wait_for(lambda: len(self.spans) >= spans)

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        body = await request.read()
        status = self.statuses.pop(0) if self.statuses else 200
        assert (request.method, request.path, request.content_type) == ("POST", "/v1/traces", "application/x-protobuf")
        self.bodies.append(body)
        self.headers.append(dict(request.headers))
        if status != 200:
            return web.Response(status=status, headers={"Location": "/elsewhere", "Retry-After": "0"})
        async with self.came:
            for told in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.resources.append({pair.key: pair.value.string_value for pair in told.resource.attributes})
                self.scopes += [(scope.scope.name, scope.scope.version) for scope in told.scope_spans]
                self.spans += [span for scope in told.scope_spans for span in scope.spans]
            self.came.notify_all()
        return web.Response(body=ExportTraceServiceResponse().SerializeToString(), content_type="application/x-protobuf")


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    collector = Collector()
    await collector.start()
    try:
        yield collector
    finally:
        await collector.stop()


class Beside:
    """A collector on a loop of its own, for tests whose other side is a process."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.collector = Collector(tls)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def until(self, is_enough: Callable[[Sequence[Span]], bool], *, within_seconds: float = 40.0) -> Sequence[Span]:
        """Wait until what has come is enough, and return it."""

        async def wait() -> None:
            async with asyncio.timeout(within_seconds), self.collector.came:
                await self.collector.came.wait_for(lambda: is_enough(self.collector.spans))

        self._done(wait())
        return list(self.collector.spans)

    def __enter__(self) -> "Beside":
        self._thread.start()
        self._done(self.collector.start())
        return self

    def __exit__(self, *_: object) -> None:
        self._done(self.collector.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _done(self, work: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(60)
