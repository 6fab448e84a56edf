"""What a report is asked with: read strictly, every mistake told at once."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trinity_beast.reports import ReportInvalid
from trinity_beast.reports.accepted import Coding, coding_accepted, forms_accepted
from trinity_beast.reports.asked import BY_NAME, FIELDS, Asked, asked_of, fields_of
from trinity_beast.reports.model import Form, Kind
from trinity_beast.usage import Span

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)


def read(kind: Kind = Kind.USAGE, **fields: str) -> Asked:
    return asked_of(kind, list(fields.items()), NOW)


def mistakes(kind: Kind = Kind.USAGE, **fields: str) -> list[str]:
    with pytest.raises(ReportInvalid) as refused:
        read(kind, **fields)
    assert all(each.message and each.fix for each in refused.value.mistakes)
    return [each.location for each in refused.value.mistakes]


def test_without_anything_it_is_the_last_thirty_days_newest_first() -> None:
    asked = read()
    assert (asked.since, asked.until) == (NOW - timedelta(days=30), NOW)
    assert (asked.newest_first, asked.page_rows, asked.form, asked.zone_name) == (True, 1_000, None, "UTC")


def test_every_field_is_read() -> None:
    asked = read(
        since="2026-11-01", until="2026-11-02", zone="Europe/Berlin", asset="btc, ETH,btc", source="kraken", status="2xx,404,500-503",
        protocol="udp,http", key_id="7,key_abc", format="csv", delimiter="semicolon", order="oldest", page_size="all", cursor="abc",
    )  # fmt: skip
    assert asked.since == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert (asked.assets, asked.sources, asked.protocols, asked.keys) == (("BTC", "ETH"), ("kraken",), ("udp", "http"), ("7", "key_abc"))
    assert asked.statuses == (Span(200, 299), Span(404, 404), Span(500, 503))
    assert (asked.form, asked.delimiter, asked.newest_first, asked.page_rows, asked.cursor) == (Form.CSV, ";", False, None, "abc")
    assert set(asked.filters) == {"since", "until", "zone", "asset", "source", "status", "protocol", "key_id", "order"}


@pytest.mark.parametrize(("page_size", "rows"), [("1", 1), ("10000", 10_000), ("all", None)])
def test_a_page_is_one_row_to_ten_thousand_or_all(page_size: str, rows: int | None) -> None:
    assert read(page_size=page_size).page_rows == rows


@pytest.mark.parametrize(
    ("fields", "places"),
    [
        ({"page_size": "0"}, ["query.page_size"]),
        ({"page_size": "10001"}, ["query.page_size"]),
        ({"page_size": "1e3"}, ["query.page_size"]),
        ({"until": "2026-01-01", "since": "2026-02-01"}, ["query.until"]),
        ({"since": "2020-01-01"}, ["query.since"]),
        ({"day": "2026-11-20", "since": "3d"}, ["query.day"]),
        ({"day": "2026-11-20", "month": "2026-11"}, ["query.day", "query.month"]),
        ({"month": "2026-13"}, ["query.month"]),
        ({"asset": "BTC/USD"}, ["query.asset"]),
        ({"asset": ",".join(f"A{number}" for number in range(51))}, ["query.asset"]),
        ({"asset": ""}, ["query.asset"]),
        ({"status": "600"}, ["query.status"]),
        ({"key_id": "tb_live_" + "a" * 38}, ["query.key_id"]),
        ({"sinse": "3d", "format": "pdf", "order": "up"}, ["query.sinse", "query.format", "query.order"]),
    ],
)
def test_what_makes_no_sense_is_told_by_its_place(fields: dict[str, str], places: list[str]) -> None:
    assert mistakes(Kind.USAGE, **fields) == places


def test_sums_have_no_pages() -> None:
    assert mistakes(Kind.DAILY, page_size="3", order="oldest", cursor="x") == ["query.page_size", "query.order", "query.cursor"]


def test_a_field_twice_is_a_mistake_unless_it_is_a_list() -> None:
    assert asked_of(Kind.USAGE, [("asset", "BTC"), ("asset", "ETH")], NOW).assets == ("BTC", "ETH")
    with pytest.raises(ReportInvalid):
        asked_of(Kind.USAGE, [("since", "3d"), ("since", "4d")], NOW)


@given(st.lists(st.tuples(st.sampled_from([*BY_NAME, "key", "x"]), st.text(max_size=30)), max_size=8), st.sampled_from(list(Kind)))
@example([(each.name, each.example) for each in FIELDS if each.example and each.name not in {"day", "month"}], Kind.USAGE)
def test_any_fields_are_read_or_told_to_be_wrong(fields: list[tuple[str, str]], kind: Kind) -> None:
    try:
        asked = asked_of(kind, fields_of(urlencode(fields).encode()), NOW)
    except ReportInvalid as refused:
        assert refused.mistakes
    else:
        assert asked.since < asked.until
        assert asked.page_rows is None or 1 <= asked.page_rows <= 10_000


@given(st.binary(max_size=300))
@example(b"&".join([b"a=1"] * 100))
@example(b"since=%ff")
def test_any_query_is_fields_or_told_to_be_none(query: bytes) -> None:
    try:
        assert all(isinstance(part, str) for field in fields_of(query) for part in field)
    except ReportInvalid as refused:
        assert refused.mistakes


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("", Coding.IDENTITY),
        ("gzip", Coding.GZIP),
        ("gzip, deflate, br, zstd", Coding.ZSTD),
        ("zstd;q=0.5, gzip;q=0.9", Coding.GZIP),
        ("zstd;q=0, gzip;q=0", Coding.IDENTITY),
        ("*", Coding.ZSTD),
        ("*;q=0", Coding.IDENTITY),
        ("identity, gzip;q=0.5", Coding.IDENTITY),
        ("gzip;q=nonsense", Coding.IDENTITY),
    ],
)
def test_the_coding_is_the_one_liked_best(header: str, coding: Coding) -> None:
    assert coding_accepted(header) is coding


@given(st.text(max_size=80))
def test_any_header_is_read(header: str) -> None:
    coding_accepted(header)
    list(forms_accepted(header))
