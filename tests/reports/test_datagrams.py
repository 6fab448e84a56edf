"""Reports over UDP: a summary that fits a datagram, and never worth forging a sender for."""

import asyncio
import json
import socket
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.reports.stage import Stage, answered, granted, staged
from tests.support.engine_keys import LIVE_SECRET, OTHER_SECRET
from trinity_beast.parameters import Readings
from trinity_beast.reports import Datagrams, compact
from trinity_beast.reports.parameters import UDP_AT_ONCE_MAX
from trinity_beast.storage import Database

GOOD = {"key": LIVE_SECRET, "since": "2021-03-01", "until": "2021-04-01"}


async def asked(stage: Stage, question: object, *, padded: int = 0) -> dict[str, Any] | None:
    datagram = (json.dumps(question) if not isinstance(question, str) else question).encode()
    datagram += b" " * (padded - len(datagram))
    told = await stage.compact.answer(datagram, "192.0.2.7")
    if told is None:
        return None
    assert len(told) <= min(1_200, 3 * len(datagram))
    found: dict[str, Any] = json.loads(told)
    return found


async def test_the_sum_of_all_is_told_by_the_same_filters(stage: Stage) -> None:
    await stage.record([answered(at, asset=asset, latency_ns=1_000) for at in range(3) for asset in (b"BTC", b"ETH")])
    await stage.record([answered(9, status=429, flags=0)])
    told = await asked(stage, GOOD | {"id": "7"}, padded=300)
    assert told is not None
    assert told | {"complete_until": 0, "request_id": "", "latency_ns_p50": 0, "latency_ns_p95": 0, "latency_ns_p99": 0} == {
        "success": True, "code": "OK", "requests": 7, "charged": 6, "refused": 1, "complete_until": 0, "answer_bytes": 7 * 512,
        "latency_ns_p50": 0, "latency_ns_p95": 0, "latency_ns_p99": 0, "id": "7", "request_id": "", "node": "BeastMain",
    }  # fmt: skip
    assert told["complete_until"] > 1_600_000_000_000
    told = await asked(stage, GOOD | {"asset": "ETH", "status": 200}, padded=200)
    assert told is not None
    assert told["requests"] == 3
    assert stage.counted["lrs_requests"] == 2


async def test_what_does_not_fit_is_told_with_less(stage: Stage) -> None:
    names = []
    for length in range(60, 400, 20):
        told = await asked(stage, {"key": LIVE_SECRET, "id": 1}, padded=length)
        assert told is not None
        names.append(len(told))
        assert told["success"], told
        assert {"requests", "charged", "refused", "complete_until", "id"} <= told.keys()
    assert names == sorted(names)
    assert names[0] < names[-1]


async def test_a_report_by_datagram_is_counted_and_noted_like_any_other(own_database: Database, tmp_path: Any) -> None:
    async with staged(own_database, tmp_path, {"ours": granted(report_quota=2)}) as stage:
        codes = [told["code"] for _ in range(3) if (told := await asked(stage, GOOD, padded=400)) is not None]
        assert codes == ["OK", "OK", "REPORT_QUOTA_SPENT"]
        assert await stage.query("SELECT report, protocol, status, charged, rows FROM report_usage_logs ORDER BY 1") == [
            ("summary", "udp", 200, True, 1), ("summary", "udp", 200, True, 1), ("summary", "udp", 429, False, 0),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ({"id": 1}, "KEY_MISSING"),
        ({"key": ""}, "KEY_MISSING"),
        ({"key": 7}, "KEY_INVALID"),
        ({"key": "tb_live_wrong"}, "KEY_INVALID"),
        ({"key": OTHER_SECRET}, "KEY_EXPIRED"),
    ],
)
async def test_who_has_no_key_hears_no_more_than_was_said(
    own_database: Database, tmp_path: Any, question: dict[str, Any], code: str
) -> None:
    async with staged(own_database, tmp_path, {"theirs": None}, refusal="KEY_EXPIRED") as stage:
        for length in (1, 30, 60, 90, 200, 1_200):
            datagram = json.dumps(question).encode()
            datagram += b" " * (length - len(datagram))
            told = await stage.compact.answer(datagram, "192.0.2.7")
            assert told is None or (len(told) <= len(datagram) and json.loads(told)["code"] == code)
            assert told is not None or len(datagram) < 60


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"report": "usage"}, "REQUEST_INVALID"),
        ({"id": 1.5}, "REQUEST_INVALID"),
        ({"id": "x" * 65}, "REQUEST_INVALID"),
        ({"assets": ["BTC"]}, "REQUEST_INVALID"),
        ({"asset": ["BTC"]}, "REQUEST_INVALID"),
        ({"page_size": "3"}, "REQUEST_INVALID"),
        ({"status": "9"}, "REPORT_INVALID"),
        ({"key_id": 99}, "KEY_UNKNOWN"),
    ],
)
async def test_a_good_key_is_told_what_cannot_be_asked(stage: Stage, more: dict[str, Any], code: str) -> None:
    told = await asked(stage, GOOD | more, padded=600)
    assert told is not None
    assert (told["success"], told["code"]) == (False, code)
    assert told["message"]


