//! The keys the engine answers, by digest. It never holds a list of plain ones.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hmac::{Hmac, KeyInit, Mac};
use papaya::HashMap;
use sha2::Sha256;

use crate::bucket::{Level, Rate};
use crate::clock::{Clock, Moment, SECOND_NS};
use crate::code::Code;
pub use crate::fence::Channel;
use crate::fence::{Approach, Fence};
use crate::key_use::Used;
use crate::lease::{Leases, Tab};
use crate::quota::{Quota, Quotas};
use crate::ratelimit::{LimitFields, Standing};
use crate::tally::Tally;

/// HMAC-SHA-256 of a key's secret under the server's.
pub type Digest = [u8; 32];

/// How many refused keys are remembered at once.
pub const REFUSALS_MAX: usize = 65_536;

/// What one key may do.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::struct_excessive_bools, reason = "each is one permission")]
pub struct Policy {
    /// What usage records name the key by. Not 0.
    pub key_id: u32,
    /// Whose key it is, among those that share a quota; 0: nobody's.
    pub account_id: u32,
    /// How fast it may ask.
    pub rate: Rate,
    /// Requests a month.
    pub quota: Option<u64>,
    /// What is left of them.
    pub quota_left: u64,
    /// Unix time at which the month ends; 0: never.
    pub quota_resets_at_ns: u64,
    /// The quota comes in blocks that the store hands out to this node; `quota_left` says nothing then.
    pub quota_in_blocks: bool,
    /// Unix time from which the key is refused.
    pub expires_at_ns: Option<u64>,
    /// Neither rate nor quota apply.
    pub unlimited: bool,
    /// It may ask by datagram.
    pub udp: bool,
    /// It may stand in the address.
    pub in_url: bool,
    /// It may ask for prices.
    pub prices: bool,
    /// How many assets it may name in one request.
    pub assets_max: u32,
    /// How late it is shed when there is too much to do: 0 first, `RANK_NEVER` never.
    pub rank: u8,
    /// Where it may be used from; None: anywhere.
    pub fence: Option<Arc<Fence>>,
}

/// An admitted key: its policy, and the counts that outlive a change of policy.
#[derive(Debug)]
pub struct KeySlot {
    policy: Policy,
    leases: Arc<Leases>,
    tab: Arc<Tab>,
    quota: Option<Quota>,
    fields: LimitFields,
    retired: AtomicBool,
}

impl KeySlot {
    fn new(policy: Policy, previous: Option<&Self>, leases: &Arc<Leases>, quotas: &Quotas, now: Moment) -> Self {
        let tab = match previous {
            Some(old) if old.policy.rate == policy.rate && old.policy.key_id == policy.key_id => Arc::clone(&old.tab),
            _ => leases.tab(policy.key_id, policy.rate, previous.map(|old| &*old.tab), now.monotonic_ns),
        };
        let leases = Arc::clone(leases);
        let (left, resets_at_ns) = (policy.quota_left, policy.quota_resets_at_ns);
        let quota = policy.quota.map(|total| match previous.and_then(|old| old.quota.as_ref()) {
            _ if policy.quota_in_blocks => Quota::of(total, quotas.stock((policy.key_id, resets_at_ns))),
            Some(kept) => kept.changed(total, left, resets_at_ns, now.wall_ns),
            None => Quota::new(policy.key_id, total, left, resets_at_ns),
        });
        let month = policy.quota.map(|total| (total, policy.quota_resets_at_ns));
        let fields = LimitFields::new(policy.rate, month, !policy.unlimited);
        Self { policy, leases, tab, quota, fields, retired: AtomicBool::new(false) }
    }

    /// Return what the key may do.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Return its rate-limit fields.
    pub fn fields(&self) -> &LimitFields {
        &self.fields
    }

