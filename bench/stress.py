"""`beast stress` itself: what a processor of the client's can ask, against wrk, and a node through all thirteen levels.

Both clients have the same processor, one after the other, in turn, and ask the same server on the other one: nginx, for it
answers at once what costs nothing to make, so that the client is the limit more often than with the engine. What is compared
is answers for each second of the client's own processor time; requests a second stand beside it. wrk keeps no time of a
single request by the clock, and reads no code; ours does both.
"""

import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass

from bench.effort import Effort
from bench.errors import RunBroken
from bench.figures import Figure, Target, alternating, ratios
from bench.generator import wrk
from bench.machine import Cores
from bench.processes import machine_busy_ns, pinned_self, raise_file_limit
from bench.servers import Reference, nginx, node, sample_body
from trinity_beast.clock import SystemClock
from trinity_beast.stress import LEVELS, Found, Generator, Progress, Protocol, Step, StepReport, Stress, Wanted, Watching, Way
from trinity_beast.stress import Target as Door
from trinity_beast.stress.questions import questions
from trinity_beast.words import Asset

BTC = Asset("BTC")
CONNECTIONS = 64
DEPTHS = (1, 16)
CLOCK = SystemClock()
FILES_BESIDE = 500
LEVEL_SECONDS, LEVEL_WARM_SECONDS, LEVEL_TIMEOUT_SECONDS = 2.0, 0.5, 20.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What one run of either client came to."""

    rate: float
    per_client_second: float
    strangers_share: float


def bench(cores: Cores, effort: Effort) -> Iterator[Figure]:
    """Yield the figures as they are found.

    Raises:
        RunBroken: an answer was wrong, or one was missing.
    """
    with node(core=cores.server) as engine:
        key = engine.key
        with nginx(cores.server, sample_body(engine.http_port, key)) as server:
            for depth in DEPTHS:
                yield from _against_wrk(cores, effort, server, key, depth)
        yield from _all_levels(cores, engine.http_port, engine.udp_port, key)


def _against_wrk(cores: Cores, effort: Effort, server: Reference, key: str, depth: int) -> Iterator[Figure]:
    def ours() -> Asked:
        return _ours(cores, effort.seconds, server.port, key, depth)

    def theirs() -> Asked:
        seconds = max(1.0, effort.seconds)
        found = wrk(cores, port=server.port, key=key, seconds=seconds, depth=depth, pid=server.pid, thread_prefix="")
        return Asked(found.rate, found.rate / found.client_share, found.strangers_share)

    runs = alternating(effort.rounds, {"ours": ours, "theirs": theirs}, lambda run: run.strangers_share)
    mine, other = runs["ours"], runs["theirs"]
    per_second = ratios([run.per_client_second for run in mine], [run.per_client_second for run in other])
    rates = ratios([run.rate for run in mine], [run.rate for run in other])
    told = f"depth {depth}"
    yield from runs.marked(
        [
            Figure(f"wrk, answers for each second of its processor, {told}", tuple(run.per_client_second for run in other), "/s"),
            Figure(f"beast stress, the same, {told}", tuple(run.per_client_second for run in mine), "/s"),
            Figure(f"answers for each second of the client's processor, {told}", per_second, "x wrk", Target(1.0, at_most=False)),
            Figure(f"requests a second, {told}", rates, "x wrk", Target(1.0, at_most=False)),
        ]
    )


def _ours(cores: Cores, seconds: float, port: int, key: str, depth: int) -> Asked:
    door = Door(Protocol.TCP, "127.0.0.1", port)
    way = Way(seconds=seconds, warm_seconds=0.2, threads=1)
    asked = questions(door, keys=[key], assets=[BTC], keeps_alive=True)
    step = Step(door, CONNECTIONS * depth, CONNECTIONS, depth, 1, None, way, asked)
    with pinned_self(cores.client):
        before_ns, busy_ns, began_ns = _own_ns(), machine_busy_ns(), CLOCK.monotonic_ns()
        found = Generator(CLOCK).perform(step, watch=_look_away, stopped=lambda: False)
        own_ns, busy_ns, clock_ns = _own_ns() - before_ns, machine_busy_ns() - busy_ns, CLOCK.monotonic_ns() - began_ns
    _expect_whole(found)
    # The server's share is about the whole of its processor while it is asked, as wrk's run reckons it too.
    strangers = max(0.0, (busy_ns - own_ns - clock_ns) / clock_ns)
    return Asked(found.good / found.seconds, found.good / found.processor_seconds, strangers)


def _all_levels(cores: Cores, port: int, udp_port: int, key: str) -> Iterator[Figure]:
    """Take a node through all levels over both protocols; every request must be answered well."""
    raise_file_limit(LEVELS[-1] + FILES_BESIDE)
    way = Way(
        seconds=LEVEL_SECONDS, warm_seconds=LEVEL_WARM_SECONDS, timeout_seconds=LEVEL_TIMEOUT_SECONDS, connections_max=_connections_max()
    )
    doors = [Door(Protocol.TCP, "127.0.0.1", port), Door(Protocol.UDP, "127.0.0.1", udp_port)]
    watching = Watching(lambda _step, _number, _count: None, _look_away, lambda _step: None)
    with pinned_self(cores.client):
        report = Stress(Generator(CLOCK), CLOCK).run(
            Wanted("bench", doors, LEVELS, way, [key], [BTC]), watching=watching, stopped=lambda: False
        )
    if not report.is_complete:
        raise RunBroken(f"the levels were not taken to their end: {report.fault}")
    for protocol in ("tcp", "udp"):
        steps = [step for step in report.steps if step.protocol == protocol]
        whole = sum(step.is_whole for step in steps)
        yield Figure(f"levels of thirteen answered whole, {protocol}", (whole,), "", Target(len(LEVELS), at_most=False))
        yield Figure("  requests without a good answer", (sum(step.asked - step.good for step in steps),), "", Target(0))
        yield Figure("  good answers a second, over the levels", tuple(step.per_second for step in steps), "/s")
        yield Figure("  p99 at 21,000 at once", (_p99(steps[-1]),), "ms")
        yield Figure("  connections of that level", (steps[-1].connections,), "")


def _p99(step: StepReport) -> float:
    return step.latency.p99 / 1_000 if step.latency else 0.0


def _connections_max() -> int:
    """Return how many connections a level may have: as many as a node takes from one address, or as both may have files open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(10_500, soft - FILES_BESIDE)


def _own_ns() -> int:
    used = os.times()
    return round((used.user + used.system) * 1e9)


def _look_away(_progress: Progress) -> None:
    """Show nothing: whoever looks on takes processor time too."""


def _expect_whole(found: Found) -> None:
    if not found.good or found.good != found.asked:
        raise RunBroken(f"{found.asked - found.good} of {found.asked} requests were not answered well: {found.codes} {found.failures}")
