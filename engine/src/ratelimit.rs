//! What an answer tells of the caller's limits, in the fields of the IETF draft and their `X-RateLimit-*` twins.
//!
//! `r` is what is left and `t` the seconds until there is more. Source: draft-ietf-httpapi-ratelimit-headers-10, read 2026-11-20.

use std::fmt::Write;

use crate::bucket::{Level, Rate};
use crate::calendar::month_before_seconds;
use crate::clock::SECOND_NS;
use crate::tries::Bounds;

/// A key's limits and what is left of them at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// The bucket.
    pub level: Level,
    /// The month's requests left and the seconds until they are filled again; None without a quota.
    pub month: Option<(u64, u64)>,
}

impl Standing {
    /// Return in how many whole seconds the bucket has one more token.
    pub fn more_in_seconds(&self) -> u64 {
        self.level.more_in_ns.div_ceil(SECOND_NS)
    }

    /// Return the `Retry-After` of a refusal for an empty bucket: 1 to 60.
    pub fn retry_after_seconds(&self) -> u64 {
        self.more_in_seconds().clamp(1, 60)
    }
}

/// The part of the rate-limit fields that never changes for a key, rendered once. Each begins and ends within a line:
/// the numbers of the moment stand between the parts.
#[derive(Debug)]
pub struct LimitFields {
    head: Box<[u8]>,
    month_head: Option<Box<[u8]>>,
    is_month_bound: bool,
}

const RESET: &[u8] = b"\r\nX-RateLimit-Reset: ";
const BURST: &[u8] = b"\r\nRateLimit: \"burst\";r=";
const UNTIL: &[u8] = b";t=";
const MONTH: &[u8] = b", \"month\";r=";
const END: &[u8] = b"\r\n";

/// The fields of an answer to nobody: no key, no requests.
pub const KEYLESS_FIELDS: &[u8] = b"RateLimit-Policy: \"key\";q=0\r\nX-RateLimit-Limit: 0\r\nX-RateLimit-Remaining: 0\r\n\
    X-RateLimit-Reset: 0\r\nRateLimit: \"key\";r=0\r\n";

impl LimitFields {
    /// Render the constant part. `month` is the quota and the Unix time it resets at (0: never); `is_month_bound` says whether
    /// it refuses anybody.
    pub fn new(rate: Rate, month: Option<(u64, u64)>, is_month_bound: bool) -> Self {
        let mut head = format!("RateLimit-Policy: \"burst\";q={};w={}", rate.burst(), rate.window_seconds());
        if let Some((quota, resets_at_ns)) = month {
            let seconds = if resets_at_ns == 0 { 30 * 86_400 } else { month_before_seconds(resets_at_ns) };
            let _ = write!(head, ", \"month\";q={quota};w={seconds}");
        }
        let twins_of = |limit: u64| format!("{head}\r\nX-RateLimit-Limit: {limit}\r\nX-RateLimit-Remaining: ").into_bytes().into();
        Self { head: twins_of(rate.burst().into()), month_head: month.map(|(quota, _)| twins_of(quota)), is_month_bound }
    }

    /// Append all fields, each line ended. The twins know one limit alone, so they tell the one that will refuse first:
    /// the burst, until less is left of the month.
    #[inline]
    pub fn write(&self, to: &mut Vec<u8>, standing: &Standing) {
        let (mut left, mut more_in) = (itoa::Buffer::new(), itoa::Buffer::new());
        let (mut month_left, mut resets_in) = (itoa::Buffer::new(), itoa::Buffer::new());
        let (left, more_in) = (left.format(standing.level.left), more_in.format(standing.more_in_seconds()));
        let (of_month, until) = standing.month.unwrap_or_default();
        let (month_left, resets_in) = (month_left.format(of_month), resets_in.format(until));
        let (head, twin, twin_in) = match &self.month_head {
            Some(head) if self.is_month_bound && of_month < u64::from(standing.level.left) => (head, month_left, resets_in),
            _ => (&self.head, left, more_in),
        };
        for part in [head, twin.as_bytes(), RESET, twin_in.as_bytes(), BURST, left.as_bytes(), UNTIL, more_in.as_bytes()] {
            to.extend_from_slice(part);
        }
        if self.month_head.is_some() {
            for part in [MONTH, month_left.as_bytes(), UNTIL, resets_in.as_bytes()] {
                to.extend_from_slice(part);
            }
        }
        to.extend_from_slice(END);
    }
}