    /// Return whether this is no longer what the key may do: it was forgotten, refused, or given another policy.
    #[inline]
    pub fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
    }

    /// Return why a request that came so is refused at any rate, or None.
    #[inline]
    pub fn refusal(&self, approach: &Approach<'_>, wall_ns: u64) -> Option<Code> {
        if self.policy.expires_at_ns.is_some_and(|expires_at_ns| wall_ns >= expires_at_ns) {
            return Some(Code::KeyExpired);
        }
        let is_allowed = match approach.channel {
            Channel::Header => true,
            Channel::Url => self.policy.in_url,
            Channel::Datagram => self.policy.udp,
        };
        if !is_allowed {
            return Some(Code::TierForbids);
        }
        let is_fenced_out = self.policy.fence.as_ref().is_some_and(|fence| !fence.lets_in(approach));
        (is_fenced_out || approach.wants_prices && !self.policy.prices).then_some(Code::KeyForbids)
    }

    /// Count a request that was refused before it could spend anything.
    #[inline]
    pub fn note_refused(&self, monotonic_ns: u64) {
        self.tab.used.note(false, monotonic_ns);
    }

    /// Return what the key was granted and refused since it was admitted.
    pub fn used(&self) -> Used {
        self.tab.used.read()
    }

    /// Spend one request: a token always, a unit of the month only if it is `served`. Refused, it spends neither.
    ///
    /// The month is looked at before a token is taken, so that nothing need be given back. Of two threads that race for
    /// the month's last unit the loser spends its token too: too few by one, never too many.
    ///
    /// `now` may be as old as the batch the request came in, and another thread may have taken tokens since by a later
    /// time. So `clock` is asked once more before anybody is refused.
    ///
    /// # Errors
    /// `RATE_LIMITED` or `QUOTA_SPENT`.
    #[inline]
    pub fn spend(&self, served: bool, now: Moment, clock: &Clock) -> Result<Standing, (Code, Standing)> {
        let spent = self.try_spend(served, now, clock);
        self.tab.used.note(spent.is_ok(), now.monotonic_ns);
        spent
    }

    #[inline]
    fn try_spend(&self, served: bool, now: Moment, clock: &Clock) -> Result<Standing, (Code, Standing)> {
        if self.policy.unlimited {
            return Ok(self.standing(now));
        }
        if let Some(quota) = self.quota.as_ref().filter(|quota| quota.left(now.wall_ns) == 0) {
            return Err(self.unserved(quota, now));
        }
        let standing = self.take(now, clock)?;
        if let Some(quota) = self.quota.as_ref().filter(|quota| served && !quota.spend(now.wall_ns)) {
            return Err(self.unserved(quota, now));
        }
        Ok(Standing { month: self.month(now), ..standing })
    }

    /// Take a token for what the month does not pay for, such as a report: a month that is used up refuses none of it.
    ///
    /// # Errors
    /// `RATE_LIMITED`.
    pub fn spend_token(&self, now: Moment, clock: &Clock) -> Result<Standing, (Code, Standing)> {
        let spent = if self.policy.unlimited { Ok(self.standing(now)) } else { self.take(now, clock) };
        self.tab.used.note(spent.is_ok(), now.monotonic_ns);
        spent
    }

    #[inline]
    fn take(&self, now: Moment, clock: &Clock) -> Result<Standing, (Code, Standing)> {
        let taken = self.tab.take(&self.leases, now.monotonic_ns);
        match taken.or_else(|_| self.tab.take(&self.leases, clock.monotonic_ns())) {
            Ok(level) => Ok(Standing { level, month: self.month(now) }),
            Err(level) => Err((Code::RateLimited, Standing { level, month: self.month(now) })),
        }
    }

    /// Return what a caller is told for whom nothing is left of the month, here or anywhere.
    #[cold]
    fn unserved(&self, quota: &Quota, now: Moment) -> (Code, Standing) {
        let (code, standing) = (quota.refusal(), self.standing(now));
        let level = if code == Code::RateLimited { Level { left: 0, more_in_ns: SECOND_NS } } else { standing.level };
        (code, Standing { level, ..standing })
    }

    /// Spend a unit of the month for what a token was taken for before.
    ///
    /// # Errors
    /// `QUOTA_SPENT`, or where only this node's part of the month is `RATE_LIMITED`, or `DEPENDENCY_AWAY`.
    pub fn charge(&self, wall_ns: u64) -> Result<(), Code> {
        match &self.quota {
            Some(quota) if !self.policy.unlimited && !quota.spend(wall_ns) => Err(quota.refusal()),
            _ => Ok(()),
        }
    }

    /// Return what is left, spending nothing.
    pub fn standing(&self, now: Moment) -> Standing {
        let mut level = self.tab.level(&self.leases, now.monotonic_ns);
        if self.policy.unlimited {
            (level.left, level.more_in_ns) = (self.policy.rate.burst(), 0);
        }
        Standing { level, month: self.month(now) }
    }

    #[inline]
    fn month(&self, now: Moment) -> Option<(u64, u64)> {
        let quota = self.quota.as_ref()?;
        let left = if self.policy.unlimited { quota.total() } else { quota.told_left(now.wall_ns) };
        Some((left, self.policy.quota_resets_at_ns.saturating_sub(now.wall_ns).div_ceil(SECOND_NS)))
    }
}

