"""Engines that answer on a port of their own, at a time of the test's choosing."""

import select
from typing import Any

from tests.support.callers import WAIT_SECONDS, Caller
from trinity_beast.access.key_format import with_checksum
from trinity_beast.engine import Clock, Engine, Handed, Limits, Policy

START_NS = 1_795_160_400_000_000_000
SECOND_NS = 1_000_000_000
SECRET = with_checksum("tb_live_0123456789abcdefghijklmnopqrstuv")
STRANGER = with_checksum("tb_live_" + "s" * 32)
ANOTHER_STRANGER = with_checksum("tb_live_" + "t" * 32)


class Node:
    """A running engine, its clock, and what a test asks of both."""

    def __init__(self, *, spool_directory: str | None = None, threads: int = 1, **limits: Any) -> None:
        self.clock = Clock.manual(START_NS, 100 * SECOND_NS)
        self.engine = Engine(
            node="BeastMain",
            region="local",
            version="1",
            digest_secret=b"a secret of the tests",
            spool_directory=spool_directory,
            threads=threads,
            clock=self.clock,
            limits=Limits(**limits),
        )
        self.port = self.engine.listen_http("127.0.0.1", 0)
        self.engine.start()
        self._callers: list[Caller] = []

    def close(self) -> None:
        """Hang up and stop."""
        for caller in self._callers:
            caller.socket.close()
        self.engine.stop(0.0)

    def caller(self, *, receive_bytes: int | None = None) -> Caller:
        """Return a new connection."""
        caller = Caller(self.port, receive_bytes=receive_bytes)
        self._callers.append(caller)
        return caller

    def admit(self, secret: str = SECRET, **changes: Any) -> bytes:
        """Admit a key and return its digest."""
        policy: dict[str, Any] = {"key_id": 7, "rate_per_second": 1_000.0, "burst": 100_000, "quota": None} | changes
        digest = self.engine.keys.digest_of(secret)
        self.engine.keys.admit(digest, Policy(**policy))
        return digest

    def publish(self, asset: str = "BTC", price: str = "97123.45", **changes: Any) -> None:
        """Publish a price that the venue printed just now."""
        facts: dict[str, Any] = {
            "exchange_time_ns": self.clock.wall_ns(),
            "received_monotonic_ns": self.clock.monotonic_ns(),
            "usable_for_ns": 90 * SECOND_NS,
        }
        named = {"quote": "USD", "venue": "coinbase", "source": "coinbase-ws"} | changes
        self.engine.book.publish(asset, price, **(named | facts | changes))

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(int(seconds * SECOND_NS))

    def question(self) -> tuple[int, bytes]:
        """Wait for a question and return it."""
        asked = self.questions()
        assert len(asked) == 1, asked
        return asked[0]

    def questions(self) -> list[tuple[int, bytes]]:
        """Wait for questions and return them."""
        wait_for(self.engine.questions)
        return self.engine.questions.take()

    def handed(self) -> Handed:
        """Wait for a connection at the door and return it."""
        wait_for(self.engine.door)
        taken = self.engine.door.take()
        assert len(taken) == 1, taken
        return taken[0]

    def counted(self, name: str) -> int:
        """Return a counter."""
        return self.engine.counters.read()[name]

    def until_counted(self, name: str, count: int) -> None:
        """Wait until a counter stands at `count`: what the engine does at its next sweep has no descriptor to wait for."""
        for _ in range(2_000):
            if self.counted(name) == count:
                return
            select.select([], [], [], WAIT_SECONDS / 2_000)
        raise AssertionError(f"{name} stands at {self.counted(name)}, not at {count}")


def wait_for(descriptor: Any) -> None:
    """Wait until a descriptor is readable."""
    readable, _, _ = select.select([descriptor], [], [], WAIT_SECONDS)
    assert readable, "nothing came"
