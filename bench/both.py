"""HTTP and UDP at once on one engine thread, against nginx and the C echo at once on the same processor."""

from collections.abc import Iterator

from bench.effort import Effort
from bench.figures import Figure, Target, alternating, ratios
from bench.generator import Generator, Run, disturbance_of
from bench.machine import Cores
from bench.processes import standing_still
from bench.servers import Reference, ask_datagram, ask_line, echo, nginx, node, sample_body


def bench(cores: Cores, effort: Effort) -> Iterator[Figure]:
    """Yield the figures as they are found.

    Raises:
        RunBroken: an answer was wrong.
    """
    with node(core=cores.server) as engine:
        over_udp = Generator(cores, port=engine.udp_port, request=ask_datagram(engine.key), pids=[engine.pid])
        over_http = Generator(cores, port=engine.http_port, request=ask_line(engine.key, engine.http_port), pids=[engine.pid])
        sample = over_udp.udp(seconds=0.2)
        with (
            nginx(cores.server, sample_body(engine.http_port, engine.key)) as web,
            echo(cores.server, round(sample.body_bytes / sample.answers)) as bare,
        ):
            pids = [web.pid, bare.pid]
            web_load = _over_http(cores, web, engine.key, pids)
            bare_load = Generator(cores, port=bare.port, request=ask_datagram(engine.key), pids=pids)

            def ours() -> tuple[Run, Run]:
                with standing_still(pids):
                    return _at_once(over_http, over_udp, effort)

            def theirs() -> tuple[Run, Run]:
                with standing_still([engine.pid]):
                    return _at_once(web_load, bare_load, effort)

            runs = alternating(effort.rounds, {"ours": ours, "theirs": theirs}, lambda runs: disturbance_of(runs[0]))
            yield from runs.marked(_told(runs["ours"], runs["theirs"], engine.pid))


def _over_http(cores: Cores, web: Reference, key: str, pids: list[int]) -> Generator:
    return Generator(cores, port=web.port, request=ask_line(key, web.port), pids=pids)


def _at_once(over_http: Generator, over_udp: Generator, effort: Effort) -> tuple[Run, Run]:
    begun = over_http.begin_closed(seconds=effort.seconds), over_udp.begin_udp(seconds=effort.seconds)
    return begun[0].finished(), begun[1].finished()


def _told(ours: list[tuple[Run, Run]], theirs: list[tuple[Run, Run]], engine: int) -> Iterator[Figure]:
    yield Figure("engine, HTTP answers a second beside UDP", tuple(web.rate for web, _ in ours), "/s")
    yield Figure("engine, UDP answers a second beside HTTP", tuple(bare.rate for _, bare in ours), "/s")
    web = ratios([web.rate for web, _ in ours], [web.rate for web, _ in theirs])
    bare = ratios([bare.rate for _, bare in ours], [bare.rate for _, bare in theirs])
    yield Figure("HTTP, beside UDP", web, "x nginx")
    yield Figure("UDP, beside HTTP", bare, "x echo")
    # How one loop divides itself is not how the kernel divides two processes: only the mean says which does more.
    yield Figure("mean of the two", tuple((over_http + over_udp) / 2 for over_http, over_udp in zip(web, bare, strict=True)), "x")
    yield Figure("datagrams lost by the engine", (sum(bare.lost for _, bare in ours),), "", Target(0))
    yield Figure("  engine process's share of its processor", tuple(web.share([engine]) for web, _ in ours), "")
