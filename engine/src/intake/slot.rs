//! What the engine holds of one venue's symbol, and what Python permits it to do with the next trade.
//!
//! The rules are Python's, word for word: the order of time (`feeds/guard.py`), the rhythm (`pricing/rhythm.py`), until when
//! a trade is live (`pricing/tick.py`), which jump is believed (`pricing/jumps.py`). Here they are applied to the ordinary
//! trade; whatever is not plainly ordinary is left to Python, which applies them to that very trade.

use crate::book::Label;
use crate::clock::Moment;
use crate::intake::fields::DIGITS_MAX;

/// A rhythm is not known before so many gaps.
const GAPS_LEAST: u64 = 8;
/// A long gap is the one that one gap in so many exceeds.
const LONG_GAP_PER: u64 = 20;
/// How much nearer a price must be than it need be, for we reckon in floating point and Python does not.
const JUMP_MARGIN: f64 = 1e-9;

/// A price's digits.
#[derive(Debug, Clone, Copy)]
pub struct Digits {
    bytes: [u8; DIGITS_MAX],
    length: u8,
}

impl Digits {
    /// Return the digits, which are `DIGITS_MAX` at most, or None.
    #[inline]
    pub fn of(digits: &[u8]) -> Option<Self> {
        let mut bytes = [0; DIGITS_MAX];
        bytes.get_mut(..digits.len())?.copy_from_slice(digits);
        Some(Self { bytes, length: digits.len() as u8 })
    }

    /// Return them as text.
    #[inline]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

/// The last trade that was let through, by whichever connection.
#[derive(Debug, Clone, Copy)]
pub struct Last {
    /// When the venue says it was.
    pub time_ns: u64,
    /// The digits.
    pub price: Digits,
    /// The connection it came by.
    pub link: u64,
}

/// What the order of time says of a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// It goes on.
    New,
    /// A younger one is known.
    Late,
    /// It is the one we know.
    Repeated,
}

/// Return what the order of time says of a trade, as `TradeGuard` has it.
#[inline]
pub fn order(last: Option<(u64, &[u8], u64)>, time_ns: u64, price: &[u8], link: u64) -> Order {
    match last {
        Some((last_ns, _, _)) if time_ns < last_ns => Order::Late,
        Some((last_ns, last_price, last_link)) if time_ns == last_ns && (price == last_price || link != last_link) => Order::Repeated,
        _ => Order::New,
    }
}

/// What the rules of liveness go by, in nanoseconds and gaps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The age beyond which nothing is served unproven.
    pub stale_after_ns: u64,
    /// How many of its long gaps a symbol may be silent.
    pub gaps: f64,
    /// The least window.
    pub window_min_ns: u64,
    /// The widest.
    pub window_max_ns: u64,
    /// What is added to it while a proof is sought.
    pub proof_wait_ns: u64,
}

/// How often a symbol trades, as `Rhythm` learns it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rhythm {
    /// How many gaps were heard.
    pub count: u64,
    /// The gap that one in twenty exceeds.
    pub long_gap_ns: u64,
}

impl Rhythm {
    /// Take the time between two arrivals.
    #[inline]
    pub fn heard(&mut self, gap_ns: u64) {
        self.count += 1;
        let long_ns = self.long_gap_ns;
        self.long_gap_ns = if self.count <= GAPS_LEAST {
            long_ns.max(gap_ns)
        } else if gap_ns > long_ns {
            gap_ns.min(long_ns + long_ns / 10 + 1)
        } else {
            long_ns - long_ns / (10 * LONG_GAP_PER)
        };
    }

    /// Return how long a silence is usual.
    #[inline]
    pub fn window_ns(&self, bounds: &Bounds) -> u64 {
        if self.count < GAPS_LEAST {
            return bounds.window_max_ns;
        }
        let window_ns = (self.long_gap_ns as f64 * bounds.gaps).round_ties_even() as u64;
        window_ns.min(bounds.window_max_ns).max(bounds.window_min_ns)
    }
}

