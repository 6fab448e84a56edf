//! The data half of Trinity Beast: it answers the prices it knows, for the keys it knows, and waits for nothing.

pub mod bell;
pub mod blocklist;
pub mod book;
pub mod bucket;
pub mod calendar;
pub mod clock;
pub mod code;
pub mod counters;
pub mod crowd;
pub mod datagram;
pub mod desk;
pub mod door;
pub mod engine;
pub mod http;
pub mod inbox;
pub mod json;
pub mod keys;
pub mod lease;
pub mod limits;
pub mod memo;
#[cfg(feature = "extension")]
mod python;
pub mod questions;
pub mod quota;
pub mod ratelimit;
pub mod record;
pub mod request_id;
pub mod shared;
pub mod sources;
pub mod spool;
pub mod tally;
pub mod texts;
pub mod thread;
pub mod udp;
pub mod usage;
pub mod words;
