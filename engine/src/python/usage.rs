//! Batches of usage records, for Python to ship and to store.
#![allow(clippy::needless_pass_by_value, reason = "PyO3 gives its arguments away")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::spool::{self, ReadError};
use crate::usage::{self, Batch, Counted, DayRows, Numbers};
use crate::words::{CACHE_TIERS, CODES, PROTOCOLS, STATES};

/// Some of one lane's records on their way to the database.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct UsageBatch(Batch);

#[pymethods]
#[allow(missing_docs, reason = "engine.pyi says what each of them is")]
impl UsageBatch {
    #[staticmethod]
    #[pyo3(signature = (path, *, records_max))]
    fn of_segment(py: Python<'_>, path: PathBuf, records_max: usize) -> PyResult<Vec<Self>> {
        let batches = py.detach(|| Ok(Batch::of_segment(&spool::read_segment(&path)?, records_max)));
        let batches = batches.map_err(|error: ReadError| match error {
            ReadError::Io(error) => error.into(),
            ReadError::Format(error) => PyValueError::new_err(error.to_string()),
        })?;
        Ok(batches.into_iter().map(Self).collect())
    }

    #[staticmethod]
    fn unpacked(py: Python<'_>, packed: Vec<u8>) -> PyResult<Self> {
        let batch = py.detach(|| usage::unpack(&packed)).map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(Self(batch))
    }

    fn packed<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let packed = py.detach(|| usage::pack(&self.0))?;
        Ok(PyBytes::new(py, &packed))
    }

    #[pyo3(signature = (*, records_max))]
    fn cut(&self, py: Python<'_>, records_max: usize) -> Vec<Self> {
        py.detach(|| self.0.cut(records_max)).into_iter().map(Self).collect()
    }

    #[getter]
    fn node(&self) -> &str {
        &self.0.node
    }

    #[getter]
    fn boot(&self) -> String {
        self.0.boot.iter().fold(String::with_capacity(32), |text, byte| text + &format!("{byte:02x}"))
    }

    #[getter]
    fn thread(&self) -> u16 {
        self.0.thread
    }

    #[getter]
    fn first_sequence(&self) -> u64 {
        self.0.first_sequence()
    }

    #[getter]
    fn last_sequence(&self) -> u64 {
        self.0.last_sequence()
    }

    #[getter]
    fn records(&self) -> usize {
        self.0.records.len()
    }

    #[getter]
    fn sources(&self) -> Vec<(&str, &str)> {
        self.0.sources.iter().map(|source| (&*source.venue, &*source.tag)).collect()
    }

    fn spread(&self, py: Python<'_>) -> (BTreeMap<String, u64>, BTreeMap<String, u64>) {
        let usage::Spread { assets, sources } = py.detach(|| usage::spread(&self.0));
        (assets, sources)
    }

    #[pyo3(signature = (*, lane, node, sources, stored = Vec::new()))]
    fn rows(&self, py: Python<'_>, lane: i32, node: i16, sources: Vec<i16>, stored: Vec<(u64, u64)>) -> PyResult<UsageRows> {
        if sources.len() != self.0.sources.len() {
            return Err(PyValueError::new_err(format!("sources: a number for each of the {}", self.0.sources.len())));
        }
        let numbers = Numbers { lane, node, sources };
        let (days, counts) = py.detach(|| usage::encode(&self.0, &numbers, &stored));
        Ok(UsageRows { days, counts: counts.into_iter().collect() })
    }
}

/// A batch's records as the database takes them.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct UsageRows {
    days: Vec<DayRows>,
    counts: Vec<((u32, i64), Counted)>,
}

type KeyDay = (u32, i64, i64, i64, i64, i64, i64);

#[pymethods]
#[allow(missing_docs, reason = "engine.pyi says what each of them is")]
impl UsageRows {
    #[getter]
    fn records(&self) -> u64 {
        self.days.iter().map(|rows| rows.rows).sum()
    }

    #[getter]
    fn days<'py>(&self, py: Python<'py>) -> Vec<(i64, u64, Bound<'py, PyBytes>)> {
        self.days.iter().map(|rows| (rows.day, rows.rows, PyBytes::new(py, &rows.stream))).collect()
    }

    #[getter]
    fn sums(&self) -> Vec<(i64, i128)> {
        self.days.iter().map(|rows| (rows.day, rows.sum)).collect()
    }

    #[getter]
    fn times(&self) -> Vec<(i64, i64, i64)> {
        self.days.iter().map(|rows| (rows.day, rows.between_us.0, rows.between_us.1)).collect()
    }

    #[getter]
    fn counts(&self) -> Vec<KeyDay> {
        let told = |((key, day), counted): &((u32, i64), Counted)| {
            (*key, *day, counted.requests, counted.charged, counted.refused, counted.answer_bytes, counted.last_us)
        };
        self.counts.iter().map(told).collect()
    }
}

/// Return the words behind the small numbers of a row, each list in the order of its numbers.
#[pyfunction]
pub fn usage_words() -> Vec<(&'static str, Vec<&'static str>)> {
    [("cache_tier", CACHE_TIERS), ("protocol", PROTOCOLS), ("state", STATES), ("code", CODES)]
        .map(|(kind, words)| (kind, words.all().to_vec()))
        .to_vec()
}
