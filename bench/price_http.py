"""Prices over HTTP: the engine, with key, bucket, quota, record and counters, against nginx that returns the same body.

Each server is alone on one processor (the other stands still), the client on another, rounds alternate. What is
compared at 64 keep-alive connections is processor time per request, for there the client is about as busy as the
server; what is compared at depth 16 is requests a second, and the servers' and the client's shares say who was the limit.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from bench.effort import Effort
from bench.errors import RunBroken
from bench.figures import Figure, Rounds, Target, alternating, ratios
from bench.generator import Generator, Run, WrkRun, disturbance_of, wrk
from bench.machine import Cores
from bench.processes import standing_still
from bench.servers import Node, Reference, ask_line, nginx, node, sample_body

ENGINE_THREADS = "engine"
CONNECTIONS = 64
DEPTH = 16
BODY_TOLERANCE = 0.01
RATES = (10_000.0, 40_000.0)


@dataclass(frozen=True, slots=True)
class Pair:
    """The engine and nginx, both up, of which one at a time is asked."""

    cores: Cores
    engine: Node
    reference: Reference

    def ask(self, ours: bool, act: Callable[[Generator], Run]) -> Run:
        """Run `act` against one side while the other stands still."""
        port = self.engine.http_port if ours else self.reference.port
        pid = self.engine.pid if ours else self.reference.pid
        generator = Generator(self.cores, port=port, request=ask_line(self.engine.key, port), pids=[pid])
        with standing_still([self.reference.pid if ours else self.engine.pid]):
            return act(generator)

    def ask_with_wrk(self, ours: bool, *, seconds: float, depth: int) -> WrkRun:
        """Run wrk against one side while the other stands still."""
        port = self.engine.http_port if ours else self.reference.port
        pid, threads = (self.engine.pid, ENGINE_THREADS) if ours else (self.reference.pid, "")
        with standing_still([self.reference.pid if ours else self.engine.pid]):
            return wrk(self.cores, port=port, key=self.engine.key, seconds=seconds, depth=depth, pid=pid, thread_prefix=threads)


def bench(cores: Cores, effort: Effort) -> Iterator[Figure]:
    """Yield the figures as they are found.

    Raises:
        RunBroken: an answer was wrong, or the engine lost a record: it would have been spared its work.
    """
    with node(core=cores.server) as engine, nginx(cores.server, sample_body(engine.http_port, engine.key)) as reference:
        pair = Pair(cores, engine, reference)
        yield from _one_at_a_time(pair, effort)
        yield from _at_one_rate(pair, effort)
        yield from _pipelined(pair, effort)
        yield from _checked_by_wrk(pair, effort)
        _no_record_lost(engine)


def _rounds(pair: Pair, effort: Effort, act: Callable[[Generator], Run]) -> Rounds[Run]:
    runs = alternating(effort.rounds, {"ours": lambda: pair.ask(True, act), "theirs": lambda: pair.ask(False, act)}, disturbance_of)
    for mine, other in zip(runs["ours"], runs["theirs"], strict=True):
        lengths = mine.body_bytes / mine.answers, other.body_bytes / other.answers
        if abs(lengths[0] / lengths[1] - 1) > BODY_TOLERANCE:
            raise RunBroken(f"bodies differ in length: {lengths[0]:.0f} and {lengths[1]:.0f} bytes")
    return runs


def _one_at_a_time(pair: Pair, effort: Effort) -> Iterator[Figure]:
    runs = _rounds(pair, effort, lambda load: load.closed(seconds=effort.seconds, connections=CONNECTIONS))
    yield from runs.marked(_told_one_at_a_time(runs["ours"], runs["theirs"], [pair.engine.pid], [pair.reference.pid]))


def _told_one_at_a_time(ours: list[Run], theirs: list[Run], engine: list[int], reference: list[int]) -> Iterator[Figure]:
    nginx_us = [run.cpu_per_answer_us(reference) for run in theirs]
    threads_us = [run.cpu_per_answer_us(engine, ENGINE_THREADS) for run in ours]
    process_us = [run.cpu_per_answer_us(engine) for run in ours]
    yield Figure("body", tuple(run.body_bytes / run.answers for run in ours), "bytes")
    yield Figure("nginx, processor time per request", tuple(nginx_us), "µs")
    yield Figure("engine threads, processor time per request", tuple(threads_us), "µs")
    yield Figure("processor time per request, engine threads", ratios(threads_us, nginx_us), "x nginx", Target(0.85))
    yield Figure("processor time per request, whole process with Python", ratios(process_us, nginx_us), "x nginx")
    yield Figure("requests a second, 64 connections", ratios([run.rate for run in ours], [run.rate for run in theirs]), "x nginx")
    yield Figure("engine's p99, closed loop", ratios([run.latency.p99 for run in ours], [run.latency.p99 for run in theirs]), "x nginx")
    yield from _shares(ours, theirs, engine, reference)


def _at_one_rate(pair: Pair, effort: Effort) -> Iterator[Figure]:
    """Yield what a request costs when both answer equally many: a closed loop lets the faster one gather larger batches."""
    for rate in RATES:
        runs = _rounds(pair, effort, partial(Generator.open, seconds=effort.seconds, rate=rate))
        threads_us = [run.cpu_per_answer_us([pair.engine.pid], ENGINE_THREADS) for run in runs["ours"]]
        nginx_us = [run.cpu_per_answer_us([pair.reference.pid]) for run in runs["theirs"]]
        figure = Figure(f"processor time per request, both at {rate:,.0f}/s", ratios(threads_us, nginx_us), "x nginx")
        yield from runs.marked([figure])


def _pipelined(pair: Pair, effort: Effort) -> Iterator[Figure]:
    runs = _rounds(pair, effort, lambda load: load.closed(seconds=effort.seconds, connections=CONNECTIONS, depth=DEPTH))
    yield from runs.marked(_told_pipelined(runs["ours"], runs["theirs"], [pair.engine.pid], [pair.reference.pid]))


def _told_pipelined(ours: list[Run], theirs: list[Run], engine: list[int], reference: list[int]) -> Iterator[Figure]:
    yield Figure("nginx, requests a second, depth 16", tuple(run.rate for run in theirs), "/s")
    yield Figure("engine, requests a second, depth 16", tuple(run.rate for run in ours), "/s")
    rates = ratios([run.rate for run in ours], [run.rate for run in theirs])
    yield Figure("requests a second, depth 16", rates, "x nginx", Target(5.0, at_most=False))
    spent = ratios([run.cpu_per_answer_us(engine, ENGINE_THREADS) for run in ours], [run.cpu_per_answer_us(reference) for run in theirs])
    yield Figure("processor time per request, depth 16, engine threads", spent, "x nginx")
    yield from _shares(ours, theirs, engine, reference)


def _shares(ours: list[Run], theirs: list[Run], engine: list[int], reference: list[int]) -> Iterator[Figure]:
    yield Figure("  engine process's share of its processor", tuple(run.share(engine) for run in ours), "")
    yield Figure("  client's share of its own meanwhile", tuple(run.client_share for run in ours), "")
    yield Figure("  nginx's share of its processor", tuple(run.share(reference) for run in theirs), "")
    yield Figure("  client's share of its own meanwhile", tuple(run.client_share for run in theirs), "")


def _checked_by_wrk(pair: Pair, effort: Effort) -> Iterator[Figure]:
    for depth in (1, DEPTH):
        runs = _wrk_rounds(pair, effort, depth)
        yield from runs.marked(_told_by_wrk(runs["ours"], runs["theirs"], depth))


def _wrk_rounds(pair: Pair, effort: Effort, depth: int) -> Rounds[WrkRun]:
    def side(ours: bool) -> WrkRun:
        return pair.ask_with_wrk(ours, seconds=max(2.0, effort.seconds), depth=depth)

    sides: dict[str, Callable[[], WrkRun]] = {"ours": lambda: side(True), "theirs": lambda: side(False)}
    return alternating(max(3, effort.rounds // 2), sides, disturbance_of)


def _told_by_wrk(ours: list[WrkRun], theirs: list[WrkRun], depth: int) -> Iterator[Figure]:
    spent = ratios([run.cpu_per_answer_us for run in ours], [run.cpu_per_answer_us for run in theirs])
    rates = ratios([run.rate for run in ours], [run.rate for run in theirs])
    is_deep = depth == DEPTH
    yield Figure(f"by wrk, processor time per request, depth {depth}", spent, "x nginx", None if is_deep else Target(0.85))
    yield Figure(f"by wrk, requests a second, depth {depth}", rates, "x nginx", Target(5.0, at_most=False) if is_deep else None)
    yield Figure("  engine process's share of its processor", tuple(run.server_share for run in ours), "")
    yield Figure("  wrk's share of its own meanwhile", tuple(run.client_share for run in ours), "")


def _no_record_lost(engine: Node) -> None:
    counted = engine.counters()
    if counted["usage_lost"]:
        raise RunBroken(f"{counted['usage_lost']} usage records of {counted['usage_recorded']} were lost")
