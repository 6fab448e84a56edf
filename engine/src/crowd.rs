//! How many connections there are, in all and from one address, over all threads.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

use papaya::{Compute, HashMap, Operation};

/// Everybody who is connected.
#[derive(Debug)]
pub struct Crowd {
    total: AtomicUsize,
    by_address: HashMap<IpAddr, u32, foldhash::fast::RandomState>,
    most: AtomicUsize,
    most_per_address: AtomicU32,
}

/// Return the address that is counted: a whole /64 is one caller's in v6.
pub fn counted(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => IpAddr::V4(address),
            None => IpAddr::V6(Ipv6Addr::from(u128::from(address) & (u128::MAX << 64))),
        },
        IpAddr::V4(_) => address,
    }
}

impl Crowd {
    /// Return an empty crowd with its bounds.
    pub fn new(most: usize, most_per_address: u32) -> Self {
        Self { total: AtomicUsize::new(0), by_address: HashMap::default(), most: most.into(), most_per_address: most_per_address.into() }
    }

    /// Let others in by these bounds. Whoever is in stays.
    pub fn turn(&self, most: usize, most_per_address: u32) {
        self.most.store(most, Relaxed);
        self.most_per_address.store(most_per_address, Relaxed);
    }

    /// Let a connection in, or not. One that is in ends with one `leave`.
    pub fn enter(&self, address: IpAddr) -> bool {
        let (most, most_per_address) = (self.most.load(Relaxed), self.most_per_address.load(Relaxed));
        if self.total.fetch_update(Relaxed, Relaxed, |total| (total < most).then_some(total + 1)).is_err() {
            return false;
        }
        let by_address = self.by_address.pin();
        let entered = by_address.compute(counted(address), |entry| match entry {
            Some((_, count)) if *count >= most_per_address => Operation::Abort(()),
            Some((_, count)) => Operation::Insert(count + 1),
            None => Operation::Insert(1),
        });
        let is_in = !matches!(entered, Compute::Aborted(()));
        if !is_in {
            self.total.fetch_sub(1, Relaxed);
        }
        is_in
    }

    /// Take a connection out.
    pub fn leave(&self, address: IpAddr) {
        self.by_address.pin().compute(counted(address), |entry| match entry {
            Some((_, count)) if *count > 1 => Operation::Insert(count - 1),
            Some(_) => Operation::Remove,
            None => Operation::Abort(()),
        });
        self.total.fetch_sub(1, Relaxed);
    }

    /// Return how many are in.
    pub fn total(&self) -> usize {
        self.total.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_come_in_than_may_in_all_and_from_one_address() {
        let crowd = Crowd::new(3, 2);
        let (one, same, other): (IpAddr, IpAddr, IpAddr) =
            ("10.0.0.1".parse().unwrap(), "::ffff:10.0.0.1".parse().unwrap(), "2001:db8::1".parse().unwrap());
        assert!(crowd.enter(one) && crowd.enter(same) && !crowd.enter(one));
        assert!(crowd.enter(other) && !crowd.enter("2001:db8:1::1".parse().unwrap()));
        crowd.leave(one);
        assert!(crowd.enter("2001:db8::2".parse().unwrap()) && crowd.total() == 3);
        crowd.leave(other);
        assert!(crowd.enter(one));
    }

    #[test]
    fn bounds_that_are_turned_hold_from_the_next_on() {
        let (crowd, one): (Crowd, IpAddr) = (Crowd::new(1, 1), "10.0.0.1".parse().unwrap());
        assert!(crowd.enter(one) && !crowd.enter(one));
        crowd.turn(3, 2);
        assert!(crowd.enter(one) && !crowd.enter(one));
        crowd.turn(1, 1);
        crowd.leave(one);
        assert!(!crowd.enter(one) && crowd.total() == 1);
    }

    #[test]
    fn counts_are_exact_over_threads() {
        let crowd = Crowd::new(1_000, 3);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..5_000 {
                        let address: IpAddr = "10.0.0.9".parse().unwrap();
                        if crowd.enter(address) {
                            assert!(crowd.total() <= 4);
                            crowd.leave(address);
                        }
                    }
                });
            }
        });
        assert_eq!((crowd.total(), crowd.by_address.len()), (0, 0));
    }
}
