//! One writer's row of records.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::keeper::Shared;
use super::mapped::Mapped;
use super::segment::Start;
use crate::record::Entry;
use crate::sources::SourceId;

/// The spool as one thread writes it. No call waits for the disk, a lock or another thread.
///
/// Dropped without `seal`, it leaves its segment as a killed process would: every record is there for `recover`.
#[derive(Debug)]
pub struct Lane {
    shared: Arc<Shared>,
    thread: usize,
    current: Option<Mapped>,
    next_sequence: u64,
    lost: u64,
    seen_used_at_ns: Option<u64>,
}

impl Lane {
    pub(super) fn new(shared: Arc<Shared>, thread: usize) -> Self {
        Self { shared, thread, current: None, next_sequence: 1, lost: 0, seen_used_at_ns: None }
    }

    /// Write a record and return its sequence, or None when there was no room: it is lost, and the caller counts it.
    ///
    /// A lost record has used up its sequence, so that whoever reconciles sees the gap. A spool without a directory
    /// keeps nothing and loses nothing: sequences just go up.
    #[inline]
    pub fn append(&mut self, entry: &Entry<'_>) -> Option<u64> {
        match &mut self.current {
            Some(segment) if segment.has_room() && segment.knows(entry.source) => {
                self.next_sequence += 1;
                Some(segment.append(entry))
            }
            _ => self.append_after_turning(entry),
        }
    }

    /// The rare case: a first record, a full segment, or a source met for the first time.
    #[cold]
    fn append_after_turning(&mut self, entry: &Entry<'_>) -> Option<u64> {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        if self.shared.directory.is_none() {
            return Some(sequence);
        }
        let lost_before = self.lost;
        let Some(segment) = self.segment_with_room(sequence, entry.time_ns, lost_before) else {
            self.lost += 1;
            return None;
        };
        if segment.knows(entry.source) {
            return Some(segment.append(entry));
        }
        let sources = Arc::clone(&self.shared.sources);
        let segment = self.current.as_mut()?;
        segment.learn(&sources.all());
        let source = if segment.knows(entry.source) { entry.source } else { SourceId::default() };
        Some(segment.append(&Entry { source, ..*entry }))
    }

    fn segment_with_room(&mut self, first_sequence: u64, created_ns: u64, lost_before: u64) -> Option<&mut Mapped> {
        if self.current.as_ref().is_some_and(|segment| !segment.has_room()) {
            self.seal();
        }
        if self.current.is_none() {
            let mut spare = self.shared.take_spare(self.thread)?;
            spare.begin(&Start { first_sequence, created_ns, lost_before });
            self.seen_used_at_ns = None;
            self.current = Some(spare);
        }
        self.current.as_mut().filter(|segment| segment.has_room())
    }

    /// Seal the segment if it has been in use for `segment_ns`. To be called now and then, with the monotonic clock's time.
    ///
    /// Age counts from the first call after the first record. A segment without a successor goes on until it is full:
    /// on a full disk its room is all there is.
    pub fn tick(&mut self, now_monotonic_ns: u64) {
        if self.current.is_none() {
            return;
        }
        let since = *self.seen_used_at_ns.get_or_insert(now_monotonic_ns);
        if now_monotonic_ns.saturating_sub(since) >= self.shared.segment_ns.load(Relaxed) && self.shared.has_spare(self.thread) {
            self.seal();
        }
    }

    /// Hand the segment, if there is one, to be sealed. `Spool::seal_finished` waits until it is.
    pub fn seal(&mut self) {
        if let Some(segment) = self.current.take() {
            self.seen_used_at_ns = None;
            // Refused only when the disk is far behind; it stays ours, and full or not is tried again.
            self.current = self.shared.hand_over(self.thread, segment).err();
        }
    }

    /// Return the sequence the next record will have.
    pub fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// Return how many records were lost for want of room.
    pub fn lost(&self) -> u64 {
        self.lost
    }
}
