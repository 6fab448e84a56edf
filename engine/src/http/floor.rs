//! One thread's connections: reading, serving in order, sending, and the ways a connection ends.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd};

use crate::code::Code;
use crate::counters::Counter;
use crate::http::clerk::{Clerk, Outcome, Word};
use crate::http::connection::{Connection, Id, Phase, Slab};
use crate::http::poll::{self, EDGE, Event, Poll};
use crate::http::reader::{Reading, read};
use crate::keys::Digest;
use crate::questions::Ticket;
use crate::shared::ThreadContext;

/// Bytes read at once.
const READ_BYTES: usize = 65_536;

/// Reads from one connection before the others get their turn.
const READS_PER_TURN: usize = 8;

/// How long we wait for the other end to hear our last.
const LINGER_NS: u64 = 2_000_000_000;

/// Above this the buffer for answers is let go after use.
const OUT_BYTES_KEPT: usize = 1 << 20;

/// Connections looked at in one sweep, at least.
const SWEEP_PLACES: usize = 1_024;

/// A request that waits for Python.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    connection: Id,
    until_ns: u64,
}

/// All connections of a thread.
#[derive(Debug)]
pub struct Floor {
    connections: Slab,
    clerk: Clerk,
    /// Shared by all connections: each is read into it and served before the next.
    room: Vec<u8>,
    out: Vec<u8>,
    waiting: HashMap<u64, Waiting, foldhash::fast::RandomState>,
    /// Connections with more to read, put off for the others' sake.
    put_off: Vec<Id>,
    swept: usize,
}

/// What serving the bytes at hand came to.
enum Served {
    /// All that was whole is answered; this many bytes are used up.
    Upto(usize),
    /// The connection is to be closed at once.
    Broken,
}

impl Floor {
    /// Return an empty floor.
    pub fn new(context: &ThreadContext) -> Self {
        Self {
            connections: Slab::default(),
            clerk: Clerk::new(&context.shared),
            room: vec![0; READ_BYTES],
            out: Vec::with_capacity(READ_BYTES),
            waiting: HashMap::default(),
            put_off: Vec::new(),
            swept: 0,
        }
    }

    /// Return how many connections there are.
    pub fn len(&self) -> usize {
        self.connections.len()
    }

    /// Return whether there are none.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// Return whether some connection waits for its turn and no event will say so.
    pub fn has_put_off(&self) -> bool {
        !self.put_off.is_empty()
    }

    /// Take an accepted connection in, or turn it away.
    pub fn welcome(&mut self, context: &mut ThreadContext, poll: &Poll, socket: OwnedFd, peer: SocketAddr) {
        let address = peer.ip();
        if context.shared.blocklist.refuses(address, context.received.monotonic_ns) {
            context.count(Counter::BlockedRefused, 1);
            return;
        }
        if !context.shared.crowd.enter(address) {
            context.count(Counter::ConnectionsRefused, 1);
            self.turn_away(context, &socket);
            return;
        }
        let descriptor = socket.as_raw_fd();
        let id = self.connections.insert(Connection::new(socket, peer, context.received.monotonic_ns));
        context.count(Counter::ConnectionsAccepted, 1);
        context.count(Counter::ConnectionsOpen, 1);
        if poll.add(descriptor, id.token(), EDGE).is_err() {
            self.close(context, id);
        }
    }

    /// Tell somebody who is one too many so, as far as one send can.
    fn turn_away(&mut self, context: &mut ThreadContext, socket: &OwnedFd) {
        self.out.clear();
        self.clerk.refuse_unasked(context, None, Code::Overloaded, None, &mut self.out);
        let _ = poll::send(socket.as_raw_fd(), &self.out);
        poll::finish_sending(socket.as_raw_fd());
    }

    /// Go on with a connection of which the kernel has told something.
    #[inline]
    pub fn on_event(&mut self, context: &mut ThreadContext, poll: &Poll, event: Event) {
        let id = Id::of_token(event.token);
        let now_ns = context.received.monotonic_ns;
        let Some(connection) = self.connections.get(id) else { return };
        if event.is_dead() {
            self.close(context, id);
            return;
        }
        connection.is_half_closed |= event.is_half_closed();
        connection.is_readable |= event.is_readable();
        if event.is_writable() && connection.unsent_bytes() > 0 {
            if connection.flush(now_ns).is_err() {
                self.close(context, id);
                return;
            }
            self.go_on(context, poll, id);
        } else if connection.is_readable {
            self.read(context, poll, id);
        }
    }

