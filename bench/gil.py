"""Whether the engine waits for Python: the p99 at a fixed rate, while a Python thread holds the GIL without pause.

The rate is by the clock (open loop) and a latency runs from the moment the request was due. The client has a
processor of its own, as far as we can give it one. Two placements of the engine's process, for on two processors
the spinning thread must sit beside somebody:

- together: the engine's thread and all of Python share the server's processor;
- free: the process may run on both, as it would without us, and the scheduler decides whom the spinning thread meets.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from bench.effort import Effort
from bench.figures import Figure, Rounds, Target, alternating, ratios
from bench.generator import Generator, Run, disturbance_of
from bench.machine import Cores
from bench.processes import nice_values
from bench.servers import Node, ask_line, node

ENGINE_THREADS = "engine"
RATE = 10_000.0


def bench(cores: Cores, effort: Effort) -> Iterator[Figure]:
    """Yield the figures as they are found.

    Raises:
        RunBroken: an answer was wrong or never came.
    """
    with node() as engine:
        load = Generator(cores, port=engine.http_port, request=ask_line(engine.key, engine.http_port), pids=[engine.pid])
        for placement, processors in (("together", {cores.server}), ("free", {cores.server, cores.client})):
            _place(engine.pid, processors)
            runs = _rounds(engine, load, effort)
            yield from runs.marked(_told(placement, runs["idle"], runs["busy"], engine.pid))
        yield Figure("engine thread's nice value", tuple(nice_values(engine.pid, ENGINE_THREADS)), "")
        yield Figure("Python's nice value", (os.getpriority(os.PRIO_PROCESS, engine.pid),), "")


def _place(pid: int, processors: set[int]) -> None:
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), processors)


def _rounds(engine: Node, load: Generator, effort: Effort) -> Rounds[Run]:
    def idle() -> Run:
        return load.open(seconds=effort.seconds, rate=RATE)

    def busy() -> Run:
        engine.hold_gil()
        try:
            return load.open(seconds=effort.seconds, rate=RATE)
        finally:
            engine.release_gil()

    return alternating(effort.rounds, {"idle": idle, "busy": busy}, disturbance_of)


def _told(placement: str, idle: list[Run], busy: list[Run], pid: int) -> Iterator[Figure]:
    yield Figure(f"{placement}: p99, Python idle", tuple(run.latency.p99 for run in idle), "µs")
    yield Figure(f"{placement}: p99, GIL held", tuple(run.latency.p99 for run in busy), "µs")
    tails = ratios([run.latency.p99 for run in busy], [run.latency.p99 for run in idle])
    yield Figure(f"{placement}: p99, GIL held over idle", tails, "x", Target(1.5))
    middles = ratios([run.latency.p50 for run in busy], [run.latency.p50 for run in idle])
    yield Figure(f"{placement}: p50, GIL held over idle", middles, "x")
    yield Figure("  engine threads' share, GIL held", tuple(run.share([pid], ENGINE_THREADS) for run in busy), "")
    yield Figure("  spinning thread's share", tuple(run.share([pid], "hog") for run in busy), "")
    yield Figure("  client's lag behind its clock, p99", tuple(run.lag.p99 for run in busy if run.lag is not None), "µs")
