//! `Book` and `Reading`

use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::book::{Asset, Misprint, Price, Publication};
use crate::engine::Engine as Machine;
use crate::words::{CACHE_TIERS, STATES};

/// The prices the engine may answer with, one per asset. A publish is seen by every thread at once.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Book(pub Arc<Machine>);

fn misprinted(misprint: Misprint) -> PyErr {
    PyValueError::new_err(format!("{}: {}", misprint.field, misprint.rule))
}

#[pymethods]
impl Book {
    /// Make `price` the answer for `asset` from the next request on.
    #[pyo3(signature = (
        asset, price, quote, venue, source, *, exchange_time_ns, received_monotonic_ns, usable_for_ns,
        state = "live", cache_tier = "memory", prewarmed = true
    ))]
    #[allow(clippy::too_many_arguments, reason = "as Python calls it")]
    fn publish(
        &self,
        asset: &str,
        price: &str,
        quote: &str,
        venue: &str,
        source: &str,
        exchange_time_ns: i64,
        received_monotonic_ns: i64,
        usable_for_ns: i64,
        state: &str,
        cache_tier: &str,
        prewarmed: bool,
    ) -> PyResult<()> {
        let publication = Publication {
            asset,
            price,
            quote,
            venue,
            source,
            exchange_time_ns: positive("exchange_time_ns", exchange_time_ns)?,
            received_monotonic_ns: positive("received_monotonic_ns", received_monotonic_ns)?,
            usable_for_ns: positive("usable_for_ns", usable_for_ns)?,
            state,
            cache_tier,
            prewarmed,
        };
        let shared = self.0.shared();
        shared.book.publish(&publication, &shared.clock).map_err(misprinted)
    }

    /// Make `asset` known without a price.
    #[pyo3(signature = (asset, *, prewarmed = true))]
    fn announce(&self, asset: &str, prewarmed: bool) -> PyResult<()> {
        self.0.shared().book.announce(asset, prewarmed).map_err(misprinted)
    }

    /// Say which assets can be fetched on demand; this replaces what was said before.
    #[allow(clippy::needless_pass_by_value, reason = "as Python calls it")]
    fn offer(&self, assets: Vec<String>) -> PyResult<()> {
        self.0.shared().book.offer(assets.iter().map(String::as_str)).map_err(misprinted)
    }

    /// Forget `asset`; whether it was known.
    fn retire(&self, asset: &str) -> bool {
        self.0.shared().book.retire(asset)
    }

    /// Return what a request would be told of `asset` now, or None when it is unknown.
    fn read(&self, asset: &str) -> Option<Reading> {
        let shared = self.0.shared();
        let code = Asset::of(asset.as_bytes())?;
        let pages = shared.book.open();
        let tick = pages.get(&code)?;
        let now_ns = shared.clock.monotonic_ns();
        Some(tick.price.as_ref().map_or_else(|| Reading::unavailable(asset), |price| Reading::of(asset, price, now_ns)))
    }

    /// Return every known asset, in order.
    fn assets(&self) -> Vec<String> {
        self.0.shared().book.assets().iter().map(ToString::to_string).collect()
    }
}

fn positive(name: &str, value: i64) -> PyResult<u64> {
    u64::try_from(value).map_err(|_| PyValueError::new_err(format!("{name}: zero or more, not {value}")))
}

/// One asset's price as of the moment it was read.
#[pyclass(frozen, get_all, module = "trinity_beast.engine")]
pub struct Reading {
    asset: String,
    price: Option<String>,
    quote: String,
    venue: String,
    source: String,
    cache_tier: &'static str,
    state: &'static str,
    exchange_time_ns: u64,
    received_time_ns: u64,
    age_ns: u64,
}

impl Reading {
    fn unavailable(asset: &str) -> Self {
        Self {
            asset: asset.to_owned(),
            price: None,
            quote: String::new(),
            venue: String::new(),
            source: String::new(),
            cache_tier: "",
            state: "unavailable",
            exchange_time_ns: 0,
            received_time_ns: 0,
            age_ns: 0,
        }
    }

    fn of(asset: &str, price: &Price, now_ns: u64) -> Self {
        let age_ns = price.age_ns(now_ns);
        Self {
            asset: asset.to_owned(),
            price: Some(price.price().to_owned()),
            quote: price.names.quote.to_string(),
            venue: price.names.venue.to_string(),
            source: price.names.source.to_string(),
            cache_tier: CACHE_TIERS.word(price.cache_tier),
            state: if age_ns >= price.usable_for_ns { "stale" } else { STATES.word(price.state) },
            exchange_time_ns: price.exchange_time_ns,
            received_time_ns: price.received_time_ns,
            age_ns,
        }
    }
}