    /// Read from the connections that were put off.
    pub fn take_turns(&mut self, context: &mut ThreadContext, poll: &Poll) {
        for id in std::mem::take(&mut self.put_off) {
            self.read(context, poll, id);
        }
    }

    /// Read and serve until nothing more has come, the reader is behind, or others have waited long enough.
    #[inline]
    fn read(&mut self, context: &mut ThreadContext, poll: &Poll, id: Id) {
        for _ in 0..READS_PER_TURN {
            let Some(connection) = self.connections.get(id) else { return };
            let is_behind = connection.unsent_bytes() > context.shared.limits.unsent_bytes_max;
            if !connection.is_readable || is_behind {
                return;
            }
            match connection.phase {
                Phase::Open | Phase::Lingering => {}
                // What comes meanwhile is read when this phase is over, or by Python.
                Phase::Parked(_) | Phase::Leaving | Phase::Closing => return,
            }
            let mut room = std::mem::take(&mut self.room);
            match connection.receive(&mut room) {
                Ok(0) => self.on_end(context, id),
                Ok(_) if connection.phase == Phase::Lingering => {}
                Ok(got) => self.on_bytes(context, poll, id, &room[..got]),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                Err(_) => self.close(context, id),
            }
            self.room = room;
        }
        if self.connections.get(id).is_some_and(|connection| connection.is_readable) {
            self.put_off.push(id);
        }
    }

    /// The other end has stopped sending. It still gets what it has asked for.
    fn on_end(&mut self, context: &mut ThreadContext, id: Id) {
        let Some(connection) = self.connections.get(id) else { return };
        if connection.phase == Phase::Open && connection.unsent_bytes() > 0 {
            connection.phase = Phase::Closing;
        } else {
            self.close(context, id);
        }
    }

    #[inline]
    fn on_bytes(&mut self, context: &mut ThreadContext, poll: &Poll, id: Id, bytes: &[u8]) {
        let Some(connection) = self.connections.get(id) else { return };
        if connection.unread.is_empty() {
            connection.since_ns = context.received.monotonic_ns;
            self.serve(context, poll, id, bytes, Word::None);
            return;
        }
        connection.unread.extend_from_slice(bytes);
        // A header ends with a line, so without the end of a line there is nothing new to read.
        let is_large = connection.unread.len() >= context.shared.limits.header_bytes_max;
        if is_large || memchr::memchr(b'\n', bytes).is_some() {
            self.serve_unread(context, poll, id, Word::None);
        }
    }

    /// Serve what was read before.
    fn serve_unread(&mut self, context: &mut ThreadContext, poll: &Poll, id: Id, word: Word) {
        let Some(connection) = self.connections.get(id) else { return };
        let unread = std::mem::take(&mut connection.unread);
        self.serve(context, poll, id, &unread, word);
    }

    /// Serve the requests in `bytes`, keep what is left of them, and send the answers. Nothing else is unread.
    #[inline]
    fn serve(&mut self, context: &mut ThreadContext, poll: &Poll, id: Id, bytes: &[u8], word: Word) {
        self.out.clear();
        let Served::Upto(used) = self.serve_all(context, id, bytes, word) else { return };
        let now_ns = context.received.monotonic_ns;
        let Some(connection) = self.connections.get(id) else { return };
        if used < bytes.len() && connection.phase != Phase::Closing {
            connection.unread.extend_from_slice(&bytes[used..]);
        }
        if used > 0 {
            connection.since_ns = now_ns; // The wait for the next request begins, or for its end.
        }
        if !self.out.is_empty() && connection.send(&self.out, now_ns).is_err() {
            self.close(context, id);
            return;
        }
        if self.out.capacity() > OUT_BYTES_KEPT {
            self.out = Vec::with_capacity(READ_BYTES);
        }
        if connection.phase != Phase::Open {
            self.go_on(context, poll, id);
        }
    }

