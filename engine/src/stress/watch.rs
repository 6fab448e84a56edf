//! What a thread waits for: its sockets, and the moment when something is due.

use std::io;
use std::os::fd::RawFd;

use super::alarm::Alarm;
use crate::http::poll::{Event, LEVEL, Poll};

/// A wait shorter than this is not worth a timer.
const SPIN_NS: u64 = 15_000;
const ALARM: u64 = u64::MAX;

/// A poll that can be woken at a moment.
#[derive(Debug)]
pub struct Watch {
    poll: Poll,
    alarm: Alarm,
}

impl Watch {
    /// Return one that watches nothing yet.
    ///
    /// # Errors
    /// There are no descriptors left.
    pub fn new() -> io::Result<Self> {
        let (poll, alarm) = (Poll::new()?, Alarm::new()?);
        poll.add(alarm.descriptor(), ALARM, LEVEL)?;
        Ok(Self { poll, alarm })
    }

    /// Watch a socket, too.
    ///
    /// # Errors
    /// The kernel has no room for it.
    pub fn add(&self, socket: RawFd, token: u64, flags: u32) -> io::Result<()> {
        self.poll.add(socket, token, flags)
    }

    /// Wait until something happens or it is `until_ns`; not at all without one, or where it is too near. How many events there are.
    #[inline]
    pub fn wait(&mut self, now: u64, until_ns: Option<u64>) -> usize {
        let until_ns = until_ns.filter(|until_ns| *until_ns > now + SPIN_NS);
        if let Some(until_ns) = until_ns {
            self.alarm.set(until_ns);
        }
        self.poll.wait(until_ns.is_some())
    }

    /// Return an event; none where it is only the time.
    #[inline]
    pub fn event(&self, place: usize) -> Option<Event> {
        Some(self.poll.event(place)).filter(|event| event.token != ALARM)
    }
}
