//! Prices over UDP: one thread's socket, its batches, and the datagrams that wait for Python to look a key up.
//!
//! An answer is never more than three times the bytes it answers, and never more than those bytes where the key is not
//! one of ours, so that a forged sender gains nothing. What is no request gets no answer and costs a counter.

pub mod answer;
pub mod batch;
mod clerk;
pub mod socket;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::UdpSocket;
use std::os::fd::{AsRawFd, RawFd};

use crate::clock::Moment;
use crate::code::Code;
use crate::counters::Counter;
use crate::questions::Ticket;
use crate::shared::{Shared, ThreadContext};
use batch::{BATCH, Inbox, Outbox, Peer, Received};
use clerk::{Clerk, Outcome};

/// How many batches are read before the thread looks at its connections again.
const BATCHES_PER_TURN: usize = 16;

/// A datagram whose key Python is looking up.
#[derive(Debug)]
struct Parked {
    bytes: Box<[u8]>,
    peer: Peer,
    received: Moment,
}

/// One thread's datagram socket and all that belongs to it.
#[derive(Debug)]
pub struct Udp {
    socket: UdpSocket,
    inbox: Inbox,
    outbox: Outbox,
    clerk: Clerk,
    parked: HashMap<Ticket, Parked, foldhash::fast::RandomState>,
    /// Tickets in the order they were asked, with the time at which each is given up. Some are settled already.
    deadlines: VecDeque<(u64, Ticket)>,
    parked_max: usize,
    /// How many overruns are counted already.
    overruns: u32,
}

impl Udp {
    /// Return the part of a thread that answers the datagrams of `socket`.
    ///
    /// # Errors
    /// The socket does not tell its address.
    pub fn new(socket: UdpSocket, shared: &Shared) -> io::Result<Self> {
        let takes_control = socket.local_addr()?.ip().is_unspecified();
        Ok(Self {
            inbox: Inbox::new(shared.limits.datagram_bytes_max, takes_control),
            outbox: Outbox::new(socket.as_raw_fd()),
            socket,
            clerk: Clerk::new(&shared.identity.node),
            parked: HashMap::default(),
            deadlines: VecDeque::new(),
            // Anybody can forge datagrams with keys nobody knows: half of the room for questions stays HTTP's.
            parked_max: (shared.limits.questions_max / 2 / shared.threads().max(1)).max(1),
            overruns: 0,
        })
    }

    /// Read and answer what has come; whether there may be more. To be called when the socket is readable.
    pub fn serve(&mut self, context: &mut ThreadContext) -> bool {
        // What is not read waits in the kernel: no more is in progress than may be.
        let most = context.shared.governor.datagrams_most(context.shared.threads());
        for _ in 0..(most / BATCH).clamp(1, BATCHES_PER_TURN) {
            match self.inbox.receive(self.socket.as_raw_fd()) {
                Ok(count) => {
                    self.answer_batch(context, count);
                    if count < BATCH {
                        return false;
                    }
                }
                // Nothing more, or an error that the socket tells once and that concerns no datagram of ours.
                Err(error) => return error.kind() != io::ErrorKind::WouldBlock,
            }
        }
        true
    }

    fn answer_batch(&mut self, context: &mut ThreadContext, count: usize) {
        context.received = context.shared.clock.now();
        context.count(Counter::UdpPacketsReceived, count as u64);
        for place in 0..count {
            let received = self.inbox.datagram(place);
            let since = context.received;
            let outcome = match self.clerk.answer(context, &received, since, None, &mut self.outbox) {
                Outcome::Ask(digest) => {
                    let ticket =
                        if self.parked.len() < self.parked_max.min(context.shared.governor.datagrams_most(context.shared.threads())) {
                            context.ask(digest, true)
                        } else {
                            None
                        };
                    if let Some(ticket) = ticket {
                        let parked = Parked { bytes: received.bytes.into(), peer: *received.peer, received: since };
                        self.parked.insert(ticket, parked);
                        let until_ns = since.monotonic_ns.saturating_add(context.shared.limits.question_ns);
                        self.deadlines.push_back((until_ns, ticket));
                        continue;
                    }
                    self.clerk.answer(context, &received, since, Some(Code::Overloaded), &mut self.outbox)
                }
                outcome => outcome,
            };
            count_silence(context, outcome);
        }
        self.send(context);
    }

    /// Go on with a datagram whose key Python has looked up, or refuse it. A ticket that is settled is ignored.
    pub fn settle(&mut self, context: &mut ThreadContext, ticket: Ticket, refusal: Option<Code>) {
        let Some(parked) = self.parked.remove(&ticket) else { return };
        context.shared.questions.settle();
        context.received = context.shared.clock.now();
        let received = Received { bytes: &parked.bytes, is_cut: false, peer: &parked.peer };
        let outcome = match self.clerk.answer(context, &received, parked.received, refusal, &mut self.outbox) {
            // Python has looked and still nothing is known: asking without end would serve nobody.
            Outcome::Ask(_) => self.clerk.answer(context, &received, parked.received, Some(Code::DependencyAway), &mut self.outbox),
            outcome => outcome,
        };
        count_silence(context, outcome);
        self.send(context);
    }

    /// Refuse the datagrams that have waited too long, and count those the kernel dropped. To be called now and then.
    pub fn sweep(&mut self, context: &mut ThreadContext) {
        let overruns = socket::overruns(&self.socket);
        let more = u64::from(overruns.wrapping_sub(self.overruns));
        self.overruns = overruns;
        context.count(Counter::DatagramsOverrun, more);
        context.count(Counter::UdpPacketsDropped, more);
        let now_ns = context.shared.clock.monotonic_ns();
        while let Some((until_ns, ticket)) = self.deadlines.front().copied() {
            let is_waiting = self.parked.contains_key(&ticket);
            if is_waiting && now_ns < until_ns {
                return;
            }
            self.deadlines.pop_front();
            if is_waiting {
                context.count(Counter::QuestionsTimedOut, 1);
                self.settle(context, ticket, Some(Code::DependencyAway));
            }
        }
    }

    /// Answer what has come so far and give up what waits for Python. To be called before the socket is closed.
    pub fn finish(&mut self, context: &mut ThreadContext) {
        self.serve(context);
        while let Some((_, ticket)) = self.deadlines.pop_front() {
            self.settle(context, ticket, Some(Code::DependencyAway));
        }
    }

    /// Return how many datagrams wait for Python.
    pub fn waiting(&self) -> usize {
        self.parked.len()
    }

    fn send(&mut self, context: &ThreadContext) {
        let told = self.outbox.send(self.socket.as_raw_fd());
        context.count(Counter::UdpPacketsSent, told.sent as u64);
        if told.unsent > 0 {
            context.count(Counter::DatagramsUnsent, told.unsent as u64);
            context.count(Counter::UdpPacketsDropped, told.unsent as u64);
        }
    }
}

fn count_silence(context: &ThreadContext, outcome: Outcome) {
    if let Outcome::Silent(counter) = outcome {
        context.count(counter, 1);
        context.count(Counter::UdpPacketsDropped, 1);
    }
}

impl AsRawFd for Udp {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}
