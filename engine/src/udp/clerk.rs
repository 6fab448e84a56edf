//! From one datagram to its answer: read, admitted, looked up, rendered, paid for, recorded — in this order.
//!
//! It is rendered before it is paid for, so that an answer that would not fit costs its caller no unit of the month.

use crate::book::Asset;
use crate::clock::Moment;
use crate::code::Code;
use crate::counters::{Cells, Counter};
use crate::datagram::{ASSETS_MAX, Ask, Text, read};
use crate::desk::{Admission, Gate, Look, Wish, age_ms, count_look, count_refusal, look, note_lateness};
use crate::fence::{Approach, Channel};
use crate::json::string_of;
use crate::keys::KeySlot;
use crate::questions::{Question, Wanted};
use crate::ratelimit::{Standing, tries_standing};
use crate::record::{CHARGED, Entry};
use crate::shared::{Shared, ThreadContext};
use crate::sources::SourceId;
use crate::texts::Facts;
use crate::udp::answer::{self, Frame, Line};
use crate::udp::batch::{ANSWER_BYTES_MAX, Outbox, Received};
use crate::words::{PROTOCOLS, STATES};

/// How many times its own bytes a datagram may be answered with.
const AMPLIFICATION_MAX: usize = 3;

/// Room for a key whose escapes are undone. One that needs more is none of ours.
const KEY_BYTES_MAX: usize = 256;

/// Room for an asset whose escapes are undone; no code is longer.
const ASSET_BYTES_MAX: usize = 64;

const TOO_SMALL: &[u8] = b"The answer is larger than three times the request: pad the request with spaces.";

/// What became of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It has an answer in the outbox.
    Answered,
    /// It gets none; this counts why.
    Silent(Counter),
    /// Python has to look its key up, or to fetch what it asks for.
    Ask(Question),
}

/// How far a datagram has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It came just now, or its key was looked up.
    First,
    /// Python has refused it.
    Refused(Code),
    /// Its token is spent, and Python has fetched what it could.
    Fetched,
}

/// Writes one thread's compact answers.
#[derive(Debug)]
pub(super) struct Clerk {
    /// The node's name as a JSON string.
    node: Vec<u8>,
    /// Where refusals' sentences are put together.
    message: Vec<u8>,
}

/// What is to be sent: its bytes in the room, the code it tells, and what the usage record says of it.
#[derive(Debug, Clone, Copy)]
struct Draft {
    length: usize,
    code: Code,
    asset: Option<Asset>,
    asset_count: u16,
    source: SourceId,
    cache_tier: u8,
    state: u8,
    is_charged: bool,
}

impl Draft {
    fn plain(length: usize, code: Code) -> Self {
        Self { length, code, asset: None, asset_count: 0, source: SourceId::default(), cache_tier: 0, state: 0, is_charged: false }
    }

    /// Say what the answer tells of a price.
    fn of(self, look: &Look<'_>) -> Self {
        let word = |state| STATES.number(state).unwrap_or(0);
        match look {
            Look::Price(price, _) => Self { source: price.source_id, cache_tier: price.cache_tier, state: price.state, ..self },
            Look::Stale(_) => Self { state: word("stale"), ..self },
            Look::Unavailable | Look::OtherVenue => Self { state: word("unavailable"), ..self },
            Look::Unknown => self,
        }
    }
}

/// One datagram at the counter: everything its answer depends on.
struct Case<'a> {
    shared: &'a Shared,
    cells: &'a Cells,
    asked: &'a Ask<'a>,
    frame: Frame<'a>,
    now: Moment,
    stage: Stage,
    message: &'a mut Vec<u8>,
    room: &'a mut [u8],
}

/// What becomes of a request whose key may ask.
enum Served {
    /// It is answered, unless there is no room for an answer.
    Told(Option<Draft>),
    /// Python is asked first.
    Ask(Wanted),
}

impl Clerk {
    /// Return the clerk of a node.
    pub(super) fn new(node: &str) -> Self {
        Self { node: string_of(node), message: Vec::with_capacity(256) }
    }

