//! The engine as Python sees it. This file and those of its folder are the only ones that name `PyO3`.

mod segments;

use pyo3::prelude::*;

/// The compiled engine.
#[pymodule]
mod engine {
    #[pymodule_export]
    use super::segments::{Segment, read_segment, spool_segments};
}
