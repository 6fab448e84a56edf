//! The engine as Python sees it, as `engine.pyi` says it. This file and those below it are the only ones that name PyO3.
//!
//! Nothing here holds a lock while it waits for Python, and what may wait lets other Python threads run meanwhile.

mod book;
mod clock;
mod counters;
mod door;
mod governor;
mod intake;
mod keys;
mod leases;
mod limits;
mod quotas;
mod segments;
mod spool;
mod stress;
mod usage;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::code::Code;
use crate::engine::{Engine as Machine, THREADS};
use crate::intake::Intake as Taker;
use crate::request_id::text_of;
use crate::shared::{Identity, Settings};
use crate::spool::NODE_BYTES_MAX;
use crate::texts::{Refusal as Said, Texts};

/// The compiled engine.
#[pymodule]
mod engine {
    #[pymodule_export]
    use super::book::{Book, Reading};
    #[pymodule_export]
    use super::clock::Clock;
    #[pymodule_export]
    use super::counters::{Blocklist, Counters, Tries};
    #[pymodule_export]
    use super::door::{Door, Handed, Questions, Wanted};
    #[pymodule_export]
    use super::governor::Governor;
    #[pymodule_export]
    use super::intake::{Inlet, Intake, News, read_frame};
    #[pymodule_export]
    use super::keys::{KeyUse, Keys, Policy, Standing, Verdict};
    #[pymodule_export]
    use super::leases::Leases;
    #[pymodule_export]
    use super::limits::Limits;
    #[pymodule_export]
    use super::quotas::Quotas;
    #[pymodule_export]
    use super::segments::{Segment, read_segment, spool_segments};
    #[pymodule_export]
    use super::spool::Spool;
    #[pymodule_export]
    use super::stress::{Load, LoadFound};
    #[pymodule_export]
    use super::usage::{UsageBatch, UsageRows, usage_words};
    #[pymodule_export]
    use super::{Engine, Refusal};
}

/// One node's engine. Built once; started and stopped once.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Engine {
    machine: Arc<Machine>,
    intake: Arc<Taker>,
}

#[pymethods]
impl Engine {
    /// Prepare an engine; nothing listens yet.
    #[new]
    #[pyo3(signature = (*, node, region, version, digest_secret, spool_directory, quota_directory = None, threads, clock, limits))]
    #[allow(clippy::too_many_arguments, clippy::needless_pass_by_value, reason = "as Python calls it")]
    fn new(
        py: Python<'_>,
        node: String,
        region: String,
        version: String,
        digest_secret: Vec<u8>,
        spool_directory: Option<PathBuf>,
        quota_directory: Option<PathBuf>,
        threads: usize,
        clock: &clock::Clock,
        limits: &limits::Limits,
    ) -> PyResult<Self> {
        for (name, text) in [("node", &node), ("region", &region), ("version", &version)] {
            if !(1..=NODE_BYTES_MAX).contains(&text.len()) {
                return Err(PyValueError::new_err(format!("{name}: 1 to {NODE_BYTES_MAX} bytes, not {}", text.len())));
            }
        }
        if !THREADS.contains(&threads) {
            return Err(PyValueError::new_err(format!("threads: {} to {}, not {threads}", THREADS.start(), THREADS.end())));
        }
        if digest_secret.is_empty() {
            return Err(PyValueError::new_err("digest_secret: at least one byte"));
        }
        let identity = Identity { node, region, version };
        let (clock, limits) = (Arc::clone(&clock.0), limits.0.clone());
        let settings = Settings { identity, digest_secret, spool_directory, quota_directory, threads, clock, limits };
        let machine = py.detach(|| Machine::new(settings))?;
        let intake = Arc::new(Taker::new(Arc::clone(machine.shared())));
        Ok(Self { machine: Arc::new(machine), intake })
    }

    /// The prices.
    #[getter]
    fn book(&self) -> book::Book {
        book::Book(Arc::clone(&self.machine))
    }

    /// What the venues print.
    #[getter]
    fn intake(&self) -> intake::Intake {
        intake::Intake(Arc::clone(&self.intake))
    }

    /// The keys.
    #[getter]
    fn keys(&self) -> keys::Keys {
        keys::Keys(Arc::clone(&self.machine))
    }

    /// The quotas that come in blocks.
    #[getter]
    fn quotas(&self) -> quotas::Quotas {
        quotas::Quotas(Arc::clone(&self.machine))
    }

    /// What is shed when there is too much to do.
    #[getter]
    fn governor(&self) -> governor::Governor {
        governor::Governor(Arc::clone(&self.machine))
    }

    /// What this node shares with others.
    #[getter]
    fn leases(&self) -> leases::Leases {
        leases::Leases(Arc::clone(&self.machine))
    }

