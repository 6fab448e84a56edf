//! One thread's datagrams: so many callers, of whom so many are on the wire at once, over a few sockets.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use memchr::memmem::{self, Finder};
use socket2::SockRef;

use super::answer::code_in;
use super::control::{Control, Window};
use super::flight::{Flight, ID_DIGITS, id_at, put_id};
use super::pace::{Pace, READY_NS, SWEEP_NS, now_ns};
use super::plan::{DATAGRAM_BYTES_MAX, ID_PLACE, Plan};
use super::tally::{Failure, Found, Tally};
use super::watch::Watch;
use crate::http::poll::LEVEL;
use crate::udp::batch::{BATCH, Inbox, Outbox, Peer};

/// What is asked of the kernel for answers that wait to be read.
const BUFFER_BYTES: usize = 32 << 20;
/// Bytes of an answer that are looked at.
const ANSWER_BYTES_MAX: usize = 2_048;
/// Batches read from one socket before the others get their turn.
const BATCHES: usize = 4;
const OK_STATUS: u16 = 0;

/// A datagram, and where its id goes.
struct Request {
    bytes: Vec<u8>,
    id_at: usize,
}

/// One thread's datagrams.
pub struct Datagrams<'a> {
    plan: &'a Plan,
    control: &'a Arc<Control>,
    thread: usize,
    watch: Watch,
    sockets: Vec<UdpSocket>,
    inbox: Inbox,
    outbox: Outbox,
    requests: Vec<Request>,
    turn: usize,
    socket_turn: usize,
    callers: usize,
    flight: Flight,
    /// Callers of a closed loop who want to ask, by since when.
    waiting: VecDeque<u64>,
    has_begun: bool,
    pace: Option<Pace>,
    window: Option<Window>,
    id_finder: Finder<'static>,
    good_finder: Finder<'static>,
    tally: Tally,
}

impl<'a> Datagrams<'a> {
    /// Prepare a thread's share of a plan.
    ///
    /// # Errors
    /// There are no descriptors left, or the target has no way to it.
    pub fn new(plan: &'a Plan, control: &'a Arc<Control>, thread: usize) -> io::Result<Self> {
        let watch = Watch::new()?;
        let callers = plan.share(plan.callers, thread);
        let on_wire = plan.share(plan.on_wire.max(plan.threads), thread).min(callers);
        let sockets = (0..plan.sockets.min(on_wire)).map(|_| connected(plan.target)).collect::<io::Result<Vec<_>>>()?;
        for (index, socket) in sockets.iter().enumerate() {
            watch.add(socket.as_raw_fd(), index as u64, LEVEL)?;
        }
        let requests =
            plan.requests.iter().filter_map(|bytes| Some(Request { id_at: memmem::find(bytes, ID_PLACE)?, bytes: bytes.clone() }));
        Ok(Self {
            plan,
            control,
            thread,
            watch,
            inbox: Inbox::new(ANSWER_BYTES_MAX, false),
            outbox: Outbox::new(sockets[0].as_raw_fd()),
            sockets,
            requests: requests.collect(),
            turn: thread % plan.requests.len(),
            socket_turn: 0,
            callers,
            flight: Flight::new(on_wire),
            waiting: VecDeque::with_capacity(callers),
            has_begun: false,
            pace: plan.rate.map(|rate| Pace::new(plan, thread, rate)),
            window: None,
            id_finder: Finder::new(b"\"id\":\""),
            good_finder: Finder::new(b"\"success\":true"),
            tally: Tally::new(),
        })
    }

    /// Ask until the window is closed and everything asked has its answer, or none in time.
    pub fn run(mut self) -> Found {
        self.control.told(self.thread).connected.store(self.callers, Relaxed);
        self.control.is_ready();
        let mut sweeps_ns = 0;
        loop {
            let now = now_ns();
            self.window = self.control.window();
            if self.is_over(now) {
                break;
            }
            if let (Some(window), false) = (self.window, self.has_begun) {
                self.has_begun = true;
                if self.pace.is_none() {
                    self.waiting.extend(std::iter::repeat_n(window.begins_ns, self.callers));
                }
            }
            let is_behind = self.ask(now);
            if now >= sweeps_ns {
                self.sweep(now);
                sweeps_ns = now + SWEEP_NS;
            }
            let wakes_ns = (!is_behind).then(|| self.wakes_ns(sweeps_ns, now));
            for place in 0..self.watch.wait(now, wakes_ns) {
                if let Some(event) = self.watch.event(place) {
                    self.hear(event.token as usize);
                }
            }
            self.tally.tell(self.control.told(self.thread));
        }
        self.account()
    }

    fn is_over(&mut self, now: u64) -> bool {
        let Some(window) = self.window else { return self.control.has_stopped() };
        self.tally.follows(window, now)
            && ((self.flight.count() == 0 && self.owed() == 0) || now > self.control.gives_up_ns(window, self.plan.timeout_ns))
    }

    /// How many requests were due inside the window and have not left.
    fn owed(&self) -> u64 {
        let Some(window) = self.window else { return 0 };
        match &self.pace {
            Some(pace) => pace.owed(window.begins_ns, window.closes_ns),
            None => self.waiting.iter().filter(|due| window.holds(**due)).count() as u64,
        }
    }

