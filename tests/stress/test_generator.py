"""A load on a real engine: what the client counts is what the engine counted."""

import socket
from dataclasses import replace

import pytest

from tests.stress.engine_node import WAY, EngineNode, engine_node
from trinity_beast.clock import SystemClock
from trinity_beast.stress import Found, Generator, Progress, Protocol, Step, Target
from trinity_beast.stress.errors import FileLimitLow, StressPlanInvalid, TargetAway, TargetNotMine

GENERATOR = Generator(SystemClock())


def unwatched(_progress: Progress) -> None:
    """Look away."""


def perform(step: Step) -> Found:
    return GENERATOR.perform(step, watch=unwatched, stopped=lambda: False)


@pytest.mark.parametrize("depth", [1, 4])
def test_every_request_over_tcp_is_one_the_engine_counted(node: EngineNode, depth: int) -> None:
    found = perform(node.step(node.tcp, 16, depth=depth))
    assert found.good == found.asked == node.engine.counters.read()["tcp_requests"] > 0
    assert (found.codes, found.failures) == ({"200": found.good}, {})
    assert sum(count for _, count in found.latencies) == found.good
    assert found.processor_seconds > 0


def test_every_datagram_is_one_the_engine_counted(node: EngineNode) -> None:
    found = perform(node.step(node.udp, 32))
    assert found.good == found.asked == node.engine.counters.read()["udp_requests"] > 0
    assert (found.codes, found.failures, found.late) == ({"OK": found.good}, {}, 0)


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_by_the_clock_as_many_are_asked_as_the_rate_says(node: EngineNode, protocol: str) -> None:
    target = node.tcp if protocol == "tcp" else node.udp
    found = perform(node.step(target, 16, rate=1_000.0))
    assert (found.asked, found.good) == (300, 300)
    assert sum(count for _, count in found.lags) == 300


def test_a_connection_for_each_request_is_answered_like_any_other(node: EngineNode) -> None:
    found = perform(node.step(node.tcp, 4, way=replace(WAY, keeps_alive=False)))
    assert found.good == found.asked > 0
    assert node.engine.counters.read()["connections_accepted"] >= found.good


def test_what_the_engine_refuses_is_counted_by_its_code() -> None:
    with engine_node(rate_per_second=1.0, burst=10) as node:
        over_tcp = perform(node.step(node.tcp))
        over_udp = perform(node.step(node.udp))
    assert over_tcp.good == 10
    assert over_tcp.codes["429 RATE_LIMITED"] == over_tcp.asked - 10 > 0
    assert over_udp.codes == {"RATE_LIMITED": over_udp.asked}


def test_what_a_target_never_answers_is_lost_and_told(node: EngineNode) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        target = Target(Protocol.UDP, "127.0.0.1", deaf.getsockname()[1])
        found = perform(node.step(target, 40, rate=100.0, way=replace(WAY, timeout_seconds=0.1)))
    assert (found.asked, found.failures, found.good) == (30, {"timeout": 30}, 0)


def test_told_to_stop_it_gives_what_was_found_so_far(node: EngineNode) -> None:
    seen: list[Progress] = []
    step = node.step(node.tcp, way=replace(WAY, seconds=3_600.0))
    found = GENERATOR.perform(step, watch=seen.append, stopped=lambda: bool(seen) and seen[-1].good > 0)
    assert found.good > 0
    assert found.seconds < 3_600
    assert [progress.connected for progress in seen[:1]] == [8]


def test_nobody_listening_is_told_before_anything_is_asked(node: EngineNode) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        step = node.step(Target(Protocol.TCP, "127.0.0.1", taken.getsockname()[1]))
        with pytest.raises(TargetAway):
            perform(step)


def test_more_connections_than_files_may_be_open_are_refused_with_what_would_do(node: EngineNode) -> None:
    with pytest.raises(FileLimitLow) as refused:
        GENERATOR.prepare([node.step(node.tcp, 900_000_000)])
    assert refused.value.facts["needed"] == 900_000_128


def test_a_target_beyond_this_machine_is_refused_however_it_comes(node: EngineNode) -> None:
    step = node.step(Target(Protocol.TCP, "192.0.2.1", 80))
    with pytest.raises(TargetNotMine):
        GENERATOR.prepare([step])
    with pytest.raises(TargetNotMine):
        perform(step)
    Generator(SystemClock(), mine=["192.0.2.1"]).prepare([step])


def test_what_the_engine_will_not_ask_is_told_with_its_reason(node: EngineNode) -> None:
    step = replace(node.step(node.tcp), requests=(b"GET / HTTP/1.1\r\n",))
    with pytest.raises(StressPlanInvalid) as refused:
        perform(step)
    assert "requests" in str(refused.value.facts["reason"])
