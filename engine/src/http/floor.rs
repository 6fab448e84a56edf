//! One thread's connections: reading, serving in order, sending, and the ways a connection ends.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd};

use crate::clock::Moment;
use crate::code::Code;
use crate::counters::Counter;
use crate::http::clerk::{Clerk, Outcome, Word};
use crate::http::connection::{Connection, Id, Phase, Slab};
use crate::http::poll::{self, EDGE, Event, Poll};
use crate::http::reader::{Reading, read};
use crate::keys::Digest;
use crate::looks::Doubt;
use crate::questions::{Question, Ticket};
use crate::shared::ThreadContext;

/// Bytes read from one connection at once.
const READ_BYTES: usize = 65_536;

/// Room for what a batch of connections has sent.
const ROOM_BYTES: usize = 2 * READ_BYTES;

/// How long we wait for the other end to hear our last.
const LINGER_NS: u64 = 2_000_000_000;

/// Above this the buffer for answers is let go after use.
const OUT_BYTES_KEPT: usize = 1 << 20;

/// Bytes that all connections of a thread may hold in buffers. Each has its own bound, and thousands times that bound
/// would be all the memory there is.
const HELD_BYTES_MAX: usize = 64 << 20;

/// Whoever holds no more than this is not cut for the others' sake.
const HELD_BYTES_SMALL: usize = 16_384;

/// Of so many connections in a batch one is asked how long its bytes have waited, for the governor.
const SAMPLED_EVERY: usize = 32;

/// Connections looked at in one sweep, at least.
const SWEEP_PLACES: usize = 1_024;

/// A request that waits for Python.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    connection: Id,
    doubt: Doubt,
    since: Moment,
    until_ns: u64,
}

/// Something to serve: bytes in the room, or, without a range, what was read before.
#[derive(Debug)]
struct Arrived {
    connection: Id,
    range: Option<Range<usize>>,
    word: Word,
    /// When it was read, where that was before this batch.
    since: Option<Moment>,
}

/// All connections of a thread.
///
/// A batch of events is worked off in three steps: everything is read, then everything is served, then everything is
/// sent. Each step's code stays in the processor's caches, which one connection after the other would push out again.
#[derive(Debug)]
pub struct Floor {
    connections: Slab,
    clerk: Clerk,
    room: Vec<u8>,
    /// Bytes of the room in use.
    filled: usize,
    arrived: Vec<Arrived>,
    /// The answers of a batch, one after the other.
    out: Vec<u8>,
    /// Whose answer ends where in `out`.
    told: Vec<(Id, usize)>,
    waiting: HashMap<u64, Waiting, foldhash::fast::RandomState>,
    /// Connections that may have more to read, which no event will tell again.
    put_off: Vec<Id>,
    /// Bytes that all connections hold in buffers.
    held_bytes: usize,
    swept: usize,
}

