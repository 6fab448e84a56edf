//! Prices over UDP.

pub mod answer;
pub mod batch;
pub mod socket;
