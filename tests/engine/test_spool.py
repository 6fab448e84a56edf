"""The usage spool as Python commands it, read back by the reader of `usage`."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.engines import SECRET, START_NS, Node
from trinity_beast.usage import SpoolReader

RECORD: dict[str, Any] = {
    "key_id": 9,
    "asset": "SOL",
    "asset_count": 2,
    "source": "kraken-ws",
    "venue": "kraken",
    "cache_tier": "rest",
    "state": "rest",
    "code": "OK",
    "status": 200,
    "protocol": "http",
    "latency_ns": 1_500_000,
    "answer_bytes": 640,
}


def test_what_python_answered_is_recorded_in_its_own_lane(make_node: Callable[..., Node], tmp_path: Path) -> None:
    node = make_node(spool_directory=str(tmp_path), threads=2)
    assert [node.engine.spool.record(**RECORD), node.engine.spool.record(**RECORD)] == [1, 2]
    first, second = SpoolReader(tmp_path).records()
    assert (first.thread, first.sequence, second.sequence) == (2, 1, 2)
    told = {name: getattr(first, name) for name in RECORD}
    assert told == RECORD
    assert (first.time_ns, node.counted("usage_recorded")) == (START_NS, 2)


def test_sealing_waits_until_the_segments_are_on_disk(make_node: Callable[..., Node], tmp_path: Path) -> None:
    node = make_node(spool_directory=str(tmp_path))
    node.engine.spool.record(**RECORD)
    node.engine.spool.seal()
    assert [segment.sealed for segment in SpoolReader(tmp_path).listing().segments] == [True]


def test_an_orderly_end_leaves_sealed_segments_only(make_node: Callable[..., Node], tmp_path: Path) -> None:
    node = make_node(spool_directory=str(tmp_path))
    node.engine.spool.record(**RECORD)
    node.engine.stop(0.0)
    listing = SpoolReader(tmp_path).listing()
    assert [(segment.sealed, segment.records) for segment in listing.segments] == [(True, 1)]


def record_and_die(directory: str) -> None:
    node = Node(spool_directory=directory)
    for _ in range(7):
        node.engine.spool.record(**RECORD)
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_killed_process_left_is_sealed_by_the_next(make_node: Callable[..., Node], tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=record_and_die, args=(str(tmp_path),))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert [(segment.sealed, segment.records) for segment in SpoolReader(tmp_path).listing().segments] == [(False, 7)]

    node = make_node(spool_directory=str(tmp_path))
    node.engine.spool.record(**RECORD)
    sealed = node.engine.spool.recover()

    listing = SpoolReader(tmp_path).listing()
    assert [(segment.path, segment.records) for segment in listing.segments if segment.sealed] == [(sealed[0], 7)]
    assert [segment.records for segment in listing.segments if not segment.sealed] == [1], "a living writer's file is left alone"
    assert node.engine.spool.recover() == []


def test_an_old_segment_is_sealed_though_nothing_more_is_asked(make_node: Callable[..., Node], tmp_path: Path) -> None:
    node = make_node(spool_directory=str(tmp_path), segment_seconds=5.0)
    node.admit()
    node.publish()
    node.caller().ask("/price?asset=BTC", secret=SECRET)
    node.engine.spool.record(**RECORD)
    assert [segment.sealed for segment in SpoolReader(tmp_path).listing().segments] == [False, False]
    while not all(segment.sealed for segment in SpoolReader(tmp_path).listing().segments):
        node.advance(5.0)  # A thread looks at ages ten times a second; a wait in vain is ended by the test's timeout.
    assert [segment.thread for segment in SpoolReader(tmp_path).listing().segments] == [0, 1]


def test_a_directory_that_cannot_be_used_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="os error"):
        Node(spool_directory=str(tmp_path / "file"))


def test_words_that_records_do_not_know_are_refused(make_node: Callable[..., Node], tmp_path: Path) -> None:
    node = make_node(spool_directory=str(tmp_path))
    for field in ("cache_tier", "state", "code", "protocol"):
        with pytest.raises(ValueError, match=field):
            node.engine.spool.record(**(RECORD | {field: "nonsense"}))
    assert list(SpoolReader(tmp_path).records()) == []
