"""What CloudWatch is told of what came between two readings."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.cloud import Figure
from trinity_beast.telemetry import Histogram, LatencyRecorder
from trinity_beast.telemetry.cloudwatch.model import Account, PriceReading, ReportReading
from trinity_beast.telemetry.cloudwatch.prices import price_figures
from trinity_beast.telemetry.cloudwatch.reports import report_figures
from trinity_beast.telemetry.cloudwatch.shapes import OTHERS, shared, spread

AT = datetime(2026, 11, 20, 7, 40, tzinfo=UTC)
counts = st.dictionaries(st.text("ABC", min_size=1, max_size=3), st.integers(0, 1_000), max_size=10)


def took(*ns: int) -> Histogram:
    recorder = LatencyRecorder()
    for each in ns:
        recorder.took(each)
    return recorder.read()


def told(figures: list[Figure]) -> dict[str, tuple[float, float, float, float]]:
    plain = [figure for figure in figures if figure.dimensions == (("Node", "BeastMain"),)]
    assert len({figure.name for figure in plain}) == len(plain)
    return {figure.name: (figure.samples, figure.total, figure.least, figure.most) for figure in plain}


def prices(before: PriceReading, now: PriceReading, *, series_most: int = 50) -> list[Figure]:
    return price_figures(before, now, at=AT, node="BeastMain", series_most=series_most)


def test_prices_are_told_by_the_names_of_the_documents() -> None:
    counted = {"tcp_requests": 10, "udp_requests": 5, "syncmap_hits": 10, "cache_misses": 1, "shed": 2}
    before = PriceReading(counted, took(700), 4, {"BTC": 3}, {"kraken-ws": 3})
    now = PriceReading(
        {
            "tcp_requests": 110, "udp_requests": 6, "syncmap_hits": 70, "elasticache_hits": 15, "cache_misses": 26, "shed": 3,
            "prices_stale": 4, "prices_unavailable": 1, "handed_refused": 1, "udp_packets_dropped": 9, "db_wait_count": 8,
        },
        took(700, 1_000_000, 3_000_000),
        5,
        {"BTC": 60, "ETH": 20},
        {"kraken-ws": 50, "lab:okx-ws": 30},
    )  # fmt: skip
    figures = prices(before, now)
    found = told(figures)
    assert found["Requests"] == (1, 101, 101, 101)
    assert found["CacheHitRate"] == (100, 7_500, 0, 100)
    assert found["ErrorCount"] == (1, 7, 7, 7)
    assert found["SourceFailover"] == (1, 1, 1, 1)
    assert (found["TcpRequests"][1], found["UdpRequests"][1], found["UdpPacketsDropped"][1], found["DbWaitCount"][1]) == (100, 1, 9, 8)
    samples, total, least, most = found["AvgLatencyMs"]
    assert (samples, total) == (2, 4.0)
    assert 0.99 < least < 1.01
    assert 2.97 < most < 3.03
    spread_out = {(figure.name, figure.dimensions[1]): figure.total for figure in figures if len(figure.dimensions) > 1}
    assert spread_out == {
        ("RequestsByAsset", ("Asset", "BTC")): 57,
        ("RequestsByAsset", ("Asset", "ETH")): 20,
        ("RequestsBySource", ("Source", "kraken-ws")): 47,
        ("RequestsBySource", ("Source", "lab:okx-ws")): 30,
    }
    assert {figure.at for figure in figures} == {AT}
    assert {figure.name: figure.unit for figure in figures}["CacheHitRate"] == "Percent"


def test_of_nothing_counts_are_told_as_zero_and_shares_and_times_not_at_all() -> None:
    found = told(prices(PriceReading(), PriceReading()))
    assert found["Requests"] == found["ErrorCount"] == (1, 0, 0, 0)
    assert not found.keys() & {"CacheHitRate", "AvgLatencyMs"}


def test_reports_are_told_by_the_names_of_the_documents() -> None:
    before = ReportReading(3, {("usage", "csv"): 1}, took(5_000_000))
    now = ReportReading(
        13, {("usage", "csv"): 3, ("summary", "json"): 4, ("daily", "text"): 1, ("summary", "compact"): 2}, took(5_000_000, 9_000_000)
    )
    found = told(report_figures(before, now, at=AT, node="BeastMain"))
    assert {name: figure[1] for name, figure in found.items()} == {
        "ReportRequests": 10, "UsageRequests": 2, "SummaryRequests": 6, "AvgLatencyMs": 9.0,
        "FormatJSON": 4, "FormatCSV": 2, "FormatTSV": 0, "FormatText": 1,
    }  # fmt: skip


def test_after_a_reset_what_is_counted_since_is_told() -> None:
    found = told(prices(PriceReading({"tcp_requests": 500}, took(700, 800)), PriceReading({"tcp_requests": 3}, took(2_000_000))))
    assert (found["Requests"][1], found["AvgLatencyMs"][0]) == (3, 1)


def test_what_was_counted_before_the_publisher_began_is_never_told() -> None:
    reading = PriceReading({"tcp_requests": 500})
    account = Account("TrinityBeast/LPO", lambda: reading, lambda before, now, _at: prices(before, now))
    assert told(account.due(AT))["Requests"][1] == 0
    reading = PriceReading({"tcp_requests": 504})
    assert [told(account.due(AT))["Requests"][1] for _ in range(2)] == [4, 0]


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_share_is_the_average_of_its_samples_and_lies_between_least_and_most(good: int, bad: int) -> None:
    for figure in shared("Rate", good, bad, at=AT, node="one"):
        assert figure.samples == good + bad
        assert figure.least <= figure.total / figure.samples <= figure.most


@given(counts, counts, st.integers(0, 12))
def test_however_few_are_told_apart_the_sum_is_the_whole(before: dict[str, int], more: dict[str, int], most: int) -> None:
    now = {name: before.get(name, 0) + more.get(name, 0) for name in {*before, *more}}
    figures = spread("ByAsset", "Asset", before, now, most=most, at=AT, node="one")
    assert sum(figure.total for figure in figures) == sum(more.values())
    assert len(figures) <= most + 1
    apart = [figure.total for figure in figures if ("Asset", OTHERS) not in figure.dimensions]
    assert apart == sorted(apart, reverse=True)
