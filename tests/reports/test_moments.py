"""From when until when: every span a person can say, by the calendar of any zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.reports import moments

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
ZONES = [
    None,
    *map(ZoneInfo, ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo", "Pacific/Apia", "Africa/Cairo")),
]
zones = st.sampled_from(ZONES)
days = st.dates(date(2001, 1, 1), date(2199, 12, 30))


@pytest.mark.parametrize(
    ("text", "zone", "moment"),
    [
        ("now", "UTC", "2026-11-20T12:30:00"),
        ("90m", "UTC", "2026-11-20T11:00:00"),
        ("24h", "Asia/Kolkata", "2026-11-19T12:30:00"),
        ("30d", "UTC", "2026-10-21T12:30:00"),
        ("2w", "UTC", "2026-11-06T12:30:00"),
        ("today", "UTC", "2026-11-20T00:00:00"),
        ("today", "Asia/Tokyo", "2026-11-19T15:00:00"),
        ("2026-11-01", "UTC", "2026-11-01T00:00:00"),
        ("2026-11-01", "America/New_York", "2026-11-01T04:00:00"),
        ("2026-11-02", "America/New_York", "2026-11-02T05:00:00"),
        ("2026-11-20T07:40:00Z", "Asia/Tokyo", "2026-11-20T07:40:00"),
        ("2026-11-20T07:40+02:00", "UTC", "2026-11-20T05:40:00"),
        ("2026-11-20 07:40:00.5", "Europe/Berlin", "2026-11-20T06:40:00.500000"),
    ],
)
def test_a_moment_is_read_as_it_is_said(text: str, zone: str, moment: str) -> None:
    assert moments.moment_of(text, NOW, moments.zone_of(zone)) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "30", "-3d", "3y", "2026-13-01", "2026-02-30", "2026-11-20T25:00:00Z", "2026-11-20T07:40:00", "1795160400",
     "0001-01-01",
     "2026-11-20T07:40:00 02:00", "\uff19d", "99999999d", "2026-11-20T07:40:00+99:00", "9999-12-31"],
)  # fmt: skip
def test_what_is_no_moment_is_told_so(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        moments.moment_of(text, NOW, None)


@given(st.text(max_size=40), zones)
def test_any_text_is_a_moment_or_told_to_be_none(text: str, zone: ZoneInfo | None) -> None:
    for reader in (lambda: moments.moment_of(text, NOW, zone), lambda: moments.span_of_day(text, zone), lambda: moments.zone_of(text)):
        try:
            reader()
        except ValueError as error:
            assert str(error)


@given(days, zones)
def test_days_touch_and_each_holds_its_own_noon(day: date, zone: ZoneInfo | None) -> None:
    since, until = moments.span_of_day(day.isoformat(), zone)
    assert timedelta(hours=0) <= until - since <= timedelta(hours=26)
    assert until == moments.span_of_day((day + timedelta(days=1)).isoformat(), zone)[0]
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone or UTC)
    assert since <= noon < until or since == until, "some places have skipped a day"


@given(st.integers(2001, 2198), st.integers(1, 12), zones)
def test_a_month_is_its_days_and_the_next_begins_where_it_ends(year: int, month: int, zone: ZoneInfo | None) -> None:
    since, until = moments.span_of_month(f"{year}-{month:02}", zone)
    listed = moments.days_within(since, until, zone)
    assert [day for day in listed if (day.year, day.month) == (year, month)] == list(listed) or zone == ZoneInfo("Pacific/Apia")
    assert moments.begin_of(listed[0], zone) == since
    following = f"{year + month // 12}-{month % 12 + 1:02}"
    assert moments.span_of_month(following, zone)[0] == until


@given(st.datetimes(datetime(2001, 1, 1), datetime(2190, 1, 1), timezones=st.just(UTC)), st.integers(0, 10**12), zones)  # noqa: DTZ001 - Hypothesis adds the zone.
def test_the_days_of_a_span_cover_it_and_nothing_beside(since: datetime, microseconds: int, zone: ZoneInfo | None) -> None:
    until = since + timedelta(microseconds=microseconds)
    listed = moments.days_within(since, until, zone)
    assert bool(listed) == (until > since)
    if listed:
        starts = [moments.begin_of(day, zone) for day in listed]
        assert starts == sorted(starts)
        assert starts[0] <= since
        assert starts[-1] < until <= moments.begin_of(listed[-1] + timedelta(days=1), zone)


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "", "../etc/passwd", "/etc/localtime", "posix/UTC", "right/UTC", "Europe", "a" * 200, "UTC\0"]
)
def test_what_is_no_zone_is_told_so(name: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        moments.zone_of(name)
