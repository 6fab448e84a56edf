//! Serves one request that was read: answers it, or says who has to.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::book::{Asset, Pages};
use crate::clock::Moment;
use crate::code::Code;
use crate::counters::{Cells, Counter};
use crate::desk::{self, Admission, Gate, Look, Tally};
use crate::fence::{Approach, Channel};
use crate::http::answer::{Circumstances, Connection, LimitsOf, Pen, Tag};
use crate::http::reader::{Method, Request, Secret};
use crate::http::route::{Place, Query, Route, route};
use crate::keys::{Digest, KeySlot};
use crate::looks::Doubt;
use crate::memo::Met;
use crate::record::{CHARGED, Entry};
use crate::request_id::{is_echoable, text_of};
use crate::shared::{Shared, ThreadContext, write_record};
use crate::sources::SourceId;
use crate::spool::Lane;
use crate::texts::Facts;

/// `http` in usage records.
const PROTOCOL: u8 = 1;

/// What became of a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered; whether the connection goes on.
    Answered {
        /// The connection goes on.
        goes_on: bool,
    },
    /// Python has to answer it. Nothing was written and nothing spent.
    HandOver,
    /// Python has to look its key up first. Nothing was written and nothing spent.
    Ask(Digest, Doubt),
}

/// What Python said about a request that waited for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Nothing: the request is new.
    None,
    /// The key was looked up. If it is unknown still, the store is away.
    LookedUp,
    /// Refuse it with this code.
    Refused(Code),
}

/// Serves one thread's requests.
#[derive(Debug)]
pub struct Clerk {
    pen: Pen,
    prices: Vec<u8>,
    missing: Vec<u8>,
}

/// A question for prices.
#[derive(Clone, Copy)]
struct Asked<'a, 'b> {
    request: &'a Request<'b>,
    word: Word,
    query: Query<'b>,
    /// The first asset asked for, as it is recorded.
    asset: Asset,
}

/// One request on its way to an answer.
struct Case<'a, 'b> {
    shared: &'a Shared,
    cells: &'a Cells,
    lane: &'a mut Lane,
    out: &'a mut Vec<u8>,
    request: &'a Request<'b>,
    with: Circumstances<'a>,
    id: u64,
    now: Moment,
    latency_ns: u64,
    waited_ns: u64,
}

/// What is recorded of an answer besides its size and times.
#[derive(Default)]
struct Noted {
    asset: Asset,
    asset_count: u16,
    status: u16,
    source: SourceId,
    cache_tier: u8,
    state: u8,
    code: u8,
    is_charged: bool,
}

impl Clerk {
    /// Return the clerk of a thread.
    pub fn new(shared: &Shared) -> Self {
        Self { pen: Pen::new(&shared.identity), prices: Vec::new(), missing: Vec::new() }
    }

    /// Serve a request. Its answer, if there is one, is appended to `out`, and its usage record written.
    #[inline]
    pub fn serve(&mut self, context: &mut ThreadContext, request: &Request<'_>, word: Word, out: &mut Vec<u8>) -> Outcome {
        let route = route(request.target, context.shared.limits.assets_per_request_max());
        let place = match route {
            Route::Price(..) | Route::Odd(Place::Price) => Place::Price,
            Route::Prices(..) | Route::Odd(Place::Prices) => Place::Prices,
            Route::Elsewhere => return Outcome::HandOver,
        };
        if request.has_demands {
            return Outcome::HandOver;
        }
        match request.method {
            Method::Get | Method::Head => {}
            Method::Options if !request.has_body => return self.preflight(context, request, place, out),
            Method::Post if place == Place::Prices => return Outcome::HandOver,
            Method::Options => return Outcome::HandOver,
            Method::Post | Method::Other => {
                context.count(Counter::TcpRequests, 1);
                let ends = request.has_body;
                return self.refuse_unasked(context, Some(request), Code::MethodNotAllowed, Some(place), ends, out);
            }
        }
        if request.has_body {
            return Outcome::HandOver;
        }
        match route {
            Route::Price(asset, query) => {
                let asked = Asked { request, word, query, asset };
                self.for_key(context, &asked, out, |clerk, case, slot| clerk.tell_price(case, slot, asset, &query))
            }
            Route::Prices(Some(list), query) => {
                let asked = Asked { request, word, query, asset: list.iter().next().unwrap_or_default() };
                self.for_key(context, &asked, out, |clerk, case, slot| {
                    if list.len() > slot.policy().assets_max as usize {
                        return Outcome::HandOver; // Python says in a whole sentence how many may be named.
                    }
                    clerk.tell_prices(case, slot, list.iter(), list.len(), &query)
                })
            }
            Route::Prices(None, query) => {
                let asked = Asked { request, word, query, asset: Asset::default() };
                self.for_key(context, &asked, out, |clerk, case, slot| {
                    let all = case.shared.book.prewarmed();
                    clerk.tell_prices(case, slot, all.iter().copied(), all.len(), &query)
                })
            }
            Route::Odd(_) | Route::Elsewhere => Outcome::HandOver,
        }
    }