    /// Answer a datagram that came at `since` and has come as far as `stage`, as of `context.received`.
    pub(super) fn answer(
        &mut self,
        context: &mut ThreadContext,
        received: &Received<'_>,
        since: Moment,
        stage: Stage,
        outbox: &mut Outbox,
    ) -> Outcome {
        let ThreadContext { shared, thread, memo, ids, received: now, .. } = context;
        let (shared, now, cells) = (&**shared, *now, shared.counters.of_thread(*thread));
        if shared.blocklist.refuses(received.peer.address(), now.monotonic_ns) {
            return Outcome::Silent(Counter::BlockedRefused);
        }
        let asked = match read(received.bytes, shared.limits.assets_per_datagram_max()) {
            Ok(asked) if !received.is_cut => asked,
            _ => return Outcome::Silent(Counter::DatagramsMalformed),
        };
        let mut secret = [0; KEY_BYTES_MAX];
        let approach = Approach { channel: Channel::Datagram, address: received.peer.address(), origin: None, wants_prices: true };
        let gate = Gate { memo, keys: &shared.keys, tries: &shared.tries };
        let refused = if let Stage::Refused(code) = stage { Some(code) } else { None };
        let admission = match (refused, asked.key.map(|key| key.plain(&mut secret))) {
            // What Python has just refused is remembered, so that asking again counts it against its sender.
            (Some(code), Some(Some(secret))) if code.status() == 401 => match gate.admit(Some(secret), &approach, now) {
                refused @ (Admission::Refused(..) | Admission::TriesSpent(_)) => refused,
                Admission::Key(_) | Admission::Ask(..) => Admission::Refused(code, None),
            },
            (Some(code), _) => Admission::Refused(code, None),
            (None, None | Some(Some([]))) => Admission::Refused(Code::KeyMissing, None),
            (None, Some(None)) => Admission::Refused(Code::KeyInvalid, None),
            (None, Some(secret)) => gate.admit(secret, &approach, now),
        };
        let (slot, refusal, facts) = match admission {
            Admission::Key(slot) if shared.governor.sheds(slot.policy().rank, slot.policy().key_id, 0) => {
                cells.add(Counter::Shed, 1);
                (Some(slot), Some(Code::Overloaded), Facts::default())
            }
            Admission::Key(slot) => (Some(slot), None, Facts::default()),
            Admission::Refused(code, slot) => (slot, Some(code), Facts::default()),
            Admission::TriesSpent(left_ns) => {
                (None, Some(Code::KeyTriesSpent), Facts { standing: tries_standing(left_ns), ..Facts::default() })
            }
            Admission::Ask(digest, doubt) => return Outcome::Ask(Question::Key(digest, doubt)),
        };
        let request_id = ids.next(now.wall_ns);
        let room = &mut outbox.room()[..allowance(received.bytes.len(), slot.is_some(), refusal)];
        let frame = Frame { id: asked.id, request_id, node: &self.node };
        let mut case = Case { shared, cells, asked: &asked, frame, now, stage, message: &mut self.message, room };
        let drafted = match (refusal, slot) {
            (None, Some(slot)) => match case.serve(slot) {
                Served::Told(drafted) => drafted,
                Served::Ask(wanted) => return Outcome::Ask(Question::Assets(wanted)),
            },
            (code, _) => case.refuse(code.unwrap_or(Code::Internal), &facts),
        };
        let Some(draft) = drafted else { return Outcome::Silent(Counter::DatagramsTooSmall) };
        let key_id = slot.map(|slot| slot.policy().key_id);
        outbox.push(received.peer, draft.length);
        cells.add(Counter::UdpRequests, 1);
        count_refusal(cells, draft.code);
        if let Some(key_id) = key_id {
            record(context, key_id, request_id, since, &draft);
        }
        Outcome::Answered
    }
}

