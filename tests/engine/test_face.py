"""The engine's nouns as Python holds them."""

import inspect
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.callers import WAIT_SECONDS, Caller, request
from tests.support.engines import SECOND_NS, SECRET, START_NS, STRANGER, Node
from trinity_beast.engine import Clock, Engine, Limits, Refusal, read_segment, spool_segments

CONTRACT = [
    "tcp_requests", "udp_requests", "lrs_requests", "syncmap_hits", "elasticache_hits", "cache_misses", "udp_packets_received",
    "udp_packets_dropped", "udp_packets_sent", "bg_work_submitted", "bg_work_dropped", "bg_work_completed", "batch_rows_queued",
    "db_open_conns", "db_in_use_conns", "db_wait_count", "rate_limited", "quota_refused", "keys_refused", "prices_stale",
    "prices_unavailable", "usage_recorded", "usage_lost", "handed_over",
]  # fmt: skip


def an_engine(**changes: object) -> Engine:
    settings: dict[str, object] = {
        "node": "BeastMain",
        "region": "local",
        "version": "1",
        "digest_secret": b"s",
        "spool_directory": None,
        "threads": 1,
        "clock": Clock.system(),
        "limits": Limits(),
    }
    return Engine(**(settings | changes))  # type: ignore[arg-type]


def test_counters_are_the_contracts_and_then_our_own(node: Node, caller: Caller) -> None:
    caller.ask("/price?asset=BTC", secret=SECRET)
    told = node.engine.counters.read()
    assert list(told)[:24] == CONTRACT
    assert (told["tcp_requests"], told["syncmap_hits"], told["connections_open"]) == (1, 1, 1)


def test_python_counts_too_and_a_reset_leaves_gauges_alone(node: Node, caller: Caller) -> None:
    counters = node.engine.counters
    caller.ask("/price?asset=BTC", secret=SECRET)
    counters.add("bg_work_submitted", 5)
    counters.set("db_open_conns", 3)
    counters.reset()
    caller.ask("/price?asset=BTC", secret=SECRET)
    told = counters.read()
    assert (told["tcp_requests"], told["bg_work_submitted"], told["db_open_conns"], told["connections_open"]) == (1, 0, 3, 1)
    for call in (counters.add, counters.set):
        with pytest.raises(KeyError):
            call("nothing", 1)