/// What Python permits, as of the last time it looked at the symbol, brought forward with every trade taken since.
#[derive(Debug)]
pub struct Terms {
    /// The exchange time of what is held: an older trade is Python's.
    pub held_time_ns: u64,
    /// When what is held, or the first trade of its instant, was told: its age counts from then.
    pub told: Moment,
    /// When the symbol was last heard.
    pub heard_ns: u64,
    /// Until when (monotonic) what is held may be served: a trade after that is Python's.
    pub usable_until_ns: u64,
    /// Whether silence can be proven.
    pub can_prove: bool,
    /// The last price believed.
    pub believed: f64,
    /// How far from it the next may lie, as a share; None where nothing can tell a jump.
    pub jump_share: Option<f64>,
    /// The assets that this symbol answers for.
    pub labels: Vec<Label>,
}

impl Terms {
    /// Return whether a trade is one that Python would believe, hold and serve without a second thought.
    #[inline]
    pub fn permit(&self, time_ns: u64, price: &str, now_ns: u64) -> bool {
        if time_ns < self.held_time_ns || now_ns >= self.usable_until_ns || now_ns < self.heard_ns {
            return false;
        }
        let Some(share) = self.jump_share else { return true };
        let Ok(price) = price.parse::<f64>() else { return false };
        let (low, high) = if price < self.believed { (price, self.believed) } else { (self.believed, price) };
        high <= low * (1.0 + share) * (1.0 - JUMP_MARGIN)
    }

    /// Hold a trade that was permitted; the age at which it is stale. `told` says when it counts as received.
    pub fn take(&mut self, rhythm: &mut Rhythm, time_ns: u64, price: &str, now: Moment, bounds: &Bounds) -> u64 {
        let now_ns = now.monotonic_ns;
        if now_ns > self.heard_ns {
            rhythm.heard(now_ns - self.heard_ns);
        }
        let told = if time_ns == self.held_time_ns && printed_ns(self.told, time_ns) < printed_ns(now, time_ns) { self.told } else { now };
        (self.heard_ns, self.held_time_ns, self.told) = (now_ns, time_ns, told);
        let age_ns = told.wall_ns.saturating_sub(time_ns);
        let until_age = |most_ns: u64| told.monotonic_ns.saturating_add(most_ns).saturating_sub(age_ns);
        let stale_ns = until_age(bounds.stale_after_ns);
        self.usable_until_ns =
            if self.can_prove { stale_ns.min(until_age(rhythm.window_ns(bounds) + bounds.proof_wait_ns)) } else { stale_ns };
        if self.jump_share.is_some() {
            self.believed = price.parse().unwrap_or(self.believed);
        }
        (age_ns + self.usable_until_ns).saturating_sub(told.monotonic_ns).max(1)
    }
}

/// Return the monotonic time at which the age of a trade was zero, before the machine's start perhaps.
#[inline]
fn printed_ns(told: Moment, time_ns: u64) -> i128 {
    i128::from(told.monotonic_ns) - i128::from(told.wall_ns.saturating_sub(time_ns))
}

/// The newest trade that Python has not heard of yet.
#[derive(Debug, Clone, Copy)]
pub struct News {
    /// When the venue says it was.
    pub time_ns: u64,
    /// The digits.
    pub price: Digits,
    /// When we read it.
    pub received: Moment,
    /// When it counts as received: with the first trade of its instant.
    pub told: Moment,
}

/// One venue's symbol.
#[derive(Debug, Default)]
pub struct Slot {
    /// The number of its venue.
    pub venue: u32,
    /// The venue's spelling.
    pub symbol: Box<str>,
    /// The last trade let through.
    pub last: Option<Last>,
    /// How often it trades.
    pub rhythm: Rhythm,
    /// None: every trade is Python's.
    pub terms: Option<Box<Terms>>,
    /// What Python has not heard of.
    pub news: Option<News>,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND_NS: u64 = 1_000_000_000;

