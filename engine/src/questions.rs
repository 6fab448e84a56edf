//! Keys the engine has not heard of. The request waits here, in its thread, until Python has looked.

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crossbeam_queue::ArrayQueue;

use crate::bell::Bell;
use crate::keys::Digest;

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

/// Questions on their way to Python.
#[derive(Debug)]
pub struct Questions {
    asked: ArrayQueue<(Ticket, Digest)>,
    waiting: AtomicUsize,
    most: usize,
    bell: Bell,
}

impl Questions {
    /// Return an empty queue for `most` requests that wait at once.
    ///
    /// # Errors
    /// There are no descriptors left.
    pub fn new(most: usize) -> io::Result<Self> {
        // A request that stopped waiting leaves its question behind, so the queue is roomier than the bound.
        Ok(Self { asked: ArrayQueue::new(most * 2), waiting: AtomicUsize::new(0), most, bell: Bell::new()? })
    }

    /// Ask about a key; false when too many wait already. Each question that was asked ends with one `settle`.
    pub fn ask(&self, ticket: Ticket, digest: Digest) -> bool {
        if self.waiting.fetch_update(Relaxed, Relaxed, |waiting| (waiting < self.most).then_some(waiting + 1)).is_err() {
            return false;
        }
        if self.asked.push((ticket, digest)).is_err() {
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
    pub fn take(&self) -> Vec<(Ticket, Digest)> {
        self.bell.clear();
        std::iter::from_fn(|| self.asked.pop()).collect()
    }

    /// Return how many requests wait.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }
}

impl AsRawFd for Questions {
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
        let ask = |serial| questions.ask(Ticket::new(0, false, serial), [0; 32]);
        assert!(ask(1) && ask(2) && !ask(3));
        questions.settle();
        assert!(ask(4));
        assert_eq!(questions.take().iter().map(|(ticket, _)| ticket.serial()).collect::<Vec<_>>(), [1, 2, 4]);
        assert_eq!((questions.take().len(), questions.waiting()), (0, 2));
    }

    proptest! {
        #[test]
        fn a_ticket_tells_where_its_request_waits(thread in 0_usize..64, is_datagram: bool, serial in 0_u64..1 << SERIAL_BITS) {
            let ticket = Ticket::new(thread, is_datagram, serial);
            prop_assert_eq!((ticket.thread(), ticket.is_datagram(), ticket.serial()), (thread, is_datagram, serial));
        }
    }
}