    /// Answer requests one after the other, as far as they are whole and this connection may go on.
    #[inline]
    fn serve_all(&mut self, context: &mut ThreadContext, id: Id, bytes: &[u8], word: Word) -> Served {
        let (mut used, mut word) = (0, word);
        let (header_bytes_max, unsent_bytes_max) = (context.shared.limits.header_bytes_max, context.shared.limits.unsent_bytes_max);
        while used < bytes.len() {
            let reading = read(&bytes[used..], header_bytes_max);
            let (outcome, length) = match &reading {
                Reading::Whole(request) => (self.clerk.serve(context, request, word, &mut self.out), request.length),
                Reading::Partial => return Served::Upto(used),
                Reading::Malformed => (self.refuse(context, Counter::RequestsMalformed, Code::RequestInvalid), 0),
                Reading::TooLarge => (self.refuse(context, Counter::HeadersTooLarge, Code::RequestTooLarge), 0),
            };
            word = Word::None;
            match outcome {
                Outcome::Answered { goes_on } => {
                    used += length;
                    if !goes_on {
                        self.set_phase(id, Phase::Closing);
                        return Served::Upto(used);
                    }
                }
                Outcome::HandOver => {
                    self.set_phase(id, Phase::Leaving);
                    return Served::Upto(used);
                }
                Outcome::Ask(digest) if self.park(context, id, digest) => return Served::Upto(used),
                Outcome::Ask(_) => word = Word::Refused(Code::Overloaded),
            }
            if self.out.len() > unsent_bytes_max && !self.send_early(context, id) {
                return if self.connections.get(id).is_some() { Served::Upto(used) } else { Served::Broken };
            }
        }
        Served::Upto(used)
    }

    fn refuse(&mut self, context: &mut ThreadContext, counter: Counter, code: Code) -> Outcome {
        context.count(counter, 1);
        context.count(Counter::TcpRequests, 1);
        self.clerk.refuse_unasked(context, None, code, None, &mut self.out)
    }

    fn set_phase(&mut self, id: Id, phase: Phase) {
        if let Some(connection) = self.connections.get(id) {
            connection.phase = phase;
        }
    }

    /// Send what is answered so far; whether more may be answered.
    fn send_early(&mut self, context: &mut ThreadContext, id: Id) -> bool {
        let Some(connection) = self.connections.get(id) else { return false };
        if connection.send(&self.out, context.received.monotonic_ns).is_err() {
            self.close(context, id);
            return false;
        }
        self.out.clear();
        connection.unsent_bytes() <= context.shared.limits.unsent_bytes_max
    }

    fn park(&mut self, context: &mut ThreadContext, id: Id, digest: Digest) -> bool {
        let Some(ticket) = context.ask(digest, false) else { return false };
        let until_ns = context.received.monotonic_ns.saturating_add(context.shared.limits.question_ns);
        self.waiting.insert(ticket.serial(), Waiting { connection: id, until_ns });
        self.set_phase(id, Phase::Parked(ticket));
        true
    }

    /// Go on with what the phase asks for, now that answers may have been taken.
    fn go_on(&mut self, context: &mut ThreadContext, poll: &Poll, id: Id) {
        let now_ns = context.received.monotonic_ns;
        let Some(connection) = self.connections.get(id) else { return };
        if connection.unsent_bytes() > 0 && connection.phase != Phase::Open {
            return;
        }
        match connection.phase {
            Phase::Open if connection.unsent_bytes() > context.shared.limits.unsent_bytes_max => {}
            // What had come before the reader fell behind is served first.
            Phase::Open if !connection.unread.is_empty() => {
                self.serve_unread(context, poll, id, Word::None);
                self.read(context, poll, id);
            }
            Phase::Open | Phase::Lingering => self.read(context, poll, id),
            Phase::Parked(_) => {}
            Phase::Leaving => self.hand_over(context, poll, id),
            Phase::Closing if connection.is_half_closed && !connection.is_readable => self.close(context, id),
            Phase::Closing => {
                connection.linger(now_ns);
                self.read(context, poll, id);
            }
        }
    }

    /// Give a connection to Python, or refuse its request when too many are there.
    fn hand_over(&mut self, context: &mut ThreadContext, poll: &Poll, id: Id) {
        let Some(place) = context.shared.door.reserve() else {
            context.count(Counter::HandedRefused, 1);
            context.count(Counter::TcpRequests, 1);
            self.out.clear();
            self.clerk.refuse_unasked(context, None, Code::Overloaded, None, &mut self.out);
            let Some(connection) = self.connections.get(id) else { return };
            connection.phase = Phase::Closing;
            match connection.send(&self.out, context.received.monotonic_ns) {
                Ok(()) => self.go_on(context, poll, id),
                Err(_) => self.close(context, id),
            }
            return;
        };
        let Some(connection) = self.connections.remove(id) else {
            context.shared.door.give_up(place);
            return;
        };
        poll.remove(connection.as_raw_fd());
        context.count(Counter::ConnectionsOpen, 1_u64.wrapping_neg());
        context.count(Counter::HandedOver, 1);
        context.shared.counters.add(Counter::HandedOpen, 1);
        // It stays in the crowd until Python tells that it has ended.
        let (socket, first_bytes, peer) = connection.give_away();
        context.shared.door.give(place, socket, first_bytes, peer);
    }

