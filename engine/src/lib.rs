//! The data half of Trinity Beast: it answers the prices it knows, for the keys it knows, and waits for nothing.

pub mod datagram;
#[cfg(feature = "extension")]
mod python;
pub mod record;
pub mod sources;
pub mod spool;
pub mod words;
