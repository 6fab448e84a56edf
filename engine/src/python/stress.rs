//! `Load`, `LoadFound`

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use super::resolved;
use crate::clock::SECOND_NS;
use crate::stress::{Failure, Found, Load as Machine, Plan, Protocol, Watch};

/// Longest wait of one call.
const WAIT_SECONDS_MAX: f64 = 3_600.0;

fn nanoseconds(name: &str, seconds: f64, most: f64) -> PyResult<u64> {
    if (0.0..=most).contains(&seconds) {
        Ok((seconds * SECOND_NS as f64) as u64)
    } else {
        Err(PyValueError::new_err(format!("{name}: 0 to {most}, not {seconds}")))
    }
}

/// One load on one target.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Load {
    watch: Watch,
    machine: Mutex<Option<Machine>>,
}

#[pymethods]
impl Load {
    #[new]
    #[pyo3(signature = (
        *, protocol, host, port, requests, callers, threads, seconds, timeout_seconds, depth = 1, on_wire = 1, sockets = 1,
        rate = None, keeps_alive = true, warm_seconds = 0.0
    ))]
    #[allow(clippy::too_many_arguments, reason = "as Python calls it")]
    fn new(
        py: Python<'_>,
        protocol: &str,
        host: &str,
        port: u16,
        requests: Vec<Vec<u8>>,
        callers: usize,
        threads: usize,
        seconds: f64,
        timeout_seconds: f64,
        depth: usize,
        on_wire: usize,
        sockets: usize,
        rate: Option<f64>,
        keeps_alive: bool,
        warm_seconds: f64,
    ) -> PyResult<Self> {
        let protocol = match protocol {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            other => return Err(PyValueError::new_err(format!("protocol: tcp or udp, not {other}"))),
        };
        let mut plan = Plan {
            protocol,
            target: ([127, 0, 0, 1], port).into(),
            requests,
            callers,
            depth,
            on_wire,
            sockets,
            rate,
            keeps_alive,
            threads,
            warm_ns: nanoseconds("warm_seconds", warm_seconds, 86_400.0)?,
            seconds_ns: nanoseconds("seconds", seconds, 604_800.0)?,
            timeout_ns: nanoseconds("timeout_seconds", timeout_seconds, 600.0)?,
        };
        plan.check().map_err(PyValueError::new_err)?;
        plan.target = resolved(py, host, port)?;
        let machine = py.detach(|| Machine::new(&Arc::new(plan)))?;
        Ok(Self { watch: machine.watch(), machine: Mutex::new(Some(machine)) })
    }

    fn begin(&self) {
        self.watch.begin();
    }

    fn stop(&self) {
        self.watch.stop();
    }

    fn progress(&self) -> BTreeMap<&'static str, u64> {
        let found = self.watch.progress();
        BTreeMap::from([
            ("connected", found.connected as u64),
            ("good", found.good),
            ("refused", found.refused),
            ("failed", found.failed),
            ("ready", u64::from(found.ready)),
            ("over", u64::from(found.over)),
        ])
    }

    fn wait(&self, py: Python<'_>, seconds: f64) -> PyResult<bool> {
        let most = Duration::from_nanos(nanoseconds("seconds", seconds, WAIT_SECONDS_MAX)?);
        Ok(py.detach(|| self.watch.wait(most)))
    }

    fn finish(&self, py: Python<'_>) -> PyResult<LoadFound> {
        let taken = self.machine.lock().unwrap_or_else(PoisonError::into_inner).take();
        let machine = taken.ok_or_else(|| PyRuntimeError::new_err("a load is finished once"))?;
        Ok(LoadFound(py.detach(|| machine.finish())?))
    }
}

/// What one load found.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct LoadFound(Found);

#[pymethods]
impl LoadFound {
    #[getter]
    fn seconds(&self) -> f64 {
        self.0.window_ns as f64 / SECOND_NS as f64
    }

    #[getter]
    fn good(&self) -> u64 {
        self.0.good
    }

    #[getter]
    fn codes(&self) -> BTreeMap<String, u64> {
        self.0.codes.clone()
    }

    #[getter]
    fn failures(&self) -> BTreeMap<&'static str, u64> {
        let counted = Failure::ALL.iter().map(|why| (why.name(), self.0.failures[*why as usize]));
        counted.filter(|(_, count)| *count > 0).collect()
    }

    #[getter]
    fn late(&self) -> u64 {
        self.0.late
    }

    #[getter]
    fn reconnected(&self) -> u64 {
        self.0.reconnected
    }

    #[getter]
    fn answer_bytes(&self) -> u64 {
        self.0.bytes
    }

    #[getter]
    fn processor_seconds(&self) -> f64 {
        self.0.spent_ns as f64 / SECOND_NS as f64
    }

    #[getter]
    fn latencies(&self) -> Vec<(u64, u64)> {
        Found::recorded(&self.0.latency)
    }

    #[getter]
    fn lags(&self) -> Vec<(u64, u64)> {
        Found::recorded(&self.0.lag)
    }
}
