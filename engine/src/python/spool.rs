//! The usage spool, for Python to write to.

use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::engine::Engine as Machine;
use crate::record::{CHARGED, Entry};
use crate::request_id::id_of;
use crate::sources::SourceId;
use crate::spool;
use crate::words::{CACHE_TIERS, CODES, PROTOCOLS, STATES, Words};

/// The usage records on disk: written before an answer leaves, kept through kill -9, sealed for shipping.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Spool(pub Arc<Machine>);

fn number(words: Words, name: &str, word: &str) -> PyResult<u8> {
    let unknown = || PyValueError::new_err(format!("{name}: one of {}, not {word:?}", words.all().join(", ")));
    words.number(word).ok_or_else(unknown)
}

/// Return a number as a smaller one; what does not fit is told as the greatest.
fn fitting<T: TryFrom<i64>>(name: &str, value: i64, most: T) -> PyResult<T> {
    if value < 0 {
        return Err(PyValueError::new_err(format!("{name}: zero or more, not {value}")));
    }
    Ok(T::try_from(value).unwrap_or(most))
}

#[pymethods]
impl Spool {
    /// Record a request Python answered and return its sequence number in Python's lane (0: lost, and counted).
    #[pyo3(signature = (
        *, key_id, asset, asset_count, source, venue, cache_tier, state, code, status, protocol, latency_ns, answer_bytes,
        charged = false, request_id = None
    ))]
    #[allow(clippy::too_many_arguments, reason = "as Python calls it: each by its name")]
    fn record(
        &self,
        key_id: u32,
        asset: &str,
        asset_count: i64,
        source: &str,
        venue: &str,
        cache_tier: &str,
        state: &str,
        code: &str,
        status: u16,
        protocol: &str,
        latency_ns: i64,
        answer_bytes: i64,
        charged: bool,
        request_id: Option<&str>,
    ) -> PyResult<u64> {
        let is_none = source.is_empty() && venue.is_empty();
        if source.len() > 28 || venue.len() > 20 {
            return Err(PyValueError::new_err("source, venue: 28 and 20 bytes at most"));
        }
        let entry = Entry {
            time_ns: 0,
            request_id: 0,
            key_id,
            asset: asset.as_bytes(),
            asset_count: fitting("asset_count", asset_count, u16::MAX)?,
            latency_ns: fitting("latency_ns", latency_ns, u32::MAX)?,
            answer_bytes: fitting("answer_bytes", answer_bytes, u32::MAX)?,
            status,
            source: if is_none { SourceId::default() } else { self.0.shared().sources.intern(venue, source) },
            cache_tier: number(CACHE_TIERS, "cache_tier", cache_tier)?,
            protocol: number(PROTOCOLS, "protocol", protocol)?,
            state: number(STATES, "state", state)?,
            code: number(CODES, "code", code)?,
            flags: if charged { CHARGED } else { 0 },
        };
        let request_id = request_id.map(|text| {
            id_of(text.as_bytes()).ok_or_else(|| PyValueError::new_err(format!("request_id: as Engine.request_id gives, not {text:?}")))
        });
        Ok(self.0.record(&entry, request_id.transpose()?).unwrap_or(0))
    }

    /// The name of this start of the node, as its segments bear it.
    #[getter]
    fn boot(&self) -> String {
        self.0.shared().spool.boot().iter().fold(String::with_capacity(32), |text, byte| text + &format!("{byte:02x}"))
    }

    /// Seal every open segment now, empty ones excepted.
    fn seal(&self, py: Python<'_>) -> PyResult<()> {
        Ok(py.detach(|| self.0.seal())?)
    }

    /// Make no further file once those of the directory take `bytes_max` bytes.
    fn bound(&self, bytes_max: u64) {
        self.0.shared().spool.bound(bytes_max);
    }

    /// Return what keeps records from being written or sealed, None where nothing does.
    #[getter]
    fn trouble(&self) -> Option<String> {
        self.0.shared().spool.troubles().1
    }

    /// Seal what a killed process left open and return the paths.
    fn recover(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        let Some(directory) = self.0.shared().spool.directory() else { return Ok(Vec::new()) };
        let recovered = py.detach(|| spool::recover(directory))?;
        Ok(recovered.sealed.iter().map(|path| path.to_string_lossy().into_owned()).collect())
    }
}
