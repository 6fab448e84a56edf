//! Addresses and networks that are refused at accept and at datagram.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;
use std::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use std::sync::{Mutex, PoisonError};

use papaya::HashMap;

use crate::clock::SECOND_NS;

/// A network, v4 ones in their v6-mapped place, so that both ways of reaching a socket are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network {
    bits: u128,
    prefix: u8,
}

/// Where v4 addresses begin among v6 ones.
const V4_PREFIX: u8 = 96;

/// Return an address as a v6 number, v4 ones mapped.
fn number_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_ipv6_mapped()),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn masked(bits: u128, prefix: u8) -> u128 {
    if prefix == 0 { 0 } else { bits & (u128::MAX << (128 - u32::from(prefix))) }
}

impl Network {
    /// Return whether an address lies in it.
    pub fn holds(self, address: IpAddr) -> bool {
        masked(number_of(address), self.prefix) == self.bits
    }
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| ())?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            Some(length) if length.bytes().all(|byte| byte.is_ascii_digit()) => length.parse::<u8>().map_err(|_| ())?,
            Some(_) => return Err(()),
            None => widest,
        };
        if length > widest {
            return Err(());
        }
        let prefix = if address.is_ipv4() { V4_PREFIX + length } else { length };
        Ok(Self { bits: masked(number_of(address), prefix), prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = Ipv6Addr::from(self.bits);
        match address.to_ipv4_mapped() {
            Some(address) if self.prefix == 128 => write!(to, "{address}"),
            Some(address) if self.prefix >= V4_PREFIX => write!(to, "{address}/{}", self.prefix - V4_PREFIX),
            _ if self.prefix == 128 => write!(to, "{address}"),
            _ => write!(to, "{address}/{}", self.prefix),
        }
    }
}

/// With fewer blocks than this nothing is gained by dropping those whose time is over.
const TIDIED_FROM: usize = 64;

/// Networks, each with the monotonic time until which it is refused.
#[derive(Debug, Default)]
pub struct Blocklist {
    until_ns: HashMap<Network, u64, foldhash::fast::RandomState>,
    /// One bit for each prefix length in use, 0 to 63, 64 to 127, and 128: only those are looked up.
    lengths: [AtomicU64; 3],
    /// Moves with every new block: who was let in under an older one is looked at again.
    revision: AtomicU64,
    writing: Mutex<Books>,
}

/// What writers keep.
#[derive(Debug, Default)]
struct Books {
    /// How many blocks there are of each prefix length.
    counts: Counts,
    /// At how many blocks those whose time is over are dropped.
    tidied_at: usize,
}

#[derive(Debug)]
struct Counts([u32; 129]);

impl Default for Counts {
    fn default() -> Self {
        Self([0; 129])
    }
}

impl Blocklist {
    /// Refuse `network` until a monotonic time, as told at `now_ns`.
    pub fn block(&self, network: Network, until_ns: u64, now_ns: u64) {
        let mut books = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.until_ns.pin().insert(network, until_ns).is_none() {
            books.counts.0[usize::from(network.prefix)] += 1;
        }
        if self.until_ns.len() >= books.tidied_at.max(TIDIED_FROM) {
            self.tidy(&mut books, now_ns);
            books.tidied_at = 2 * self.until_ns.len();
        }
        self.relist(&books.counts);
        self.revision.fetch_add(1, Release);
    }

    /// Lift a block; whether there was one.
    pub fn unblock(&self, network: Network) -> bool {
        let mut books = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let was = self.until_ns.pin().remove(&network).is_some();
        books.counts.0[usize::from(network.prefix)] -= u32::from(was);
        self.relist(&books.counts);
        was
    }

    /// Return a number that moves with every new block.
    #[inline]
    pub fn revision(&self) -> u64 {
        self.revision.load(Acquire)
    }

    /// Return whether an address is refused now. Costs three loads while nothing is blocked.
    #[inline]
    pub fn refuses(&self, address: IpAddr, now_ns: u64) -> bool {
        if self.lengths.iter().all(|lengths| lengths.load(Relaxed) == 0) {
            return false;
        }
        self.look_up(number_of(address), now_ns)
    }

    #[cold]
    fn look_up(&self, bits: u128, now_ns: u64) -> bool {
        let until_ns = self.until_ns.pin();
        self.lengths.iter().enumerate().any(|(word, lengths)| {
            let mut left = lengths.load(Relaxed);
            while left != 0 {
                let prefix = (word * 64) as u8 + left.trailing_zeros() as u8;
                left &= left - 1;
                let network = Network { bits: masked(bits, prefix), prefix };
                if until_ns.get(&network).is_some_and(|until_ns| now_ns < *until_ns) {
                    return true;
                }
            }
            false
        })
    }

