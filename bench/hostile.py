"""Whether callers that mean harm cost the others: the p99 at a fixed rate, with and without a hostile crowd.

The crowd: 5,000 connections that say nothing, 200 that send a header byte by byte, 50 that ask and never read, and a
hundred a second each that send a header too large or close half. It is played by the client's own thread.
"""

from collections.abc import Iterator

from bench.effort import Effort
from bench.figures import Figure, alternating, ratios
from bench.generator import Generator, Run, disturbance_of
from bench.machine import Cores
from bench.processes import raise_file_limit
from bench.servers import ask_line, node

RATE = 5_000.0
CROWD_FILES = 8_000
HEADER_SECONDS = 2.0


def bench(cores: Cores, effort: Effort) -> Iterator[Figure]:
    """Yield the figures as they are found.

    Raises:
        RunBroken: a well-behaved request was not answered, or not as it should be.
    """
    raise_file_limit(CROWD_FILES)
    # Callers who never finish a header are cut inside the window, many at a time: that moment is part of the test.
    with node("--header-seconds", str(HEADER_SECONDS), core=cores.server) as engine:
        load = Generator(cores, port=engine.http_port, request=ask_line(engine.key, engine.http_port), pids=[engine.pid])
        seconds = max(effort.seconds, 2 * HEADER_SECONDS)

        def alone() -> Run:
            return load.open(seconds=seconds, rate=RATE)

        def crowded() -> Run:
            return load.open(seconds=seconds, rate=RATE, crowd=True)

        rounds = max(3, effort.rounds // 2)
        runs = alternating(rounds, {"alone": alone, "crowded": crowded}, disturbance_of)
        yield from runs.marked(_told(runs["alone"], runs["crowded"], engine.pid))


def _told(alone: list[Run], crowded: list[Run], pid: int) -> Iterator[Figure]:
    yield Figure("p99 alone", tuple(run.latency.p99 for run in alone), "µs")
    yield Figure("p99 in the crowd", tuple(run.latency.p99 for run in crowded), "µs")
    yield Figure("p50, crowd over alone", ratios([run.latency.p50 for run in crowded], [run.latency.p50 for run in alone]), "x")
    yield Figure("p99, crowd over alone", ratios([run.latency.p99 for run in crowded], [run.latency.p99 for run in alone]), "x")
    yield Figure("engine process's share, alone", tuple(run.share([pid]) for run in alone), "")
    yield Figure("engine process's share, in the crowd", tuple(run.share([pid]) for run in crowded), "")
    for deed in crowded[0].crowd:
        yield Figure(f"  crowd: {deed.replace('_', ' ')}", tuple(float(run.crowd[deed]) for run in crowded), "")