    fn wakes_ns(&self, sweeps_ns: u64, now: u64) -> u64 {
        let Some(window) = self.window else { return sweeps_ns.min(now + READY_NS) };
        let mut wakes = sweeps_ns;
        if now < window.closes_ns {
            wakes = wakes.min(window.closes_ns);
        }
        if let (Some(pace), true) = (&self.pace, self.flight.has_room()) {
            let due = pace.due_ns(window.begins_ns);
            if due < window.closes_ns {
                wakes = wakes.min(due);
            }
        }
        wakes
    }

    /// Ask what is due, a batch at most; whether more could be asked at once.
    fn ask(&mut self, now: u64) -> bool {
        let Some(window) = self.window else { return false };
        let mut is_behind = true;
        while !self.outbox.is_full() {
            let Some(due) = self.next_due(window, now) else {
                is_behind = false;
                break;
            };
            let id = self.flight.leave(due, now).expect("there is room, or nothing is due");
            let request = &self.requests[self.turn];
            let length = request.bytes.len();
            let room = &mut self.outbox.room()[..length];
            room.copy_from_slice(&request.bytes);
            put_id(&mut room[request.id_at..request.id_at + ID_DIGITS], id);
            self.outbox.push(&Peer::unknown(), length);
            self.turn = (self.turn + 1) % self.requests.len();
            if self.pace.is_some() {
                self.tally.left(now.saturating_sub(due), window.holds(due));
            }
        }
        // What the kernel does not take is lost on the way like any other: it is given up in its time.
        self.outbox.send(self.sockets[self.socket_turn].as_raw_fd());
        self.socket_turn = (self.socket_turn + 1) % self.sockets.len();
        is_behind
    }

    /// Take the next request that is due, if there is room for it.
    fn next_due(&mut self, window: Window, now: u64) -> Option<u64> {
        if !self.flight.has_room() {
            return None;
        }
        let Some(pace) = &mut self.pace else {
            // Who wanted to ask before the end still asks, so that waiting here is not left out of the figures.
            let due = *self.waiting.front().filter(|due| **due < window.closes_ns)?;
            self.waiting.pop_front();
            return Some(due);
        };
        let due = pace.due_ns(window.begins_ns);
        if due > now || due >= window.closes_ns {
            return None;
        }
        pace.leave();
        Some(due)
    }

    /// Read what has come on a socket.
    fn hear(&mut self, socket: usize) {
        for _ in 0..BATCHES {
            // An error is one the network told of an earlier datagram: it is given up in its time.
            let Ok(count) = self.inbox.receive(self.sockets[socket].as_raw_fd()) else { return };
            let now = now_ns();
            for place in 0..count {
                self.take(place, now);
            }
            if count < BATCH {
                return;
            }
        }
    }

    #[inline]
    fn take(&mut self, place: usize, now: u64) {
        let answer = self.inbox.datagram(place).bytes;
        self.tally.bytes(answer.len());
        let id = self.id_finder.find(answer).and_then(|at| id_at(&answer[at + self.id_finder.needle().len()..]));
        let Some(due) = id.and_then(|id| self.flight.land(id)) else { return self.tally.late() };
        let counts = self.window.is_some_and(|window| window.holds(due));
        if self.good_finder.find(answer).is_some() {
            self.tally.good(OK_STATUS, now.saturating_sub(due), counts);
        } else {
            let code = code_in(answer);
            self.tally.refused(if code.is_empty() { b"unreadable" } else { code }, counts);
        }
        if self.pace.is_none() {
            self.waiting.push_back(now);
        }
    }

    /// Give up what has waited too long on the wire.
    fn sweep(&mut self, now: u64) {
        let (window, is_closed_loop) = (self.window, self.pace.is_none());
        self.flight.give_up(now.saturating_sub(self.plan.timeout_ns), |due| {
            self.tally.failed(Failure::Timeout, 1, window.is_some_and(|window| window.holds(due)));
            if is_closed_loop {
                self.waiting.push_back(now);
            }
        });
    }

    /// Count what never got an answer, and return all that was found.
    fn account(mut self) -> Found {
        let name = |_| "OK".to_owned();
        let Some(window) = self.window else { return self.tally.found(0, name) };
        let owed = self.owed();
        self.tally.failed(Failure::Unsent, owed, true);
        let why = if self.control.has_stopped() { Failure::Cut } else { Failure::Timeout };
        self.flight.give_up(u64::MAX, |due| self.tally.failed(why, 1, window.holds(due)));
        self.tally.tell(self.control.told(self.thread));
        self.tally.found(window.closes_ns - window.opens_ns, name)
    }
}

fn connected(target: SocketAddr) -> io::Result<UdpSocket> {
    let own: SocketAddr = if target.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind(own)?;
    // As much as the machine gives; with less, more is lost here, and told.
    let _ = SockRef::from(&socket).set_recv_buffer_size(BUFFER_BYTES);
    let _ = SockRef::from(&socket).set_send_buffer_size(BUFFER_BYTES);
    socket.set_nonblocking(true)?;
    socket.connect(target)?;
    Ok(socket)
}

const _: () = assert!(DATAGRAM_BYTES_MAX <= crate::udp::batch::ANSWER_BYTES_MAX && ID_PLACE.len() == ID_DIGITS);
