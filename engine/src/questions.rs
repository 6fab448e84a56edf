//! What the engine has to ask Python: keys it has not heard of, and prices that are fetched on demand. The request waits in its
//! thread until Python has looked.

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crossbeam_queue::ArrayQueue;

use crate::bell::Bell;
use crate::book::Asset;
use crate::datagram::ASSETS_MAX;
use crate::keys::Digest;
use crate::looks::Doubt;

const SERIAL_BITS: u32 = 48;
const DATAGRAM_BIT: u64 = 1 << 62;

/// Which request a question is about: its thread, its door, and a number that is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket(pub u64);

impl Ticket {
    /// Return the ticket of a thread's request.
    pub fn new(thread: usize, is_datagram: bool, serial: u64) -> Self {
        let door = if is_datagram { DATAGRAM_BIT } else { 0 };
        Self(door | (thread as u64 & 0xff) << SERIAL_BITS | serial & ((1 << SERIAL_BITS) - 1))
    }

    /// Return the thread where the request waits.
    pub fn thread(self) -> usize {
        (self.0 >> SERIAL_BITS & 0xff) as usize
    }

    /// Return whether it came by datagram.
    pub fn is_datagram(self) -> bool {
        self.0 & DATAGRAM_BIT != 0
    }

    /// Return the request's number in its thread and door.
    pub fn serial(self) -> u64 {
        self.0 & ((1 << SERIAL_BITS) - 1)
    }
}

/// The assets of one request that Python has to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    assets: [Asset; ASSETS_MAX],
    count: usize,
}

impl Wanted {
    /// Add an asset, once.
    pub fn add(&mut self, asset: Asset) {
        if self.count < ASSETS_MAX && !self.assets().contains(&asset) {
            self.assets[self.count] = asset;
            self.count += 1;
        }
    }

    /// Return the assets.
    pub fn assets(&self) -> &[Asset] {
        &self.assets[..self.count]
    }
}

/// What a request waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Who asks, and how likely it is nobody.
    Key(Digest, Doubt),
    /// Prices that no feed holds.
    Assets(Wanted),
}

/// Questions of one kind on their way to Python.
#[derive(Debug)]
pub struct Questions<T> {
    asked: ArrayQueue<(Ticket, T)>,
    waiting: AtomicUsize,
    most: usize,
    bell: Bell,
}

impl<T> Questions<T> {
    /// Return an empty queue for `most` requests that wait at once.
    ///
    /// # Errors
    /// There are no descriptors left.
    pub fn new(most: usize) -> io::Result<Self> {
        // A request that stopped waiting leaves its question behind, so the queue is roomier than the bound.
        Ok(Self { asked: ArrayQueue::new(most * 2), waiting: AtomicUsize::new(0), most, bell: Bell::new()? })
    }

    /// Ask; false when too many wait already. Each question that was asked ends with one `settle`.
    pub fn ask(&self, ticket: Ticket, about: T) -> bool {
        if self.waiting.fetch_update(Relaxed, Relaxed, |waiting| (waiting < self.most).then_some(waiting + 1)).is_err() {
            return false;
        }
        if self.asked.push((ticket, about)).is_err() {
            self.settle();
            return false;
        }
        self.bell.ring();
        true
    }

    /// Tell that a request no longer waits: answered, timed out, or gone.
    pub fn settle(&self) {
        self.waiting.fetch_sub(1, Relaxed);
    }

    /// Return all questions and silence the descriptor.
    pub fn take(&self) -> Vec<(Ticket, T)> {
        self.bell.clear();
        std::iter::from_fn(|| self.asked.pop()).collect()
    }

    /// Return how many requests wait.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }
}

impl<T> AsRawFd for Questions<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.bell.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_more_wait_than_may() {
        let questions = Questions::new(2).unwrap();
        let ask = |serial| questions.ask(Ticket::new(0, false, serial), ());
        assert!(ask(1) && ask(2) && !ask(3));
        questions.settle();
        assert!(ask(4));
        assert_eq!(questions.take().iter().map(|(ticket, ())| ticket.serial()).collect::<Vec<_>>(), [1, 2, 4]);
        assert_eq!((questions.take().len(), questions.waiting()), (0, 2));
    }

    #[test]
    fn what_is_wanted_twice_is_fetched_once() {
        let mut wanted = Wanted::default();
        for code in ["BTC", "ETH", "BTC", "A", "B", "C", "D", "E", "F", "G"] {
            wanted.add(Asset::of(code.as_bytes()).unwrap());
        }
        let codes: Vec<String> = wanted.assets().iter().map(ToString::to_string).collect();
        assert_eq!(codes, ["BTC", "ETH", "A", "B", "C", "D", "E", "F"]);
    }

    proptest! {
        #[test]
        fn a_ticket_tells_where_its_request_waits(thread in 0_usize..64, is_datagram: bool, serial in 0_u64..1 << SERIAL_BITS) {
            let ticket = Ticket::new(thread, is_datagram, serial);
            prop_assert_eq!((ticket.thread(), ticket.is_datagram(), ticket.serial()), (thread, is_datagram, serial));
        }
    }
}
