//! One engine thread: it waits for its sockets and its inbox, and for nothing else.

use std::io;
use std::net::TcpListener;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use crate::code::Code;
use crate::http::floor::Floor;
use crate::http::poll::{self, Event, LEVEL, Poll, Ticker};
use crate::inbox::Message;
use crate::questions::Ticket;
use crate::shared::ThreadContext;
use crate::udp::Udp;

/// How often waits are looked at for having lasted too long.
const SWEEP_EVERY: Duration = Duration::from_millis(100);

/// How often a thread with nothing to watch over wakes: to seal records by age.
const DOZE: Duration = Duration::from_secs(1);

/// Messages read before callers get their turn.
const MESSAGES_PER_TURN: usize = 4;

/// Connections accepted before the others get their turn.
const ACCEPTS_PER_TURN: usize = 64;

/// What descriptors other than connections are registered as: connections lie below the first bit.
const INBOX: u64 = 1 << 63;
const TICKER: u64 = 1 << 63 | 1 << 34;
const LISTENER: u64 = 1 << 63 | 1 << 32;
const DATAGRAMS: u64 = 1 << 63 | 1 << 33;

/// A thread's sockets and what it does with them.
#[derive(Debug)]
pub struct EngineThread {
    context: ThreadContext,
    poll: Poll,
    floor: Floor,
    listeners: Vec<TcpListener>,
    datagrams: Vec<Udp>,
    /// Given up for a moment when there are no descriptors left, so that whoever waits can be turned away.
    spare: Option<OwnedFd>,
    ticker: Ticker,
    stops_at: Option<Instant>,
    /// Until when newcomers wait at the door, by the monotonic clock; 0: they do not.
    accepts_from_ns: u64,
}

impl EngineThread {
    /// Prepare a thread; it listens to its inbox only.
    ///
    /// # Errors
    /// There are no descriptors left.
    pub fn new(context: ThreadContext) -> io::Result<Self> {
        let poll = Poll::new()?;
        let ticker = Ticker::new(DOZE)?;
        poll.add(context.shared.inboxes[context.thread].bell().as_raw_fd(), INBOX, LEVEL)?;
        poll.add(ticker.as_raw_fd(), TICKER, LEVEL)?;
        Ok(Self {
            floor: Floor::new(&context),
            listeners: Vec::new(),
            datagrams: Vec::new(),
            spare: spare_descriptor(),
            ticker,
            stops_at: None,
            accepts_from_ns: 0,
            context,
            poll,
        })
    }

    /// Answer until told to stop; how many connections had to be cut.
    pub fn run(mut self) -> usize {
        let cut = loop {
            self.ticker.set(if self.is_watching() { SWEEP_EVERY } else { DOZE });
            let events = self.poll.wait(!self.floor.has_put_off());
            self.context.received = self.context.shared.clock.now();
            for place in 0..events {
                let event = self.poll.event(place);
                self.on_event(event);
            }
            self.floor.take_turns(&mut self.context, &self.poll);
            self.floor.work_off(&mut self.context, &self.poll);
            if let Some(stops_at) = self.stops_at {
                self.floor.end(&mut self.context);
                if self.floor.is_empty() || Instant::now() >= stops_at {
                    break self.floor.cut(&mut self.context);
                }
            }
        };
        self.close_datagrams();
        self.context.lane.seal();
        cut
    }

    #[inline]
    fn is_watching(&self) -> bool {
        !self.floor.is_empty() || self.stops_at.is_some() || self.accepts_from_ns > 0 || self.datagrams.iter().any(|udp| udp.waiting() > 0)
    }

    #[inline]
    fn on_event(&mut self, event: Event) {
        match event.token {
            INBOX => self.read_inbox(),
            TICKER => self.sweep(),
            token if token & DATAGRAMS == DATAGRAMS => {
                if let Some(udp) = self.datagrams.get_mut(token as u32 as usize) {
                    // Watched by level: what is left is told again.
                    udp.serve(&mut self.context);
                }
            }
            token if token & LISTENER == LISTENER => self.accept(token as u32 as usize, ACCEPTS_PER_TURN),
            _ => self.floor.on_event(&mut self.context, &self.poll, event),
        }
    }