    /// Refuse what no key was asked for, or what could not be read; whether the connection goes on is in the outcome.
    /// A key that is known is told where it stands all the same. `ends`: this is the connection's last answer.
    pub fn refuse_unasked(
        &mut self,
        context: &mut ThreadContext,
        request: Option<&Request<'_>>,
        code: Code,
        place: Option<Place>,
        ends: bool,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let now = context.shared.clock.now();
        let id = text_of(context.ids.next(now.wall_ns));
        let slot = known_key(context, request, now);
        let mut with = circumstances(context, request, &id, now, ends);
        if let Some(slot) = &slot {
            with.limits = LimitsOf::Key(slot.fields(), slot.standing(now));
        }
        let text = context.shared.texts.load();
        let facts = Facts { most: context.shared.limits.header_bytes_max() as u64, ..Facts::default() };
        let accepted = request.and_then(|request| request.accept_language);
        self.pen.write_refusal(out, &with, code, text.find(code, accepted), &facts, place);
        Outcome::Answered { goes_on: with.connection != Connection::Ends }
    }

    fn preflight(&mut self, context: &mut ThreadContext, request: &Request<'_>, place: Place, out: &mut Vec<u8>) -> Outcome {
        let now = context.shared.clock.now();
        let id = text_of(context.ids.next(now.wall_ns));
        let with = circumstances(context, Some(request), &id, now, false);
        self.pen.write_preflight(out, &with, place);
        context.count(Counter::TcpRequests, 1);
        Outcome::Answered { goes_on: with.connection != Connection::Ends }
    }

