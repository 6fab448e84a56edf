"""Since when, as people write it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.ops.logs.since import SinceInvalid, moment_of

NOW = datetime(2026, 11, 20, 7, 40, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("", ""),
        ("90s", "2026-11-20T07:39:00.000000Z"),
        ("15m", "2026-11-20T07:25:30.000000Z"),
        ("2h", "2026-11-20T05:40:30.000000Z"),
        ("1d", "2026-11-19T07:40:30.000000Z"),
        ("2026-11-20T03:00", "2026-11-20T03:00:00.000000Z"),
        ("2026-11-20T03:00:00+05:00", "2026-11-19T22:00:00.000000Z"),
        ("2026-11-20", "2026-11-20T00:00:00.000000Z"),
    ],
)
def test_a_moment_is_read_as_people_write_it(text: str, moment: str) -> None:
    assert moment_of(text, NOW) == moment


@pytest.mark.parametrize("text", ["10000000h", "0886-02-02", "1969-12-31T23:59:59", "yesterday", "9" * 9 + "d"])
def test_what_lies_before_our_time_is_refused_as_what_is_no_moment(text: str) -> None:
    with pytest.raises(SinceInvalid, match="15m"):
        moment_of(text, NOW)


@given(st.text(max_size=12) | st.from_regex(r"[0-9]{1,12}[smhd]", fullmatch=True))
def test_whatever_is_written_is_a_moment_or_refused_in_a_sentence(text: str) -> None:
    try:
        moment = moment_of(text, NOW)
    except SinceInvalid as error:
        assert "15m" in str(error)
        return
    assert moment == "" or datetime.fromisoformat(moment).tzinfo is not None


@given(st.integers(-(10**9), 10**9), st.integers(-14, 14))
def test_a_moment_with_a_zone_is_told_in_utc(seconds: int, hours: int) -> None:
    aware = (NOW + timedelta(seconds=seconds)).astimezone(timezone(timedelta(hours=hours)))

    assert datetime.fromisoformat(moment_of(aware.isoformat(), NOW)) == aware
