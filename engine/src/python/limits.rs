//! `Limits`

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::clock::SECOND_NS;
use crate::limits::Limits as Bounds;

/// Bounds on what the engine gives to callers it knows nothing of. Every wait and every queue has one.
#[pyclass(frozen, module = "trinity_beast.engine")]
pub struct Limits(pub Bounds);

/// Return a whole number of one bound's kind if it is in its range.
fn whole(name: &str, value: i64, least: i64, most: i64) -> PyResult<usize> {
    if (least..=most).contains(&value) {
        Ok(value as usize)
    } else {
        Err(PyValueError::new_err(format!("{name}: {least} to {most}, not {value}")))
    }
}

/// Return seconds in nanoseconds if they are more than zero and no more than a day.
fn seconds(name: &str, value: f64) -> PyResult<u64> {
    if value > 0.0 && value <= 86_400.0 {
        Ok((value * SECOND_NS as f64) as u64)
    } else {
        Err(PyValueError::new_err(format!("{name}: more than 0, at most 86400 seconds, not {value}")))
    }
}

#[pymethods]
impl Limits {
    /// Take the bounds given, the rest by default.
    #[new]
    #[pyo3(signature = (
        *, header_bytes_max = 16_384, header_seconds = 10.0, idle_seconds = 75.0, connections_max = 16_000,
        connections_per_address_max = 12_000, unsent_bytes_max = 262_144, unsent_seconds = 20.0, handed_max = 1_024,
        questions_max = 4_096, question_seconds = 5.0, assets_per_request_max = 1_000, assets_per_datagram_max = 8,
        datagram_bytes_max = 1_200, segment_bytes = 4_194_304, segment_seconds = 1.0
    ))]
    #[allow(clippy::too_many_arguments, reason = "as Python calls it: each by its name")]
    fn new(
        header_bytes_max: i64,
        header_seconds: f64,
        idle_seconds: f64,
        connections_max: i64,
        connections_per_address_max: i64,
        unsent_bytes_max: i64,
        unsent_seconds: f64,
        handed_max: i64,
        questions_max: i64,
        question_seconds: f64,
        assets_per_request_max: i64,
        assets_per_datagram_max: i64,
        datagram_bytes_max: i64,
        segment_bytes: i64,
        segment_seconds: f64,
    ) -> PyResult<Self> {
        Ok(Self(Bounds {
            header_bytes_max: whole("header_bytes_max", header_bytes_max, 256, 1 << 20)?,
            header_ns: seconds("header_seconds", header_seconds)?,
            idle_ns: seconds("idle_seconds", idle_seconds)?,
            connections_max: whole("connections_max", connections_max, 1, 1_000_000)?,
            connections_per_address_max: whole("connections_per_address_max", connections_per_address_max, 1, 1_000_000)? as u32,
            unsent_bytes_max: whole("unsent_bytes_max", unsent_bytes_max, 1_024, 1 << 30)?,
            unsent_ns: seconds("unsent_seconds", unsent_seconds)?,
            handed_max: whole("handed_max", handed_max, 1, 1_000_000)?,
            questions_max: whole("questions_max", questions_max, 1, 1_000_000)?,
            question_ns: seconds("question_seconds", question_seconds)?,
            assets_per_request_max: whole("assets_per_request_max", assets_per_request_max, 1, 10_000)?,
            assets_per_datagram_max: whole("assets_per_datagram_max", assets_per_datagram_max, 1, 8)?,
            datagram_bytes_max: whole("datagram_bytes_max", datagram_bytes_max, 64, 1_200)?,
            segment_bytes: whole("segment_bytes", segment_bytes, 16_384, 1 << 30)?,
            segment_ns: seconds("segment_seconds", segment_seconds)?,
        }))
    }
}