    /// Find out who asks and let `tell` answer, or refuse.
    #[inline]
    fn for_key(
        &mut self,
        context: &mut ThreadContext,
        asked: &Asked<'_, '_>,
        out: &mut Vec<u8>,
        tell: impl for<'a, 'b> FnOnce(&mut Self, &mut Case<'a, 'b>, &'a KeySlot) -> Outcome,
    ) -> Outcome {
        let Asked { request, word, query, asset } = *asked;
        let (secret, channel) = match (request.secret, query.secret) {
            (Secret::Plain(secret), None) => (Some(secret), Channel::Header),
            (Secret::Missing, Some(secret)) => (Some(secret), Channel::Url),
            (Secret::Missing, None) => (None, Channel::Header),
            (Secret::Plain(one), Some(other)) if one == other => (Some(one), Channel::Header),
            _ => return Outcome::HandOver,
        };
        let now = context.shared.clock.now();
        let id = context.ids.next(now.wall_ns);
        let id_text = text_of(id);
        let with = circumstances(context, Some(request), &id_text, now, false);
        let latency_ns = now.monotonic_ns - context.received.monotonic_ns;
        let ThreadContext { shared, memo, lane, thread, peer, line, waited_ns, .. } = context;
        let approach = Approach { channel, address: *peer, origin: request.origin, wants_prices: true };
        let cells = shared.counters.of_thread(*thread);
        let mut case = Case { shared, cells, lane, out, request, with, id, now, latency_ns, waited_ns: *waited_ns };
        let gate = Gate { memo, keys: &shared.keys, tries: &shared.tries };
        match gate.admit(secret, &approach, now) {
            Admission::Key(slot) => match word {
                Word::Refused(code) => self.refuse(&mut case, Some(slot), slot.standing(now), code, &Look::Unknown, asset),
                _ if shared.governor.sheds(slot.policy().rank, *line, shared.crowd.total()) => {
                    cells.add(Counter::Shed, 1);
                    case.with.connection = Connection::Ends;
                    self.refuse(&mut case, Some(slot), slot.standing(now), Code::Overloaded, &Look::Unknown, asset)
                }
                Word::None | Word::LookedUp => tell(self, &mut case, slot),
            },
            Admission::Refused(code, slot) => {
                let standing = slot.map(|slot| slot.standing(now)).unwrap_or_default();
                self.refuse(&mut case, slot.map(AsRef::as_ref), standing, code, &Look::Unknown, asset)
            }
            Admission::TriesSpent(left_ns) => {
                case.with.limits = LimitsOf::TriesSpent(shared.tries.bounds(), left_ns);
                self.refuse_stranger(&mut case, Code::KeyTriesSpent)
            }
            Admission::Ask(digest, doubt) => match word {
                Word::None => Outcome::Ask(digest, doubt),
                Word::LookedUp => self.refuse_stranger(&mut case, Code::DependencyAway),
                Word::Refused(code) => self.refuse_stranger(&mut case, code),
            },
        }
    }

    /// Tell one price, or why not.
    #[inline]
    fn tell_price<'a>(&mut self, case: &mut Case<'a, '_>, slot: &'a KeySlot, asset: Asset, query: &Query<'_>) -> Outcome {
        let pages = case.shared.book.open();
        let look = desk::look(&pages, asset, &query.wish, case.now.monotonic_ns);
        if matches!(look, Look::Unknown | Look::OtherVenue) {
            return Outcome::HandOver;
        }
        let unchanged = match (look, case.request.if_none_match) {
            (Look::Price(price, _), Some(known)) => Tag::of(price.tag).is_in(known),
            _ => false,
        };
        let is_served = matches!(look, Look::Price(..)) && !unchanged;
        let standing = match slot.spend(is_served, case.now, &case.shared.clock) {
            Ok(standing) => standing,
            Err((code, standing)) => return self.refuse(case, Some(slot), standing, code, &look, asset),
        };
        Tally::of(&look).count(case.cells);
        let Look::Price(price, age_ns) = look else {
            return self.refuse(case, Some(slot), standing, look.code(), &look, asset);
        };
        case.with.limits = LimitsOf::Key(slot.fields(), standing);
        let noted = Noted {
            asset,
            asset_count: 1,
            status: if unchanged { 304 } else { 200 },
            source: price.source_id,
            cache_tier: price.cache_tier,
            state: price.state,
            code: Code::Ok as u8,
            is_charged: is_served,
        };
        let start = case.out.len();
        if unchanged {
            case.cells.add(Counter::NotModified, 1);
            self.pen.write_unchanged(case.out, &case.with, Tag::of(price.tag));
        } else {
            let mut age = itoa::Buffer::new();
            let age = age.format(desk::age_ms(age_ns)).as_bytes();
            self.pen.write_ok(case.out, &case.with, Tag::of(price.tag), &[price.json(), age, b"}"]);
        }
        case.finish(slot, &noted, start)
    }

