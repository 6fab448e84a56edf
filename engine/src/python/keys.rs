//! `Keys`, `Policy`, `Verdict` and `Standing`

use std::net::Ipv6Addr;
use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::bucket::Rate;
use crate::code::Code;
use crate::counters::Counter;
use crate::engine::Engine as Machine;
use crate::fence::{Approach, Channel, Fence};
use crate::governor::RANKS;
use crate::key_use::Used;
use crate::keys::{Digest, KeySlot, Known, Policy as Rules};
use crate::python::counters::until;
use crate::quota::Quota;
use crate::ratelimit::{KEYLESS_FIELDS, Standing as Level, pairs_of};
use crate::secret::is_well_formed;

type Headers = Vec<(String, String)>;

/// What one key may do. Python decides it, the engine applies it.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Policy(Rules);

fn out_of_range(name: &str, range: &str) -> PyErr {
    PyValueError::new_err(format!("{name}: {range}"))
}

fn all_of<T: std::str::FromStr>(name: &str, texts: Option<Vec<String>>) -> PyResult<Vec<T>> {
    let parsed = |text: String| text.parse().map_err(|_| PyValueError::new_err(format!("{name}: {text:?} is none")));
    texts.into_iter().flatten().map(parsed).collect()
}

#[pymethods]
impl Policy {
    /// Describe a key.
    #[new]
    #[pyo3(signature = (
        *, key_id, rate_per_second, burst, quota, quota_left = 0, quota_resets_at_ns = 0, quota_in_blocks = false, expires_at_ns = None,
        unlimited = false, udp = true, in_url = false, account_id = 0, prices = true, assets_max = 1_000,
        networks = None, origins = None, rank = 3
    ))]
    #[allow(clippy::too_many_arguments, clippy::fn_params_excessive_bools, reason = "as Python calls it: each by its name")]
    fn new(
        key_id: i64,
        rate_per_second: f64,
        burst: i64,
        quota: Option<i64>,
        quota_left: i64,
        quota_resets_at_ns: i64,
        quota_in_blocks: bool,
        expires_at_ns: Option<i64>,
        unlimited: bool,
        udp: bool,
        in_url: bool,
        account_id: i64,
        prices: bool,
        assets_max: i64,
        networks: Option<Vec<String>>,
        origins: Option<Vec<String>>,
        rank: u8,
    ) -> PyResult<Self> {
        let key_id = u32::try_from(key_id).ok().filter(|key_id| *key_id > 0);
        let burst = u32::try_from(burst).ok().filter(|burst| Rate::BURST.contains(burst));
        let rate = Rate::new(rate_per_second, burst.unwrap_or(1));
        let requests = |name, count: i64| {
            let fits = u64::try_from(count).ok().filter(|count| *count <= Quota::TOTAL_MAX);
            fits.ok_or_else(|| out_of_range(name, "0 to 2**53 requests"))
        };
        let time = |name, time_ns: i64| u64::try_from(time_ns).map_err(|_| out_of_range(name, "a Unix time in nanoseconds, not negative"));
        burst.ok_or_else(|| out_of_range("burst", "1 to 1,000,000 requests"))?;
        Ok(Self(Rules {
            key_id: key_id.ok_or_else(|| out_of_range("key_id", "1 to 2**32 - 1"))?,
            rate: rate.ok_or_else(|| out_of_range("rate_per_second", "0.001 to 1,000,000,000 requests a second"))?,
            quota: quota.map(|quota| requests("quota", quota)).transpose()?,
            quota_left: requests("quota_left", quota_left)?,
            quota_resets_at_ns: time("quota_resets_at_ns", quota_resets_at_ns)?,
            quota_in_blocks,
            expires_at_ns: expires_at_ns.map(|expires_at_ns| time("expires_at_ns", expires_at_ns)).transpose()?,
            unlimited,
            udp,
            in_url,
            account_id: u32::try_from(account_id).map_err(|_| out_of_range("account_id", "0 to 2**32 - 1"))?,
            prices,
            assets_max: u32::try_from(assets_max).map_err(|_| out_of_range("assets_max", "0 to 2**32 - 1"))?,
            rank: Some(rank).filter(|rank| RANKS.contains(rank)).ok_or_else(|| out_of_range("rank", "0 to 4"))?,
            fence: Fence::new(all_of("networks", networks)?, all_of("origins", origins)?).map(Arc::new),
        }))
    }
}

/// What a key was told when it asked for one request.
#[pyclass(frozen, get_all, module = "trinity_beast.engine")]
pub struct Verdict {
    code: &'static str,
    key_id: u32,
    headers: Headers,
    retry_after_seconds: Option<u64>,
}