    /// The addresses that are refused.
    #[getter]
    fn blocklist(&self) -> counters::Blocklist {
        counters::Blocklist(Arc::clone(&self.machine))
    }

    /// How often addresses were wrong about keys.
    #[getter]
    fn tries(&self) -> counters::Tries {
        counters::Tries(Arc::clone(&self.machine))
    }

    /// What was counted.
    #[getter]
    fn counters(&self) -> counters::Counters {
        counters::Counters(Arc::clone(&self.machine))
    }

    /// The usage records.
    #[getter]
    fn spool(&self) -> spool::Spool {
        spool::Spool(Arc::clone(&self.machine))
    }

    /// The way to the Python HTTP server.
    #[getter]
    fn door(&self) -> door::Door {
        door::Door(Arc::clone(&self.machine))
    }

    /// The keys the engine has not heard of.
    #[getter]
    fn questions(&self) -> door::Questions {
        door::Questions(Arc::clone(&self.machine))
    }

    /// The prices that are fetched on demand.
    #[getter]
    fn wanted(&self) -> door::Wanted {
        door::Wanted(Arc::clone(&self.machine))
    }

    /// Replace the texts of what the engine refuses by itself, effective from the next answer on.
    #[allow(clippy::needless_pass_by_value, reason = "as Python calls it")]
    fn set_refusals(&self, refusals: Vec<PyRef<'_, Refusal>>) {
        let said: Vec<Said> = refusals.iter().filter_map(|refusal| refusal.said.clone()).collect();
        self.machine.shared().texts.store(Arc::new(Texts::with(&said)));
    }

    /// Put other bounds in force from the next request on, as far as they can change while the engine runs.
    fn set_limits(&self, limits: &limits::Limits) {
        self.machine.set_limits(&limits.0);
    }

    /// Return a new request id, for a request that Python answers.
    fn request_id(&self) -> String {
        String::from_utf8_lossy(&text_of(self.machine.request_id())).into_owned()
    }

    /// Listen for HTTP/1.1 with one socket per thread and return the port.
    fn listen_http(&self, py: Python<'_>, host: &str, port: u16) -> PyResult<u16> {
        let address = resolved(py, host, port)?;
        Ok(self.machine.listen_http(address)?.port())
    }

    /// Listen for datagrams with one socket per thread and return the port.
    fn listen_udp(&self, py: Python<'_>, host: &str, port: u16) -> PyResult<u16> {
        let address = resolved(py, host, port)?;
        Ok(self.machine.listen_udp(address)?.port())
    }

    /// Start the threads. From here on requests are answered.
    fn start(&self, py: Python<'_>) -> PyResult<()> {
        let is_started = py.detach(|| self.machine.start())?;
        if is_started { Ok(()) } else { Err(PyRuntimeError::new_err("an engine is started once")) }
    }

    /// Close the listeners; open connections finish what is in flight.
    fn stop_accepting(&self) {
        self.machine.stop_accepting();
    }

    /// Stop the threads and seal the spool; how many connections had to be cut.
    fn stop(&self, py: Python<'_>, grace_seconds: f64) -> PyResult<usize> {
        let grace = Duration::try_from_secs_f64(grace_seconds)
            .map_err(|_| PyValueError::new_err(format!("grace_seconds: zero or more, not {grace_seconds}")))?;
        Ok(py.detach(|| self.machine.stop(grace)))
    }
}

/// Return the address of a host; of several, a v4 one.
fn resolved(py: Python<'_>, host: &str, port: u16) -> PyResult<SocketAddr> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(SocketAddr::new(address, port));
    }
    if host == "localhost" {
        return Ok(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port));
    }
    let found: Vec<SocketAddr> = py.detach(|| (host, port).to_socket_addrs())?.collect();
    let chosen = found.iter().find(|address| address.is_ipv4()).or(found.first());
    chosen.copied().ok_or_else(|| PyOSError::new_err(format!("{host} has no address")))
}

/// What the engine says when it refuses: one code, in one language.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Refusal {
    /// None for a code that the engine never says.
    said: Option<Said>,
}

#[pymethods]
impl Refusal {
    #[new]
    #[pyo3(signature = (code, status, title, message, fix, *, language = "en"))]
    #[allow(clippy::needless_pass_by_value, reason = "as Python calls it")]
    fn new(code: String, status: u16, title: String, message: String, fix: String, language: &str) -> PyResult<Self> {
        let Some(code) = Code::named(&code) else { return Ok(Self { said: None }) };
        // A header too large is 431 and a body too large is 413. The engine reads no bodies, so either is taken here.
        if status != code.status() && !(code == Code::RequestTooLarge && status == 413) {
            let told = format!("status: {} travels under {}, not {status}", code.name(), code.status());
            return Err(PyValueError::new_err(told));
        }
        Ok(Self { said: Some(Said { code, language: language.to_owned(), title, message, fix }) })
    }
}
