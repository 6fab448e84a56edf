//! Some of one lane's records, with what is needed to read them anywhere.

use crate::record::Record;
use crate::sources::Source;
use crate::spool::Contents;

/// The most records one batch may have: what a segment may hold is cut into more batches.
pub const RECORDS_MAX: usize = 1 << 20;

/// Some of one lane's records, in the order of their sequences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The node's name.
    pub node: String,
    /// The node's start.
    pub boot: [u8; 16],
    /// The lane.
    pub thread: u16,
    /// The sources that records name by number.
    pub sources: Vec<Source>,
    /// The records; never none, and their sequences rise.
    pub records: Vec<Record>,
}

impl Batch {
    /// Cut a segment into batches of at most `records_max` records. A segment without a whole record gives none.
    ///
    /// The cuts lie at fixed places of the segment, so that the same segment gives the same batches each time.
    pub fn of_segment(contents: &Contents, records_max: usize) -> Vec<Self> {
        let identity = &contents.header.identity;
        let records = contents.records.chunks(records_max.clamp(1, RECORDS_MAX));
        records
            .map(|records| Self {
                node: identity.node.clone(),
                boot: identity.boot,
                thread: identity.thread,
                sources: contents.header.sources.clone(),
                records: records.to_vec(),
            })
            .collect()
    }

    /// Cut the batch into batches of at most `records_max` records, for a carrier that takes no larger ones.
    pub fn cut(&self, records_max: usize) -> Vec<Self> {
        let cut = |records: &[Record]| Self { records: records.to_vec(), node: self.node.clone(), sources: self.sources.clone(), ..*self };
        self.records.chunks(records_max.max(1)).map(cut).collect()
    }

    /// Return the sequence of its first record.
    pub fn first_sequence(&self) -> u64 {
        self.records.first().map_or(0, |record| record.sequence)
    }

    /// Return the sequence of its last record.
    pub fn last_sequence(&self) -> u64 {
        self.records.last().map_or(0, |record| record.sequence)
    }
}