impl Verdict {
    fn of_nobody(code: &'static str) -> Self {
        Self { code, key_id: 0, headers: pairs_of(KEYLESS_FIELDS), retry_after_seconds: None }
    }

    fn of_key(code: Code, slot: &KeySlot, standing: &Level) -> Self {
        let mut headers = headers_of(slot, standing);
        if code == Code::QuotaSpent {
            headers.push(("X-Should-Retry".to_owned(), "false".to_owned()));
        }
        let retry_after_seconds = (code == Code::RateLimited).then(|| standing.retry_after_seconds());
        Self { code: code.name(), key_id: slot.policy().key_id, headers, retry_after_seconds }
    }
}

fn headers_of(slot: &KeySlot, standing: &Level) -> Headers {
    let mut fields = Vec::new();
    slot.fields().write(&mut fields, standing);
    pairs_of(&fields)
}

/// The keys the engine answers, by digest. It never sees a list of plain ones.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Keys(pub Arc<Machine>);

fn approach<'a>(channel: Channel, address: Option<&str>, origin: Option<&'a str>, wants_prices: bool) -> Approach<'a> {
    // An address nobody can tell lies in no network a key may be kept to.
    let address = address.and_then(|address| address.parse().ok()).unwrap_or(Ipv6Addr::UNSPECIFIED.into());
    Approach { channel, address, origin: origin.map(str::as_bytes), wants_prices }
}

fn digest_from(bytes: &[u8]) -> PyResult<Digest> {
    bytes.try_into().map_err(|_| PyValueError::new_err(format!("digest: 32 bytes, not {}", bytes.len())))
}

#[pymethods]
impl Keys {
    /// Return HMAC-SHA-256 of `secret` under the server secret.
    fn digest_of<'py>(&self, py: Python<'py>, secret: &str) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.shared().keys.digest_of(secret.as_bytes()))
    }

    /// Let the key ask from the next request on, or change what it may do.
    fn admit(&self, digest: &[u8], policy: &Policy) -> PyResult<()> {
        let shared = self.0.shared();
        shared.keys.admit(digest_from(digest)?, policy.0.clone(), shared.clock.now());
        Ok(())
    }

    /// Remember for `seconds` that this key is refused with `code`.
    #[pyo3(signature = (digest, code, *, seconds))]
    fn refuse(&self, digest: &[u8], code: &str, seconds: f64) -> PyResult<()> {
        let refusal = Code::named(code).filter(|code| matches!(code, Code::KeyInvalid | Code::KeyRevoked | Code::KeyExpired));
        let refusal =
            refusal.ok_or_else(|| PyValueError::new_err(format!("code: KEY_INVALID, KEY_REVOKED or KEY_EXPIRED, not {code:?}")))?;
        let (digest, until_ns) = (digest_from(digest)?, until(&self.0, seconds)?);
        self.0.shared().keys.refuse(digest, refusal, until_ns);
        Ok(())
    }

    /// Drop all that is known of a key; whether anything was.
    fn forget(&self, digest: &[u8]) -> PyResult<bool> {
        Ok(self.0.shared().keys.forget(&digest_from(digest)?))
    }

    /// Take one token of a key on behalf of Python, its month looked at and not spent.
    #[pyo3(signature = (secret, *, udp = false, in_url = false, address = None, origin = None, wants_prices = true))]
    fn take(&self, secret: &str, udp: bool, in_url: bool, address: Option<&str>, origin: Option<&str>, wants_prices: bool) -> Verdict {
        let channel = match (udp, in_url) {
            (true, _) => Channel::Datagram,
            (false, true) => Channel::Url,
            (false, false) => Channel::Header,
        };
        let verdict = self.judge(secret, &approach(channel, address, origin, wants_prices));
        let counters = &self.0.shared().counters;
        match Code::named(verdict.code) {
            Some(Code::RateLimited) => counters.add(Counter::RateLimited, 1),
            Some(Code::QuotaSpent) => counters.add(Counter::QuotaRefused, 1),
            Some(Code::Ok | Code::DependencyAway) | None => {}
            Some(_) => counters.add(Counter::KeysRefused, 1),
        }
        verdict
    }

    /// Spend a unit of a key's month for a request that `take` let in and that is now told a price.
    fn charge(&self, secret: &str) -> Verdict {
        let shared = self.0.shared();
        let now = shared.clock.now();
        let Known::Admitted(slot) = shared.keys.find(&shared.keys.digest_of(secret.as_bytes()), now.monotonic_ns) else {
            return Verdict::of_nobody("KEY_UNKNOWN");
        };
        let code = slot.charge(now.wall_ns).err().unwrap_or(Code::Ok);
        match code {
            Code::QuotaSpent => shared.counters.add(Counter::QuotaRefused, 1),
            Code::RateLimited => shared.counters.add(Counter::RateLimited, 1),
            _ => {}
        }
        Verdict::of_key(code, &slot, &slot.standing(now))
    }

    /// Return a key's limits and what is left of them, spending nothing; None when it is not admitted.
    fn standing(&self, digest: &[u8]) -> PyResult<Option<Standing>> {
        let shared = self.0.shared();
        let now = shared.clock.now();
        let Known::Admitted(slot) = shared.keys.find(&digest_from(digest)?, now.monotonic_ns) else { return Ok(None) };
        let (policy, standing) = (slot.policy(), slot.standing(now));
        Ok(Some(Standing {
            key_id: policy.key_id,
            burst: policy.rate.burst(),
            rate_per_second: policy.rate.per_second(),
            tokens_left: standing.level.left,
            quota: policy.quota,
            quota_left: standing.month.map(|month| month.0),
            quota_resets_at_ns: policy.quota_resets_at_ns,
            unlimited: policy.unlimited,
            headers: headers_of(&slot, &standing),
        }))
    }

    /// Return with what a key that is admitted would be refused that came so and wanted no price; None where it would not.
    #[pyo3(signature = (digest, *, in_url = false, address = None, origin = None))]
    fn refusal(&self, digest: &[u8], in_url: bool, address: Option<&str>, origin: Option<&str>) -> PyResult<Option<&'static str>> {
        let shared = self.0.shared();
        let now = shared.clock.now();
        let Known::Admitted(slot) = shared.keys.find(&digest_from(digest)?, now.monotonic_ns) else { return Ok(None) };
        let channel = if in_url { Channel::Url } else { Channel::Header };
        Ok(slot.refusal(&approach(channel, address, origin, false), now.wall_ns).map(Code::name))
    }

    /// Return what each key was granted and refused, of those that asked at a monotonic time or later.
    fn used_since(&self, py: Python<'_>, monotonic_ns: u64) -> Vec<KeyUse> {
        let shared = self.0.shared();
        let now = shared.clock.now();
        // A walk over all keys, which may be many.
        let used = py.detach(|| shared.keys.used_since(monotonic_ns));
        let last_used_ns = |last_ns: u64| now.wall_ns.saturating_sub(now.monotonic_ns.saturating_sub(last_ns));
        let told = |(key_id, used): (u32, Used)| KeyUse {
            key_id,
            granted: used.granted,
            refused: used.refused,
            last_used_ns: last_used_ns(used.last_ns),
        };
        used.into_iter().map(told).collect()
    }

    fn __len__(&self) -> usize {
        self.0.shared().keys.len()
    }
}

