//! How often an address was wrong about a key. One that was wrong too often has no further unknown keys looked up for a while.
//!
//! Keys that are admitted are not touched by this, so whoever guesses behind the same address as a customer, or forges
//! datagrams in its name, cannot shut the customer out. One wrong key that is sent again and again counts once, so neither
//! can a forgotten machine with an old key. The table has a fixed size: a crowd of addresses costs no memory, and who has
//! been quiet the longest is forgotten first.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use siphasher::sip::SipHasher13;
use std::hash::Hasher;

use crate::clock::SECOND_NS;
use crate::crowd::counted;
use crate::keys::Channel;
use crate::looks::Doubt;

/// Sets of addresses. A power of two.
const SETS: usize = 8_192;

/// Addresses in a set.
const WAYS: usize = 4;

/// Wrong keys an address is remembered by, so that each counts once.
const PRINTS: usize = 4;

/// Who asks: an address, and whether it is proven (HTTP) or only claimed (a datagram). They are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    address: IpAddr,
    is_claimed: bool,
}

impl Origin {
    /// Return who asks at `address` over `channel`.
    pub fn new(address: IpAddr, channel: Channel) -> Self {
        Self { address, is_claimed: channel == Channel::Datagram }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    /// The address, hashed; 0: free.
    who: u64,
    /// When its window began.
    since_ns: u64,
    /// Until when it has spent its tries.
    spent_until_ns: u64,
    count: u32,
    prints: [u32; PRINTS],
    /// The address itself, to be told to operators.
    address: Option<IpAddr>,
    is_claimed: bool,
    /// How many wrong keys its tries were spent by, where they are spent.
    spent_by: u32,
}

/// An address that was wrong about keys lately, as operators are told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrong {
    /// The v4 address, or the first of the v6 network of 64 bits.
    pub address: IpAddr,
    /// Whether it is only claimed, by datagrams.
    pub is_claimed: bool,
    /// How many different wrong keys, as far as they are told apart.
    pub keys: u32,
    /// For how long no unknown key of it is looked up; 0: it may ask.
    pub paused_ns: u64,
}

impl Entry {
    fn of(who: u64, origin: Origin, since_ns: u64) -> Self {
        Self { who, since_ns, address: Some(counted(origin.address)), is_claimed: origin.is_claimed, ..Self::default() }
    }

    fn told(&self, window_ns: u64, now_ns: u64) -> Option<Wrong> {
        let paused_ns = self.spent_until_ns.saturating_sub(now_ns);
        let is_lately = now_ns.saturating_sub(self.since_ns) < window_ns;
        let keys = if paused_ns > 0 { self.spent_by } else { self.count };
        let address = self.address.filter(|_| keys > 0 && (paused_ns > 0 || is_lately))?;
        Some(Wrong { address, is_claimed: self.is_claimed, keys, paused_ns })
    }

    fn is_of(&self, window_ns: u64, now_ns: u64) -> bool {
        now_ns.saturating_sub(self.newest_ns()) < window_ns
    }

    fn newest_ns(&self) -> u64 {
        self.since_ns.max(self.spent_until_ns)
    }
}

/// How many wrong keys an address may send within how long, and what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Wrong keys within a window.
    pub most: u32,
    /// The window.
    pub window_ns: u64,
    /// How long no unknown key is looked up after that.
    pub pause_ns: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { most: 30, window_ns: 60 * SECOND_NS, pause_ns: 60 * SECOND_NS }
    }
}

/// Every address that was wrong lately.
#[derive(Debug)]
pub struct Tries {
    hash_key: (u64, u64),
    sets: Box<[Mutex<[Entry; WAYS]>]>,
    most: AtomicU32,
    window_ns: AtomicU64,
    pause_ns: AtomicU64,
}

