//! Connections whose request the engine does not answer, on their way to the Python HTTP server.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

use crossbeam_queue::ArrayQueue;
use papaya::HashMap;

use crate::bell::Bell;

/// A connection given away.
#[derive(Debug)]
pub struct Handed {
    /// Its socket, non-blocking.
    pub socket: OwnedFd,
    /// What was read from it and not answered.
    pub first_bytes: Vec<u8>,
    /// Who is at the other end.
    pub peer: SocketAddr,
    /// What to call it when it ends.
    pub ticket: u64,
}

/// The way out of the engine.
#[derive(Debug)]
pub struct Door {
    waiting: ArrayQueue<Handed>,
    /// Connections given away and not yet ended, by ticket.
    peers: HashMap<u64, SocketAddr, foldhash::fast::RandomState>,
    open: AtomicUsize,
    is_shut: AtomicBool,
    most: usize,
    last_ticket: AtomicU64,
    bell: Bell,
}

/// A place kept for one connection. It is given back by `Door::give_up` or lasts until `Door::closed`.
#[derive(Debug)]
#[must_use]
pub struct Place(());

impl Door {
    /// Return a door for `most` connections at once.
    ///
    /// # Errors
    /// There are no descriptors left.
    pub fn new(most: usize) -> io::Result<Self> {
        Ok(Self {
            waiting: ArrayQueue::new(most),
            peers: HashMap::default(),
            open: AtomicUsize::new(0),
            is_shut: AtomicBool::new(false),
            most,
            last_ticket: AtomicU64::new(0),
            bell: Bell::new()?,
        })
    }

    /// Give nothing away from now on: Python is about to take nobody any more.
    pub fn shut(&self) {
        self.is_shut.store(true, Relaxed);
    }

    /// Keep a place for a connection, or None when all are taken or the door is shut.
    pub fn reserve(&self) -> Option<Place> {
        if self.is_shut.load(Relaxed) {
            return None;
        }
        let kept = self.open.fetch_update(Relaxed, Relaxed, |open| (open < self.most).then_some(open + 1));
        kept.ok().map(|_| Place(()))
    }

    /// Give a place back unused.
    pub fn give_up(&self, _place: Place) {
        self.open.fetch_sub(1, Relaxed);
    }

    /// Give a connection away.
    ///
    /// # Panics
    /// Never: a place was kept, and there are as many in the queue.
    pub fn give(&self, _place: Place, socket: OwnedFd, first_bytes: Vec<u8>, peer: SocketAddr) {
        let ticket = self.last_ticket.fetch_add(1, Relaxed) + 1;
        self.peers.pin().insert(ticket, peer);
        let given = self.waiting.push(Handed { socket, first_bytes, peer, ticket });
        assert!(given.is_ok(), "a place was kept and the queue is full");
        self.bell.ring();
    }

    /// Return all waiting connections and silence the descriptor.
    pub fn take(&self) -> Vec<Handed> {
        self.bell.clear();
        std::iter::from_fn(|| self.waiting.pop()).collect()
    }

    /// Make room for another; the peer of the connection that ended, or None for a ticket that is no longer open.
    pub fn closed(&self, ticket: u64) -> Option<SocketAddr> {
        let peer = self.peers.pin().remove(&ticket).copied();
        if peer.is_some() {
            self.open.fetch_sub(1, Relaxed);
        }
        peer
    }

    /// Return how many connections are given away or about to be.
    pub fn open(&self) -> usize {
        self.open.load(Relaxed)
    }
}

impl AsRawFd for Door {
    fn as_raw_fd(&self) -> RawFd {
        self.bell.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_place_is_held_until_the_connection_ends() {
        let door = Door::new(1).unwrap();
        let place = door.reserve().unwrap();
        assert!(door.reserve().is_none());
        let (socket, _other) = UnixStream::pair().unwrap();
        door.give(place, socket.into(), b"GET".to_vec(), "127.0.0.1:9".parse().unwrap());
        let handed = door.take();
        assert_eq!((handed.len(), &*handed[0].first_bytes), (1, b"GET".as_slice()));
        assert!(door.reserve().is_none() && door.take().is_empty());
        assert!(door.closed(handed[0].ticket).is_some() && door.closed(handed[0].ticket).is_none());
        let place = door.reserve().unwrap();
        door.give_up(place);
        assert_eq!(door.open(), 0);
    }
}