    /// Tell many prices. One that is missing is named and fails no other.
    fn tell_prices<'a>(
        &mut self,
        case: &mut Case<'a, '_>,
        slot: &'a KeySlot,
        assets: impl Iterator<Item = Asset>,
        count: usize,
        query: &Query<'_>,
    ) -> Outcome {
        let pages = case.shared.book.open();
        let Some((tag, mut noted, tally)) = self.gather(case, &pages, assets, query) else { return Outcome::HandOver };
        let tag = Tag::of(tag);
        let unchanged = case.request.if_none_match.is_some_and(|known| tag.is_in(known));
        let is_served = !self.prices.is_empty() && !unchanged;
        let standing = match slot.spend(is_served, case.now, &case.shared.clock) {
            Ok(standing) => standing,
            Err((code, standing)) => return self.refuse(case, Some(slot), standing, code, &Look::Unknown, noted.asset),
        };
        tally.count(case.cells);
        case.with.limits = LimitsOf::Key(slot.fields(), standing);
        noted.asset_count = u16::try_from(count).unwrap_or(u16::MAX);
        noted.status = if unchanged { 304 } else { 200 };
        noted.is_charged = is_served;
        let start = case.out.len();
        if unchanged {
            case.cells.add(Counter::NotModified, 1);
            self.pen.write_unchanged(case.out, &case.with, tag);
        } else {
            let pieces: [&[u8]; 5] = [b"{\"prices\":[", &self.prices, b"],\"missing\":[", &self.missing, b"]}"];
            self.pen.write_ok(case.out, &case.with, tag, &pieces);
        }
        case.finish(slot, &noted, start)
    }

    /// Write all prices and what is missing into the clerk's own buffers. None when Python has to answer.
    fn gather(
        &mut self,
        case: &Case<'_, '_>,
        pages: &Pages<'_>,
        assets: impl Iterator<Item = Asset>,
        query: &Query<'_>,
    ) -> Option<(u64, Noted, Tally)> {
        self.prices.clear();
        self.missing.clear();
        let texts = case.shared.texts.load();
        let (mut tag, mut noted, mut tally) = (0_u64, Noted::default(), Tally::default());
        for (place, asset) in assets.enumerate() {
            if place == 0 {
                noted.asset = asset;
            }
            let look = desk::look(pages, asset, &query.wish, case.now.monotonic_ns);
            match look {
                Look::Unknown | Look::OtherVenue => return None,
                Look::Price(price, age_ns) => {
                    if self.prices.is_empty() {
                        (noted.source, noted.cache_tier, noted.state) = (price.source_id, price.cache_tier, price.state);
                    } else {
                        self.prices.push(b',');
                    }
                    self.prices.extend_from_slice(price.json());
                    self.prices.extend_from_slice(itoa::Buffer::new().format(desk::age_ms(age_ns)).as_bytes());
                    self.prices.push(b'}');
                    tag = mixed(tag, price.tag);
                }
                Look::Stale(_) | Look::Unavailable => {
                    let (code, name) = (look.code(), asset.to_string());
                    let comma = if self.missing.is_empty() { "" } else { "," };
                    let start = format!("{comma}{{\"asset\":\"{name}\",\"code\":\"{}\",\"message\":\"", code.name());
                    self.missing.extend_from_slice(start.as_bytes());
                    let facts = Facts { asset: &name, age_ns: look.age_ns(), ..Facts::default() };
                    texts.find(code, case.request.accept_language).message.write(&mut self.missing, &facts);
                    self.missing.extend_from_slice(b"\"}");
                    tag = mixed(tag, code as u64);
                }
            }
            tally.add(&look);
        }
        Some((tag, noted, tally))
    }

    /// Refuse a request and record it if the key is one of ours.
    fn refuse<'a>(
        &mut self,
        case: &mut Case<'a, '_>,
        slot: Option<&'a KeySlot>,
        standing: crate::ratelimit::Standing,
        code: Code,
        look: &Look<'_>,
        asset: Asset,
    ) -> Outcome {
        let Some(slot) = slot else { return self.refuse_stranger(case, code) };
        desk::count_refusal(case.cells, code);
        case.with.limits = LimitsOf::Key(slot.fields(), standing);
        let start = case.out.len();
        self.write_refusal(case, code, look.age_ns(), asset);
        let state = match code {
            Code::PriceStale => "stale",
            Code::PriceUnavailable => "unavailable",
            _ => "",
        };
        let noted = Noted {
            asset,
            asset_count: u16::from(asset != Asset::default()),
            status: code.status(),
            state: crate::words::STATES.number(state).unwrap_or(0),
            code: code as u8,
            ..Noted::default()
        };
        case.finish(slot, &noted, start)
    }

    /// Refuse somebody whose key is none of ours: counted, not recorded.
    fn refuse_stranger(&mut self, case: &mut Case<'_, '_>, code: Code) -> Outcome {
        desk::count_refusal(case.cells, code);
        self.write_refusal(case, code, 0, Asset::default());
        case.cells.add(Counter::TcpRequests, 1);
        case.outcome()
    }

    fn write_refusal(&mut self, case: &mut Case<'_, '_>, code: Code, age_ns: u64, asset: Asset) {
        let texts = case.shared.texts.load();
        let name = asset.to_string();
        let facts = Facts { asset: &name, age_ns, ..Facts::default() };
        let text = texts.find(code, case.request.accept_language);
        self.pen.write_refusal(case.out, &case.with, code, text, &facts, None);
    }
}

