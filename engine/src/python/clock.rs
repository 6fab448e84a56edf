//! `Clock`

use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::clock::Clock as Hands;

/// The engine's time, guarded: a step of the wall clock is counted and not followed.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Clock(pub Arc<Hands>);

#[pymethods]
impl Clock {
    /// Return the machine's clock.
    #[staticmethod]
    fn system() -> Self {
        Self(Arc::new(Hands::system()))
    }

    /// Return a clock that stands still until told, for tests.
    #[staticmethod]
    fn manual(wall_ns: u64, monotonic_ns: u64) -> PyResult<Self> {
        if wall_ns > i64::MAX as u64 || monotonic_ns > i64::MAX as u64 {
            return Err(PyValueError::new_err("wall_ns, monotonic_ns: below 2**63"));
        }
        Ok(Self(Arc::new(Hands::manual(wall_ns, monotonic_ns))))
    }

    /// Return Unix time as the engine reckons it.
    fn wall_ns(&self) -> u64 {
        self.0.wall_ns()
    }

    /// Return nanoseconds that also pass while the machine sleeps.
    fn monotonic_ns(&self) -> u64 {
        self.0.monotonic_ns()
    }

    /// Return how often the wall clock was seen to jump by more than a second.
    fn steps(&self) -> u64 {
        self.0.steps()
    }

    /// Move a manual clock, wall and monotonic together.
    fn advance(&self, nanoseconds: i64) -> PyResult<()> {
        let ahead = u64::try_from(nanoseconds).map_err(|_| PyValueError::new_err("nanoseconds: zero or more"))?;
        if self.0.advance(ahead) { Ok(()) } else { Err(not_manual()) }
    }

    /// Jump a manual clock's wall time only, as an operator or NTP would.
    fn step_wall(&self, nanoseconds: i64) -> PyResult<()> {
        if self.0.step_wall(nanoseconds) { Ok(()) } else { Err(not_manual()) }
    }
}

fn not_manual() -> PyErr {
    PyValueError::new_err("this is the machine's clock: nobody moves it from here")
}
