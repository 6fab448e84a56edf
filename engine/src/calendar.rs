//! Times as people and HTTP write them.

use crate::clock::SECOND_NS;

/// Seconds in a day.
const DAY_SECONDS: u64 = 86_400;
const WEEKDAYS: [&[u8; 3]; 7] = [b"Thu", b"Fri", b"Sat", b"Sun", b"Mon", b"Tue", b"Wed"];
const MONTHS: [&[u8; 3]; 12] = [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// Bytes of `2026-11-20T07:40:00.123456Z`.
pub const TIMESTAMP_BYTES: usize = 27;

/// Bytes of `Fri, 20 Nov 2026 07:40:00 GMT`.
pub const DATE_BYTES: usize = 29;

/// Return year, month and day of a number of days since 1970-01-01, by the Gregorian calendar.
///
/// Source: <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>, read 2026-11-20.
pub fn civil_of(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// Return how many days a month has.
fn days_in(year: u64, month: u64) -> u64 {
    match month {
        2 => match (year % 4, year % 100, year % 400) {
            (0, 1.., _) | (.., 0) => 29,
            _ => 28,
        },
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Return how long the month was that ends at a Unix time, in seconds.
pub fn month_before_seconds(end_ns: u64) -> u64 {
    let (year, month, _) = civil_of((end_ns / SECOND_NS).saturating_sub(1) / DAY_SECONDS);
    days_in(year, month) * DAY_SECONDS
}

fn two_digits(to: &mut [u8], number: u64) {
    to[0] = b'0' + (number / 10 % 10) as u8;
    to[1] = b'0' + (number % 10) as u8;
}

fn four_digits(to: &mut [u8], number: u64) {
    two_digits(&mut to[..2], number / 100);
    two_digits(&mut to[2..4], number);
}

/// Return a Unix time to the microsecond, as RFC 3339 has it.
pub fn timestamp_of(wall_ns: u64) -> [u8; TIMESTAMP_BYTES] {
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    let seconds = wall_ns / SECOND_NS;
    let (year, month, day) = civil_of(seconds / DAY_SECONDS);
    four_digits(&mut text[0..4], year);
    two_digits(&mut text[5..7], month);
    two_digits(&mut text[8..10], day);
    two_digits(&mut text[11..13], seconds / 3_600 % 24);
    two_digits(&mut text[14..16], seconds / 60 % 60);
    two_digits(&mut text[17..19], seconds % 60);
    write_microseconds(&mut text, wall_ns);
    text
}

#[inline]
fn write_microseconds(text: &mut [u8; TIMESTAMP_BYTES], wall_ns: u64) {
    let microseconds = wall_ns % SECOND_NS / 1_000;
    two_digits(&mut text[20..22], microseconds / 10_000);
    two_digits(&mut text[22..24], microseconds / 100);
    two_digits(&mut text[24..26], microseconds);
}

/// Return a Unix time as the `Date` field has it.
pub fn date_of(wall_ns: u64) -> [u8; DATE_BYTES] {
    let mut text = *b"Thu, 01 Jan 1970 00:00:00 GMT";
    let seconds = wall_ns / SECOND_NS;
    let days = seconds / DAY_SECONDS;
    let (year, month, day) = civil_of(days);
    text[0..3].copy_from_slice(WEEKDAYS[(days % 7) as usize]);
    two_digits(&mut text[5..7], day);
    text[8..11].copy_from_slice(MONTHS[month as usize - 1]);
    four_digits(&mut text[12..16], year);
    two_digits(&mut text[17..19], seconds / 3_600 % 24);
    two_digits(&mut text[20..22], seconds / 60 % 60);
    two_digits(&mut text[23..25], seconds % 60);
    text
}

/// A second's texts, kept until the second is over: a thread that answers thousands in it writes them once.
#[derive(Debug)]
pub struct Calendar {
    second: u64,
    timestamp: [u8; TIMESTAMP_BYTES],
    date: [u8; DATE_BYTES],
}

impl Default for Calendar {
    fn default() -> Self {
        Self { second: 0, timestamp: timestamp_of(0), date: date_of(0) }
    }
}

impl Calendar {
    /// Return `timestamp_of` a time.
    #[inline]
    pub fn timestamp(&mut self, wall_ns: u64) -> [u8; TIMESTAMP_BYTES] {
        self.turn_to(wall_ns);
        write_microseconds(&mut self.timestamp, wall_ns);
        self.timestamp
    }

    /// Return `date_of` a time.
    #[inline]
    pub fn date(&mut self, wall_ns: u64) -> &[u8; DATE_BYTES] {
        self.turn_to(wall_ns);
        &self.date
    }

    #[inline]
    fn turn_to(&mut self, wall_ns: u64) {
        if wall_ns / SECOND_NS != self.second {
            self.second = wall_ns / SECOND_NS;
            self.timestamp = timestamp_of(wall_ns);
            self.date = date_of(wall_ns);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_written_as_the_contract_shows_them() {
        assert_eq!(&timestamp_of(1_795_160_400_123_456_789), b"2026-11-20T07:40:00.123456Z");
        assert_eq!(&date_of(1_795_160_400_123_456_789), b"Fri, 20 Nov 2026 07:40:00 GMT");
        assert_eq!(&date_of(951_782_400_000_000_000), b"Tue, 29 Feb 2000 00:00:00 GMT");
        assert_eq!(&timestamp_of(4_107_542_399_999_999_999), b"2100-02-28T23:59:59.999999Z");
    }

    #[test]
    fn a_month_is_as_long_as_the_one_that_ends() {
        assert_eq!(month_before_seconds(1_709_251_200_000_000_000), 29 * DAY_SECONDS); // 2024-03-01
        assert_eq!(month_before_seconds(1_798_761_600_000_000_000), 31 * DAY_SECONDS); // 2027-01-01
    }

    proptest! {
        #[test]
        fn the_kept_texts_are_the_fresh_ones(times in prop::collection::vec(0_u64..5_000_000_000_000_000_000, 1..20)) {
            let mut calendar = Calendar::default();
            for wall_ns in times {
                prop_assert_eq!(calendar.timestamp(wall_ns), timestamp_of(wall_ns));
                prop_assert_eq!(*calendar.date(wall_ns), date_of(wall_ns));
            }
        }
    }
}