    /// Python has looked a key up.
    pub fn on_answer(&mut self, context: &mut ThreadContext, poll: &Poll, ticket: Ticket, refusal: Option<Code>) {
        self.resume(context, poll, ticket.serial(), refusal.map_or(Word::LookedUp, Word::Refused));
    }

    fn resume(&mut self, context: &mut ThreadContext, poll: &Poll, serial: u64, word: Word) {
        let Some(waiting) = self.waiting.remove(&serial) else { return };
        context.shared.questions.settle();
        let id = waiting.connection;
        self.set_phase(id, Phase::Open);
        context.received = context.shared.clock.now();
        self.serve_unread(context, poll, id, word);
        self.read(context, poll, id);
    }

    /// Close what has waited too long. Looks at a slice of the connections, so that no sweep takes long.
    pub fn sweep(&mut self, context: &mut ThreadContext, poll: &Poll) {
        let now_ns = context.received.monotonic_ns;
        let late: Vec<u64> = self.waiting.iter().filter(|(_, waiting)| now_ns >= waiting.until_ns).map(|(serial, _)| *serial).collect();
        for serial in late {
            context.count(Counter::QuestionsTimedOut, 1);
            self.resume(context, poll, serial, Word::Refused(Code::DependencyAway));
        }
        let places = self.connections.places();
        let slice = self.swept..(self.swept + SWEEP_PLACES.max(places / 8)).min(places);
        self.swept = if slice.end >= places { 0 } else { slice.end };
        for id in self.connections.ids(slice).collect::<Vec<_>>() {
            if let Some(counter) = self.overdue(context, id, now_ns) {
                context.count(counter, 1);
                self.close(context, id);
            }
        }
    }

    /// Return what a connection has waited too long for, as what it is counted, or None.
    fn overdue(&mut self, context: &ThreadContext, id: Id, now_ns: u64) -> Option<Counter> {
        let limits = &context.shared.limits;
        let connection = self.connections.get(id)?;
        let waited_ns = now_ns.saturating_sub(connection.since_ns);
        if connection.unsent_bytes() > 0 {
            let is_late = now_ns.saturating_sub(connection.unsent_since_ns) >= limits.unsent_ns;
            return is_late.then_some(Counter::SlowReadersCut);
        }
        match connection.phase {
            Phase::Open if connection.unread.is_empty() => (waited_ns >= limits.idle_ns).then_some(Counter::IdleTimeouts),
            Phase::Open => (waited_ns >= limits.header_ns).then_some(Counter::HeaderTimeouts),
            Phase::Lingering => (waited_ns >= LINGER_NS).then_some(Counter::LingersCut),
            Phase::Parked(_) | Phase::Leaving | Phase::Closing => None,
        }
    }

    /// Close what is idle and begin nothing new.
    pub fn end(&mut self, context: &mut ThreadContext) {
        for id in self.connections.ids(0..self.connections.places()).collect::<Vec<_>>() {
            if self.connections.get(id).is_some_and(|connection| connection.is_idle()) {
                self.close(context, id);
            }
        }
    }

    /// Close everything; how many had something in flight.
    pub fn cut(&mut self, context: &mut ThreadContext) -> usize {
        self.end(context);
        let left: Vec<Id> = self.connections.ids(0..self.connections.places()).collect();
        for id in &left {
            self.close(context, *id);
        }
        left.len()
    }

    fn close(&mut self, context: &mut ThreadContext, id: Id) {
        let Some(connection) = self.connections.remove(id) else { return };
        if let Phase::Parked(ticket) = connection.phase {
            self.waiting.remove(&ticket.serial());
            context.shared.questions.settle();
        }
        let address: IpAddr = connection.peer.ip();
        context.shared.crowd.leave(address);
        context.count(Counter::ConnectionsOpen, 1_u64.wrapping_neg());
    }
}