impl Case<'_> {
    /// Answer a key of ours, and let it pay.
    fn serve(&mut self, slot: &KeySlot) -> Served {
        let refused = match self.asked.fault {
            Some(fault) => self.refuse_with(Code::RequestInvalid, fault.sentence().as_bytes()),
            None if self.asked.assets().len() > slot.policy().assets_max as usize => self.refuse(Code::TierForbids, &Facts::default()),
            None if self.asked.is_list => return self.serve_list(slot),
            None => return self.serve_one(slot),
        };
        Served::Told(refused.and_then(|draft| self.pay(slot, draft, &[])))
    }

    fn serve_one(&mut self, slot: &KeySlot) -> Served {
        let mut room = [0; ASSET_BYTES_MAX];
        let name = self.asked.assets()[0].plain(&mut room).unwrap_or_default();
        let asset = Asset::of(name);
        let pages = self.shared.book.open();
        let mut wanted = Wanted::default();
        let found =
            asset.map_or(Look::Unknown, |asset| self.found(look(&pages, asset, &self.wish(), self.now.monotonic_ns), asset, &mut wanted));
        if self.asks_first(slot, &wanted) {
            return Served::Ask(wanted);
        }
        Served::Told(self.tell_one(slot, name, asset, found))
    }

    fn tell_one(&mut self, slot: &KeySlot, name: &[u8], asset: Option<Asset>, found: Look<'_>) -> Option<Draft> {
        let draft = if let Look::Price(price, age_ns) = found {
            let length = answer::price(self.room, price, age_ms(age_ns), &self.frame);
            self.told_or_too_small(length, &found)?
        } else {
            let facts = Facts { asset: std::str::from_utf8(name).unwrap_or_default(), age_ns: found.age_ns(), ..Facts::default() };
            self.refuse(found.code(), &facts)?.of(&found)
        };
        self.pay(slot, Draft { asset, asset_count: 1, ..draft }, &[found])
    }

    fn serve_list(&mut self, slot: &KeySlot) -> Served {
        let texts = self.asked.assets();
        let pages = self.shared.book.open();
        let wish = self.wish();
        let mut found = [Look::Unknown; ASSETS_MAX];
        let mut wanted = Wanted::default();
        let mut lines = [Line::Missing { asset: b"", code: Code::AssetUnknown }; ASSETS_MAX];
        for ((look_up, line), text) in found.iter_mut().zip(&mut lines).zip(texts) {
            *look_up = asset_of(text)
                .map_or(Look::Unknown, |asset| self.found(look(&pages, asset, &wish, self.now.monotonic_ns), asset, &mut wanted));
            *line = match *look_up {
                Look::Price(price, age_ns) => Line::Price { price, age_ms: age_ms(age_ns) },
                _ => Line::Missing { asset: text.raw(), code: look_up.code() },
            };
        }
        if self.asks_first(slot, &wanted) {
            return Served::Ask(wanted);
        }
        let found = &found[..texts.len()];
        let first_served = found.iter().find(|look| matches!(look, Look::Price(..))).unwrap_or(&Look::Unknown);
        let length = answer::prices(self.room, &lines[..texts.len()], &self.frame);
        let draft = self.told_or_too_small(length, first_served);
        let (asset, asset_count) = (texts.first().and_then(asset_of), texts.len() as u16);
        Served::Told(draft.and_then(|draft| self.pay(slot, Draft { asset, asset_count, ..draft }, found)))
    }

    /// Return what there is of an asset: one that can be fetched is known, and wanted.
    fn found<'b>(&self, look: Look<'b>, asset: Asset, wanted: &mut Wanted) -> Look<'b> {
        if !matches!(look, Look::Unknown) || !self.shared.book.is_offered(asset) {
            return look;
        }
        wanted.add(asset);
        Look::Unavailable
    }

    /// Return whether Python is to be asked before this is answered, its token spent: whoever asks too fast asks nobody.
    fn asks_first(&self, slot: &KeySlot, wanted: &Wanted) -> bool {
        let is_new = self.stage == Stage::First && !wanted.assets().is_empty();
        is_new && slot.spend(false, self.now, &self.shared.clock).is_ok()
    }

    /// Let a key pay: what is left of it where Python was asked before, for then its token is spent.
    fn spend(&self, slot: &KeySlot, is_served: bool) -> Result<Standing, (Code, Standing)> {
        if self.stage != Stage::Fetched {
            return slot.spend(is_served, self.now, &self.shared.clock);
        }
        let paid = if is_served { slot.charge(self.now.wall_ns) } else { Ok(()) };
        let standing = slot.standing(self.now);
        paid.map(|()| standing).map_err(|code| (code, standing))
    }

    fn told_or_too_small(&mut self, length: Option<usize>, found: &Look<'_>) -> Option<Draft> {
        match length {
            Some(length) => Some(Draft::plain(length, Code::Ok).of(found)),
            None => self.refuse_with(Code::RequestInvalid, TOO_SMALL),
        }
    }

    /// Let the key pay for what is drafted, a unit of the month only where a price is told. Refused, it is told so instead.
    fn pay(&mut self, slot: &KeySlot, draft: Draft, found: &[Look<'_>]) -> Option<Draft> {
        let is_served = draft.code == Code::Ok && found.iter().any(|look| matches!(look, Look::Price(..)));
        match self.spend(slot, is_served) {
            Ok(_) => {
                for look in found {
                    count_look(self.cells, look);
                }
                Some(Draft { is_charged: is_served, ..draft })
            }
            Err((code, standing)) => {
                let refused = self.refuse(code, &Facts { standing, ..Facts::default() })?;
                Some(Draft { asset: draft.asset, asset_count: draft.asset_count, ..refused })
            }
        }
    }

    fn refuse(&mut self, code: Code, facts: &Facts<'_>) -> Option<Draft> {
        self.message.clear();
        self.shared.texts.load().find(code, None).message.write(self.message, facts);
        let length = answer::refusal(self.room, code, self.message, &self.frame)?;
        Some(Draft::plain(length, code))
    }

    fn refuse_with(&mut self, code: Code, message: &[u8]) -> Option<Draft> {
        let length = answer::refusal(self.room, code, message, &self.frame)?;
        Some(Draft::plain(length, code))
    }

    fn wish(&self) -> Wish<'static> {
        let max_age_ns = self.asked.max_age_ms.map(|max_age_ms| max_age_ms.saturating_mul(1_000_000));
        Wish { max_age_ns, venue: None }
    }
}

