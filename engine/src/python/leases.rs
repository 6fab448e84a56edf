//! `Leases`

use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::engine::Engine as Machine;
use crate::lease::{LeaseSize, Mode};

/// How far this node may spend of what it shares with others.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Leases(pub Arc<Machine>);

#[pymethods]
impl Leases {
    /// Set how large the leases of keys admitted from now on are.
    #[pyo3(signature = (*, seconds, least, most))]
    fn set_size(&self, seconds: f64, least: u32, most: u32) -> PyResult<()> {
        if !(seconds > 0.0 && seconds <= 60.0 && least >= 1 && least <= most) {
            return Err(PyValueError::new_err("a lease is worth 0 to 60 seconds, and 1 <= least <= most"));
        }
        self.shared().set_size(LeaseSize { seconds, least, most });
        Ok(())
    }

    /// Return what up to `most` keys have spent, for the authority, and remember what was told.
    fn collect<'py>(&self, py: Python<'py>, most: usize) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.shared().collect(most, self.0.shared().clock.monotonic_ns()))
    }

    /// Take in what the authority answered to what was collected last.
    fn settle(&self, answer: &[u8], authority_us: u64) -> PyResult<()> {
        let now_ns = self.0.shared().clock.monotonic_ns();
        let fits = self.shared().settle(answer, authority_us, now_ns);
        fits.then_some(()).ok_or_else(|| PyValueError::new_err("the answer is not one to what was collected"))
    }

    /// Take back what was collected last: it is told again.
    fn take_back(&self) {
        self.shared().take_back();
    }

    /// Be in touch with the authority.
    fn lead(&self, stretch: f64) {
        self.shared().lead(stretch);
    }

    /// Be out of touch: only what is left of the leases is spent.
    fn cut(&self) {
        self.shared().cut();
    }

    /// Spend one of `nodes` equal shares from now on.
    fn share(&self, nodes: u32) {
        self.shared().share(nodes, self.0.shared().clock.monotonic_ns());
    }

    /// How the node stands.
    #[getter]
    fn mode(&self) -> &'static str {
        match self.shared().mode() {
            Mode::Alone => "alone",
            Mode::Leased => "leased",
            Mode::Cut => "cut",
            Mode::Shared => "shared",
        }
    }

    /// How many keys have something to tell.
    fn __len__(&self) -> usize {
        self.shared().waiting()
    }
}

impl Leases {
    fn shared(&self) -> &crate::lease::Leases {
        self.0.shared().keys.leases()
    }
}
