"""How long answers took: counted by the engine as the usage records tell, read in Python's buckets."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

from tests.engine.test_spool import RECORD
from tests.support.callers import WAIT_SECONDS, Caller
from tests.support.engines import SECRET, Node
from trinity_beast.telemetry import Counters
from trinity_beast.telemetry.catalog import CONTRACT, OWN
from trinity_beast.telemetry.latency.buckets import NS_MOST, bucket_of
from trinity_beast.telemetry.metric import Kind
from trinity_beast.usage import SpoolReader


def test_each_answer_with_a_record_is_counted_by_its_way_and_by_the_latency_of_that_record(
    make_node: Callable[..., Node], tmp_path: Path
) -> None:
    node = make_node(spool_directory=str(tmp_path))
    node.admit()
    node.publish()
    caller = node.caller()
    for _ in range(3):
        assert caller.ask("/price?asset=BTC", secret=SECRET).status == 200
    caller.ask("/price?asset=BTC")
    port = node.engine.listen_udp("127.0.0.1", 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.settimeout(WAIT_SECONDS)
        datagrams.connect(("127.0.0.1", port))
        datagrams.send(json.dumps({"key": SECRET, "asset": "BTC"}).encode().ljust(300))
        assert datagrams.recv(2_048)
    node.engine.spool.record(**{**RECORD, "latency_ns": 10**12})

    told = Counters(node.engine.counters).latencies()
    assert {way: histogram.answers for way, histogram in told.items()} == {"http": 3, "udp": 1, "handed": 1}
    by_protocol: dict[str, list[int]] = {}
    for record in SpoolReader(tmp_path).records():
        by_protocol.setdefault("handed" if record.latency_ns == NS_MOST else record.protocol, []).append(record.latency_ns)
    for way, histogram in told.items():
        assert histogram.sum_ns == sum(by_protocol[way])
        assert set(histogram.buckets) == {bucket_of(ns) for ns in by_protocol[way]}


def test_a_reset_forgets_them(node: Node, caller: Caller) -> None:
    caller.ask("/price?asset=BTC", secret=SECRET)
    node.engine.counters.reset()
    assert node.engine.counters.latencies() == {"http": (0, []), "udp": (0, []), "handed": (0, [])}
    caller.ask("/price?asset=BTC", secret=SECRET)
    _, buckets = node.engine.counters.latencies()["http"]
    assert sum(count for _, count in buckets) == 1


def test_every_time_has_the_same_bucket_on_both_sides(make_node: Callable[..., Node]) -> None:
    node = make_node()
    times = [0, 1, 63, 64, 127, 128, 129, 1_000, 999_999, 2**31 - 1, 2**31, NS_MOST]
    times += [(1 << shift) + offset for shift in range(7, 32) for offset in (-1, 0, 1)]
    for ns in times:
        node.engine.spool.record(**{**RECORD, "latency_ns": ns})
    sum_ns, buckets = node.engine.counters.latencies()["handed"]
    expected: dict[int, int] = {}
    for ns in times:
        expected[bucket_of(ns)] = expected.get(bucket_of(ns), 0) + 1
    assert (sum_ns, dict(buckets)) == (sum(times), expected)
    assert [bucket for bucket, _ in buckets] == sorted(expected)


def test_every_counter_of_the_engine_is_declared_and_told_with_its_kind(make_node: Callable[..., Node]) -> None:
    counters = make_node().engine.counters
    names = list(counters.read())
    assert names == [*CONTRACT, *OWN]
    for name in names:
        if name != "clock_steps":  # Each reading tells the clock's own count.
            counters.add(name, 1_000)
    counters.reset()
    # A reset leaves what tells a level alone, and nothing else.
    left = {name for name, value in counters.read().items() if value >= 1_000}
    assert left == {name for name, metric in {**CONTRACT, **OWN}.items() if metric.kind is Kind.GAUGE}


def test_a_stranger_is_counted_but_not_timed(node: Node, caller: Caller) -> None:
    caller.send(b"GET /price?asset=BTC HTTP/1.1\r\nHost: x\r\n\r\n")
    assert caller.answer().status == 401
    assert (node.counted("tcp_requests"), node.engine.counters.latencies()["http"]) == (1, (0, []))
