//! The intake: what the venues print, read by their rows and made answerable without a word to Python.
//!
//! The engine takes the ordinary and Python decides the exceptional. A frame is taken whole or not at all: where it is
//! nothing but live trades of symbols that Python has opened, each of them in its time and within its bounds, they are
//! checked, counted and published here; in every other case nothing has happened, and Python reads the same bytes by the
//! same row and the same rules. What was taken it hears of from time to time, the newest of each symbol (`news`).

pub mod fields;
pub mod program;
pub mod scan;
pub mod slot;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::book::Print;
use crate::clock::Moment;
use crate::shared::Shared;
use fields::{digits_of, symbol_of, time_of, whole_of};
use program::Program;
use scan::{Found, Row, scan};
use slot::{Bounds, Digits, Last, News, Order, Rhythm, Slot, Terms, order};

/// Every so often a venue's frame is left to Python though it is ordinary: it keeps a sample of them.
const SAMPLE_EVERY_NS: u64 = 100_000_000;

type Map<V> = HashMap<Box<[u8]>, V, foldhash::fast::RandomState>;

/// One trade of a frame.
#[derive(Debug, Clone, Copy)]
pub struct Printed<'a> {
    /// The venue's spelling of the market.
    pub symbol: &'a [u8],
    /// The digits.
    pub price: &'a [u8],
    /// When the venue says it was.
    pub time_ns: u64,
}

/// Return the trades of a frame, oldest first; None when they, or that they are all, is not certain.
pub fn trades_of<'a>(program: &Program, bytes: &'a [u8], found: &mut Found) -> Option<Vec<Printed<'a>>> {
    let mut trades = Vec::new();
    read_into(program, bytes, found, &mut trades).then_some(trades)
}

#[inline]
fn read_into<'a>(program: &Program, bytes: &'a [u8], found: &mut Found, trades: &mut Vec<Printed<'a>>) -> bool {
    if !scan(program, bytes, found) {
        return false;
    }
    for row in &found.rows {
        match printed(program, row, bytes) {
            Some(trade) => trades.push(trade),
            None => return false,
        }
    }
    if trades.len() > 1 {
        if program.is_newest_first {
            trades.reverse();
        }
        trades.sort_by_key(|trade| trade.time_ns); // Stable: among equal times the order of the rows decides.
    }
    true
}

#[inline]
fn printed<'a>(program: &Program, [price, symbol, time]: &Row, bytes: &'a [u8]) -> Option<Printed<'a>> {
    Some(Printed {
        symbol: symbol_of(*symbol, &program.cuts, bytes)?,
        price: digits_of(*price, bytes)?,
        time_ns: time_of(*time, program.time, bytes)?,
    })
}

/// A symbol that a connection delivers.
#[derive(Debug, Clone, Copy)]
struct Held {
    slot: u32,
    /// A trade before this was printed before it was asked for.
    since_ns: u64,
}

/// What a connection has taken since Python last asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Frames taken.
    pub frames: u64,
    /// Trades that went on.
    pub trades: u64,
    /// Trades older than what was known.
    pub late: u64,
    /// Trades that were known.
    pub repeated: u64,
    /// When (monotonic) the last frame was taken.
    pub heard_ns: u64,
}

#[derive(Debug)]
struct Inlet {
    venue: u32,
    number: u64,
    program: Program,
    held: Map<Held>,
    /// How far ahead of our clock the venue's may be.
    ahead_ns: u64,
    sequence: Option<u64>,
    tally: Tally,
}

#[derive(Debug, Default)]
struct Venue {
    name: Box<str>,
    slots: Map<u32>,
    sampled_ns: u64,
}

#[derive(Debug)]
struct State {
    venues: Vec<Venue>,
    slots: Vec<Slot>,
    inlets: HashMap<u64, Inlet, foldhash::fast::RandomState>,
    inlets_made: u64,
    changed: Vec<u32>,
    bounds: Option<Bounds>,
    found: Found,
    newest: Vec<Newest>,
}

