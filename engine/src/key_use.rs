//! What one key was granted and refused, and when it asked last: for whoever watches, not for whoever bills.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A key's counts since it was admitted. They outlive a change of its policy, and go with the key.
#[derive(Debug, Default)]
pub struct KeyUse {
    granted: AtomicU64,
    refused: AtomicU64,
    last_ns: AtomicU64,
}

/// A key's counts at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    /// Requests it was let in with.
    pub granted: u64,
    /// Requests it was refused.
    pub refused: u64,
    /// When it asked last, by the monotonic clock; 0: never.
    pub last_ns: u64,
}

impl KeyUse {
    /// Return counts that go on from those of another.
    pub fn continued(from: &Self) -> Self {
        let used = from.read();
        Self { granted: used.granted.into(), refused: used.refused.into(), last_ns: used.last_ns.into() }
    }

    /// Count one request.
    #[inline]
    pub fn note(&self, is_granted: bool, monotonic_ns: u64) {
        (if is_granted { &self.granted } else { &self.refused }).fetch_add(1, Relaxed);
        self.last_ns.store(monotonic_ns, Relaxed);
    }

    /// Return the counts.
    pub fn read(&self) -> Used {
        Used { granted: self.granted.load(Relaxed), refused: self.refused.load(Relaxed), last_ns: self.last_ns.load(Relaxed) }
    }
}
