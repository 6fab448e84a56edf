//! One connection: its socket, what was read from it and not answered, what was answered and not taken.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use crate::http::poll;
use crate::questions::Ticket;

/// A reader that has taken this much gets its time anew.
const PROGRESS_BYTES: usize = 4_096;

/// What a connection is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Asking and being answered.
    Open,
    /// Its request waits until Python has looked a key up.
    Parked(Ticket),
    /// Given to Python as soon as earlier answers are taken.
    Leaving,
    /// Ends as soon as its answers are taken.
    Closing,
    /// We have said our last; what still comes is thrown away until the other end has heard it.
    Lingering,
}

/// A connection. An idle one owns no buffers.
#[derive(Debug)]
pub struct Connection {
    socket: OwnedFd,
    /// Who is at the other end.
    pub peer: SocketAddr,
    /// What it is at.
    pub phase: Phase,
    /// Read and not answered.
    pub unread: Vec<u8>,
    unsent: Vec<u8>,
    sent: usize,
    taken_since: usize,
    /// When the present wait began: for a request, for its end, or for the other end to hear our last.
    pub since_ns: u64,
    /// When the reader was last seen to take something.
    pub unsent_since_ns: u64,
    /// There may be more to read than was read.
    pub is_readable: bool,
    /// The other end has stopped sending. There may be bytes before that end.
    pub is_half_closed: bool,
    /// Something it sent is to be served with the present batch.
    pub is_staged: bool,
    /// As how many bytes its buffers are counted among all.
    pub weighed_bytes: usize,
    /// At which revision of the blocklist it was last seen not to be blocked.
    pub cleared_at: u64,
}

impl Connection {
    /// Return a connection that has asked nothing yet.
    pub fn new(socket: OwnedFd, peer: SocketAddr, now_ns: u64) -> Self {
        Self {
            socket,
            peer,
            phase: Phase::Open,
            unread: Vec::new(),
            unsent: Vec::new(),
            sent: 0,
            taken_since: 0,
            since_ns: now_ns,
            unsent_since_ns: now_ns,
            is_readable: false,
            is_half_closed: false,
            is_staged: false,
            weighed_bytes: 0,
            cleared_at: 0,
        }
    }

    /// Return how many bytes of answers were not taken.
    #[inline]
    pub fn unsent_bytes(&self) -> usize {
        self.unsent.len() - self.sent
    }

    /// Return how many bytes its buffers hold.
    #[inline]
    pub fn held_bytes(&self) -> usize {
        self.unread.len() + self.unsent.len()
    }

    /// Return whether nothing is in flight: it may be closed and nobody misses an answer.
    pub fn is_idle(&self) -> bool {
        let is_at_rest = self.phase == Phase::Open && self.unread.is_empty() && self.unsent_bytes() == 0;
        self.phase == Phase::Lingering || (is_at_rest && !self.is_staged)
    }

    /// Read what has come.
    ///
    /// # Errors
    /// Nothing has come (`WouldBlock`), or the connection is broken.
    #[inline]
    pub fn receive(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let got = poll::receive(self.socket.as_raw_fd(), into);
        match &got {
            // Fewer bytes than there was room for: that was all, and the kernel tells when there is more. Only an end
            // that was told before must be read for, as it is told once.
            Ok(got) => self.is_readable = *got > 0 && (*got == into.len() || self.is_half_closed),
            Err(error) => self.is_readable = error.kind() == io::ErrorKind::Interrupted,
        }
        got
    }

    /// Send `bytes` after whatever was not taken before, and keep what is not taken now.
    ///
    /// # Errors
    /// The connection is broken.
    #[inline]
    pub fn send(&mut self, bytes: &[u8], now_ns: u64) -> io::Result<()> {
        if self.unsent.is_empty() {
            let taken = sent_of(poll::send(self.socket.as_raw_fd(), bytes))?;
            if taken < bytes.len() {
                self.unsent.extend_from_slice(&bytes[taken..]);
                (self.unsent_since_ns, self.taken_since) = (now_ns, 0);
            }
            return Ok(());
        }
        self.unsent.extend_from_slice(bytes);
        self.flush(now_ns)
    }

    /// Send what was not taken before.
    ///
    /// # Errors
    /// The connection is broken.
    pub fn flush(&mut self, now_ns: u64) -> io::Result<()> {
        while self.unsent_bytes() > 0 {
            let taken = sent_of(poll::send(self.socket.as_raw_fd(), &self.unsent[self.sent..]))?;
            if taken == 0 {
                return Ok(());
            }
            self.sent += taken;
            self.taken_since += taken;
            if self.taken_since >= PROGRESS_BYTES {
                (self.unsent_since_ns, self.taken_since) = (now_ns, 0);
            }
        }
        (self.unsent, self.sent) = (Vec::new(), 0);
        Ok(())
    }

    /// Say that nothing more comes and begin to linger.
    pub fn linger(&mut self, now_ns: u64) {
        poll::finish_sending(self.socket.as_raw_fd());
        (self.phase, self.since_ns, self.unread) = (Phase::Lingering, now_ns, Vec::new());
    }

