//! `Counters` and `Blocklist`

use std::sync::Arc;

use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::blocklist::Network;
use crate::clock::SECOND_NS;
use crate::counters::{ALL, Counter, NAMES, named};
use crate::engine::Engine as Machine;

/// What the engine has counted since it started, summed over its threads at each reading.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Counters(pub Arc<Machine>);

fn counter(name: &str) -> PyResult<Counter> {
    named(name).ok_or_else(|| PyKeyError::new_err(name.to_owned()))
}

#[pymethods]
impl Counters {
    /// Return every counter by name: the 24 of the contract first, then the engine's own.
    fn read<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let shared = self.0.shared();
        shared.counters.set(Counter::ClockSteps, shared.clock.steps());
        let told = PyDict::new(py);
        for (counter, name) in ALL.iter().zip(NAMES) {
            told.set_item(name, shared.counters.read(*counter))?;
        }
        Ok(told)
    }

    /// Count something on Python's side.
    #[pyo3(signature = (name, amount = 1))]
    fn add(&self, name: &str, amount: u64) -> PyResult<()> {
        self.0.shared().counters.add(counter(name)?, amount);
        Ok(())
    }

    /// Set a gauge such as `db_open_conns`.
    fn set(&self, name: &str, value: u64) -> PyResult<()> {
        self.0.shared().counters.set(counter(name)?, value);
        Ok(())
    }

    /// Start counting from zero. Gauges stay.
    fn reset(&self) {
        self.0.shared().counters.reset();
    }
}

/// Addresses and networks that are refused at accept and at datagram.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Blocklist(pub Arc<Machine>);

fn network_of(text: &str) -> PyResult<Network> {
    text.parse().map_err(|()| PyValueError::new_err(format!("network: an address or a network such as 10.0.0.0/8, not {text:?}")))
}

#[pymethods]
impl Blocklist {
    /// Refuse `network` for `seconds`.
    #[pyo3(signature = (network, *, seconds))]
    fn block(&self, network: &str, seconds: f64) -> PyResult<()> {
        let until_ns = until(&self.0, seconds)?;
        self.0.shared().blocklist.block(network_of(network)?, until_ns);
        Ok(())
    }

    /// Lift a block; whether there was one.
    fn unblock(&self, network: &str) -> PyResult<bool> {
        Ok(self.0.shared().blocklist.unblock(network_of(network)?))
    }

    /// Return each blocked network with the seconds it has left.
    fn entries(&self) -> Vec<(String, f64)> {
        let shared = self.0.shared();
        let entries = shared.blocklist.entries(shared.clock.monotonic_ns());
        entries.into_iter().map(|(network, seconds)| (network.to_string(), seconds)).collect()
    }
}

/// Return the monotonic time that is so many seconds ahead.
pub fn until(machine: &Machine, seconds: f64) -> PyResult<u64> {
    if seconds.is_nan() || seconds < 0.0 {
        return Err(PyValueError::new_err(format!("seconds: zero or more, not {seconds}")));
    }
    Ok(machine.shared().clock.monotonic_ns().saturating_add((seconds * SECOND_NS as f64) as u64))
}
