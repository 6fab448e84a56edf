import contextlib
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.feeds.grammar.digits import Number
from trinity_beast.feeds.grammar.times import EARLIEST_NS, LATEST_NS, TimeFormat, TimeRefused, from_rfc3339, time_reader

TIMES_NS = st.integers(EARLIEST_NS, LATEST_NS - 1)
SCALES = {TimeFormat.UNIX_S: 10**9, TimeFormat.UNIX_MS: 10**6, TimeFormat.UNIX_US: 10**3, TimeFormat.UNIX_NS: 1}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(TIMES_NS, st.integers(0, 9), st.integers(-14 * 60, 14 * 60))
def test_rfc3339_with_any_decimals_and_offset_gives_the_same_instant(time_ns: int, decimals: int, offset_minutes: int) -> None:
    seconds, rest = divmod(time_ns, 10**9)
    local = (EPOCH + timedelta(seconds=seconds)).astimezone(timezone(timedelta(minutes=offset_minutes)))
    kept = f"{rest:09}"[:decimals]
    sign, minutes = ("-" if offset_minutes < 0 else "+"), abs(offset_minutes)
    zone = "Z" if offset_minutes == 0 else f"{sign}{minutes // 60:02}:{minutes % 60:02}"
    text = f"{local:%Y-%m-%dT%H:%M:%S}" + (f".{kept}" if kept else "") + zone
    assert from_rfc3339(text) == seconds * 10**9 + int(kept.ljust(9, "0"))


@given(TIMES_NS, st.sampled_from(list(SCALES)), st.integers(0, 12), st.sampled_from([str, Number]))
def test_unix_times_agree_with_decimal_arithmetic(time_ns: int, time_format: TimeFormat, decimals: int, kind: type[str]) -> None:
    scale = SCALES[time_format]
    text = f"{Decimal(time_ns) / scale:.{decimals}f}"
    oracle = int(Decimal(text) * scale)
    if EARLIEST_NS <= oracle < LATEST_NS:
        assert time_reader(time_format)(kind(text)) == oracle
    whole = time_ns // scale
    if whole * scale >= EARLIEST_NS:
        assert time_reader(time_format)(whole) == whole * scale


def test_the_written_forms_of_the_venues_are_read_to_the_last_digit() -> None:
    assert time_reader(TimeFormat.UNIX_MS)("1619093543708.2642") == 1619093543708264200
    assert time_reader(TimeFormat.UNIX_MS)("1788336082402.208000") == 1788336082402208000
    assert time_reader(TimeFormat.UNIX_NS)(1790732616897030070) == 1790732616897030070
    assert time_reader(TimeFormat.UNIX_US)("1641343699596000") == 1641343699596000000
    assert time_reader(TimeFormat.UNIX_S)(Number("1541390792.763")) == 1541390792763000000
    assert time_reader(TimeFormat.UNIX_S)(Number("1.541390792763E9")) == 1541390792763000000
    assert from_rfc3339("2026-08-09T21:05:51.426861Z") == 1786309551426861000
    assert from_rfc3339("2026-08-09t21:05:51z") == 1786309551000000000


@pytest.mark.parametrize(
    "value",
    [None, True, 1.5, "", "Z", "2026-08-09", "2026-08-09T21:05:51", "2026-08-09T25:05:51Z", "2026-13-09T21:05:51Z", "2026-02-30T21:05:51Z",
     "2026-08-09T21:05:61Z", "2026-08-09T21:05:51.Z", "2026-08-09T21:05:51.1234567890Z", "2026-08-09T21:05:51.12345678\uff19Z",
     "2026-08-09 21:05:48.854840045 +0000 UTC m=+41691.260485341", "1970-01-01T00:00:00.000000Z", "2126-08-09T21:05:51.426861Z",
     "2026-08-09T21:05:51+24:00", {}, []],
)  # fmt: skip
def test_what_is_no_rfc3339_time_of_our_day_is_refused(value: object) -> None:
    with pytest.raises(TimeRefused):
        from_rfc3339(value)


@pytest.mark.parametrize("value", [None, True, "", "abc", "-5", "1e999", "٣", {}, 0, -1, "0", "1790732616", 1790732616, 17907326160000000])
def test_a_time_in_the_wrong_unit_or_none_at_all_is_refused(value: object) -> None:
    with pytest.raises(TimeRefused):
        time_reader(TimeFormat.UNIX_MS)(value)


@given(st.one_of(st.text(max_size=40), st.integers(), st.floats(), st.none(), st.binary(max_size=5)))
def test_reading_a_time_never_fails_otherwise(value: object) -> None:
    for time_format in TimeFormat:
        with contextlib.suppress(TimeRefused):
            assert EARLIEST_NS <= time_reader(time_format)(value) < LATEST_NS
