//! The engine as Python sees it. The only file that names PyO3.

use pyo3::prelude::*;

/// The compiled engine.
#[pymodule]
mod engine {}
