"""What `SpoolReader` tells of a spool directory."""

import dataclasses
from pathlib import Path

import pytest

from tests.support.segments import BOOT, HEADER_BYTES, Layout, Written
from trinity_beast import engine
from trinity_beast.usage import SpoolReader, SpoolUnreadable, UsageRecord


def test_a_record_is_read_as_the_page_lays_it_out(tmp_path: Path) -> None:
    written = Written(request_id=2**60 - 1, asset=b"1INCH", asset_count=3, status=503, code=7, state=4, source=0, cache_tier=0)
    Layout().write(tmp_path, [Written(), written])

    assert list(SpoolReader(tmp_path).records()) == [
        UsageRecord(
            node="BeastMain",
            boot=BOOT.hex(),
            thread=3,
            sequence=41,
            time_ns=1_795_160_400_101_000_500,
            request_id="000000000000",
            key_id=7,
            asset="BTC",
            asset_count=1,
            venue="coinbase",
            source="lab:coinbase-ws",
            cache_tier="memory",
            state="live",
            code="OK",
            status=200,
            protocol="udp",
            latency_ns=7_500,
            answer_bytes=512,
            flags=0,
        ),
        UsageRecord(
            node="BeastMain",
            boot=BOOT.hex(),
            thread=3,
            sequence=42,
            time_ns=1_795_160_400_101_000_500,
            request_id="ZZZZZZZZZZZZ",
            key_id=7,
            asset="1INCH",
            asset_count=3,
            venue="",
            source="",
            cache_tier="",
            state="stale",
            code="PRICE_STALE",
            status=503,
            protocol="udp",
            latency_ns=7_500,
            answer_bytes=512,
            flags=0,
        ),
    ]


def test_the_engine_names_a_records_fields_as_we_do(tmp_path: Path) -> None:
    path = Layout().write(tmp_path, [Written()])
    assert list(engine.read_segment(str(path))[0]) == [field.name for field in dataclasses.fields(UsageRecord)]


def test_segments_are_listed_oldest_first_with_what_their_headers_say(tmp_path: Path) -> None:
    late = Layout(number=2, first_sequence=60, sealed=False).write(tmp_path, [Written()] * 4, created_ns=2_000)
    early = Layout(number=1).write(tmp_path, [Written()] * 3, created_ns=1_000)

    listing = SpoolReader(tmp_path).listing()

    assert [(segment.path, segment.sealed, segment.records) for segment in listing.segments] == [
        (str(early), True, 3),
        (str(late), False, 4),
    ]
    first = listing.segments[0]
    assert (first.node, first.boot, first.thread, first.first_sequence, first.lost_before) == ("BeastMain", BOOT.hex(), 3, 41, 2)
    assert (first.created_ns, first.torn_bytes, first.file_bytes) == (1_000, 0, HEADER_BYTES + 3 * 64)
    assert (listing.records, listing.file_bytes) == (7, 2 * HEADER_BYTES + 103 * 64)
    assert listing.unreadable == ()


def test_an_empty_directory_and_files_kept_ready_hold_nothing(tmp_path: Path) -> None:
    assert SpoolReader(tmp_path).listing().segments == ()
    Layout(sealed=False).write(tmp_path, [])
    (tmp_path / "half-made.new").write_bytes(b"")
    listing = SpoolReader(tmp_path).listing()
    assert (listing.segments, listing.unreadable) == ((), ())
    assert list(SpoolReader(tmp_path).records()) == []


def test_a_torn_tail_ends_the_records_and_is_told(tmp_path: Path) -> None:
    path = Layout(sealed=False).write(tmp_path, [Written()] * 3)
    torn = bytearray(path.read_bytes())
    torn[HEADER_BYTES + 2 * 64 + 60 : HEADER_BYTES + 3 * 64] = bytes(4)
    path.write_bytes(torn)

    assert SpoolReader(tmp_path).listing().segments[0].torn_bytes == 64
    assert [record.sequence for record in SpoolReader(tmp_path).records()] == [41, 42]


def test_files_that_are_no_segments_are_told_by_name_and_reason(tmp_path: Path) -> None:
    (tmp_path / "a.sealed").write_bytes(b"x" * HEADER_BYTES)
    (tmp_path / "b.sealed").write_bytes(Layout(version=9).segment([Written()]))
    (tmp_path / "c.open").write_bytes(Layout().segment([Written()])[:100])
    good = Layout().write(tmp_path, [Written()])

    listing = SpoolReader(tmp_path).listing()

    assert [segment.path for segment in listing.segments] == [str(good)]
    assert [(Path(file.path).name, file.reason) for file in listing.unreadable] == [
        ("a.sealed", "no spool segment: the file does not begin with our mark"),
        ("b.sealed", "segment format 9 is not known here (this program reads 1)"),
        ("c.open", "no spool segment: 100 bytes are fewer than the header's 16384"),
    ]


def test_what_cannot_be_read_is_refused_with_its_path(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path / "file"):
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(SpoolUnreadable) as refused:
            SpoolReader(path).listing()
        assert refused.value.facts["path"] == str(path)
    foreign = tmp_path / "foreign.sealed"
    foreign.write_bytes(b"\xa5" * (HEADER_BYTES + 64))
    with pytest.raises(SpoolUnreadable, match="does not begin with our mark"):
        list(SpoolReader(tmp_path).records([foreign]))


def test_records_can_be_read_from_chosen_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    one = Layout(number=1, first_sequence=1).write(tmp_path, [Written()])
    Layout(number=2, first_sequence=100).write(tmp_path / "other", [Written()] * 2)
    read = SpoolReader(tmp_path / "nowhere").records([tmp_path / "other", one])
    assert [record.sequence for record in read] == [100, 101, 1]
