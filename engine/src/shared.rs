//! What all engine threads share, all of it readable without waiting, and what one thread has to itself.

use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;

use crate::blocklist::Blocklist;
use crate::book::Book;
use crate::calendar::Calendar;
use crate::clock::{Clock, Moment};
use crate::counters::{Cells, Counter, Counters};
use crate::crowd::Crowd;
use crate::door::Door;
use crate::governor::Governor;
use crate::inbox::Inbox;
use crate::keys::{Digest, Keys};
use crate::latency::Way;
use crate::limits::{InForce, Limits};
use crate::looks::{Doubt, Looks};
use crate::memo::Memo;
use crate::questions::{Question, Questions, Ticket, Wanted};
use crate::record::Entry;
use crate::request_id::{RequestIds, THREADS_MAX};
use crate::sources::Sources;
use crate::spool::{Lane, Spool, SpoolConfig};
use crate::tally::Tally;
use crate::texts::Texts;
use crate::tries::Tries;

/// Who this node is, as every answer says.
#[derive(Debug, Clone)]
pub struct Identity {
    /// `BeastMain`
    pub node: String,
    /// `local`
    pub region: String,
    /// `1`
    pub version: String,
}

/// What an engine is made of.
#[derive(Debug)]
pub struct Settings {
    /// Who this node is.
    pub identity: Identity,
    /// What keys' digests are made under.
    pub digest_secret: Vec<u8>,
    /// Where usage records lie; None keeps none.
    pub spool_directory: Option<PathBuf>,
    /// Where what is spent of quotas is counted so that it outlives the process; None counts it in memory.
    pub quota_directory: Option<PathBuf>,
    /// How many threads answer.
    pub threads: usize,
    /// The time.
    pub clock: Arc<Clock>,
    /// Bounds.
    pub limits: Limits,
}

/// The lane and the ids kept for what Python answers.
#[derive(Debug)]
pub struct PythonDesk {
    /// The last lane of the spool.
    pub lane: Lane,
    /// The last thread's ids.
    pub ids: RequestIds,
}

/// What all threads share.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is named as its module, which says what it is")]
pub struct Shared {
    pub identity: Identity,
    pub clock: Arc<Clock>,
    pub limits: InForce,
    pub book: Book,
    pub keys: Keys,
    pub blocklist: Blocklist,
    pub tries: Tries,
    pub looks: Looks,
    pub counters: Counters,
    pub texts: ArcSwap<Texts>,
    pub sources: Arc<Sources>,
    pub spool: Arc<Spool>,
    pub door: Door,
    pub questions: Questions<Digest>,
    pub wanted: Questions<Wanted>,
    pub crowd: Crowd,
    pub governor: Governor,
    pub inboxes: Vec<Inbox>,
    /// Locked by Python's threads; an engine thread only tries.
    pub python: Mutex<PythonDesk>,
    /// Every answer from now on is its connection's last.
    pub is_closing: AtomicBool,
}

impl Shared {
    /// Make everything that threads share. The spool has a lane for each thread and one more for Python.
    ///
    /// # Errors
    /// A directory cannot be used, or there are no descriptors left.
    pub fn new(settings: Settings) -> io::Result<Arc<Self>> {
        let Settings { identity, digest_secret, spool_directory, quota_directory, threads, clock, limits } = settings;
        let tally = quota_directory.map(|directory| Tally::open(&directory)).transpose()?.unwrap_or_default();
        let sources = Arc::new(Sources::default());
        let config = SpoolConfig {
            directory: spool_directory,
            node: identity.node.clone(),
            boot: random_bytes()?,
            lanes: threads as u16 + 1,
            segment_bytes: limits.segment_bytes as u64,
            segment_ns: limits.segment_ns,
        };
        let spool = Spool::open(&config, Arc::clone(&sources))?;
        let python = PythonDesk { lane: spool.lane(threads as u16), ids: RequestIds::new(THREADS_MAX - 1) };
        Ok(Arc::new(Self {
            book: Book::new(Arc::clone(&sources)),
            keys: Keys::counting_in(&digest_secret, Arc::new(tally)),
            blocklist: Blocklist::default(),
            tries: Tries::new(hash_key()?),
            looks: Looks::default(),
            counters: Counters::new(threads),
            texts: ArcSwap::default(),
            spool,
            sources,
            python: Mutex::new(python),
            door: Door::new(limits.handed_max)?,
            questions: Questions::new(limits.questions_max)?,
            wanted: Questions::new(limits.questions_max)?,
            crowd: Crowd::new(limits.connections_max, limits.connections_per_address_max),
            governor: Governor::default(),
            inboxes: (0..threads).map(|_| Inbox::new()).collect::<io::Result<_>>()?,
            is_closing: AtomicBool::new(false),
            identity,
            clock,
            limits: InForce::new(limits),
        }))
    }