impl Case<'_, '_> {
    /// Record and count what was written since `start`. From here on the answer may leave.
    #[inline]
    fn finish(&mut self, slot: &KeySlot, noted: &Noted, start: usize) -> Outcome {
        let padded = noted.asset.padded();
        let entry = Entry {
            time_ns: self.now.wall_ns,
            request_id: self.id,
            key_id: slot.policy().key_id,
            asset: &padded,
            asset_count: noted.asset_count,
            latency_ns: u32::try_from(self.latency_ns).unwrap_or(u32::MAX),
            answer_bytes: u32::try_from(self.out.len() - start).unwrap_or(u32::MAX),
            status: noted.status,
            source: noted.source,
            cache_tier: noted.cache_tier,
            protocol: PROTOCOL,
            state: noted.state,
            code: noted.code,
            flags: if noted.is_charged { CHARGED } else { 0 },
        };
        write_record(self.lane, self.cells, &entry);
        if noted.code != Code::Overloaded as u8 {
            crate::desk::note_lateness(&self.shared.governor, self.cells, self.waited_ns + self.latency_ns);
        }
        self.cells.add(Counter::TcpRequests, 1);
        self.outcome()
    }

    #[inline]
    fn outcome(&self) -> Outcome {
        Outcome::Answered { goes_on: self.with.connection != Connection::Ends }
    }
}

/// Return the key a request carries in its header, if the engine knows it. Nothing is spent and nobody asked.
fn known_key(context: &mut ThreadContext, request: Option<&Request<'_>>, now: Moment) -> Option<Arc<KeySlot>> {
    let Some(Secret::Plain(secret)) = request.map(|request| request.secret) else { return None };
    match context.memo.meet(&context.shared.keys, secret, now.monotonic_ns) {
        Met::Admitted(slot) => Some(Arc::clone(slot)),
        Met::Refused(_) | Met::Unknown(_) => None,
    }
}

#[inline]
fn mixed(tag: u64, other: u64) -> u64 {
    (tag.rotate_left(7) ^ other).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Return what the answer to `request` has in common with all others. `ends`: the connection cannot go on.
#[inline]
fn circumstances<'a>(
    context: &mut ThreadContext,
    request: Option<&Request<'a>>,
    id: &'a [u8],
    now: Moment,
    ends: bool,
) -> Circumstances<'a> {
    let ends = ends || context.shared.is_closing.load(Relaxed);
    let connection = match request {
        Some(request) if request.keeps_alive && !ends && request.is_old => Connection::GoesOnAsAsked,
        Some(request) if request.keeps_alive && !ends => Connection::GoesOn,
        _ => Connection::Ends,
    };
    let own_id = request.and_then(|request| request.request_id).filter(|id| is_echoable(id));
    Circumstances {
        request_id: own_id.unwrap_or(id),
        timestamp: context.calendar.timestamp(now.wall_ns),
        date: *context.calendar.date(now.wall_ns),
        latency_us: (now.monotonic_ns - context.received.monotonic_ns) / 1_000,
        is_head: request.is_some_and(|request| request.method == Method::Head),
        connection,
        limits: LimitsOf::Nobody,
    }
}