impl Floor {
    /// Return an empty floor.
    pub fn new(context: &ThreadContext) -> Self {
        Self {
            connections: Slab::default(),
            clerk: Clerk::new(&context.shared),
            room: vec![0; ROOM_BYTES],
            filled: 0,
            arrived: Vec::new(),
            out: Vec::with_capacity(READ_BYTES),
            told: Vec::new(),
            waiting: HashMap::default(),
            put_off: Vec::new(),
            held_bytes: 0,
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
        let revision = context.shared.blocklist.revision();
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
        let mut connection = Connection::new(socket, peer, context.received.monotonic_ns);
        connection.cleared_at = revision;
        let id = self.connections.insert(connection);
        context.count(Counter::ConnectionsAccepted, 1);
        context.count(Counter::ConnectionsOpen, 1);
        if poll.add(descriptor, id.token(), EDGE).is_err() {
            self.close(context, id);
        }
    }

    /// Tell somebody who is one too many so, as far as one send can.
    fn turn_away(&mut self, context: &mut ThreadContext, socket: &OwnedFd) {
        let _ = poll::send(socket.as_raw_fd(), &self.overloaded(context));
        poll::finish_sending(socket.as_raw_fd());
    }

    /// Return a refusal for somebody who is one too many. Apart from `out`, which belongs to the batch.
    fn overloaded(&mut self, context: &mut ThreadContext) -> Vec<u8> {
        let mut refusal = Vec::new();
        self.clerk.refuse_unasked(context, None, Code::Overloaded, None, true, &mut refusal);
        refusal
    }

    /// The same to somebody whose request was read: a key that is known is told where it stands.
    fn overloaded_at(&mut self, context: &mut ThreadContext, unread: &[u8]) -> Vec<u8> {
        let Reading::Whole(request) = read(unread, context.shared.limits.header_bytes_max()) else { return self.overloaded(context) };
        let mut refusal = Vec::new();
        self.clerk.refuse_unasked(context, Some(&request), Code::Overloaded, None, true, &mut refusal);
        refusal
    }

    /// Take in what the kernel has told of a connection. `work_off` does the rest.
    #[inline]
    pub fn on_event(&mut self, context: &mut ThreadContext, poll: &Poll, event: Event) {
        let id = Id::of_token(event.token);
        let Some(connection) = self.connections.get(id) else { return };
        if event.is_dead() {
            self.close(context, id);
            return;
        }
        connection.is_half_closed |= event.is_half_closed();
        connection.is_readable |= event.is_readable();
        if event.is_writable() && connection.unsent_bytes() > 0 {
            if connection.flush(context.received.monotonic_ns).is_err() {
                self.close(context, id);
                return;
            }
            let is_behind = connection.unsent_bytes() > context.shared.limits.unsent_bytes_max();
            if connection.phase == Phase::Open && !connection.unread.is_empty() && !is_behind {
                self.stage(id, Word::None, None); // What had come before the reader fell behind.
            } else {
                self.go_on(context, poll, id);
                self.weigh(context, id);
            }
        } else if connection.is_readable {
            self.take_in(context, poll, id);
        }
    }

    /// Read from the connections that were put off.
    pub fn take_turns(&mut self, context: &mut ThreadContext, poll: &Poll) {
        for id in std::mem::take(&mut self.put_off) {
            self.take_in(context, poll, id);
        }
    }

    /// Read what has come on one connection, unless it may not ask more just now.
    #[inline]
    fn take_in(&mut self, context: &mut ThreadContext, poll: &Poll, id: Id) {
        if self.room.len() - self.filled < READ_BYTES {
            self.work_off(context, poll);
        }
        if self.is_blocked(context, id) {
            context.count(Counter::BlockedRefused, 1);
            self.close(context, id);
            return;
        }
        let Some(connection) = self.connections.get(id) else { return };
        let is_behind = connection.unsent_bytes() > context.shared.limits.unsent_bytes_max();
        // In any other phase what comes is read when the phase is over, or by Python.
        let is_listening = matches!(connection.phase, Phase::Open | Phase::Lingering);
        if !connection.is_readable || connection.is_staged || is_behind || !is_listening {
            return;
        }
        match connection.receive(&mut self.room[self.filled..self.filled + READ_BYTES]) {
            Ok(0) => self.on_end(context, id),
            Ok(got) if connection.phase == Phase::Open => {
                connection.is_staged = true;
                let range = self.filled..self.filled + got;
                self.filled = range.end;
                self.arrived.push(Arrived { connection: id, range: Some(range), word: Word::None, since: None });
            }
            Ok(_) => self.put_off_if_readable(id), // Our last is said: this is thrown away.
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                self.put_off_if_readable(id);
            }
            Err(_) => self.close(context, id),
        }
    }

    /// Return whether the other end was blocked since it was let in. Costs one load while nobody is.
    #[inline]
    fn is_blocked(&mut self, context: &ThreadContext, id: Id) -> bool {
        let blocklist = &context.shared.blocklist;
        let revision = blocklist.revision();
        let Some(connection) = self.connections.get(id) else { return false };
        if connection.cleared_at == revision {
            return false;
        }
        connection.cleared_at = revision;
        blocklist.refuses(connection.peer.ip(), context.received.monotonic_ns)
    }

    fn put_off_if_readable(&mut self, id: Id) {
        if self.connections.get(id).is_some_and(|connection| connection.is_readable) {
            self.put_off.push(id);
        }
    }