impl Keys {
    fn judge(&self, secret: &str, approach: &Approach<'_>) -> Verdict {
        let shared = self.0.shared();
        let now = shared.clock.now();
        let slot = match shared.keys.find(&shared.keys.digest_of(secret.as_bytes()), now.monotonic_ns) {
            Known::Admitted(slot) => slot,
            Known::Refused(code) => return Verdict::of_nobody(code.name()),
            Known::Nothing if !is_well_formed(secret.as_bytes()) => return Verdict::of_nobody(Code::KeyInvalid.name()),
            Known::Nothing => return Verdict::of_nobody("KEY_UNKNOWN"),
        };
        if let Some(code) = slot.refusal(approach, now.wall_ns) {
            slot.note_refused(now.monotonic_ns);
            return Verdict::of_key(code, &slot, &slot.standing(now));
        }
        let spent = if approach.wants_prices { slot.spend(false, now, &shared.clock) } else { slot.spend_token(now, &shared.clock) };
        match spent {
            Ok(standing) => Verdict::of_key(Code::Ok, &slot, &standing),
            Err((code, standing)) => Verdict::of_key(code, &slot, &standing),
        }
    }
}

/// What one key was granted and refused since it was admitted.
#[pyclass(frozen, get_all, module = "trinity_beast.engine")]
pub struct KeyUse {
    key_id: u32,
    granted: u64,
    refused: u64,
    last_used_ns: u64,
}

/// A key's limits and what is left of them at one moment.
#[pyclass(frozen, get_all, module = "trinity_beast.engine")]
pub struct Standing {
    key_id: u32,
    burst: u32,
    rate_per_second: f64,
    tokens_left: u32,
    quota: Option<u64>,
    quota_left: Option<u64>,
    quota_resets_at_ns: u64,
    unlimited: bool,
    headers: Headers,
}