/// What is known of a key.
#[derive(Debug, Clone)]
pub enum Known {
    /// It may ask.
    Admitted(Arc<KeySlot>),
    /// It was looked up lately and is refused.
    Refused(Code),
    /// Nothing is known: Python has to look.
    Nothing,
}

#[derive(Debug, Clone, Copy)]
struct Remembered {
    code: Code,
    until_ns: u64,
}

type Map<V> = HashMap<Digest, V, foldhash::fast::RandomState>;

/// All keys. Reading waits for nothing; writers wait for one another.
#[derive(Debug)]
pub struct Keys {
    keyed: Hmac<Sha256>,
    leases: Arc<Leases>,
    quotas: Quotas,
    slots: Map<Arc<KeySlot>>,
    refusals: Map<Remembered>,
    /// Refused digests, oldest first, so that the oldest are dropped past the bound.
    writing: Mutex<VecDeque<Digest>>,
}

impl Keys {
    /// Return an empty collection whose digests are made under `digest_secret`.
    pub fn new(digest_secret: &[u8]) -> Self {
        Self::counting_in(digest_secret, Arc::default())
    }

    /// Return an empty collection that counts what is spent of quotas in `tally`.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length.
    pub fn counting_in(digest_secret: &[u8], tally: Arc<Tally>) -> Self {
        let keyed = Hmac::new_from_slice(digest_secret).expect("HMAC takes a key of any length");
        Self {
            keyed,
            leases: Arc::default(),
            quotas: Quotas::new(tally),
            slots: Map::default(),
            refusals: Map::default(),
            writing: Mutex::default(),
        }
    }

    /// Return how far this node may spend of what it shares with others.
    pub fn leases(&self) -> &Arc<Leases> {
        &self.leases
    }

    /// Return the quotas that come in blocks.
    pub fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// Return the only form in which a key is kept.
    pub fn digest_of(&self, secret: &[u8]) -> Digest {
        #[cfg(test)]
        tests::WORK.set((tests::WORK.get().0 + 1, tests::WORK.get().1));
        let mut keyed = self.keyed.clone();
        keyed.update(secret);
        keyed.finalize().into_bytes().into()
    }

    /// Return what is known of a key now.
    pub fn find(&self, digest: &Digest, monotonic_ns: u64) -> Known {
        #[cfg(test)]
        tests::WORK.set((tests::WORK.get().0, tests::WORK.get().1 + 1));
        if let Some(slot) = self.slots.pin().get(digest) {
            return Known::Admitted(Arc::clone(slot));
        }
        match self.refusals.pin().get(digest) {
            Some(refusal) if monotonic_ns < refusal.until_ns => Known::Refused(refusal.code),
            _ => Known::Nothing,
        }
    }