/// Return the standing of an address whose unknown keys are looked up again in so many nanoseconds.
pub fn tries_standing(left_ns: u64) -> Standing {
    Standing { level: Level { left: 0, more_in_ns: left_ns }, month: None }
}

/// Append the fields of an answer to an address that was wrong about keys too often.
pub fn write_tries(to: &mut Vec<u8>, bounds: &Bounds, left_ns: u64) {
    let (most, window, reset) = (bounds.most, bounds.window_ns.div_ceil(SECOND_NS), tries_standing(left_ns).more_in_seconds());
    let fields = format!(
        "RateLimit-Policy: \"tries\";q={most};w={window}\r\nX-RateLimit-Limit: {most}\r\nX-RateLimit-Remaining: 0\r\n\
         X-RateLimit-Reset: {reset}\r\nRateLimit: \"tries\";r=0;t={reset}\r\n"
    );
    to.extend_from_slice(fields.as_bytes());
}

/// Split rendered fields into names and values, for Python's own answers.
pub fn pairs_of(fields: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(fields);
    text.lines().filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_as_the_draft_has_them() {
        let fields = LimitFields::new(Rate::new(5.0, 10).unwrap(), Some((1_000, 1_798_761_600_000_000_000)), true);
        let standing = Standing { level: Level { left: 9, more_in_ns: 200_000_000 }, month: Some((998, 86_400)) };
        let mut told = Vec::new();
        fields.write(&mut told, &standing);
        let expected = [
            ("RateLimit-Policy", "\"burst\";q=10;w=2, \"month\";q=1000;w=2678400"),
            ("X-RateLimit-Limit", "10"),
            ("X-RateLimit-Remaining", "9"),
            ("X-RateLimit-Reset", "1"),
            ("RateLimit", "\"burst\";r=9;t=1, \"month\";r=998;t=86400"),
        ];
        let expected: Vec<_> = expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert_eq!(pairs_of(&told), expected);
        assert!(told.ends_with(b"\r\n") && !told.ends_with(b"\r\n\r\n"));
    }

    #[test]
    fn without_a_quota_there_is_no_month() {
        let mut told = Vec::new();
        LimitFields::new(Rate::new(3.0, 3).unwrap(), None, true).write(&mut told, &Standing::default());
        assert_eq!(pairs_of(&told)[0].1, "\"burst\";q=3;w=2");
        assert_eq!(pairs_of(&told)[4].1, "\"burst\";r=0;t=0");
        assert_eq!(pairs_of(KEYLESS_FIELDS).len(), 5);
    }

    #[test]
    fn the_twins_tell_the_limit_that_refuses_first() {
        let twins = |is_month_bound, left| {
            let (mut told, standing) = (Vec::new(), Standing { level: Level { left: 9, more_in_ns: 1 }, month: Some((left, 86_400)) });
            LimitFields::new(Rate::new(5.0, 10).unwrap(), Some((1_000, 0)), is_month_bound).write(&mut told, &standing);
            let pairs = pairs_of(&told);
            assert_eq!(pairs[4].1, format!("\"burst\";r=9;t=1, \"month\";r={left};t=86400"));
            [1, 2, 3].map(|place: usize| pairs[place].1.clone())
        };
        assert_eq!(twins(true, 9), ["10", "9", "1"]);
        assert_eq!(twins(true, 8), ["1000", "8", "86400"]);
        assert_eq!(twins(true, 0), ["1000", "0", "86400"]);
        assert_eq!(twins(false, 0), ["10", "9", "1"]);
    }

    #[test]
    fn a_retry_is_asked_for_within_a_minute() {
        let empty = |more_in_ns| Standing { level: Level { left: 0, more_in_ns }, month: None };
        assert_eq!([1, SECOND_NS + 1, 1_000 * SECOND_NS].map(|wait_ns| empty(wait_ns).retry_after_seconds()), [1, 2, 60]);
    }
}
