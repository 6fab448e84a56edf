//! `Governor`

use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::clock::SECOND_NS;
use crate::engine::Engine as Machine;
use crate::governor::{LEVEL, Orders};

/// Longest an answer may take, or a newcomer wait.
const SECONDS: std::ops::RangeInclusive<f64> = 0.0..=60.0;

/// What is shed when there is too much to do.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Governor(pub Arc<Machine>);

#[pymethods]
impl Governor {
    /// Go by these orders from the next request on.
    #[pyo3(signature = (*, level, connections_most, late_seconds, delay_seconds, datagrams_most, salt))]
    fn obey(
        &self,
        level: f64,
        connections_most: u32,
        late_seconds: f64,
        delay_seconds: f64,
        datagrams_most: u32,
        salt: u32,
    ) -> PyResult<()> {
        if !LEVEL.contains(&level) || !SECONDS.contains(&late_seconds) || !SECONDS.contains(&delay_seconds) {
            return Err(PyValueError::new_err("level: 0 to 4; late_seconds and delay_seconds: 0 to 60"));
        }
        let nanoseconds = |seconds: f64| (seconds * SECOND_NS as f64) as u64;
        let (late_ns, delay_ns) = (nanoseconds(late_seconds), nanoseconds(delay_seconds));
        self.0.shared().governor.obey(&Orders { level, connections_most, late_ns, delay_ns, datagrams_most, salt });
        Ok(())
    }

    /// Shed nothing, look at nothing.
    fn rest(&self) {
        self.0.shared().governor.rest();
    }
}
