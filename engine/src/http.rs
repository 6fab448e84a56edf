//! HTTP/1.1 as the engine speaks it: read strictly, answered for the price routes, everything else handed over.

pub mod answer;
pub mod clerk;
pub mod connection;
pub mod floor;
pub mod poll;
pub mod reader;
pub mod route;