@settings(max_examples=200)
@given(st.binary(max_size=1_300) | st.text(max_size=200).map(str.encode))
@example(b"[" * 1_200)
@example(b'{"a":' * 200)
@example(b'{"id":1,"id":2}')
@example(b'{"key":"a","api_key":"b"}')
@example(b'{"id":NaN}')
@example(b'{"key":"\\ud800"}')
@example(b"{} {}")
@example(b"")
def test_any_bytes_are_read_or_left_unanswered(datagram: bytes) -> None:
    question = compact.question_of(datagram)
    if question is not None:
        assert isinstance(json.loads(datagram), dict)
        assert all(isinstance(value, str) for _, value in question.fields)


@given(
    st.dictionaries(st.sampled_from(["id", "request_id", "node"]), st.text(max_size=64) | st.integers(), max_size=3),
    st.lists(st.integers(0, 2**62) | st.none(), min_size=7, max_size=7),
    st.integers(0, 1_300),
)
def test_no_answer_is_longer_than_it_may_be(frame: dict[str, object], sums: list[Any], room: int) -> None:
    for told in (compact.granted(sums, 1_600_000_000_000, frame, room), compact.refused("KEY_INVALID", "A sentence.", frame, room)):
        assert told is None or (len(told) <= room and json.loads(told).get("id") == frame.get("id"))


async def test_no_more_are_read_than_are_in_progress_at_most() -> None:
    readings = Readings()
    readings.of(UDP_AT_ONCE_MAX).turn(2)
    begun: asyncio.Queue[bytes] = asyncio.Queue()
    go = asyncio.Event()

    async def answer(datagram: bytes, _: str) -> bytes:
        begun.put_nowait(datagram)
        await go.wait()
        return b"<" + datagram + b">"

    counted: list[str] = []
    datagrams = Datagrams(answer, readings, count=lambda name, amount: counted.extend([name] * amount))
    port = await datagrams.listen("127.0.0.1", 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.setblocking(False)
        caller.connect(("127.0.0.1", port))
        for number in range(5):
            caller.send(b"%d" % number)
        async with asyncio.timeout(10):
            assert [await begun.get(), await begun.get()] == [b"0", b"1"]
            assert counted.count("udp_packets_received") == 2
            go.set()
            loop = asyncio.get_running_loop()
            assert sorted([await loop.sock_recv(caller, 100) for _ in range(5)]) == [b"<%d>" % number for number in range(5)]
    await datagrams.stop()
    assert counted.count("udp_packets_sent") == 5


async def test_a_datagram_from_whoever_is_blocked_is_dropped_unread() -> None:
    heard, counted, blocked = list[bytes](), list[str](), {"127.0.0.9"}

    async def answer(datagram: bytes, _address: str) -> bytes:
        heard.append(datagram)
        return datagram

    datagrams = Datagrams(answer, Readings(), count=lambda name, _amount: counted.append(name), is_blocked=blocked.__contains__)
    address = ("127.0.0.1", await datagrams.listen("127.0.0.1", 0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as friend, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as foe:
        friend.setblocking(False)
        foe.bind(("127.0.0.9", 0))
        foe.sendto(b"foe", address)
        friend.sendto(b"friend", address)
        async with asyncio.timeout(10):
            assert await asyncio.get_running_loop().sock_recv(friend, 100) == b"friend"
    await datagrams.stop()
    assert heard == [b"friend"]
    assert (counted.count("udp_packets_received"), counted.count("udp_packets_dropped")) == (2, 1)