/// Return how many bytes may answer a request of `length`. An expired or revoked key counts as wrong.
fn allowance(length: usize, is_ours: bool, refusal: Option<Code>) -> usize {
    let is_good = is_ours && matches!(refusal, None | Some(Code::TierForbids));
    (if is_good { length * AMPLIFICATION_MAX } else { length }).min(ANSWER_BYTES_MAX)
}

fn asset_of(text: &Text<'_>) -> Option<Asset> {
    Asset::of(text.plain(&mut [0; ASSET_BYTES_MAX])?)
}

/// Write the usage record of an answer that is about to be sent.
fn record(context: &mut ThreadContext, key_id: u32, request_id: u64, since: Moment, draft: &Draft) {
    let latency_ns = context.shared.clock.monotonic_ns().saturating_sub(since.monotonic_ns);
    if draft.code != Code::Overloaded {
        note_lateness(&context.shared.governor, context.cells(), latency_ns);
    }
    let asset = draft.asset.map_or([0; 16], Asset::padded);
    context.record(&Entry {
        time_ns: since.wall_ns,
        request_id,
        key_id,
        asset: &asset,
        asset_count: draft.asset_count,
        latency_ns: u32::try_from(latency_ns).unwrap_or(u32::MAX),
        answer_bytes: draft.length as u32,
        status: draft.code.status(),
        source: draft.source,
        cache_tier: draft.cache_tier,
        protocol: PROTOCOLS.number("udp").unwrap_or(0),
        state: draft.state,
        code: draft.code as u8,
        flags: if draft.is_charged { CHARGED } else { 0 },
    });
}
