//! From a frame's words to digits and times, exactly as Python's grammar reads them, or not at all.

use super::program::{Cut, TimeFormat};
use super::scan::Value;
use crate::clock::SECOND_NS;

/// 2009-01-03, before which nothing was traded. As in `feeds/grammar/times.py`.
const EARLIEST_NS: u64 = 1_230_940_800 * SECOND_NS;
/// 2100-01-01.
const LATEST_NS: u64 = 4_102_444_800 * SECOND_NS;
/// The last year that is read; nanoseconds since 1970 end some centuries later and would begin anew.
const LATEST_YEAR: u64 = 2100;
/// Most digits of a price.
pub const DIGITS_MAX: usize = 40;
/// The longest whole number that is read; Python's have no bound.
const WHOLE_DIGITS_MAX: usize = 19;

/// Return a price as it stands, once it is plain digits above zero with at most one point.
#[inline]
pub fn digits_of(value: Value, bytes: &[u8]) -> Option<&[u8]> {
    let (Value::Text(span) | Value::Number(span)) = value else { return None };
    let digits = span.of(bytes);
    let (mut points, mut is_above_zero) = (0, false);
    for byte in digits {
        match byte {
            b'0' => {}
            b'1'..=b'9' => is_above_zero = true,
            b'.' => points += 1,
            _ => return None,
        }
    }
    let is_plain = points <= 1 && digits.len() <= DIGITS_MAX && digits.first() != Some(&b'.') && digits.last() != Some(&b'.');
    (is_plain && is_above_zero).then_some(digits)
}

/// Return the symbol: what the cuts leave of a text, if anything.
#[inline]
pub fn symbol_of<'a>(value: Value, cuts: &[Cut], bytes: &'a [u8]) -> Option<&'a [u8]> {
    let Value::Text(span) = value else { return None };
    let mut symbol = span.of(bytes);
    for cut in cuts {
        symbol = match cut {
            Cut::After(text) => &symbol[memchr::memmem::find(symbol, text)? + text.len()..],
            Cut::Before(text) => &symbol[..memchr::memmem::find(symbol, text).unwrap_or(symbol.len())],
        };
    }
    (!symbol.is_empty()).then_some(symbol)
}

/// Return a whole number that is not negative.
pub fn whole_of(value: Value, bytes: &[u8]) -> Option<u64> {
    let Value::Number(span) = value else { return None };
    number_of(span.of(bytes))
}

#[inline]
fn number_of(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > WHOLE_DIGITS_MAX {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0')))
}

/// Return a time in Unix nanoseconds.
#[inline]
pub fn time_of(value: Value, format: TimeFormat, bytes: &[u8]) -> Option<u64> {
    let time_ns = match (format, value) {
        (TimeFormat::Rfc3339, Value::Text(span)) => rfc3339(span.of(bytes))?,
        (TimeFormat::Unix(decimals), Value::Text(span) | Value::Number(span)) => unix(span.of(bytes), decimals)?,
        _ => return None,
    };
    (EARLIEST_NS..LATEST_NS).contains(&time_ns).then_some(time_ns)
}

/// Read `1795160399402.208`; what lies below a nanosecond is cut.
#[inline]
fn unix(text: &[u8], decimals: u32) -> Option<u64> {
    let scale = 10_u64.pow(decimals);
    let Some(point) = text.iter().position(|byte| *byte == b'.') else { return number_of(text)?.checked_mul(scale) };
    let (whole, fraction) = (number_of(&text[..point])?, &text[point + 1..]);
    if fraction.is_empty() || fraction.len() > 30 || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let kept = &fraction[..fraction.len().min(decimals as usize)];
    let below = if kept.is_empty() { 0 } else { number_of(kept)? * 10_u64.pow(decimals - kept.len() as u32) };
    whole.checked_mul(scale)?.checked_add(below)
}

/// Read `2026-11-20T07:39:59.9Z`: UTC, no leap second, 1 to 9 decimals or none. Python knows further ways to write a time.
#[inline]
fn rfc3339(text: &[u8]) -> Option<u64> {
    let (head, tail) = text.split_at_checked(19)?;
    let is_shaped = [head[4], head[7], head[10], head[13], head[16]] == *b"--T::";
    let [year, month, day, hour, minute, second] =
        [&head[0..4], &head[5..7], &head[8..10], &head[11..13], &head[14..16], &head[17..19]].map(number_of);
    let (year, month, day, hour, minute, second) = (year?, month?, day?, hour?, minute?, second?);
    let is_real = (1970..=LATEST_YEAR).contains(&year) && (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    if !is_shaped || !is_real || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let below = match tail {
        b"Z" => 0,
        [b'.', fraction @ .., b'Z'] if fraction.len() <= 9 => number_of(fraction)? * 10_u64.pow(9 - fraction.len() as u32),
        _ => return None,
    };
    Some((((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * SECOND_NS + below)
}

/// Return how many days lie between 1970-01-01 and a day of the Gregorian calendar that is not before it.
///
/// Source: <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>, read 2026-11-20.
fn days_of(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn days_in(year: u64, month: u64) -> u64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{civil_of, timestamp_of};
    use proptest::prelude::*;

    #[test]
    fn times_are_read_in_every_unit_and_what_is_below_a_nanosecond_is_cut() {
        assert_eq!(unix(b"1795160399", 9), Some(1_795_160_399_000_000_000));
        assert_eq!(unix(b"1795160399402.208000", 6), Some(1_795_160_399_402_208_000));
        assert_eq!(unix(b"1795160399402.2080009999999", 6), Some(1_795_160_399_402_208_000));
        assert_eq!(unix(b"1795160399897030071.9", 0), Some(1_795_160_399_897_030_071));
        assert_eq!(rfc3339(b"2026-11-20T07:39:59.123456789Z"), Some(1_795_160_399_123_456_789));
        assert_eq!(rfc3339(b"2026-11-20T07:39:59Z"), Some(1_795_160_399_000_000_000));
        for text in [
            "",
            "2026-11-20T07:39:59.Z",
            "2026-11-20T07:39:60Z",
            "2026-02-29T00:00:00Z",
            "2026-11-20 07:39:59Z",
            "2026-11-20T07:39:59+00:00",
        ] {
            assert_eq!(rfc3339(text.as_bytes()), None, "{text}");
        }
        for text in ["", ".", "1.", ".5", "-1", "1e3", "99999999999999999999"] {
            assert_eq!(unix(text.as_bytes(), 6), None, "{text}");
        }
    }

    #[test]
    fn a_year_so_late_that_its_nanoseconds_begin_anew_is_refused() {
        for year in [2_101, 2_554, 2_611, 3_798, 9_999] {
            assert_eq!(rfc3339(format!("{year}-11-20T07:39:59Z").as_bytes()), None, "{year}");
        }
    }

    proptest! {
        #[test]
        fn a_written_time_is_read_again(time_ns in EARLIEST_NS..LATEST_NS) {
            let micros = time_ns / 1_000 * 1_000;
            prop_assert_eq!(rfc3339(&timestamp_of(micros)), Some(micros));
        }

        #[test]
        fn days_are_counted_as_the_calendar_counts_them(days in 0_u64..100_000) {
            let (year, month, day) = civil_of(days);
            prop_assert_eq!(days_of(year, month, day), days);
            prop_assert!(day <= days_in(year, month));
        }
    }
}
