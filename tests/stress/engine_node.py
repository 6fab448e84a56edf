"""An engine that answers prices on both its doors to one key, for loads to be made on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support.engines import SECOND_NS, SECRET, START_NS
from trinity_beast.engine import Clock, Engine, Limits, Policy
from trinity_beast.stress import Protocol, Step, Target, Way
from trinity_beast.stress.questions import questions
from trinity_beast.words import Asset

BTC = Asset("BTC")
WAY = Way(seconds=0.3, warm_seconds=0.0, timeout_seconds=10.0, threads=1)


@dataclass(frozen=True)
class EngineNode:
    """A running engine."""

    engine: Engine
    tcp: Target
    udp: Target

    def step(self, target: Target, concurrent: int = 8, *, rate: float | None = None, depth: int = 1, way: Way = WAY) -> Step:
        asked = questions(target, keys=[SECRET], assets=[BTC], keeps_alive=way.keeps_alive)
        return Step(target, concurrent, concurrent // depth, depth, concurrent, rate, way, asked)


@contextmanager
def engine_node(**policy: float) -> Iterator[EngineNode]:
    """Run one for the length of a block."""
    clock = Clock.manual(START_NS, 100 * SECOND_NS)
    engine = Engine(
        node="BeastMain", region="local", version="1", digest_secret=b"a secret of the tests", spool_directory=None, threads=1,
        clock=clock, limits=Limits(),
    )  # fmt: skip
    port, udp_port = engine.listen_http("127.0.0.1", 0), engine.listen_udp("127.0.0.1", 0)
    engine.start()
    limits = {"rate_per_second": 100_000.0, "burst": 200_000, **policy}
    engine.keys.admit(
        engine.keys.digest_of(SECRET),
        Policy(key_id=7, rate_per_second=limits["rate_per_second"], burst=int(limits["burst"]), quota=None, unlimited=not policy),
    )
    engine.book.publish(
        "BTC", "97123.45", quote="USD", venue="coinbase", source="coinbase-ws", exchange_time_ns=clock.wall_ns(),
        received_monotonic_ns=clock.monotonic_ns(), usable_for_ns=90 * SECOND_NS,
    )  # fmt: skip
    try:
        yield EngineNode(engine, Target(Protocol.TCP, "127.0.0.1", port), Target(Protocol.UDP, "127.0.0.1", udp_port))
    finally:
        engine.stop(0.0)