def test_the_book_reads_as_a_request_would(node: Node) -> None:
    node.advance(1.5)
    reading = node.engine.book.read("BTC")
    assert reading is not None
    assert (reading.asset, reading.price, reading.quote, reading.venue, reading.source) == (
        "BTC",
        "97123.45",
        "USD",
        "coinbase",
        "coinbase-ws",
    )
    assert (reading.cache_tier, reading.state, reading.age_ns) == ("memory", "live", 1_500_000_000)
    assert (reading.exchange_time_ns, reading.received_time_ns) == (START_NS, START_NS)
    node.advance(90)
    stale = node.engine.book.read("BTC")
    assert stale is not None
    assert stale.state == "stale"
    node.engine.book.announce("ETH")
    unavailable = node.engine.book.read("ETH")
    assert unavailable is not None
    assert (unavailable.price, unavailable.state) == (None, "unavailable")
    assert (node.engine.book.assets(), node.engine.book.read("NOPE"), node.engine.book.read("no code")) == (["BTC", "ETH"], None, None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"asset": "btc"}, "asset"),
        ({"price": "1e5"}, "price"),
        ({"price": "1" * 41}, "price"),
        ({"price": "-1"}, "price"),
        ({"quote": "usd"}, "quote"),
        ({"venue": "Coin Base"}, "venue"),
        ({"source": 'a"b'}, "source"),
        ({"state": "stale"}, "state"),
        ({"cache_tier": "disk"}, "cache_tier"),
        ({"exchange_time_ns": -1}, "exchange_time_ns"),
        ({"usable_for_ns": -1}, "usable_for_ns"),
    ],
)
def test_what_is_no_price_is_not_published(node: Node, changes: dict[str, str], field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        node.publish(**({"asset": "ETH", "price": "1"} | changes))
    assert node.engine.book.assets() == ["BTC"]


def test_a_manual_clock_moves_when_told_and_a_machines_does_not() -> None:
    clock = Clock.manual(START_NS, 5)
    clock.advance(SECOND_NS)
    assert (clock.wall_ns(), clock.monotonic_ns(), clock.steps()) == (START_NS + SECOND_NS, SECOND_NS + 5, 0)
    clock.step_wall(-10 * SECOND_NS)
    assert (clock.wall_ns(), clock.steps()) == (START_NS + SECOND_NS, 1)
    with pytest.raises(ValueError, match="nanoseconds"):
        clock.advance(-1)
    for move in (Clock.system().advance, Clock.system().step_wall):
        with pytest.raises(ValueError, match="machine"):
            move(1)
    assert Clock.system().wall_ns() > START_NS - 10**18


def test_bounds_out_of_range_are_refused_by_name() -> None:
    signature = inspect.signature(Limits)
    assert len(signature.parameters) == 15
    for name in signature.parameters:
        for value in (0, -1, 10**12):
            with pytest.raises(ValueError, match=f"^{name}: "):
                Limits(**{name: value})


@pytest.mark.parametrize(
    ("changes", "name"),
    [({"node": ""}, "node"), ({"threads": 0}, "threads"), ({"threads": 64}, "threads"), ({"digest_secret": b""}, "digest_secret")],
)
def test_an_engine_out_of_range_is_refused_by_name(changes: dict[str, object], name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        an_engine(**changes)


def test_a_spool_that_cannot_be_used_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match=r"file|directory|exists"):
        an_engine(spool_directory=str(tmp_path / "file"))


def test_an_engine_is_started_once() -> None:
    engine = an_engine()
    engine.start()
    with pytest.raises(RuntimeError, match="once"):
        engine.start()
    assert (engine.stop(1.0), engine.stop(1.0)) == (0, 0)
    with pytest.raises(ValueError, match="grace_seconds"):
        engine.stop(-1.0)


def test_a_taken_address_is_told_also_beside_a_program_that_would_share_it(node: Node) -> None:
    other = an_engine(threads=2)
    with pytest.raises(OSError, match="in use"):
        other.listen_http("127.0.0.1", node.port)
    with pytest.raises(OSError, match=r"[Cc]annot assign"):
        other.listen_http("192.0.2.1", 0)
    port = other.listen_udp("localhost", 0)
    with pytest.raises(OSError, match="in use"):
        node.engine.listen_udp("127.0.0.1", port)


def test_a_refusal_travels_under_the_contracts_status() -> None:
    with pytest.raises(ValueError, match="429"):
        Refusal("RATE_LIMITED", 503, "", "", "")
    Refusal("REQUEST_TOO_LARGE", 413, "", "", "")


def test_a_blocked_network_is_listed_until_it_is_free(node: Node) -> None:
    blocklist = node.engine.blocklist
    blocklist.block("10.0.0.0/8", seconds=60)
    blocklist.block("2001:db8::1", seconds=30)
    assert blocklist.entries() == [("10.0.0.0/8", 60.0), ("2001:db8::1", 30.0)]
    node.advance(30)
    assert blocklist.entries() == [("10.0.0.0/8", 30.0)]
    assert (blocklist.unblock("10.0.0.0/8"), blocklist.unblock("10.0.0.0/8")) == (True, False)
    for call in (lambda: blocklist.block("nowhere", seconds=1), lambda: blocklist.unblock("10.0.0.0/40")):
        with pytest.raises(ValueError, match="network"):
            call()
    with pytest.raises(ValueError, match="seconds"):
        blocklist.block("10.0.0.1", seconds=-1)


def test_digests_of_a_wrong_length_are_refused(node: Node) -> None:
    keys = node.engine.keys
    with pytest.raises(ValueError, match="32 bytes"):
        keys.forget(b"short")
    with pytest.raises(ValueError, match="code"):
        keys.refuse(keys.digest_of("a"), "RATE_LIMITED", seconds=1)
    with pytest.raises(ValueError, match="refusal"):
        node.engine.questions.answer_all([(1, "OF_COURSE")])
    assert len(keys) == 1


def test_every_answer_to_a_known_key_leaves_a_record(make_node: Callable[..., Node], tmp_path: Path) -> None:
    node = make_node(spool_directory=str(tmp_path), threads=2)
    node.admit(burst=3, rate_per_second=1)
    node.publish()
    node.engine.book.announce("ETH")
    caller = node.caller()
    answers = [caller.ask(f"/price?asset={asset}", secret=SECRET) for asset in ("BTC", "ETH", "BTC", "BTC")]
    assert caller.ask("/price?asset=BTC").status == 401
    own = node.engine.request_id()
    sequence = node.engine.spool.record(
        key_id=9, asset="SOL", asset_count=1, source="kraken-rest", venue="kraken", cache_tier="rest", state="rest", code="OK",
        status=200, protocol="http", latency_ns=5, answer_bytes=6, request_id=own,
    )  # fmt: skip
    assert sequence == 1
    node.engine.spool.seal()

    records = [record for segment in spool_segments(str(tmp_path)) for record in read_segment(segment.path)]
    by_id = {str(record["request_id"]): record for record in records}
    told = [(by_id[answer.envelope["request_id"]]["status"], by_id[answer.envelope["request_id"]]["code"]) for answer in answers]
    assert told == [(200, "OK"), (503, "PRICE_UNAVAILABLE"), (200, "OK"), (429, "RATE_LIMITED")]
    first = by_id[answers[0].envelope["request_id"]]
    assert {name: first[name] for name in ("key_id", "asset", "venue", "source", "cache_tier", "protocol", "state", "asset_count")} == {
        "key_id": 7, "asset": "BTC", "venue": "coinbase", "source": "coinbase-ws", "cache_tier": "memory", "protocol": "http",
        "state": "live", "asset_count": 1,
    }  # fmt: skip
    assert first["time_ns"] == START_NS
    assert len(answers[0].body) < int(str(first["answer_bytes"])) < len(answers[0].body) + 1_000
    assert (by_id[own]["asset"], by_id[own]["venue"], by_id[own]["answer_bytes"]) == ("SOL", "kraken", 6)
    assert len(records) == 5
    assert node.counted("usage_recorded") == 5


def test_stopping_lets_what_is_in_flight_finish(node: Node) -> None:
    idle, asking, parked = node.caller(), node.caller(), node.caller()
    assert idle.ask("/price?asset=BTC", secret=SECRET).status == 200
    asking.send(request("/price?asset=BTC", secret=SECRET)[:30])
    parked.send(request("/price?asset=BTC", secret=STRANGER))
    ticket, _ = node.question()
    node.engine.stop_accepting()
    asking.send(request("/price?asset=BTC", secret=SECRET)[30:])
    last = asking.answer()
    assert (last.status, last.headers["connection"]) == (200, "close")
    node.admit(STRANGER)
    node.engine.questions.answer_all([(ticket, None)])
    assert parked.answer().headers["connection"] == "close"
    with pytest.raises(OSError, match=r"refused|reset"):
        socket.create_connection(("127.0.0.1", node.port), timeout=WAIT_SECONDS)
    assert node.engine.stop(WAIT_SECONDS) == 0
    assert idle.hears_the_end()


def test_stopping_cuts_what_does_not_finish_in_time(node: Node, caller: Caller) -> None:
    caller.send(request("/price?asset=BTC", secret=STRANGER))
    node.question()
    assert node.engine.stop(0.2) == 1
    assert caller.hears_the_end()
