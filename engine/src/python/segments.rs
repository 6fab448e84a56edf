//! Spool files, read for Python.
#![allow(clippy::needless_pass_by_value, reason = "PyO3 gives its arguments away")]

use std::path::PathBuf;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::record::Record;
use crate::request_id::text_of;
use crate::sources::Source;
use crate::spool::{self, Contents, ReadError};
use crate::words::{CACHE_TIERS, CODES, PROTOCOLS, STATES};

/// One spool file and what its header and records say.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Segment(spool::Segment);

#[pymethods]
#[allow(missing_docs, reason = "engine.pyi says what each of them is")]
impl Segment {
    #[getter]
    fn path(&self) -> String {
        self.0.path.to_string_lossy().into_owned()
    }

    #[getter]
    fn node(&self) -> &str {
        &self.0.node
    }

    #[getter]
    fn boot(&self) -> &str {
        &self.0.boot
    }

    #[getter]
    fn thread(&self) -> u16 {
        self.0.thread
    }

    #[getter]
    fn first_sequence(&self) -> u64 {
        self.0.first_sequence
    }

    #[getter]
    fn records(&self) -> u32 {
        self.0.records
    }

    #[getter]
    fn lost_before(&self) -> u64 {
        self.0.lost_before
    }

    #[getter]
    fn torn_bytes(&self) -> u64 {
        self.0.torn_bytes
    }

    #[getter]
    fn file_bytes(&self) -> u64 {
        self.0.file_bytes
    }

    #[getter]
    fn sealed(&self) -> bool {
        self.0.sealed
    }

    #[getter]
    fn created_ns(&self) -> u64 {
        self.0.created_ns
    }
}

/// Return every segment in a spool directory, oldest first.
///
/// # Errors
/// `OSError`: the directory cannot be read.
#[pyfunction]
pub fn spool_segments(py: Python<'_>, directory: PathBuf) -> PyResult<Vec<Segment>> {
    let listing = py.detach(|| spool::segments(&directory))?;
    Ok(listing.segments.into_iter().map(Segment).collect())
}

/// Return a segment's whole records.
///
/// # Errors
/// `OSError`: the file cannot be read. `ValueError`: it is no segment of a version we know.
#[pyfunction]
pub fn read_segment(py: Python<'_>, path: PathBuf) -> PyResult<Vec<Bound<'_, PyDict>>> {
    let contents = py.detach(|| spool::read_segment(&path)).map_err(|error| match error {
        ReadError::Io(error) => error.into(),
        ReadError::Format(error) => PyValueError::new_err(error.to_string()),
    })?;
    let boot = contents.header.identity.boot_hex();
    contents.records.iter().map(|record| told(py, &contents, &boot, record)).collect()
}

fn told<'py>(py: Python<'py>, contents: &Contents, boot: &str, record: &Record) -> PyResult<Bound<'py, PyDict>> {
    let unknown = Source { venue: "?".into(), tag: "?".into() };
    let source = contents.header.sources.get(usize::from(record.source.0)).unwrap_or(&unknown);
    let told = PyDict::new(py);
    told.set_item("node", &contents.header.identity.node)?;
    told.set_item("boot", boot)?;
    told.set_item("thread", contents.header.identity.thread)?;
    told.set_item("sequence", record.sequence)?;
    told.set_item("time_ns", record.time_ns)?;
    told.set_item("request_id", String::from_utf8_lossy(&text_of(record.request_id)))?;
    told.set_item("key_id", record.key_id)?;
    told.set_item("asset", String::from_utf8_lossy(record.asset_name()))?;
    told.set_item("asset_count", record.asset_count)?;
    told.set_item("venue", &*source.venue)?;
    told.set_item("source", &*source.tag)?;
    told.set_item("cache_tier", CACHE_TIERS.word(record.cache_tier))?;
    told.set_item("state", STATES.word(record.state))?;
    told.set_item("code", CODES.word(record.code))?;
    told.set_item("status", record.status)?;
    told.set_item("protocol", PROTOCOLS.word(record.protocol))?;
    told.set_item("latency_ns", record.latency_ns)?;
    told.set_item("answer_bytes", record.answer_bytes)?;
    told.set_item("flags", record.flags)?;
    Ok(told)
}