    /// Return the socket to whoever goes on with it, and what was read and not answered.
    pub fn give_away(self) -> (OwnedFd, Vec<u8>, SocketAddr) {
        (self.socket, self.unread, self.peer)
    }
}

/// Return how much was taken; nothing when the reader's buffer is full.
#[inline]
fn sent_of(result: io::Result<usize>) -> io::Result<usize> {
    match result {
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(0),
        other => other,
    }
}

impl AsRawFd for Connection {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

/// Connections by number. A number is used again, and told from its former use by a generation.
#[derive(Debug, Default)]
pub struct Slab {
    places: Vec<(u32, Option<Connection>)>,
    free: Vec<u32>,
}

/// A connection's number and generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Id(u64);

impl Id {
    /// Return the id that `token` gave.
    pub fn of_token(token: u64) -> Self {
        Self(token)
    }

    /// Return the id as what the kernel is told. Below 2^63.
    pub fn token(self) -> u64 {
        self.0
    }

    fn new(place: u32, generation: u32) -> Self {
        Self(u64::from(generation & 0x7fff_ffff) << 32 | u64::from(place))
    }

    fn place(self) -> usize {
        self.0 as u32 as usize
    }
}

impl Slab {
    /// Keep a connection.
    pub fn insert(&mut self, connection: Connection) -> Id {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push((0, None));
            (self.places.len() - 1) as u32
        });
        let (generation, kept) = &mut self.places[place as usize];
        *kept = Some(connection);
        Id::new(place, *generation)
    }

    /// Return a connection, or None when it is gone.
    #[inline]
    pub fn get(&mut self, id: Id) -> Option<&mut Connection> {
        let (generation, connection) = self.places.get_mut(id.place())?;
        let is_same = Id::new(id.place() as u32, *generation) == id;
        connection.as_mut().filter(|_| is_same)
    }

    /// Take a connection out.
    pub fn remove(&mut self, id: Id) -> Option<Connection> {
        self.get(id)?;
        let (generation, connection) = &mut self.places[id.place()];
        *generation = generation.wrapping_add(1);
        self.free.push(id.place() as u32);
        connection.take()
    }

    /// Return the ids of the connections in a slice of all places.
    pub fn ids(&self, places: std::ops::Range<usize>) -> impl Iterator<Item = Id> + '_ {
        let end = places.end.min(self.places.len());
        let slice = &self.places[places.start.min(end)..end];
        let occupied = slice.iter().enumerate().filter(|(_, place)| place.1.is_some());
        occupied.map(move |(at, (generation, _))| Id::new((places.start + at) as u32, *generation))
    }

    /// Return how many places there are, empty ones included.
    pub fn places(&self) -> usize {
        self.places.len()
    }

    /// Return how many connections there are.
    pub fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Return whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    fn pair() -> (Connection, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        (Connection::new(ours.into(), "127.0.0.1:1".parse().unwrap(), 0), theirs)
    }

    #[test]
    fn a_number_used_again_is_not_taken_for_the_former_connection() {
        let mut slab = Slab::default();
        let first = slab.insert(pair().0);
        assert!(slab.get(first).is_some() && slab.remove(first).is_some());
        let second = slab.insert(pair().0);
        assert_eq!(first.place(), second.place());
        assert!(slab.get(first).is_none() && slab.remove(first).is_none() && slab.get(second).is_some());
        assert_eq!((slab.len(), slab.ids(0..10).collect::<Vec<_>>()), (1, vec![second]));
    }

    #[test]
    fn what_a_reader_does_not_take_is_kept_in_order() {
        let (mut connection, mut theirs) = pair();
        let told: Vec<u8> = (0..600_000_u32).map(|number| number as u8).collect();
        for (at, piece) in told.chunks(100_000).enumerate() {
            connection.send(piece, at as u64).unwrap();
        }
        assert!(connection.unsent_bytes() > 0 && !connection.is_idle());
        let mut heard = Vec::new();
        let mut room = vec![0; 50_000];
        while heard.len() < told.len() {
            let got = theirs.read(&mut room).unwrap();
            heard.extend_from_slice(&room[..got]);
            connection.flush(99).unwrap();
        }
        assert!(heard == told && connection.is_idle() && connection.unsent_since_ns == 99);
    }

    #[test]
    fn a_short_read_is_the_last_unless_an_end_was_told() {
        let (mut connection, theirs) = pair();
        connection.is_readable = true;
        std::io::Write::write_all(&mut &theirs, b"abc").unwrap();
        assert_eq!(connection.receive(&mut [0; 3]).unwrap(), 3);
        assert!(connection.is_readable);
        assert_eq!(connection.receive(&mut [0; 3]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert!(!connection.is_readable);
        std::io::Write::write_all(&mut &theirs, b"ab").unwrap();
        drop(theirs);
        connection.is_half_closed = true;
        assert_eq!(connection.receive(&mut [0; 3]).unwrap(), 2);
        assert!(connection.is_readable);
        assert_eq!(connection.receive(&mut [0; 3]).unwrap(), 0);
        assert!(!connection.is_readable);
    }
}
