"""A price node as its callers see it: the real engine, the real app behind it, a clock that stands still, and no database."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

from tests.pricing.test_routes import mapped, status
from tests.support.clock import ManualClock
from tests.support.engine_keys import grant
from tests.support.rest import FakeRest
from tests.web.caller import Heard, Line, get
from tests.web.serving import IDENTITY
from trinity_beast import content, engine
from trinity_beast.access import Callers, EngineGate, Grant
from trinity_beast.access.key_format import with_checksum
from trinity_beast.access.routes import admission, key_routes
from trinity_beast.feeds import Looks
from trinity_beast.pricing import Demand, Prices
from trinity_beast.pricing.routes import price_routes
from trinity_beast.web import HttpServer, RequestIds, Words, build_app
from trinity_beast.words import Symbol, Trade, Venue

SECRET = with_checksum("tb_live_" + "A" * 32)
REVOKED = with_checksum("tb_live_" + "R" * 32)
EXPIRED = with_checksum("tb_live_" + "E" * 32)
HELD = with_checksum("tb_live_" + "H" * 32)
"""A key nobody looks up: whoever sends it waits."""
ASSETS = ("BTC", "ETH", "XRP")


def wrong(number: int) -> str:
    """Return a key of the right form that nobody issued."""
    return with_checksum(f"tb_live_{number:032}")


class Registry:
    """Knows keys as the doorman does, and answers the engine's questions; nothing is stored."""

    def __init__(self, beast: engine.Engine) -> None:
        self._engine, self._gate = beast, EngineGate(beast.keys)
        self.grants: dict[bytes, Grant] = {}
        self._ended = {beast.keys.digest_of(REVOKED): "KEY_REVOKED", beast.keys.digest_of(EXPIRED): "KEY_EXPIRED"}
        self._held = beast.keys.digest_of(HELD)
        self.looks: dict[bytes, int] = {}
        self.is_away = False

    def start(self) -> None:
        asyncio.get_running_loop().add_reader(self._engine.questions.fileno(), self._answer_all)

    def stop(self) -> None:
        asyncio.get_running_loop().remove_reader(self._engine.questions.fileno())

    async def ask(self, digest: bytes) -> str | None:
        return self._look(digest)

    def grant_of(self, digest: bytes) -> Grant | None:
        return self.grants.get(digest)

    def _answer_all(self) -> None:
        for ticket, digest in self._engine.questions.take():
            if digest != self._held:
                self._engine.questions.answer_all([(ticket, self._look(digest))])

    def _look(self, digest: bytes) -> str | None:
        self.looks[digest] = self.looks.get(digest, 0) + 1
        if self.is_away:
            return "DEPENDENCY_AWAY"
        if digest in self.grants:
            self._gate.admit(digest, self.grants[digest])
            return None
        refusal = self._ended.get(digest, "KEY_INVALID")
        self._gate.refuse(digest, refusal, seconds=30.0)
        return refusal


class PriceNode:
    """One node: ask it over HTTP and by datagram, and let its time pass."""

    def __init__(self, *, words: Words, threads: int, **limits: Any) -> None:
        self.clock = ManualClock()
        self._engine_clock = engine.Clock.manual(self.clock.time_ns(), self.clock.monotonic_ns())
        self.engine = engine.Engine(
            node="BeastMain", region="local", version="1", digest_secret=b"s" * 32, spool_directory=None, threads=threads,
            clock=self._engine_clock, limits=engine.Limits(**limits),
        )  # fmt: skip
        self.engine.set_refusals([engine.Refusal(*texts) for texts in content.refusals_for_engine()])
        self.registry = Registry(self.engine)
        self.callers = Callers(self.engine.keys, self.registry, tries=self.engine.tries, count=self.engine.counters.add)
        rows = [mapped(asset, "coinbase", f"{asset}-USD") for asset in ASSETS]
        prices = Prices(self.engine.book, rows, clock=self.clock)
        prices.on_trades([self._trade("BTC", "97123.45"), self._trade("ETH", "3500.10")])
        demand = Demand(prices, Looks([], opener=FakeRest(), clock=self.clock), clock=self.clock)
        routers = [
            price_routes(
                prices, demand, admitted=admission(self.callers), exchanges=lambda: [status("coinbase")], count=self.engine.counters.add
            ),
            key_routes(self.callers),
        ]
        app = build_app(
            routers, title="Trinity Beast", about="Prices.", links=(), identity=IDENTITY, words=words, clock=self.clock,
            request_ids=RequestIds(self.clock), meter=self.engine.spool, count=self.engine.counters.add, limits=self.callers.known_limits,
        )  # fmt: skip
        self.server = HttpServer(app, clock=self.clock, refuse=app.refusal_bytes)
        self.port = self.engine.listen_http("127.0.0.1", 0)
        self.udp_port = self.engine.listen_udp("127.0.0.1", 0)
        self.line: Line | None = None

    def _trade(self, asset: str, price: str) -> Trade:
        now_ns = self.clock.time_ns()
        return Trade(Venue("coinbase"), Symbol(f"{asset}-USD"), price, now_ns, now_ns, self.clock.monotonic_ns())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def issue(self, secret: str = SECRET, **changes: object) -> None:
        """Have a key that is let in when it first asks."""
        given = {"rate_per_second": 1_000.0, "burst": 10_000, "quota": None, "quota_left": 0} | changes
        self.registry.grants[self.engine.keys.digest_of(secret)] = grant(**given)

    def advance(self, seconds: float) -> None:
        """Let time pass, for both halves alike."""
        self.clock.advance(seconds)
        self._engine_clock.advance(round(seconds * 1e9))

    async def ask(self, path: str, *headers: str, secret: str | None = SECRET, method: str = "GET", body: bytes = b"") -> Heard:
        """Ask one thing on a connection of its own."""
        lines = [*headers, *([f"Authorization: Bearer {secret}"] if secret is not None else [])]
        lines += [f"Content-Length: {len(body)}", "Content-Type: application/json"] if body else []
        return await self.tell(get(path, *lines, method=method) + body, method=method)

    async def tell(self, request: bytes, *, method: str = "GET") -> Heard:
        """Send bytes as they are and return the answer."""
        line = await Line.to(self.port)
        try:
            await line.say(request)
            return await line.hear(method if method == "HEAD" else "GET")
        finally:
            await line.hang_up()

    async def datagram(self, question: dict[str, Any], *, length: int = 400) -> bytes:
        """Ask by datagram, padded to `length` bytes, and return the answer as it came."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.setblocking(False)
            line.connect(("127.0.0.1", self.udp_port))
            line.send(json.dumps(question).encode().ljust(length))
            async with asyncio.timeout(10):
                return await asyncio.get_running_loop().sock_recv(line, 2_048)


@contextlib.asynccontextmanager
async def price_node(*, words: Words = content, threads: int = 1, **limits: Any) -> AsyncIterator[PriceNode]:
    """Run a node for the length of a block."""
    node = PriceNode(words=words, threads=threads, **limits)
    node.server.serve(node.engine.door)
    node.registry.start()
    node.engine.start()
    try:
        yield node
    finally:
        node.registry.stop()
        node.engine.stop_accepting()
        await node.server.stop(grace_seconds=1)
        await asyncio.to_thread(node.engine.stop, 0.0)
