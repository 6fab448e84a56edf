"""Prices over UDP: the engine against a bare recvmmsg/sendmmsg echo in C that answers as many bytes.

Twice: with one caller, and with 64 that take turns. The engine sends answers of one length to one caller as one
(UDP_SEGMENT), which the echo does not; that spares much where a batch is one caller's and nothing where it is many's.
"""

from collections.abc import Iterator

from bench.effort import Effort
from bench.figures import Figure, Target, alternating, ratios
from bench.generator import Generator, Run, disturbance_of
from bench.machine import Cores
from bench.processes import standing_still
from bench.servers import Node, Reference, ask_datagram, echo, node

ENGINE_THREADS = "engine"
IN_FLIGHT = 128
CALLERS = (1, 64)


def bench(cores: Cores, effort: Effort) -> Iterator[Figure]:
    """Yield the figures as they are found.

    Raises:
        RunBroken: an answer was wrong or came twice.
    """
    with node(core=cores.server) as engine:
        load = Generator(cores, port=engine.udp_port, request=ask_datagram(engine.key), pids=[engine.pid])
        sample = load.udp(seconds=0.2)
        answer_bytes = round(sample.body_bytes / sample.answers)
        yield Figure("answer", (answer_bytes,), "bytes")
        with echo(cores.server, answer_bytes) as reference:
            bare = Generator(cores, port=reference.port, request=ask_datagram(engine.key), pids=[reference.pid])
            for callers in CALLERS:
                yield from _compared(load, bare, engine, reference, effort=effort, callers=callers)
        yield Figure("usage records lost", (engine.counters()["usage_lost"],), "", Target(0))


def _compared(load: Generator, bare: Generator, engine: Node, reference: Reference, *, effort: Effort, callers: int) -> Iterator[Figure]:
    def ours() -> Run:
        with standing_still([reference.pid]):
            return load.udp(seconds=effort.seconds, in_flight=IN_FLIGHT, callers=callers)

    def theirs() -> Run:
        with standing_still([engine.pid]):
            return bare.udp(seconds=effort.seconds, in_flight=IN_FLIGHT, callers=callers)

    runs = alternating(effort.rounds, {"ours": ours, "theirs": theirs}, disturbance_of)
    who = "one caller" if callers == 1 else f"{callers} callers"
    yield from runs.marked(_told(who, runs["ours"], runs["theirs"], engine.pid, reference.pid))
    # No noise of the machine makes a lost datagram arrive, so that a loss of nothing counts whatever the noise.
    yield Figure(f"{who}: datagrams lost by the engine", (sum(run.lost for run in runs["ours"]),), "", Target(0))
    yield Figure(f"{who}: datagrams lost by the echo", (sum(run.lost for run in runs["theirs"]),), "")


def _told(who: str, ours: list[Run], theirs: list[Run], engine: int, reference: int) -> Iterator[Figure]:
    yield Figure(f"{who}: echo in C, answers a second", tuple(run.rate for run in theirs), "/s")
    yield Figure(f"{who}: engine, answers a second", tuple(run.rate for run in ours), "/s")
    rates = ratios([run.rate for run in ours], [run.rate for run in theirs])
    yield Figure(f"{who}: answers a second, 128 in flight", rates, "x echo", Target(0.95, at_most=False))
    ours_us = [run.cpu_per_answer_us([engine], ENGINE_THREADS) for run in ours]
    theirs_us = [run.cpu_per_answer_us([reference]) for run in theirs]
    yield Figure(f"{who}: processor time per answer, engine threads", ratios(ours_us, theirs_us), "x echo")
    yield Figure("  engine process's share of its processor", tuple(run.share([engine]) for run in ours), "")
    yield Figure("  client's share of its own meanwhile", tuple(run.client_share for run in ours), "")
    yield Figure("  echo's share of its processor", tuple(run.share([reference]) for run in theirs), "")
    yield Figure("  client's share of its own meanwhile", tuple(run.client_share for run in theirs), "")
