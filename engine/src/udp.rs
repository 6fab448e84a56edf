//! Prices over UDP: one thread's socket, its batches, and the datagrams that wait for Python to look a key up or fetch a price.
//!
//! An answer is never more than three times the bytes it answers, and never more than those bytes where the key is not
//! one of ours, so that a forged sender gains nothing. What is no request gets no answer and costs a counter.

pub mod answer;
pub mod batch;
mod clerk;
pub mod socket;
mod waiting;

use std::io;
use std::net::UdpSocket;
use std::os::fd::{AsRawFd, RawFd};

use crate::code::Code;
use crate::counters::Counter;
use crate::questions::{Question, Ticket};
use crate::shared::{Shared, ThreadContext};
use batch::{BATCH, Inbox, Outbox};
use clerk::{Clerk, Outcome, Stage};
use waiting::Waiting;

/// How many batches are read before the thread looks at its connections again.
const BATCHES_PER_TURN: usize = 16;

/// One thread's datagram socket and all that belongs to it.
#[derive(Debug)]
pub struct Udp {
    socket: UdpSocket,
    inbox: Inbox,
    outbox: Outbox,
    clerk: Clerk,
    waiting: Waiting,
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
            inbox: Inbox::new(shared.limits.at_start.datagram_bytes_max, takes_control),
            outbox: Outbox::new(socket.as_raw_fd()),
            socket,
            clerk: Clerk::new(&shared.identity.node),
            waiting: Waiting::new(shared),
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
            let mut outcome = self.clerk.answer(context, &received, since, Stage::First, &mut self.outbox);
            if let Outcome::Ask(question) = outcome {
                if self.waiting.park(context, question, &received, since) {
                    continue;
                }
                outcome = self.clerk.answer(context, &received, since, crowded(question), &mut self.outbox);
            }
            count_silence(context, outcome);
        }
        self.send(context);
    }

    /// Go on with a datagram whose question Python has answered, or refuse it. A ticket that is settled is ignored.
    pub fn settle(&mut self, context: &mut ThreadContext, ticket: Ticket, refusal: Option<Code>) {
        let Some(parked) = self.waiting.release(context, ticket, refusal.is_none()) else { return };
        context.received = context.shared.clock.now();
        let received = parked.received();
        let stage = match (parked.waited_for, refusal) {
            (Question::Assets(_), _) => Stage::Fetched,
            (Question::Key(..), None) => Stage::First,
            (Question::Key(..), Some(code)) => Stage::Refused(code),
        };
        let mut outcome = self.clerk.answer(context, &received, parked.since, stage, &mut self.outbox);
        if let Outcome::Ask(question) = outcome {
            // Python has looked the key up and still nothing is known: asking without end would serve nobody.
            let is_key = matches!(question, Question::Key(..));
            if !is_key && self.waiting.park(context, question, &received, parked.since) {
                return;
            }
            let stage = if is_key { Stage::Refused(Code::DependencyAway) } else { crowded(question) };
            outcome = self.clerk.answer(context, &received, parked.since, stage, &mut self.outbox);
        }
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
        while let Some(ticket) = self.waiting.late(now_ns) {
            context.count(Counter::QuestionsTimedOut, 1);
            self.settle(context, ticket, Some(Code::DependencyAway));
        }
    }

    /// Answer what has come so far and give up what waits for Python. To be called before the socket is closed.
    pub fn finish(&mut self, context: &mut ThreadContext) {
        self.serve(context);
        // A key that turns out to be known may ask once more, for prices: those who ask then are given up as well.
        while let Some(ticket) = self.waiting.late(u64::MAX) {
            self.settle(context, ticket, Some(Code::DependencyAway));
        }
    }

    /// Return how many datagrams wait for Python.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
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

/// How a datagram is answered whose question found no room.
fn crowded(question: Question) -> Stage {
    match question {
        Question::Key(..) => Stage::Refused(Code::Overloaded),
        Question::Assets(_) => Stage::Fetched,
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