    /// Have what was read before served with the next batch.
    fn stage(&mut self, id: Id, word: Word, since: Option<Moment>) {
        if let Some(connection) = self.connections.get(id) {
            connection.is_staged = true;
            self.arrived.push(Arrived { connection: id, range: None, word, since });
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

    /// Serve everything that was taken in, then send all the answers.
    #[inline]
    pub fn work_off(&mut self, context: &mut ThreadContext, poll: &Poll) {
        if self.arrived.is_empty() {
            return;
        }
        // Nothing is left from before. If ever it were, it must not go to whoever is first now.
        self.out.clear();
        self.told.clear();
        let (mut arrived, room) = (std::mem::take(&mut self.arrived), std::mem::take(&mut self.room));
        let is_governed = context.shared.governor.late_ns().is_some();
        context.waited_ns = 0;
        for (place, Arrived { connection, range, word, since }) in arrived.drain(..).enumerate() {
            if let Some(kept) = self.connections.get(connection) {
                kept.is_staged = false;
                if is_governed && place % SAMPLED_EVERY == 0 {
                    context.waited_ns = poll::last_received_ns(kept.as_raw_fd());
                }
                match range {
                    Some(range) => self.on_bytes(context, connection, &room[range]),
                    None => self.serve_staged(context, connection, word, since),
                }
                self.told.push((connection, self.out.len()));
            }
        }
        (self.arrived, self.room, self.filled) = (arrived, room, 0);
        self.send_all(context, poll);
    }

    /// Send each connection its part of `out`, and go on with it.
    #[inline]
    fn send_all(&mut self, context: &mut ThreadContext, poll: &Poll) {
        let (mut told, mut out) = (std::mem::take(&mut self.told), std::mem::take(&mut self.out));
        let mut start = 0;
        for (id, end) in told.drain(..) {
            let answers = &out[start..end];
            start = end;
            let Some(connection) = self.connections.get(id) else { continue };
            if !answers.is_empty() && connection.send(answers, context.received.monotonic_ns).is_err() {
                self.close(context, id);
            } else {
                self.go_on(context, poll, id);
                self.weigh(context, id);
            }
        }
        if out.capacity() > OUT_BYTES_KEPT {
            out = Vec::with_capacity(READ_BYTES);
        }
        out.clear();
        (self.told, self.out) = (told, out);
    }

    #[inline]
    fn on_bytes(&mut self, context: &mut ThreadContext, id: Id, bytes: &[u8]) {
        let Some(connection) = self.connections.get(id) else { return };
        if connection.unread.is_empty() {
            connection.since_ns = context.received.monotonic_ns;
            self.serve(context, id, bytes, Word::None);
            return;
        }
        connection.unread.extend_from_slice(bytes);
        // A header ends with a line, so without the end of a line there is nothing new to read.
        let is_large = connection.unread.len() >= context.shared.limits.header_bytes_max();
        if is_large || memchr::memchr(b'\n', bytes).is_some() {
            self.serve_unread(context, id, Word::None);
        }
    }

    /// Serve what waited. Its latency counts from when it was read, every other wait from now.
    fn serve_staged(&mut self, context: &mut ThreadContext, id: Id, word: Word, since: Option<Moment>) {
        let now = context.received;
        context.received = since.unwrap_or(now);
        self.serve_unread(context, id, word);
        context.received = now;
        if let Some(connection) = self.connections.get(id) {
            connection.since_ns = now.monotonic_ns;
        }
    }

    /// Serve what was read before.
    fn serve_unread(&mut self, context: &mut ThreadContext, id: Id, word: Word) {
        let Some(connection) = self.connections.get(id) else { return };
        let unread = std::mem::take(&mut connection.unread);
        self.serve(context, id, &unread, word);
    }

    /// Serve the requests in `bytes` and keep what is left of them. Nothing else is unread.
    #[inline]
    fn serve(&mut self, context: &mut ThreadContext, id: Id, bytes: &[u8], word: Word) {
        let Some(connection) = self.connections.get(id) else { return };
        context.peer = connection.peer.ip();
        let used = self.serve_all(context, id, bytes, word);
        let Some(connection) = self.connections.get(id) else { return };
        if used < bytes.len() && connection.phase != Phase::Closing {
            connection.unread.extend_from_slice(&bytes[used..]);
        }
        if used > 0 {
            connection.since_ns = context.received.monotonic_ns; // The wait for the next request begins, or for its end.
        }
    }

    /// Answer requests one after the other, as far as they are whole and this connection may go on; how many bytes they were.
    #[inline]
    fn serve_all(&mut self, context: &mut ThreadContext, id: Id, bytes: &[u8], word: Word) -> usize {
        let (mut used, mut word, start) = (0, word, self.out.len());
        context.line = id.token() as u32;
        let (header_bytes_max, unsent_bytes_max) = (context.shared.limits.header_bytes_max(), context.shared.limits.unsent_bytes_max());
        while used < bytes.len() {
            let reading = read(&bytes[used..], header_bytes_max);
            let (outcome, length) = match &reading {
                Reading::Whole(request) => (self.clerk.serve(context, request, word, &mut self.out), request.length),
                Reading::Partial => return used,
                Reading::Malformed => (self.refuse(context, Counter::RequestsMalformed, Code::RequestInvalid), 0),
                Reading::TooLarge => (self.refuse(context, Counter::HeadersTooLarge, Code::RequestTooLarge), 0),
            };
            word = Word::None;
            match outcome {
                Outcome::Answered { goes_on } => {
                    used += length;
                    if !goes_on {
                        self.set_phase(id, Phase::Closing);
                        return used;
                    }
                }
                Outcome::HandOver => {
                    self.set_phase(id, Phase::Leaving);
                    return used;
                }
                Outcome::Ask(digest, doubt) if self.park(context, id, digest, doubt) => return used,
                Outcome::Ask(..) => word = Word::Refused(Code::Overloaded),
            }
            if self.out.len() - start > unsent_bytes_max && !self.send_early(context, id, start) {
                return used;
            }
        }
        used
    }

    fn refuse(&mut self, context: &mut ThreadContext, counter: Counter, code: Code) -> Outcome {
        context.count(counter, 1);
        context.count(Counter::TcpRequests, 1);
        self.clerk.refuse_unasked(context, None, code, None, true, &mut self.out)
    }

    fn set_phase(&mut self, id: Id, phase: Phase) {
        if let Some(connection) = self.connections.get(id) {
            connection.phase = phase;
        }
    }

    /// Send what this connection was answered so far, from `start` on; whether more may be answered.
    fn send_early(&mut self, context: &mut ThreadContext, id: Id, start: usize) -> bool {
        let Some(connection) = self.connections.get(id) else { return false };
        let is_sent = connection.send(&self.out[start..], context.received.monotonic_ns).is_ok();
        let is_behind = connection.unsent_bytes() > context.shared.limits.unsent_bytes_max();
        self.out.truncate(start);
        if !is_sent {
            self.close(context, id);
        }
        is_sent && !is_behind
    }

    fn park(&mut self, context: &mut ThreadContext, id: Id, digest: Digest, doubt: Doubt) -> bool {
        let Some(ticket) = context.ask(Question::Key(digest, doubt), false) else { return false };
        let until_ns = context.received.monotonic_ns.saturating_add(context.shared.limits.question_ns());
        let since = context.received;
        self.waiting.insert(ticket.serial(), Waiting { connection: id, doubt, since, until_ns });
        self.set_phase(id, Phase::Parked(ticket));
        true
    }

    /// Go on with what the phase asks for, now that answers may have been taken.
    #[inline]
    fn go_on(&mut self, context: &mut ThreadContext, poll: &Poll, id: Id) {
        let Some(connection) = self.connections.get(id) else { return };
        match connection.phase {
            Phase::Open | Phase::Lingering if connection.is_readable => self.put_off.push(id),
            Phase::Open | Phase::Lingering | Phase::Parked(_) => {}
            Phase::Leaving | Phase::Closing if connection.unsent_bytes() > 0 => {}
            Phase::Leaving => self.hand_over(context, poll, id),
            Phase::Closing if connection.is_half_closed && !connection.is_readable => self.close(context, id),
            Phase::Closing => {
                connection.linger(context.received.monotonic_ns);
                self.put_off_if_readable(id);
            }
        }
    }

    /// Count a connection's buffers among all, and cut it if it is the one too much.
    #[inline]
    fn weigh(&mut self, context: &mut ThreadContext, id: Id) {
        let Some(connection) = self.connections.get(id) else { return };
        let held = connection.held_bytes();
        if held == connection.weighed_bytes {
            return;
        }
        self.held_bytes = self.held_bytes - connection.weighed_bytes + held;
        let grows = held > connection.weighed_bytes;
        connection.weighed_bytes = held;
        if grows && self.held_bytes > HELD_BYTES_MAX && held > HELD_BYTES_SMALL {
            context.count(Counter::SlowReadersCut, 1);
            self.close(context, id);
        }
    }

    /// Give a connection to Python, or refuse its request when too many are there.
    fn hand_over(&mut self, context: &mut ThreadContext, poll: &Poll, id: Id) {
        let Some(place) = context.shared.door.reserve() else {
            context.count(Counter::HandedRefused, 1);
            context.count(Counter::TcpRequests, 1);
            let Some(unread) = self.connections.get(id).map(|connection| std::mem::take(&mut connection.unread)) else { return };
            let refusal = self.overloaded_at(context, &unread);
            let Some(connection) = self.connections.get(id) else { return };
            connection.phase = Phase::Closing;
            match connection.send(&refusal, context.received.monotonic_ns) {
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
        self.held_bytes -= connection.weighed_bytes;
        context.cells().sub(Counter::ConnectionsOpen, 1);
        context.count(Counter::HandedOver, 1);
        context.shared.counters.add(Counter::HandedOpen, 1);
        // It stays in the crowd until Python tells that it has ended.
        let (socket, first_bytes, peer) = connection.give_away();
        context.shared.door.give(place, socket, first_bytes, peer);
    }

    /// Python has looked a key up.
    pub fn on_answer(&mut self, context: &ThreadContext, ticket: Ticket, refusal: Option<Code>) {
        self.resume(context, ticket.serial(), refusal.map_or(Word::LookedUp, Word::Refused));
    }

    fn resume(&mut self, context: &ThreadContext, serial: u64, word: Word) {
        let Some(waiting) = self.waiting.remove(&serial) else { return };
        context.shared.settle_key(waiting.doubt, word == Word::LookedUp);
        let id = waiting.connection;
        self.set_phase(id, Phase::Open);
        self.stage(id, word, Some(waiting.since));
    }

    /// Close what has waited too long. Looks at a slice of the connections, so that no sweep takes long.
    pub fn sweep(&mut self, context: &mut ThreadContext) {
        let now_ns = context.received.monotonic_ns;
        let late: Vec<u64> = self.waiting.iter().filter(|(_, waiting)| now_ns >= waiting.until_ns).map(|(serial, _)| *serial).collect();
        for serial in late {
            context.count(Counter::QuestionsTimedOut, 1);
            self.resume(context, serial, Word::Refused(Code::DependencyAway));
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
        if self.is_blocked(context, id) {
            return Some(Counter::BlockedRefused);
        }
        let limits = &context.shared.limits;
        let connection = self.connections.get(id)?;
        let waited_ns = now_ns.saturating_sub(connection.since_ns);
        if connection.unsent_bytes() > 0 {
            let is_late = now_ns.saturating_sub(connection.unsent_since_ns) >= limits.unsent_ns();
            return is_late.then_some(Counter::SlowReadersCut);
        }
        match connection.phase {
            Phase::Open if connection.unread.is_empty() => (waited_ns >= limits.idle_ns()).then_some(Counter::IdleTimeouts),
            Phase::Open => (waited_ns >= limits.header_ns()).then_some(Counter::HeaderTimeouts),
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
            if let Some(waiting) = self.waiting.remove(&ticket.serial()) {
                context.shared.settle_key(waiting.doubt, false);
            }
        }
        self.held_bytes -= connection.weighed_bytes;
        context.shared.crowd.leave(connection.peer.ip());
        context.cells().sub(Counter::ConnectionsOpen, 1);
    }
}
