//! Usage on its way to the database: batches of records, packed small to travel, and encoded as `PostgreSQL` reads them.
//!
//! A batch is some of one lane's records, so (node, boot, thread) and a range of sequences name it for ever: whoever
//! stores batches needs to remember only which ranges he has, and may be given each of them any number of times.

mod batch;
mod copy;
mod packed;
mod spread;
mod sum;

pub use batch::{Batch, RECORDS_MAX};
pub use copy::{Counted, DayRows, Numbers, encode};
pub use packed::{PackedError, pack, unpack};
pub use spread::{Spread, spread};