    pub(crate) fn bounds() -> Bounds {
        Bounds {
            stale_after_ns: 90 * SECOND_NS,
            gaps: 4.0,
            window_min_ns: 5 * SECOND_NS,
            window_max_ns: 45 * SECOND_NS,
            proof_wait_ns: 10 * SECOND_NS,
        }
    }

    fn terms() -> Terms {
        Terms {
            held_time_ns: 50,
            told: Moment { monotonic_ns: 100, wall_ns: 50 },
            heard_ns: 100,
            usable_until_ns: 1_000,
            can_prove: true,
            believed: 100.0,
            jump_share: Some(0.1),
            labels: Vec::new(),
        }
    }

    #[test]
    fn only_the_ordinary_is_permitted() {
        assert!(terms().permit(50, "109.9", 999) && terms().permit(51, "91", 100));
        for (time_ns, price, now_ns) in [(49, "100", 500), (60, "100", 1_000), (60, "100", 99), (60, "110.1", 500), (60, "90.8", 500)] {
            assert!(!terms().permit(time_ns, price, now_ns), "{time_ns} {price} {now_ns}");
        }
        assert!(!terms().permit(60, "110", 500), "what lies on the bound is Python's to reckon");
    }

    #[test]
    fn a_rhythm_steps_as_pythons_does() {
        let mut rhythm = Rhythm::default();
        for gap in [5, 9, 3, 9, 1, 2, 3, 4] {
            rhythm.heard(gap * SECOND_NS);
        }
        assert_eq!(rhythm, Rhythm { count: 8, long_gap_ns: 9 * SECOND_NS });
        rhythm.heard(60 * SECOND_NS);
        assert_eq!(rhythm.long_gap_ns, 9_900_000_001);
        rhythm.heard(SECOND_NS);
        assert_eq!(rhythm.long_gap_ns, 9_900_000_001 - 49_500_000);
    }

    #[test]
    fn a_second_trade_of_an_instant_is_no_younger_than_the_first() {
        let (bounds, mut rhythm, mut terms) = (bounds(), Rhythm::default(), terms());
        let at = |monotonic_ns: u64| Moment { monotonic_ns, wall_ns: 5_000 + monotonic_ns };
        let ahead_ns = 5_000 + 10 * SECOND_NS; // The venue's clock is ahead: an age counts from receipt.
        terms.take(&mut rhythm, ahead_ns, "100", at(SECOND_NS), &bounds);
        let first_ns = terms.usable_until_ns;
        terms.take(&mut rhythm, ahead_ns, "101", at(2 * SECOND_NS), &bounds);
        assert_eq!((terms.told, terms.heard_ns, terms.usable_until_ns), (at(SECOND_NS), 2 * SECOND_NS, first_ns));
        terms.take(&mut rhythm, ahead_ns + 1, "100", at(3 * SECOND_NS), &bounds);
        assert_eq!(terms.told, at(3 * SECOND_NS));
    }

    proptest! {
        #[test]
        fn a_window_is_within_its_bounds_and_a_trade_never_serves_past_the_bound_of_age(
            gaps in prop::collection::vec(0_u64..100 * SECOND_NS, 0..40), age_ns in 0_u64..200 * SECOND_NS, can_prove: bool,
        ) {
            let bounds = bounds();
            let mut rhythm = Rhythm::default();
            for gap_ns in gaps {
                rhythm.heard(gap_ns);
            }
            prop_assert!((bounds.window_min_ns..=bounds.window_max_ns).contains(&rhythm.window_ns(&bounds)));
            let now = Moment { monotonic_ns: 1_000 * SECOND_NS, wall_ns: 5_000 * SECOND_NS };
            let mut terms = Terms { can_prove, ..terms() };
            let usable_for_ns = terms.take(&mut rhythm, now.wall_ns - age_ns, "100", now, &bounds);
            prop_assert!(usable_for_ns <= bounds.stale_after_ns);
            prop_assert!(!can_prove || terms.usable_until_ns <= now.monotonic_ns + bounds.window_max_ns + bounds.proof_wait_ns);
        }
    }
}