impl Tries {
    /// Return an empty table. `hash_key` is random, so that nobody can choose addresses that fall into one set.
    pub fn new(hash_key: (u64, u64)) -> Self {
        let bounds = Bounds::default();
        Self {
            hash_key,
            sets: (0..SETS).map(|_| Mutex::default()).collect(),
            most: AtomicU32::new(bounds.most),
            window_ns: AtomicU64::new(bounds.window_ns),
            pause_ns: AtomicU64::new(bounds.pause_ns),
        }
    }

    /// Go by other bounds from the next wrong key on.
    pub fn set_bounds(&self, bounds: Bounds) {
        self.most.store(bounds.most, Relaxed);
        self.window_ns.store(bounds.window_ns, Relaxed);
        self.pause_ns.store(bounds.pause_ns, Relaxed);
    }

    /// Return the bounds in force.
    pub fn bounds(&self) -> Bounds {
        Bounds { most: self.most.load(Relaxed), window_ns: self.window_ns.load(Relaxed), pause_ns: self.pause_ns.load(Relaxed) }
    }

    /// Return what speaks against looking an unknown key of `origin` up.
    ///
    /// # Errors
    /// It was wrong too often: none is, for so many nanoseconds.
    pub fn doubt(&self, origin: Origin, now_ns: u64) -> Result<Doubt, u64> {
        let (who, window_ns) = (self.who(origin), self.bounds().window_ns);
        let known = self.set(who).iter().find(|entry| entry.who == who).copied().unwrap_or_default();
        match known.spent_until_ns.saturating_sub(now_ns) {
            0 if origin.is_claimed => Ok(Doubt::Claimed),
            0 if known.who == who && known.is_of(window_ns, now_ns) => Ok(Doubt::WrongLately),
            0 => Ok(Doubt::Clean),
            left_ns => Err(left_ns),
        }
    }

    /// Return for how many nanoseconds no unknown key of `origin` is looked up; 0: it may ask.
    pub fn pause_left_ns(&self, origin: Origin, now_ns: u64) -> u64 {
        self.doubt(origin, now_ns).err().unwrap_or(0)
    }

    /// Count a wrong key against `origin`; whether that spent its tries just now.
    pub fn fail(&self, origin: Origin, secret: &[u8], now_ns: u64) -> bool {
        let (who, bounds) = (self.who(origin), self.bounds());
        let print = self.print(secret);
        let mut set = self.set(who);
        let entry = place_of(&mut set, who);
        if entry.who != who || (now_ns.saturating_sub(entry.since_ns) >= bounds.window_ns && now_ns >= entry.spent_until_ns) {
            *entry = Entry::of(who, origin, now_ns);
        }
        if entry.prints.contains(&print) || now_ns < entry.spent_until_ns {
            return false;
        }
        entry.prints[entry.count as usize % PRINTS] = print;
        entry.count += 1;
        if entry.count < bounds.most {
            return false;
        }
        let (spent_by, spent_until_ns) = (entry.count, now_ns.saturating_add(bounds.pause_ns));
        *entry = Entry { spent_until_ns, spent_by, ..Entry::of(who, origin, now_ns) };
        true
    }

    /// Return the addresses that were wrong lately, the worst first, at most so many.
    pub fn worst(&self, most: usize, now_ns: u64) -> Vec<Wrong> {
        let window_ns = self.bounds().window_ns;
        let held = |set: &Mutex<[Entry; WAYS]>| *set.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<Wrong> = self.sets.iter().flat_map(held).filter_map(|entry| entry.told(window_ns, now_ns)).collect();
        found.sort_unstable_by_key(|wrong| (std::cmp::Reverse((wrong.paused_ns > 0, wrong.keys)), wrong.address, wrong.is_claimed));
        found.truncate(most);
        found
    }