    fn ask_for_key(&self, ticket: Ticket, digest: Digest, doubt: Doubt, now_ns: u64) -> bool {
        let may_look = self.looks.take(doubt, now_ns);
        let is_asked = may_look && self.questions.ask(ticket, digest);
        if may_look && !is_asked {
            self.looks.give_back(doubt);
        }
        is_asked
    }

    /// Tell that a request no longer waits for its key to be looked up, and whether there is such a key.
    pub fn settle_key(&self, doubt: Doubt, is_found: bool) {
        self.questions.settle();
        if is_found {
            self.looks.give_back(doubt);
        }
    }

    /// Return how many threads answer.
    pub fn threads(&self) -> usize {
        self.inboxes.len()
    }
}

fn hash_key() -> io::Result<(u64, u64)> {
    let key = u128::from_ne_bytes(random_bytes()?);
    Ok((key as u64, (key >> 64) as u64))
}

/// Return random bytes from the machine.
///
/// # Errors
/// The machine has none, which does not happen once it has started.
pub fn random_bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    // SAFETY: `bytes` is N writable bytes. Requests of up to 256 bytes are answered whole.
    let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), N, 0) };
    if got == N as isize { Ok(bytes) } else { Err(io::Error::last_os_error()) }
}

/// What one engine thread has to itself. Passed to whatever it does, HTTP and UDP alike.
#[derive(Debug)]
pub struct ThreadContext {
    /// What it shares with the others.
    pub shared: Arc<Shared>,
    /// Its number, from 0.
    pub thread: usize,
    /// Its writer of usage records.
    pub lane: Lane,
    /// The keys it met lately.
    pub memo: Memo,
    /// Its request ids.
    pub ids: RequestIds,
    /// This second's texts.
    pub calendar: Calendar,
    /// When the bytes now at hand were read.
    pub received: Moment,
    /// Which address the request now at hand came from.
    pub peer: IpAddr,
    /// A number of the connection whose requests are served.
    pub line: u32,
    /// How long the bytes at hand had waited in the kernel, by the last sample; 0 while the governor does not look.
    pub waited_ns: u64,
    last_serial: u64,
}

impl ThreadContext {
    /// Return the context of a thread.
    ///
    /// # Errors
    /// The machine has no randomness.
    pub fn new(shared: Arc<Shared>, thread: usize) -> io::Result<Self> {
        Ok(Self {
            lane: shared.spool.lane(thread as u16),
            memo: Memo::new(hash_key()?),
            ids: RequestIds::new(thread),
            calendar: Calendar::default(),
            received: shared.clock.now(),
            peer: Ipv6Addr::UNSPECIFIED.into(),
            line: 0,
            waited_ns: 0,
            last_serial: 0,
            thread,
            shared,
        })
    }

    /// Return this thread's counters.
    #[inline]
    pub fn cells(&self) -> &Cells {
        self.shared.counters.of_thread(self.thread)
    }

    /// Count `amount` of something.
    #[inline]
    pub fn count(&self, counter: Counter, amount: u64) {
        self.cells().add(counter, amount);
    }

    /// Write a usage record, before its answer is sent; whether it was kept. Either is counted.
    #[inline]
    pub fn record(&mut self, entry: &Entry<'_>) -> bool {
        let cells = self.shared.counters.of_thread(self.thread);
        write_record(&mut self.lane, cells, entry)
    }

    /// Ask Python; None when too many requests wait, or too many keys were looked up for nothing. Each ticket ends with one
    /// `Shared::settle_key` or, for prices, `Questions::settle`.
    pub fn ask(&mut self, question: Question, is_datagram: bool) -> Option<Ticket> {
        self.last_serial += 1;
        let ticket = Ticket::new(self.thread, is_datagram, self.last_serial);
        let is_asked = match question {
            Question::Key(digest, doubt) => self.shared.ask_for_key(ticket, digest, doubt, self.received.monotonic_ns),
            Question::Assets(wanted) => self.shared.wanted.ask(ticket, wanted),
        };
        self.count(if is_asked { Counter::QuestionsAsked } else { Counter::QuestionsRefused }, 1);
        is_asked.then_some(ticket)
    }
}

/// Write a usage record, count it as kept or lost, and its latency by its protocol; whether it was kept.
#[inline]
pub fn write_record(lane: &mut Lane, cells: &Cells, entry: &Entry<'_>) -> bool {
    cells.took(Way::of_protocol(entry.protocol), entry.latency_ns);
    let is_kept = lane.append(entry).is_some();
    cells.add(if is_kept { Counter::UsageRecorded } else { Counter::UsageLost }, 1);
    is_kept
}