/// The newest trade of a symbol in the frame at hand.
#[derive(Debug, Clone, Copy)]
struct Newest {
    slot: u32,
    time_ns: u64,
    price: Digits,
}

/// What Python hears of a symbol.
#[derive(Debug, Clone)]
pub struct Told {
    /// The venue.
    pub venue: Box<str>,
    /// Its spelling.
    pub symbol: Box<str>,
    /// The newest trade.
    pub news: News,
    /// How often it trades.
    pub rhythm: Rhythm,
}

/// All that is taken in. Python's threads call here, one at a time; the engine's own never do.
#[derive(Debug)]
pub struct Intake {
    shared: Arc<Shared>,
    state: Mutex<State>,
}

impl Intake {
    /// Return an intake that takes nothing yet and publishes to `shared.book`.
    pub fn new(shared: Arc<Shared>) -> Self {
        let state = State {
            venues: Vec::new(),
            slots: Vec::new(),
            inlets: HashMap::default(),
            inlets_made: 0,
            changed: Vec::new(),
            bounds: None,
            found: Found::default(),
            newest: Vec::new(),
        };
        Self { shared, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Return what all of a node's parts share.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Go by these bounds from the next frame on. Before the first of them nothing is taken.
    pub fn set_bounds(&self, bounds: Bounds) {
        self.state().bounds = Some(bounds);
    }

    /// Make a connection known, read by `program`; the name it has here.
    pub fn open_inlet(&self, venue: &str, number: u64, program: Program) -> u64 {
        let mut state = self.state();
        let venue = state.venue(venue);
        state.inlets_made += 1;
        let name = state.inlets_made;
        state
            .inlets
            .insert(name, Inlet { venue, number, program, held: Map::default(), ahead_ns: 0, sequence: None, tally: Tally::default() });
        name
    }

    /// Forget a connection.
    pub fn close_inlet(&self, inlet: u64) {
        self.state().inlets.remove(&inlet);
    }

    /// Let a connection's trades of a symbol count from a time on.
    pub fn hold(&self, inlet: u64, symbol: &str, since_ns: u64) {
        let mut state = self.state();
        let Some(venue) = state.inlets.get(&inlet).map(|inlet| inlet.venue) else { return };
        let slot = state.slot(venue, symbol);
        if let Some(inlet) = state.inlets.get_mut(&inlet) {
            inlet.held.insert(symbol.as_bytes().into(), Held { slot, since_ns });
        }
    }

    /// Take no trade of a symbol from a connection any more.
    pub fn release(&self, inlet: u64, symbol: &str) {
        if let Some(inlet) = self.state().inlets.get_mut(&inlet) {
            inlet.held.remove(symbol.as_bytes());
        }
    }

    /// Return the number of a connection's last frame.
    pub fn sequence(&self, inlet: u64) -> Option<u64> {
        self.state().inlets.get(&inlet).and_then(|inlet| inlet.sequence)
    }

    /// Go on counting a connection's frames from a number.
    pub fn set_sequence(&self, inlet: u64, sequence: Option<u64>) {
        if let Some(inlet) = self.state().inlets.get_mut(&inlet) {
            inlet.sequence = sequence;
        }
    }

    /// Believe a connection's trades that are so far ahead of our clock.
    pub fn set_ahead(&self, inlet: u64, ahead_ns: u64) {
        if let Some(inlet) = self.state().inlets.get_mut(&inlet) {
            inlet.ahead_ns = ahead_ns;
        }
    }

    /// Return what a connection has taken since this was asked last; None for nothing.
    pub fn tally(&self, inlet: u64) -> Option<Tally> {
        let mut state = self.state();
        let tally = std::mem::take(&mut state.inlets.get_mut(&inlet)?.tally);
        (tally.frames > 0).then_some(tally)
    }

    /// Return a symbol's last trade that was let through.
    pub fn last(&self, venue: &str, symbol: &str) -> Option<Last> {
        let state = self.state();
        state.known(venue, symbol).and_then(|slot| state.slots[slot as usize].last)
    }

    /// Note a trade that Python let through.
    pub fn note(&self, venue: &str, symbol: &str, last: Last) {
        let mut state = self.state();
        let venue = state.venue(venue);
        let slot = state.slot(venue, symbol);
        state.slots[slot as usize].last = Some(last);
    }

    /// Forget a symbol's last trade, or every one of a venue's, and take none of theirs until it is permitted again. What
    /// Python has not heard of yet it still hears.
    pub fn forget(&self, venue: &str, symbol: Option<&str>) {
        let mut state = self.state();
        let State { venues, slots, .. } = &mut *state;
        let Some(venue) = venues.iter().find(|known| &*known.name == venue) else { return };
        let gone = match symbol {
            Some(symbol) => venue.slots.get(symbol.as_bytes()).copied().into_iter().collect(),
            None => venue.slots.values().copied().collect::<Vec<_>>(),
        };
        for slot in gone {
            let slot = &mut slots[slot as usize];
            (slot.last, slot.terms) = (None, None);
        }
    }

    /// Permit trades of a symbol to be taken.
    pub fn permit(&self, venue: &str, symbol: &str, rhythm: Rhythm, terms: Terms) {
        let mut state = self.state();
        let venue = state.venue(venue);
        let slot = state.slot(venue, symbol);
        let slot = &mut state.slots[slot as usize];
        (slot.rhythm, slot.terms) = (rhythm, Some(Box::new(terms)));
    }

    /// Leave every trade of a symbol to Python.
    pub fn close(&self, venue: &str, symbol: &str) {
        let mut state = self.state();
        if let Some(slot) = state.known(venue, symbol) {
            state.slots[slot as usize].terms = None;
        }
    }

    /// Leave every trade to Python.
    pub fn close_all(&self) {
        for slot in &mut self.state().slots {
            slot.terms = None;
        }
    }

    /// Return the newest trade of symbols that Python has not heard of: of every one, or of `most`.
    pub fn news(&self, most: Option<usize>) -> Vec<Told> {
        let mut state = self.state();
        let State { slots, venues, changed, .. } = &mut *state;
        let kept = changed.len().saturating_sub(most.unwrap_or(usize::MAX));
        changed.drain(kept..).filter_map(|slot| told(slots, venues, slot)).collect()
    }

    /// Return the newest trade of a symbol, if Python has not heard of it.
    pub fn news_of(&self, venue: &str, symbol: &str) -> Option<Told> {
        let mut state = self.state();
        let slot = state.known(venue, symbol)?;
        let State { slots, venues, .. } = &mut *state;
        told(slots, venues, slot) // Its place among the changed stays, and is passed over when its turn comes.
    }

    /// Take a whole text message of a connection; false: nothing has happened, and it is Python's to read.
    pub fn take(&self, inlet: u64, bytes: &[u8]) -> bool {
        let mut state = self.state();
        let mut trades = Vec::new();
        let (Some(bounds), State { venues, slots, inlets, changed, found, newest, .. }) = (state.bounds, &mut *state) else { return false };
        let Some(inlet) = inlets.get_mut(&inlet) else { return false };
        if !read_into(&inlet.program, bytes, found, &mut trades) {
            return false;
        }
        let sequence = if inlet.program.has_sequence { whole_of(found.sequence, bytes) } else { None };
        if inlet.program.has_sequence && (sequence.is_none() || sequence != inlet.sequence.map(|last| last.saturating_add(1))) {
            return false;
        }
        let now = self.shared.clock.now();
        let venue = &mut venues[inlet.venue as usize];
        if now.monotonic_ns >= venue.sampled_ns + SAMPLE_EVERY_NS {
            venue.sampled_ns = now.monotonic_ns;
            return false;
        }
        let Some(tally) = judged(inlet, slots, &trades, newest, now) else { return false };
        for one in newest.iter() {
            let slot = &mut slots[one.slot as usize];
            let told = self.commit(slot, one, inlet.number, now, &bounds);
            if slot.news.replace(News { time_ns: one.time_ns, price: one.price, received: now, told }).is_none() {
                changed.push(one.slot);
            }
        }
        inlet.sequence = sequence;
        inlet.tally = Tally {
            frames: inlet.tally.frames + 1,
            trades: inlet.tally.trades + tally.trades,
            late: inlet.tally.late + tally.late,
            repeated: inlet.tally.repeated + tally.repeated,
            heard_ns: now.monotonic_ns,
        };
        true
    }

    /// Hold and publish a trade; when it counts as received.
    #[inline]
    fn commit(&self, slot: &mut Slot, one: &Newest, link: u64, now: Moment, bounds: &Bounds) -> Moment {
        slot.last = Some(Last { time_ns: one.time_ns, price: one.price, link });
        let Slot { rhythm, terms: Some(terms), .. } = slot else { return now };
        let price = one.price.text();
        let usable_for_ns = terms.take(rhythm, one.time_ns, price, now, bounds);
        let print = Print { price, exchange_time_ns: one.time_ns, received_monotonic_ns: terms.told.monotonic_ns, usable_for_ns };
        for label in &terms.labels {
            self.shared.book.print(label, print, &self.shared.clock);
        }
        terms.told
    }
}

/// Judge a frame's trades, changing nothing: the newest of each symbol in `newest`, or None when one of them is Python's.
fn judged(inlet: &Inlet, slots: &[Slot], trades: &[Printed<'_>], newest: &mut Vec<Newest>, now: Moment) -> Option<Tally> {
    newest.clear();
    let mut tally = Tally::default();
    for trade in trades {
        let held = inlet.held.get(trade.symbol)?;
        if trade.time_ns < held.since_ns || trade.time_ns > now.wall_ns.saturating_add(inlet.ahead_ns) {
            return None;
        }
        let slot = &slots[held.slot as usize];
        slot.terms.as_ref()?;
        let before = newest.iter_mut().find(|one| one.slot == held.slot);
        let last = match &before {
            Some(one) => Some((one.time_ns, one.price.text().as_bytes(), inlet.number)),
            None => slot.last.as_ref().map(|last| (last.time_ns, last.price.text().as_bytes(), last.link)),
        };
        match order(last, trade.time_ns, trade.price, inlet.number) {
            Order::Late => tally.late += 1,
            Order::Repeated => tally.repeated += 1,
            Order::New => {
                tally.trades += 1;
                let one = Newest { slot: held.slot, time_ns: trade.time_ns, price: Digits::of(trade.price)? };
                match before {
                    Some(before) => *before = one,
                    None => newest.push(one),
                }
            }
        }
    }
    let are_permitted = newest.iter().all(|one| {
        let terms = slots[one.slot as usize].terms.as_ref();
        terms.is_some_and(|terms| terms.permit(one.time_ns, one.price.text(), now.monotonic_ns))
    });
    are_permitted.then_some(tally)
}

fn told(slots: &mut [Slot], venues: &[Venue], slot: u32) -> Option<Told> {
    let slot = slots.get_mut(slot as usize)?;
    let news = slot.news.take()?;
    Some(Told { venue: venues[slot.venue as usize].name.clone(), symbol: slot.symbol.clone(), news, rhythm: slot.rhythm })
}

impl State {
    fn venue(&mut self, name: &str) -> u32 {
        let known = self.venues.iter().position(|venue| &*venue.name == name);
        known.unwrap_or_else(|| {
            self.venues.push(Venue { name: name.into(), ..Venue::default() });
            self.venues.len() - 1
        }) as u32
    }

    fn known(&self, venue: &str, symbol: &str) -> Option<u32> {
        self.venues.iter().find(|known| &*known.name == venue)?.slots.get(symbol.as_bytes()).copied()
    }

    fn slot(&mut self, venue: u32, symbol: &str) -> u32 {
        if let Some(known) = self.venues[venue as usize].slots.get(symbol.as_bytes()) {
            return *known;
        }
        let fresh = Slot { venue, symbol: symbol.into(), ..Slot::default() };
        self.slots.push(fresh);
        let slot = self.slots.len() as u32 - 1;
        self.venues[venue as usize].slots.insert(symbol.as_bytes().into(), slot);
        slot
    }
}