    fn set(&self, who: u64) -> MutexGuard<'_, [Entry; WAYS]> {
        self.sets[(who >> 32) as usize & (SETS - 1)].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn who(&self, origin: Origin) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.hash_key.0, self.hash_key.1);
        match counted(origin.address) {
            IpAddr::V4(address) => hasher.write(&address.octets()),
            IpAddr::V6(address) => hasher.write(&address.octets()),
        }
        hasher.write_u8(u8::from(origin.is_claimed));
        hasher.finish().max(1)
    }

    fn print(&self, secret: &[u8]) -> u32 {
        let mut hasher = SipHasher13::new_with_keys(self.hash_key.1, self.hash_key.0);
        hasher.write(secret);
        (hasher.finish() as u32).max(1)
    }
}

/// Return the place of an address in its set: its own, a free one, or that of whoever was quiet the longest.
fn place_of(set: &mut [Entry; WAYS], who: u64) -> &mut Entry {
    let own = set.iter().position(|entry| entry.who == who);
    let place = own.unwrap_or_else(|| (0..WAYS).min_by_key(|place| set[*place].newest_ns()).unwrap_or(0));
    &mut set[place]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    fn at(address: &str) -> Origin {
        Origin::new(address.parse().unwrap(), Channel::Header)
    }

    fn tries(most: u32) -> Tries {
        let tries = Tries::new((1, 2));
        tries.set_bounds(Bounds { most, window_ns: 100, pause_ns: 50 });
        tries
    }

    #[test]
    fn so_many_wrong_keys_within_the_window_and_no_more_is_looked_up_until_the_pause_is_over() {
        let (tries, origin) = (tries(3), at("10.0.0.1"));
        assert_eq!([b"a", b"b"].map(|secret| tries.fail(origin, secret, 10)), [false, false]);
        assert_eq!(tries.pause_left_ns(origin, 20), 0);
        assert!(tries.fail(origin, b"c", 20));
        assert_eq!([20, 69, 70].map(|now_ns| tries.pause_left_ns(origin, now_ns)), [50, 1, 0]);
        assert!(!tries.fail(origin, b"d", 30), "during the pause nothing is counted");
        assert_eq!([b"a", b"b", b"c"].map(|secret| tries.fail(origin, secret, 70)), [false, false, true], "and then anew");
    }

    #[test]
    fn an_address_is_in_doubt_while_its_wrong_keys_are_counted() {
        let (tries, origin) = (tries(2), at("10.0.0.1"));
        let claimed = Origin::new("10.0.0.1".parse().unwrap(), Channel::Datagram);
        assert_eq!([origin, claimed].map(|origin| tries.doubt(origin, 0)), [Ok(Doubt::Clean), Ok(Doubt::Claimed)]);
        tries.fail(origin, b"a", 10);
        assert_eq!(
            [10, 109, 110].map(|now_ns| tries.doubt(origin, now_ns)),
            [Ok(Doubt::WrongLately), Ok(Doubt::WrongLately), Ok(Doubt::Clean)]
        );
        tries.fail(origin, b"b", 20);
        assert_eq!([20, 69].map(|now_ns| tries.doubt(origin, now_ns)), [Err(50), Err(1)]);
        assert_eq!(
            [70, 169, 170].map(|now_ns| tries.doubt(origin, now_ns)),
            [Ok(Doubt::WrongLately), Ok(Doubt::WrongLately), Ok(Doubt::Clean)]
        );
        assert_eq!(tries.doubt(at("10.0.0.2"), 20), Ok(Doubt::Clean));
    }

    #[test]
    fn one_wrong_key_sent_for_ever_counts_once() {
        let (tries, origin) = (tries(3), at("10.0.0.1"));
        for now_ns in 0..1_000 {
            assert!(!tries.fail(origin, b"old key", now_ns));
            assert!(!tries.fail(origin, b"another", now_ns));
        }
    }

    #[test]
    fn a_window_that_is_over_is_forgotten() {
        let (tries, origin) = (tries(2), at("10.0.0.1"));
        assert!(!tries.fail(origin, b"a", 0) && !tries.fail(origin, b"b", 100) && tries.fail(origin, b"c", 199));
    }

    #[test]
    fn an_address_is_a_v4_one_or_a_v6_network_of_64_bits_and_forged_ones_count_apart() {
        let tries = tries(1);
        assert!(tries.fail(at("2001:db8::1"), b"a", 0) && tries.fail(at("10.0.0.1"), b"a", 0));
        let left = |origin| tries.pause_left_ns(origin, 0) > 0;
        assert!(left(at("2001:db8::ffff:1")) && left(at("::ffff:10.0.0.1")));
        assert!(!left(at("2001:db8:0:1::1")) && !left(at("10.0.0.2")));
        assert!(!left(Origin::new("10.0.0.1".parse().unwrap(), Channel::Datagram)));
    }

    #[test]
    fn who_was_wrong_lately_is_told_the_worst_first_and_then_forgotten() {
        let tries = tries(3);
        let [spent, wrong, forged] = [at("10.0.0.1"), at("2001:db8::7"), Origin::new("10.0.0.9".parse().unwrap(), Channel::Datagram)];
        for secret in [b"a", b"b", b"c"] {
            tries.fail(spent, secret, 10);
        }
        tries.fail(wrong, b"a", 20);
        tries.fail(wrong, b"b", 20);
        tries.fail(forged, b"a", 20);
        let told = |most, now_ns| {
            tries.worst(most, now_ns).into_iter().map(|one| (one.address.to_string(), one.is_claimed, one.keys, one.paused_ns))
        };
        let all = [("10.0.0.1".into(), false, 3, 30), ("2001:db8::".into(), false, 2, 0), ("10.0.0.9".into(), true, 1, 0)];
        assert_eq!(told(9, 30).collect::<Vec<_>>(), all);
        assert_eq!(told(1, 30).count(), 1);
        assert_eq!(told(9, 119).map(|one| one.0).collect::<Vec<_>>(), ["2001:db8::", "10.0.0.9"], "the pause is over");
        assert_eq!(told(9, 120).count(), 0, "and so is the window");
    }

    #[test]
    fn a_crowd_takes_no_more_room_and_the_quiet_are_forgotten_first() {
        let tries = tries(2);
        assert!(!tries.fail(at("10.9.9.9"), b"a", 0));
        for number in 0..4 * (SETS * WAYS) as u32 {
            tries.fail(Origin::new(Ipv4Addr::from(number).into(), Channel::Header), b"a", 1);
        }
        let held = tries.sets.iter().map(|set| set.lock().unwrap().iter().filter(|entry| entry.who != 0).count()).sum::<usize>();
        assert!(held <= SETS * WAYS);
        assert!(!tries.fail(at("10.9.9.9"), b"b", 2), "its first wrong key was forgotten");
    }

    proptest! {
        #[test]
        fn no_address_is_wrong_more_often_than_it_may_be(
            steps in prop::collection::vec((0_u64..30, 0_u8..12), 1..200), most in 1_u32..8,
        ) {
            let (tries, origin) = (tries(most), at("192.0.2.1"));
            let (mut now_ns, mut looked_up) = (0, Vec::new());
            for (step_ns, secret) in steps {
                now_ns += step_ns;
                if tries.pause_left_ns(origin, now_ns) > 0 {
                    continue; // Nothing is looked up.
                }
                let was = tries.fail(origin, &[secret], now_ns);
                looked_up.push((now_ns, secret));
                prop_assert_eq!(was, tries.pause_left_ns(origin, now_ns) > 0);
            }
            // Keys that differ from the last few, within any one pause's length: no more than one window's worth and the next's.
            for (first, (from_ns, _)) in looked_up.iter().enumerate() {
                let mut distinct: Vec<u8> = looked_up[first..].iter().take_while(|(at_ns, _)| at_ns - from_ns < 50).map(|seen| seen.1).collect();
                distinct.sort_unstable();
                distinct.dedup();
                prop_assert!(distinct.len() <= 2 * most as usize);
            }
        }
    }
}