    /// Return each blocked network with the seconds it has left, dropping those whose time is over.
    pub fn entries(&self, now_ns: u64) -> Vec<(Network, f64)> {
        let mut books = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.tidy(&mut books, now_ns);
        self.relist(&books.counts);
        let until_ns = self.until_ns.pin();
        let seconds = |until_ns: u64| if until_ns == u64::MAX { f64::INFINITY } else { (until_ns - now_ns) as f64 / SECOND_NS as f64 };
        let mut entries: Vec<_> = until_ns.iter().map(|(network, until_ns)| (*network, seconds(*until_ns))).collect();
        entries.sort_by_key(|entry| entry.0);
        entries
    }

    fn tidy(&self, books: &mut Books, now_ns: u64) {
        let until_ns = self.until_ns.pin();
        until_ns.retain(|_, until_ns| now_ns < *until_ns);
        books.counts = Counts::default();
        for network in until_ns.keys() {
            books.counts.0[usize::from(network.prefix)] += 1;
        }
    }

    fn relist(&self, counts: &Counts) {
        let mut words = [0_u64; 3];
        for (prefix, count) in counts.0.iter().enumerate() {
            words[prefix / 64] |= u64::from(*count > 0) << (prefix % 64);
        }
        for (lengths, word) in self.lengths.iter().zip(words) {
            lengths.store(word, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    fn refuses(list: &Blocklist, address: &str, now_ns: u64) -> bool {
        list.refuses(address.parse().unwrap(), now_ns)
    }

    #[test]
    fn a_network_is_refused_until_its_time_is_over() {
        let list = Blocklist::default();
        list.block("10.1.0.0/16".parse().unwrap(), 100, 0);
        list.block("2001:db8::/32".parse().unwrap(), 100, 0);
        assert!(refuses(&list, "10.1.255.7", 99) && refuses(&list, "::ffff:10.1.2.3", 99) && refuses(&list, "2001:db8:1::1", 99));
        assert!(!refuses(&list, "10.2.0.1", 99) && !refuses(&list, "2001:db9::1", 99) && !refuses(&list, "10.1.0.1", 100));
        assert_eq!(list.entries(99).iter().map(|entry| entry.0.to_string()).collect::<Vec<_>>(), ["10.1.0.0/16", "2001:db8::/32"]);
        assert!(list.entries(100).is_empty() && !list.unblock("10.1.0.0/16".parse().unwrap()));
    }

    #[test]
    fn lifting_a_block_lifts_that_block_only() {
        let list = Blocklist::default();
        list.block("10.0.0.1".parse().unwrap(), 100, 0);
        list.block("10.0.0.0/8".parse().unwrap(), 100, 0);
        assert!(list.unblock("10.0.0.0/8".parse().unwrap()));
        assert!(refuses(&list, "10.0.0.1", 1) && !refuses(&list, "10.0.0.2", 1));
    }

    #[test]
    fn a_block_without_end_stays_and_those_whose_time_is_over_go() {
        let list = Blocklist::default();
        list.block("192.0.2.0/24".parse().unwrap(), u64::MAX, 0);
        for number in 0..1_000_u32 {
            list.block(Ipv4Addr::from(number).to_string().parse().unwrap(), u64::from(number) + 1, u64::from(number));
        }
        assert!(list.until_ns.len() <= 2 * TIDIED_FROM, "{}", list.until_ns.len());
        assert!(refuses(&list, "192.0.2.7", u64::MAX - 1) && list.entries(5_000)[0].1.is_infinite());
        let revision = list.revision();
        assert!(list.unblock("192.0.2.0/24".parse().unwrap()) && list.revision() == revision);
        assert!(list.lengths.iter().all(|lengths| lengths.load(Relaxed) == 0));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "10.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/+8", "example.org", "10.0.0.0/8/8"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_v4_network_holds_exactly_the_addresses_that_share_its_prefix(network: u32, length in 0_u8..=32, address: u32) {
            let list = Blocklist::default();
            list.block(format!("{}/{length}", Ipv4Addr::from(network)).parse().unwrap(), 1, 0);
            let same = length == 0 || network >> (32 - length) == address >> (32 - length);
            prop_assert_eq!(list.refuses(Ipv4Addr::from(address).into(), 0), same);
            let network: Network = format!("{}/{length}", Ipv4Addr::from(network)).parse().unwrap();
            prop_assert_eq!(network.holds(Ipv4Addr::from(address).into()), same);
        }
    }
}
