"""Many clients as one: what they found together is what the node counted, and whoever leaves or lies is told of."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stress.engine_node import WAY, EngineNode
from tests.stress.test_figures import findings
from trinity_beast.clock import SystemClock
from trinity_beast.stress import Found, Generator, Progress, Protocol, Step, Target
from trinity_beast.stress.errors import StressClientLost, StressJoinRefused, StressPlanInvalid
from trinity_beast.stress.joined import Coordinator, Worker
from trinity_beast.stress.joined.messages import Begin, Done, FoundOut, Join, NotSaid, Stands, Take, line_of, read_line
from trinity_beast.stress.joined.shares import shares, together
from trinity_beast.stress.joined.wire import Wire, WireBroken
from trinity_beast.version import VERSION

CLOCK = SystemClock()
TOKEN = "a token of the tests"
PATIENCE_SECONDS = 30.0
STEP = Step(Target(Protocol.TCP, "127.0.0.1", 1), 1, 1, 1, 1, None, WAY, (b"",))


@pytest.fixture
def coordinator() -> Iterator[Coordinator]:
    coordinator = Coordinator.listening("127.0.0.1", 0, CLOCK)
    yield coordinator
    coordinator.close()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def work(url: str, ended: threading.Event) -> int:
    worker = Worker(Generator(CLOCK), CLOCK)
    wire, _ = worker.join(url, token=TOKEN, name=threading.current_thread().name)
    return worker.serve(wire, stopped=ended.is_set)


def crew(coordinator: Coordinator, pool: ThreadPoolExecutor, count: int, ended: threading.Event) -> list[Future[int]]:
    """Have so many clients join."""
    url = coordinator.url
    workers = [pool.submit(work, url, ended) for _ in range(count)]
    assert coordinator.gather(count, TOKEN, joined=lambda _name, _count: None, stopped=lambda: False)
    return workers


def perform(coordinator: Coordinator, step: Step, seen: list[Progress] | None = None) -> Found:
    watch = (lambda _progress: None) if seen is None else seen.append
    return coordinator.perform(step, watch=watch, stopped=lambda: False)


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_what_many_found_together_is_what_the_node_counted(
    node: EngineNode, coordinator: Coordinator, pool: ThreadPoolExecutor, protocol: str
) -> None:
    workers = crew(coordinator, pool, 3, threading.Event())
    step = node.step(node.tcp if protocol == "tcp" else node.udp, 10)
    coordinator.prepare([step])
    seen: list[Progress] = []
    found = perform(coordinator, step, seen)
    counted = node.engine.counters.read()[f"{protocol}_requests"]
    assert found.good == found.asked == counted == sum(count for _, count in found.latencies) > 0
    assert max(progress.connected for progress in seen) == 10
    assert coordinator.clients == 3
    coordinator.close()
    assert [worker.result(PATIENCE_SECONDS) for worker in workers] == [1, 1, 1]


def test_a_rate_is_shared_and_kept(node: EngineNode, coordinator: Coordinator, pool: ThreadPoolExecutor) -> None:
    crew(coordinator, pool, 2, threading.Event())
    assert perform(coordinator, node.step(node.tcp, 8, rate=1_000.0)).asked == 300
    coordinator.close()


def test_more_clients_than_callers_leave_some_without_work(node: EngineNode, coordinator: Coordinator, pool: ThreadPoolExecutor) -> None:
    workers = crew(coordinator, pool, 2, threading.Event())
    assert perform(coordinator, node.step(node.tcp, 1)).good > 0
    coordinator.close()
    assert sorted(worker.result(PATIENCE_SECONDS) for worker in workers) == [0, 1]


def test_told_to_stop_all_stop_and_tell_what_they_found(node: EngineNode, coordinator: Coordinator, pool: ThreadPoolExecutor) -> None:
    crew(coordinator, pool, 2, threading.Event())
    seen: list[Progress] = []
    step = node.step(node.tcp, way=replace(WAY, seconds=3_600.0))
    found = coordinator.perform(step, watch=seen.append, stopped=lambda: bool(seen) and seen[-1].good > 0)
    assert found.good > 0
    assert found.seconds < 3_600
    coordinator.close()


def test_a_client_is_asked_only_what_its_own_machine_allows(coordinator: Coordinator, pool: ThreadPoolExecutor, node: EngineNode) -> None:
    crew(coordinator, pool, 1, threading.Event())
    foreign = node.step(Target(Protocol.UDP, "192.0.2.1", 53))
    with pytest.raises(StressClientLost, match="TARGET_NOT_MINE"):
        coordinator.prepare([foreign])
    with pytest.raises(StressClientLost, match="TARGET_NOT_MINE"):
        perform(coordinator, foreign)
    coordinator.close()


def test_a_client_that_leaves_in_the_middle_is_told_of(node: EngineNode, coordinator: Coordinator, pool: ThreadPoolExecutor) -> None:
    deserter = pool.submit(_desert, coordinator.url)
    assert coordinator.gather(1, TOKEN, joined=lambda _name, _count: None, stopped=lambda: False)
    with pytest.raises(StressClientLost, match="closed"):
        perform(coordinator, node.step(node.tcp))
    deserter.result(PATIENCE_SECONDS)


def _desert(url: str) -> None:
    wire = joined_wire(url)
    wire.hear(PATIENCE_SECONDS)
    assert isinstance(wire.hear(PATIENCE_SECONDS), Take)
    wire.say(Done())
    assert isinstance(wire.hear(PATIENCE_SECONDS), Begin)
    wire.close()


def joined_wire(url: str, **changes: str) -> Wire:
    host, port = url.removeprefix("tcp://").split(":")
    wire = Wire(socket.create_connection((host, int(port))), CLOCK)
    wire.say(Join(**{"token": TOKEN, "program": VERSION, "name": "by hand", **changes}))
    return wire


@pytest.mark.parametrize("change", [{"token": "another"}, {"program": "0.0.1"}])
def test_who_does_not_belong_is_turned_away_and_others_still_come(
    coordinator: Coordinator, pool: ThreadPoolExecutor, change: dict[str, str]
) -> None:
    url = coordinator.url
    stranger = joined_wire(url, **change)
    with socket.create_connection((url.removeprefix("tcp://").split(":")[0], int(url.rpartition(":")[2]))) as noise:
        noise.sendall(b"GET / HTTP/1.1\r\n\r\n")
        crew(coordinator, pool, 1, threading.Event())
    assert type(stranger.hear(PATIENCE_SECONDS)).__name__ == "Refused"
    stranger.close()
    coordinator.close()


def test_one_that_speaks_out_of_turn_or_lies_is_told_of(coordinator: Coordinator, pool: ThreadPoolExecutor, node: EngineNode) -> None:
    for lie in (
        line_of(Stands(Progress(0.0, 0, 0, 0, 0))),
        b'{"say":"found","found":{"good":7}}\n',
        b"\xff\n",
        b'{"say":"done"}\n{"say":"take"}\n',
    ):
        own = Coordinator.listening("127.0.0.1", 0, CLOCK)
        liar = pool.submit(_lie, own.url, lie)
        assert own.gather(1, TOKEN, joined=lambda _name, _count: None, stopped=lambda: False)
        with pytest.raises(StressClientLost):
            perform(own, node.step(node.tcp))
        own.close()
        liar.result(PATIENCE_SECONDS)


def _lie(url: str, lie: bytes) -> None:
    wire = joined_wire(url)
    wire.hear(PATIENCE_SECONDS)
    assert isinstance(wire.hear(PATIENCE_SECONDS), Take)
    with socket.socket(fileno=wire.fileno()) as line:
        line.sendall(lie)
        line.detach()
    wire.close()


def test_nobody_can_join_where_nobody_coordinates() -> None:
    worker = Worker(Generator(CLOCK), CLOCK)
    for url in ("tcp://127.0.0.1:1", "http://127.0.0.1:1", "tcp://", "nonsense"):
        with pytest.raises(StressJoinRefused):
            worker.join(url, token=TOKEN, name="me")


def test_a_place_that_cannot_be_listened_at_is_told() -> None:
    with pytest.raises(StressPlanInvalid):
        Coordinator.listening("192.0.2.1", 1, CLOCK)


def test_told_to_stop_nobody_is_waited_for(coordinator: Coordinator) -> None:
    assert not coordinator.gather(1, TOKEN, joined=lambda _name, _count: None, stopped=lambda: True)


def test_silence_has_an_end() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as deaf,
        socket.create_connection(deaf.getsockname()) as line,
        pytest.raises(WireBroken, match="silent"),
    ):
        Wire(line, CLOCK).hear(0.05)


@given(findings)
def test_what_was_found_is_read_as_it_was_said(found: Found) -> None:
    possible = replace(found, good=min(found.good, sum(found.codes.values())))
    assert read_line(line_of(FoundOut(possible)).rstrip()) == FoundOut(possible)


@given(
    st.binary(max_size=60)
    | st.dictionaries(st.sampled_from(["say", "found", "step", "token"]), st.text(max_size=8)).map(msgspec.json.encode)
)
def test_whatever_is_said_is_a_message_or_is_refused(line: bytes) -> None:
    try:
        message = read_line(line)
    except NotSaid:
        return
    assert read_line(line_of(message).rstrip()) == message


@given(st.integers(1, 50_000), st.integers(1, 64), st.none() | st.floats(1.0, 1e6))
def test_shares_make_up_the_step(callers: int, clients: int, rate: float | None) -> None:
    step = replace(STEP, callers=callers, concurrent=callers, on_wire=callers, rate=rate)
    parts = [part for part in shares(step, clients) if part is not None]
    assert sum(part.callers for part in parts) == callers
    assert all(part.callers > 0 and part.on_wire > 0 and part.concurrent > 0 for part in parts)
    if rate is not None:
        assert sum(part.rate or 0.0 for part in parts) == pytest.approx(rate)


def test_how_all_stand_is_the_sum_of_how_each_does() -> None:
    assert together([Progress(1.0, 2, 3, 4, 5), Progress(2.0, 1, 1, 1, 1)]) == Progress(2.0, 3, 4, 5, 6)
    assert together([]) == Progress(0.0, 0, 0, 0, 0)
