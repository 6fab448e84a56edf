//! Addresses and networks that are refused at accept and at datagram.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

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

/// Networks, each with the monotonic time until which it is refused.
#[derive(Debug, Default)]
pub struct Blocklist {
    until_ns: HashMap<Network, u64, foldhash::fast::RandomState>,
    /// One bit for each prefix length in use, 0 to 63, 64 to 127, and 128: only those are looked up.
    lengths: [AtomicU64; 3],
    writing: Mutex<()>,
}

impl Blocklist {
    /// Refuse `network` until a monotonic time.
    pub fn block(&self, network: Network, until_ns: u64) {
        let _writing = self.writing.lock();
        self.until_ns.pin().insert(network, until_ns);
        self.relist();
    }

    /// Lift a block; whether there was one.
    pub fn unblock(&self, network: Network) -> bool {
        let _writing = self.writing.lock();
        let was = self.until_ns.pin().remove(&network).is_some();
        self.relist();
        was
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
        let _writing = self.writing.lock();
        self.until_ns.pin().retain(|_, until_ns| now_ns < *until_ns);
        self.relist();
        let until_ns = self.until_ns.pin();
        let mut entries: Vec<_> =
            until_ns.iter().map(|(network, until_ns)| (*network, (until_ns - now_ns) as f64 / SECOND_NS as f64)).collect();
        entries.sort_by_key(|entry| entry.0);
        entries
    }

    fn relist(&self) {
        let mut words = [0_u64; 3];
        for network in self.until_ns.pin().keys() {
            words[usize::from(network.prefix) / 64] |= 1 << (network.prefix % 64);
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
        list.block("10.1.0.0/16".parse().unwrap(), 100);
        list.block("2001:db8::/32".parse().unwrap(), 100);
        assert!(refuses(&list, "10.1.255.7", 99) && refuses(&list, "::ffff:10.1.2.3", 99) && refuses(&list, "2001:db8:1::1", 99));
        assert!(!refuses(&list, "10.2.0.1", 99) && !refuses(&list, "2001:db9::1", 99) && !refuses(&list, "10.1.0.1", 100));
        assert_eq!(list.entries(99).iter().map(|entry| entry.0.to_string()).collect::<Vec<_>>(), ["10.1.0.0/16", "2001:db8::/32"]);
        assert!(list.entries(100).is_empty() && !list.unblock("10.1.0.0/16".parse().unwrap()));
    }

    #[test]
    fn lifting_a_block_lifts_that_block_only() {
        let list = Blocklist::default();
        list.block("10.0.0.1".parse().unwrap(), 100);
        list.block("10.0.0.0/8".parse().unwrap(), 100);
        assert!(list.unblock("10.0.0.0/8".parse().unwrap()));
        assert!(refuses(&list, "10.0.0.1", 1) && !refuses(&list, "10.0.0.2", 1));
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
            list.block(format!("{}/{length}", Ipv4Addr::from(network)).parse().unwrap(), 1);
            let same = length == 0 || network >> (32 - length) == address >> (32 - length);
            prop_assert_eq!(list.refuses(Ipv4Addr::from(address).into(), 0), same);
            let network: Network = format!("{}/{length}", Ipv4Addr::from(network)).parse().unwrap();
            prop_assert_eq!(network.holds(Ipv4Addr::from(address).into()), same);
        }
    }
}
