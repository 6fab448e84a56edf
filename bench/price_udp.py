"""Prices over UDP: the engine against a bare recvmmsg/sendmmsg echo in C that answers as many bytes."""

from collections.abc import Iterator

from bench.effort import Effort
from bench.figures import Figure, Target, alternating, ratios
from bench.generator import Generator, Run, disturbance_of
from bench.machine import Cores
from bench.processes import standing_still
from bench.servers import ask_datagram, echo, node

ENGINE_THREADS = "engine"
IN_FLIGHT = 128


def bench(cores: Cores, effort: Effort) -> Iterator[Figure]:
    """Yield the figures as they are found.

    Raises:
        RunBroken: an answer was wrong or came twice.
    """
    with node(core=cores.server) as engine:
        load = Generator(cores, port=engine.udp_port, request=ask_datagram(engine.key), pids=[engine.pid])
        sample = load.udp(seconds=0.2)
        answer_bytes = round(sample.body_bytes / sample.answers)
        with echo(cores.server, answer_bytes) as reference:
            bare = Generator(cores, port=reference.port, request=ask_datagram(engine.key), pids=[reference.pid])

            def ours() -> Run:
                with standing_still([reference.pid]):
                    return load.udp(seconds=effort.seconds, in_flight=IN_FLIGHT)

            def theirs() -> Run:
                with standing_still([engine.pid]):
                    return bare.udp(seconds=effort.seconds, in_flight=IN_FLIGHT)

            runs = alternating(effort.rounds, {"ours": ours, "theirs": theirs}, disturbance_of)
            yield Figure("answer", (answer_bytes,), "bytes")
            yield from runs.marked(_told(runs["ours"], runs["theirs"], engine.pid, reference.pid))
            counted = engine.counters()
            yield Figure("usage records lost", (counted["usage_lost"],), "", Target(0))


def _told(ours: list[Run], theirs: list[Run], engine: int, reference: int) -> Iterator[Figure]:
    yield Figure("echo in C, answers a second", tuple(run.rate for run in theirs), "/s")
    yield Figure("engine, answers a second", tuple(run.rate for run in ours), "/s")
    rates = ratios([run.rate for run in ours], [run.rate for run in theirs])
    yield Figure("answers a second, 128 in flight", rates, "x echo", Target(0.95, at_most=False))
    spent = ratios(
        [run.cpu_per_answer_us([engine], ENGINE_THREADS) for run in ours], [run.cpu_per_answer_us([reference]) for run in theirs]
    )
    yield Figure("processor time per answer, engine threads", spent, "x echo")
    yield Figure("datagrams lost by the engine", (sum(run.lost for run in ours),), "", Target(0))
    yield Figure("datagrams lost by the echo", (sum(run.lost for run in theirs),), "")
    yield Figure("  engine process's share of its processor", tuple(run.share([engine]) for run in ours), "")
    yield Figure("  client's share of its own meanwhile", tuple(run.client_share for run in ours), "")
    yield Figure("  echo's share of its processor", tuple(run.share([reference]) for run in theirs), "")
    yield Figure("  client's share of its own meanwhile", tuple(run.client_share for run in theirs), "")
