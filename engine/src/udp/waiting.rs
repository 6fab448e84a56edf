//! Datagrams that wait for Python: to have their key looked up, or their prices fetched.

use std::collections::{HashMap, VecDeque};

use crate::clock::Moment;
use crate::questions::{Question, Ticket};
use crate::shared::{Shared, ThreadContext};
use crate::udp::batch::{Peer, Received};

/// One datagram, and what it waits for.
#[derive(Debug)]
pub(super) struct Parked {
    bytes: Box<[u8]>,
    peer: Peer,
    /// When it came.
    pub(super) since: Moment,
    /// What Python was asked.
    pub(super) waited_for: Question,
}

impl Parked {
    /// Return it as it came.
    pub(super) fn received(&self) -> Received<'_> {
        Received { bytes: &self.bytes, is_cut: false, peer: &self.peer }
    }
}

/// One thread's waiting datagrams.
#[derive(Debug)]
pub(super) struct Waiting {
    parked: HashMap<Ticket, Parked, foldhash::fast::RandomState>,
    /// Tickets in the order they were asked, with the time at which each is given up. Some are settled already.
    deadlines: VecDeque<(u64, Ticket)>,
    /// How many wait for prices; all others wait for their key.
    for_assets: usize,
    /// How many may wait for either.
    most: usize,
}

impl Waiting {
    /// Return an empty room.
    pub(super) fn new(shared: &Shared) -> Self {
        // Anybody can forge datagrams with keys nobody knows: half of the room for questions stays HTTP's.
        let most = (shared.limits.at_start.questions_max / 2 / shared.threads().max(1)).max(1);
        Self { parked: HashMap::default(), deadlines: VecDeque::new(), for_assets: 0, most }
    }

    /// Ask Python and let the datagram wait; false where there is no room for it.
    pub(super) fn park(&mut self, context: &mut ThreadContext, question: Question, received: &Received<'_>, since: Moment) -> bool {
        let is_for_assets = matches!(question, Question::Assets(_));
        let waiting = if is_for_assets { self.for_assets } else { self.parked.len() - self.for_assets };
        if waiting >= self.most || self.parked.len() >= context.shared.governor.datagrams_most(context.shared.threads()) {
            return false;
        }
        let Some(ticket) = context.ask(question, true) else { return false };
        self.for_assets += usize::from(is_for_assets);
        self.parked.insert(ticket, Parked { bytes: received.bytes.into(), peer: *received.peer, since, waited_for: question });
        self.deadlines.push_back((context.received.monotonic_ns.saturating_add(context.shared.limits.question_ns()), ticket));
        true
    }

    /// Let a datagram go that was answered, `is_found` whether its key was found; None when its ticket is settled.
    pub(super) fn release(&mut self, context: &ThreadContext, ticket: Ticket, is_found: bool) -> Option<Parked> {
        let parked = self.parked.remove(&ticket)?;
        match parked.waited_for {
            Question::Key(_, doubt) => context.shared.settle_key(doubt, is_found),
            Question::Assets(_) => {
                self.for_assets -= 1;
                context.shared.wanted.settle();
            }
        }
        Some(parked)
    }

    /// Return the ticket of a datagram that has waited long enough at a monotonic time, or None.
    pub(super) fn late(&mut self, now_ns: u64) -> Option<Ticket> {
        while let Some((until_ns, ticket)) = self.deadlines.front().copied() {
            let is_waiting = self.parked.contains_key(&ticket);
            if is_waiting && now_ns < until_ns {
                return None;
            }
            self.deadlines.pop_front();
            if is_waiting {
                return Some(ticket);
            }
        }
        None
    }

    /// Return how many wait.
    pub(super) fn len(&self) -> usize {
        self.parked.len()
    }
}