    /// Let a key ask from the next request on, or change what it may do.
    pub fn admit(&self, digest: Digest, policy: Policy, now: Moment) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let slots = self.slots.pin();
        let slot = KeySlot::new(policy, slots.get(&digest).map(Arc::as_ref), &self.leases, &self.quotas, now);
        if let Some(old) = slots.insert(digest, Arc::new(slot)) {
            old.retired.store(true, Ordering::Release);
        }
        self.refusals.pin().remove(&digest);
    }

    /// Remember until a monotonic time that a key is refused.
    pub fn refuse(&self, digest: Digest, code: Code, until_ns: u64) {
        let mut order = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let refusals = self.refusals.pin();
        refusals.insert(digest, Remembered { code, until_ns });
        order.push_back(digest);
        while order.len() > REFUSALS_MAX {
            if let Some(oldest) = order.pop_front().filter(|oldest| *oldest != digest) {
                refusals.remove(&oldest);
            }
        }
        self.retire(&digest);
    }

    /// Drop all that is known of a key; whether anything was.
    pub fn forget(&self, digest: &Digest) -> bool {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let was_refused = self.refusals.pin().remove(digest).is_some();
        self.retire(digest) || was_refused
    }

    fn retire(&self, digest: &Digest) -> bool {
        let slots = self.slots.pin();
        let old = slots.remove(digest);
        if let Some(old) = old {
            old.retired.store(true, Ordering::Release);
        }
        old.is_some()
    }

    /// Return what each key was granted and refused, of those that asked at `since_ns` or later.
    pub fn used_since(&self, since_ns: u64) -> Vec<(u32, Used)> {
        let slots = self.slots.pin();
        let all = slots.values().map(|slot| (slot.policy().key_id, slot.used()));
        all.filter(|(_, used)| used.last_ns >= since_ns.max(1)).collect()
    }

    /// Return how many keys are admitted.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Return whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    thread_local! {
        /// How many digests this thread has made, and how many it has looked up.
        pub(crate) static WORK: std::cell::Cell<(u64, u64)> = const { std::cell::Cell::new((0, 0)) };
    }

    pub(crate) const NOW: Moment = Moment { monotonic_ns: 50 * SECOND_NS, wall_ns: 1_795_160_400 * SECOND_NS };

    pub(crate) fn policy() -> Policy {
        Policy {
            key_id: 7,
            account_id: 0,
            rate: Rate::new(10.0, 5).unwrap(),
            quota: Some(100),
            quota_left: 100,
            quota_resets_at_ns: NOW.wall_ns + 1_000 * SECOND_NS,
            quota_in_blocks: false,
            expires_at_ns: None,
            unlimited: false,
            udp: true,
            in_url: false,
            prices: true,
            assets_max: 1_000,
            rank: 3,
            fence: None,
        }
    }

    /// A request over `channel` from nowhere in particular.
    pub(crate) fn over(channel: Channel) -> Approach<'static> {
        Approach { channel, address: std::net::Ipv4Addr::LOCALHOST.into(), origin: None, wants_prices: true }
    }

    fn clock_at(now: Moment) -> Clock {
        Clock::manual(now.wall_ns, now.monotonic_ns)
    }

    fn slot_of(keys: &Keys, digest: &Digest) -> Arc<KeySlot> {
        match keys.find(digest, NOW.monotonic_ns) {
            Known::Admitted(slot) => slot,
            other => panic!("not admitted: {other:?}"),
        }
    }

    #[test]
    fn digests_are_hmac_sha_256() {
        // Source: RFC 4231, test case 2.
        let digest = Keys::new(b"Jefe").digest_of(b"what do ya want for nothing?");
        assert_eq!(digest[..8], [0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e]);
    }

    #[test]
    fn a_change_of_policy_keeps_what_was_spent() {
        let (keys, digest) = (Keys::new(b"s"), [1; 32]);
        keys.admit(digest, policy(), NOW);
        let first = slot_of(&keys, &digest);
        for _ in 0..3 {
            first.spend(true, NOW, &clock_at(NOW)).unwrap();
        }
        keys.admit(digest, Policy { rate: Rate::new(20.0, 8).unwrap(), quota: Some(50), ..policy() }, NOW);
        assert!(first.is_retired());
        let standing = slot_of(&keys, &digest).standing(NOW);
        assert_eq!((standing.level.left, standing.month), (5, Some((47, 1_000))));
        let moved = Policy { quota_left: 60, quota_resets_at_ns: NOW.wall_ns + 1, ..policy() };
        keys.admit(digest, moved, NOW);
        assert_eq!(slot_of(&keys, &digest).standing(NOW).month, Some((60, 1)));
    }

    #[test]
    fn a_refused_request_spends_nothing() {
        let slot = KeySlot::new(Policy { quota_left: 6, ..policy() }, None, &Arc::default(), &Quotas::new(Arc::default()), NOW);
        for _ in 0..5 {
            slot.spend(true, NOW, &clock_at(NOW)).unwrap();
        }
        let limited = slot.spend(true, NOW, &clock_at(NOW)).unwrap_err();
        assert_eq!((limited.0, limited.1.month), (Code::RateLimited, Some((1, 1_000))));
        let later = Moment { monotonic_ns: NOW.monotonic_ns + SECOND_NS, ..NOW };
        slot.spend(true, later, &clock_at(later)).unwrap();
        let spent = slot.spend(true, later, &clock_at(later)).unwrap_err();
        assert_eq!((spent.0, spent.1.level.left), (Code::QuotaSpent, 4));
        assert_eq!(slot.standing(later).level.left, 4);
    }

    #[test]
    fn what_the_month_does_not_pay_for_takes_a_token_when_it_is_used_up() {
        let slot = KeySlot::new(Policy { quota_left: 0, ..policy() }, None, &Arc::default(), &Quotas::new(Arc::default()), NOW);
        assert_eq!(slot.spend(false, NOW, &clock_at(NOW)).unwrap_err().0, Code::QuotaSpent);
        let burst = slot.standing(NOW).level.left;
        assert_eq!(slot.spend_token(NOW, &clock_at(NOW)).unwrap().level.left, burst - 1);
        for _ in 1..burst {
            slot.spend_token(NOW, &clock_at(NOW)).unwrap();
        }
        assert_eq!(slot.spend_token(NOW, &clock_at(NOW)).unwrap_err().0, Code::RateLimited);
    }

    #[test]
    fn nobody_is_refused_by_a_time_that_has_passed() {
        let slot = KeySlot::new(
            Policy { rate: Rate::new(10.0, 1).unwrap(), ..policy() },
            None,
            &Arc::default(),
            &Quotas::new(Arc::default()),
            NOW,
        );
        let other_thread = Moment { monotonic_ns: NOW.monotonic_ns + SECOND_NS / 20, ..NOW };
        slot.spend(true, other_thread, &clock_at(other_thread)).unwrap();
        // A batch received at NOW whose turn comes once the bucket has filled again.
        let turn = Moment { monotonic_ns: other_thread.monotonic_ns + SECOND_NS / 10, ..NOW };
        assert!(slot.spend(true, NOW, &clock_at(turn)).is_ok());
        assert_eq!(slot.spend(true, NOW, &clock_at(turn)).unwrap_err().0, Code::RateLimited);
    }

    #[test]
    fn a_charge_spends_the_month_and_no_token() {
        let slot = KeySlot::new(Policy { quota_left: 1, ..policy() }, None, &Arc::default(), &Quotas::new(Arc::default()), NOW);
        assert_eq!([slot.charge(NOW.wall_ns), slot.charge(NOW.wall_ns)], [Ok(()), Err(Code::QuotaSpent)]);
        assert_eq!((slot.standing(NOW).level.left, slot.standing(NOW).month), (5, Some((0, 1_000))));
        assert!(
            KeySlot::new(Policy { unlimited: true, quota_left: 0, ..policy() }, None, &Arc::default(), &Quotas::new(Arc::default()), NOW)
                .charge(NOW.wall_ns)
                .is_ok()
        );
        assert!(
            KeySlot::new(Policy { quota: None, ..policy() }, None, &Arc::default(), &Quotas::new(Arc::default()), NOW)
                .charge(NOW.wall_ns)
                .is_ok()
        );
    }

    #[test]
    fn what_is_not_served_costs_a_token_and_no_quota() {
        let slot = KeySlot::new(policy(), None, &Arc::default(), &Quotas::new(Arc::default()), NOW);
        let standing = slot.spend(false, NOW, &clock_at(NOW)).unwrap();
        assert_eq!((standing.level.left, standing.month), (4, Some((100, 1_000))));
    }

    #[test]
    fn an_unlimited_key_is_never_refused() {
        let slot =
            KeySlot::new(Policy { unlimited: true, quota_left: 0, ..policy() }, None, &Arc::default(), &Quotas::new(Arc::default()), NOW);
        for _ in 0..1_000 {
            assert_eq!(slot.spend(true, NOW, &clock_at(NOW)).unwrap().level.left, 5);
        }
    }

    #[test]
    fn refusals_are_remembered_for_their_time_and_lifted_by_admission() {
        let (keys, digest) = (Keys::new(b"s"), [2; 32]);
        assert!(matches!(keys.find(&digest, 0), Known::Nothing));
        keys.refuse(digest, Code::KeyInvalid, 100);
        assert!(matches!(keys.find(&digest, 99), Known::Refused(Code::KeyInvalid)));
        assert!(matches!(keys.find(&digest, 100), Known::Nothing));
        keys.admit(digest, policy(), NOW);
        let slot = slot_of(&keys, &digest);
        keys.refuse(digest, Code::KeyRevoked, 100);
        assert!(slot.is_retired() && matches!(keys.find(&digest, 0), Known::Refused(Code::KeyRevoked)));
        assert!(keys.forget(&digest) && !keys.forget(&digest));
        assert!(matches!(keys.find(&digest, 0), Known::Nothing));
        assert!(keys.is_empty());
    }

    #[test]
    fn memories_of_refusals_are_bounded() {
        let keys = Keys::new(b"s");
        for number in 0..REFUSALS_MAX as u64 + 10 {
            let mut digest = [0; 32];
            digest[..8].copy_from_slice(&number.to_le_bytes());
            keys.refuse(digest, Code::KeyInvalid, u64::MAX);
        }
        assert_eq!(keys.refusals.len(), REFUSALS_MAX);
        assert!(matches!(keys.find(&[0; 32], 0), Known::Nothing));
    }

    #[test]
    fn a_policy_says_where_the_key_may_stand_and_until_when() {
        let slot = KeySlot::new(
            Policy { udp: false, expires_at_ns: Some(10), ..policy() },
            None,
            &Arc::default(),
            &Quotas::new(Arc::default()),
            NOW,
        );
        assert_eq!(slot.refusal(&over(Channel::Header), 9), None);
        assert_eq!(slot.refusal(&over(Channel::Url), 9), Some(Code::TierForbids));
        assert_eq!(slot.refusal(&over(Channel::Datagram), 9), Some(Code::TierForbids));
        assert_eq!(slot.refusal(&over(Channel::Header), 10), Some(Code::KeyExpired));
    }

    #[test]
    fn a_key_that_is_fenced_in_or_is_for_something_else_tells_no_prices() {
        let fence = Fence::new(vec!["10.0.0.0/8".parse().unwrap()], Vec::new()).map(Arc::new);
        let slot = KeySlot::new(Policy { fence, ..policy() }, None, &Arc::default(), &Quotas::new(Arc::default()), NOW);
        assert_eq!(slot.refusal(&over(Channel::Header), 0), Some(Code::KeyForbids));
        assert_eq!(slot.refusal(&Approach { address: "10.1.2.3".parse().unwrap(), ..over(Channel::Datagram) }, 0), None);
        let slot = KeySlot::new(Policy { prices: false, ..policy() }, None, &Arc::default(), &Quotas::new(Arc::default()), NOW);
        assert_eq!(slot.refusal(&over(Channel::Header), 0), Some(Code::KeyForbids));
        assert_eq!(slot.refusal(&Approach { wants_prices: false, ..over(Channel::Header) }, 0), None);
    }

    #[test]
    fn what_a_key_was_granted_and_refused_outlives_a_change_of_its_policy() {
        let (keys, digest) = (Keys::new(b"s"), [1; 32]);
        keys.admit(digest, Policy { rate: Rate::new(1.0, 2).unwrap(), ..policy() }, NOW);
        let slot = slot_of(&keys, &digest);
        assert_eq!(keys.used_since(0), []);
        for _ in 0..3 {
            let _ = slot.spend(true, NOW, &clock_at(NOW));
        }
        keys.admit(digest, Policy { key_id: 7, rate: Rate::new(5.0, 2).unwrap(), ..policy() }, NOW);
        slot_of(&keys, &digest).note_refused(NOW.monotonic_ns);
        let used = Used { granted: 2, refused: 2, last_ns: NOW.monotonic_ns };
        assert_eq!((keys.used_since(0), keys.used_since(NOW.monotonic_ns + 1)), (vec![(7, used)], Vec::new()));
    }
}
