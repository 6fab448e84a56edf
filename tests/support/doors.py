"""An engine whose book is kept by the test, asked at both its doors, its time the test's."""

import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.book import Ledger
from tests.support.callers import WAIT_SECONDS, Caller
from tests.support.clock import ManualClock
from tests.support.engines import SECRET
from trinity_beast.engine import Clock, Engine, Limits, Policy


class Doors:
    """A running engine with one key. Its time follows the test's clock whenever it is asked."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._engine_clock = Clock.manual(clock.time_ns(), clock.monotonic_ns())
        self.engine = Engine(
            node="BeastMain", region="local", version="1", digest_secret=b"a secret of the tests", spool_directory=None, threads=1,
            clock=self._engine_clock, limits=Limits(),
        )  # fmt: skip
        port, udp_port = self.engine.listen_http("127.0.0.1", 0), self.engine.listen_udp("127.0.0.1", 0)
        self.engine.start()
        self.engine.keys.admit(
            self.engine.keys.digest_of(SECRET), Policy(key_id=7, rate_per_second=1_000.0, burst=100_000, quota=None)
        )  # fmt: skip
        self._http = Caller(port)
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.settimeout(WAIT_SECONDS)
        self._udp.connect(("127.0.0.1", udp_port))

    def close(self) -> None:
        """Hang up and stop."""
        self._http.socket.close()
        self._udp.close()
        self.engine.stop(0.0)

    def follow(self) -> None:
        """Let the engine's time be the test's."""
        self._engine_clock.advance(self._clock.monotonic_ns() - self._engine_clock.monotonic_ns())

    def over_http(self, asset: str, **query: object) -> dict[str, Any]:
        """Ask over HTTP: the price, or the envelope of the refusal."""
        self.follow()
        wishes = "".join(f"&{name}={value}" for name, value in query.items())
        envelope = self._http.ask(f"/price?asset={asset}{wishes}", secret=SECRET).envelope
        told = envelope["data"] if envelope["success"] else envelope
        assert isinstance(told, dict)
        return told

    def over_udp(self, asset: str, **wishes: object) -> dict[str, Any]:
        """Ask by datagram and wait for its answer."""
        self.send(asset, **wishes)
        told = json.loads(self._udp.recv(2_048))
        assert isinstance(told, dict)
        return told

    def send(self, asset: str, **wishes: object) -> None:
        """Ask by datagram."""
        self.follow()
        self._udp.send(json.dumps({"key": SECRET, "asset": asset} | wishes).encode().ljust(400))

    def answered(self) -> dict[str, Any] | None:
        """Return the next datagram that came, or None while there is none."""
        self._udp.setblocking(False)
        try:
            told = json.loads(self._udp.recv(2_048))
        except BlockingIOError:
            return None
        finally:
            self._udp.settimeout(WAIT_SECONDS)
        assert isinstance(told, dict)
        return told


@dataclass
class Told(Ledger):
    """A ledger that tells the engine too."""

    doors: Doors | None = field(default=None)

    @property
    def _book(self) -> Any:
        assert self.doors is not None
        self.doors.follow()
        return self.doors.engine.book

    def publish(self, asset: str, price: str, quote: str, venue: str, source: str, **facts: Any) -> None:
        super().publish(asset, price, quote, venue, source, **facts)
        self._book.publish(asset, price, quote, venue, source, **facts)

    def announce(self, asset: str, *, prewarmed: bool = True) -> None:
        super().announce(asset, prewarmed=prewarmed)
        self._book.announce(asset, prewarmed=prewarmed)

    def offer(self, assets: Sequence[str]) -> None:
        super().offer(assets)
        self._book.offer(assets)

    def retire(self, asset: str) -> bool:
        super().retire(asset)
        return bool(self._book.retire(asset))
