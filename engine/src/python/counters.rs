//! `Counters`, `Blocklist` and `Tries`

use std::collections::BTreeMap;
use std::sync::Arc;

use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::blocklist::Network;
use crate::clock::SECOND_NS;
use crate::counters::{ALL, Counter, NAMES, named};
use crate::engine::Engine as Machine;
use crate::keys::Channel;
use crate::latency::Way;
use crate::looks::Looks;
use crate::ratelimit::{pairs_of, write_tries};
use crate::tries::{Bounds, Origin, Wrong};

/// What the engine has counted since it started, summed over its threads at each reading.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Counters(pub Arc<Machine>);

/// All nanoseconds together, and each bucket that is not empty with its count.
type Took = (u64, Vec<(usize, u64)>);

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

    /// Return how long answers took, by way: all nanoseconds together, and each bucket that is not empty with its count.
    fn latencies(&self) -> BTreeMap<&'static str, Took> {
        let counters = &self.0.shared().counters;
        let told = |way: Way| {
            let sum = counters.took(way);
            (way.name(), (sum.sum_ns, sum.buckets().collect()))
        };
        Way::ALL.map(told).into()
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
    /// Refuse `network` for `seconds`; for ever where they are None.
    #[pyo3(signature = (network, *, seconds))]
    fn block(&self, network: &str, seconds: Option<f64>) -> PyResult<()> {
        let until_ns = seconds.map_or(Ok(u64::MAX), |seconds| until(&self.0, seconds))?;
        let shared = self.0.shared();
        shared.blocklist.block(network_of(network)?, until_ns, shared.clock.monotonic_ns());
        Ok(())
    }

    /// Lift a block; whether there was one.
    fn unblock(&self, network: &str) -> PyResult<bool> {
        Ok(self.0.shared().blocklist.unblock(network_of(network)?))
    }

    /// Return whether an address is refused now.
    fn refuses(&self, address: &str) -> PyResult<bool> {
        let shared = self.0.shared();
        let wrong = |_| PyValueError::new_err(format!("address: an IP address, not {address:?}"));
        let address = address.split_once('%').map_or(address, |(address, _zone)| address).parse().map_err(wrong)?;
        Ok(shared.blocklist.refuses(address, shared.clock.monotonic_ns()))
    }

    /// Return each blocked network with the seconds it has left.
    fn entries(&self) -> Vec<(String, f64)> {
        let shared = self.0.shared();
        let entries = shared.blocklist.entries(shared.clock.monotonic_ns());
        entries.into_iter().map(|(network, seconds)| (network.to_string(), seconds)).collect()
    }
}

/// How often an address may be wrong about a key.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Tries(pub Arc<Machine>);

type Fields = Vec<(String, String)>;

/// Most wrong keys a bound may allow, and its longest time.
const MOST: std::ops::RangeInclusive<u32> = 1..=1_000_000;
const SECONDS: std::ops::RangeInclusive<f64> = 0.001..=86_400.0;

fn origin_of(text: &str) -> PyResult<Origin> {
    let address = text.parse().map_err(|_| PyValueError::new_err(format!("address: an IP address, not {text:?}")))?;
    Ok(Origin::new(address, Channel::Header))
}

#[pymethods]
impl Tries {
    /// Go by other bounds from the next wrong key on.
    #[pyo3(signature = (*, most, window_seconds, pause_seconds))]
    fn set_bounds(&self, most: i64, window_seconds: f64, pause_seconds: f64) -> PyResult<()> {
        let nanoseconds = |name, seconds: f64| {
            let told = || PyValueError::new_err(format!("{name}: 0.001 to 86400 seconds, not {seconds}"));
            SECONDS.contains(&seconds).then_some((seconds * SECOND_NS as f64) as u64).ok_or_else(told)
        };
        let fits = u32::try_from(most).ok().filter(|most| MOST.contains(most));
        let most = fits.ok_or_else(|| PyValueError::new_err(format!("most: 1 to 1,000,000 keys, not {most}")))?;
        let (window_ns, pause_ns) = (nanoseconds("window_seconds", window_seconds)?, nanoseconds("pause_seconds", pause_seconds)?);
        self.0.shared().tries.set_bounds(Bounds { most, window_ns, pause_ns });
        Ok(())
    }

    /// Look no more than so many keys up in a second, of each kind of caller, that turn out to be nobody's.
    #[pyo3(signature = (*, per_second))]
    fn set_guesses(&self, per_second: i64) -> PyResult<()> {
        let fits = u32::try_from(per_second).ok().filter(|rate| Looks::PER_SECOND.contains(rate));
        let told = || PyValueError::new_err(format!("per_second: 1 to 500,000 keys, not {per_second}"));
        self.0.shared().looks.set_rate(fits.ok_or_else(told)?);
        Ok(())
    }

    /// Count a wrong key that Python has refused; whether that spent the address's tries.
    fn fail(&self, address: &str, secret: &str) -> PyResult<bool> {
        let shared = self.0.shared();
        Ok(shared.tries.fail(origin_of(address)?, secret.as_bytes(), shared.clock.monotonic_ns()))
    }

    /// Return the addresses that were wrong lately, the worst first: network, `http` or `udp`, wrong keys, seconds of the pause.
    #[pyo3(signature = (*, most))]
    fn worst(&self, most: usize) -> Vec<(String, &'static str, u32, f64)> {
        let shared = self.0.shared();
        let told = |wrong: Wrong| {
            let network = if wrong.address.is_ipv6() { format!("{}/64", wrong.address) } else { wrong.address.to_string() };
            (network, if wrong.is_claimed { "udp" } else { "http" }, wrong.keys, wrong.paused_ns as f64 / SECOND_NS as f64)
        };
        shared.tries.worst(most, shared.clock.monotonic_ns()).into_iter().map(told).collect()
    }

    /// Return the rate-limit fields and the whole seconds left while no unknown key of `address` is looked up, else None.
    fn spent(&self, address: &str) -> PyResult<Option<(u64, Fields)>> {
        let shared = self.0.shared();
        let left_ns = shared.tries.pause_left_ns(origin_of(address)?, shared.clock.monotonic_ns());
        let mut fields = Vec::new();
        write_tries(&mut fields, &shared.tries.bounds(), left_ns);
        Ok((left_ns > 0).then(|| (left_ns.div_ceil(SECOND_NS), pairs_of(&fields))))
    }
}

/// Return the monotonic time that is so many seconds ahead.
pub fn until(machine: &Machine, seconds: f64) -> PyResult<u64> {
    if seconds.is_nan() || seconds < 0.0 {
        return Err(PyValueError::new_err(format!("seconds: zero or more, not {seconds}")));
    }
    Ok(machine.shared().clock.monotonic_ns().saturating_add((seconds * SECOND_NS as f64) as u64))
}