    fn read_inbox(&mut self) {
        let inbox = self.context.thread;
        self.context.shared.inboxes[inbox].bell().clear();
        for _ in 0..MESSAGES_PER_TURN {
            let Some(message) = self.context.shared.inboxes[inbox].next() else { return };
            match message {
                Message::Answer(ticket, refusal) => self.on_answer(ticket, refusal),
                Message::Listen(listener) => self.listen(listener),
                Message::ListenUdp(socket) => {
                    let token = DATAGRAMS | self.datagrams.len() as u64;
                    if let Ok(udp) = Udp::new(socket, &self.context.shared) {
                        if self.poll.add(udp.as_raw_fd(), token, LEVEL).is_ok() {
                            self.datagrams.push(udp);
                        }
                    }
                }
                Message::StopAccepting => self.stop_accepting(),
                Message::Seal(done) => {
                    self.context.lane.seal();
                    let _ = done.send(()); // Whoever asked may have stopped waiting.
                }
                Message::Stop(at) => {
                    self.stop_accepting();
                    self.stops_at = Some(at);
                }
            }
        }
        // There may be more: callers have their turn first, for a key that is answered can have a whole pipeline behind it.
        self.context.shared.inboxes[inbox].bell().ring();
    }

    fn on_answer(&mut self, ticket: Ticket, refusal: Option<Code>) {
        if ticket.is_datagram() {
            for udp in &mut self.datagrams {
                udp.settle(&mut self.context, ticket, refusal);
            }
        } else {
            self.floor.on_answer(&self.context, ticket, refusal);
        }
    }

    fn listen(&mut self, listener: TcpListener) {
        let token = LISTENER | self.listeners.len() as u64;
        if self.poll.add(listener.as_raw_fd(), token, LEVEL).is_ok() {
            self.listeners.push(listener);
        }
    }

    /// Let newcomers wait in the kernel for a while: something is shed, and turning many away costs as much as serving them.
    fn delay_newcomers(&mut self) {
        let delay_ns = self.context.shared.governor.delay_ns();
        if delay_ns > 0 && self.accepts_from_ns == 0 {
            for listener in &self.listeners {
                self.poll.remove(listener.as_raw_fd());
            }
            self.accepts_from_ns = self.context.received.monotonic_ns + delay_ns;
        }
    }

    fn readmit_newcomers(&mut self) {
        if self.accepts_from_ns > 0 && self.context.received.monotonic_ns >= self.accepts_from_ns {
            self.accepts_from_ns = 0;
            for (number, listener) in self.listeners.iter().enumerate() {
                let _ = self.poll.add(listener.as_raw_fd(), LISTENER | number as u64, LEVEL); // There was room for it before.
            }
        }
    }

    fn accept(&mut self, number: usize, most: usize) {
        self.delay_newcomers();
        let Some(listener) = self.listeners.get(number).map(AsRawFd::as_raw_fd) else { return };
        for _ in 0..most {
            match poll::accept(listener) {
                Ok((socket, peer)) => self.floor.welcome(&mut self.context, &self.poll, socket, peer),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE)) => {
                    self.context.count(crate::counters::Counter::ConnectionsRefused, 1);
                    // Somebody waits and cannot be let in: without this the listener would be readable for ever.
                    self.spare = None;
                    drop(poll::accept(listener));
                    self.spare = spare_descriptor();
                    return;
                }
                Err(_) => {} // Whoever it was has gone again.
            }
        }
    }

    /// Let in who has come already, and nobody after.
    fn stop_accepting(&mut self) {
        for number in 0..self.listeners.len() {
            self.accept(number, usize::from(u16::MAX));
        }
        self.listeners.clear();
        self.close_datagrams();
    }

    fn close_datagrams(&mut self) {
        for mut udp in std::mem::take(&mut self.datagrams) {
            udp.finish(&mut self.context);
        }
    }

    fn sweep(&mut self) {
        self.ticker.clear();
        self.context.received = self.context.shared.clock.now();
        self.readmit_newcomers();
        self.floor.sweep(&mut self.context);
        for udp in &mut self.datagrams {
            udp.sweep(&mut self.context);
        }
        self.context.lane.tick(self.context.received.monotonic_ns);
        self.tick_python();
    }

    /// Let the lane of Python's records come of age too: Python itself looks at it only when it writes.
    fn tick_python(&self) {
        if self.context.thread > 0 {
            return;
        }
        // Python is writing just now: the next sweep comes soon.
        if let Ok(mut python) = self.context.shared.python.try_lock() {
            python.lane.tick(self.context.received.monotonic_ns);
        }
    }
}

fn spare_descriptor() -> Option<OwnedFd> {
    std::fs::File::open("/dev/null").ok().map(OwnedFd::from)
}
