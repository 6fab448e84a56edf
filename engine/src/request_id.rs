//! Request ids: 60 bits, unique on a node, in the order of time; told as 12 characters of Crockford's base 32.

/// Bytes of an id as text.
pub const ID_BYTES: usize = 12;

/// The most threads that can make ids, Python's lane among them.
pub const THREADS_MAX: usize = 64;

const SEQUENCE_BITS: u32 = 12;
const THREAD_BITS: u32 = 6;
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The ids of one thread.
#[derive(Debug)]
pub struct RequestIds {
    thread: u64,
    /// Milliseconds of Unix time, and a count within them.
    last: u64,
}

impl RequestIds {
    /// Return the ids of one thread. `thread` is below `THREADS_MAX`.
    pub fn new(thread: usize) -> Self {
        Self { thread: (thread % THREADS_MAX) as u64, last: 0 }
    }

    /// Return the next id. When a millisecond is used up, the next one is begun early.
    #[inline]
    pub fn next(&mut self, wall_ns: u64) -> u64 {
        self.last = ((wall_ns / 1_000_000) << SEQUENCE_BITS).max(self.last + 1);
        let (milliseconds, sequence) = (self.last >> SEQUENCE_BITS, self.last & ((1 << SEQUENCE_BITS) - 1));
        (milliseconds << (SEQUENCE_BITS + THREAD_BITS) | self.thread << SEQUENCE_BITS | sequence) & ((1 << 60) - 1)
    }
}

/// Return an id as callers see it.
#[inline]
pub fn text_of(id: u64) -> [u8; ID_BYTES] {
    let mut text = [0; ID_BYTES];
    let mut shift = 60;
    for letter in &mut text {
        shift -= 5;
        *letter = ALPHABET[(id >> shift & 31) as usize];
    }
    text
}

/// Return the id that `text_of` made this text from, or None when it made no such text.
pub fn id_of(text: &[u8]) -> Option<u64> {
    if text.len() != ID_BYTES {
        return None;
    }
    text.iter().try_fold(0, |id, letter| {
        let digit = ALPHABET.iter().position(|known| known == letter)?;
        Some(id << 5 | digit as u64)
    })
}

/// Return whether a caller's own id may be echoed: 1 to 64 characters that need no escaping anywhere.
pub fn is_echoable(id: &[u8]) -> bool {
    (1..=64).contains(&id.len()) && id.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_rise_whatever_the_clock_does_and_read_back(times in prop::collection::vec(0_u64..4_000_000_000_000_000_000, 1..100)) {
            let mut ids = RequestIds::new(3);
            let mut last = None;
            for wall_ns in times {
                let id = ids.next(wall_ns);
                prop_assert!(last < Some(id) && id >> 60 == 0);
                prop_assert_eq!(id_of(&text_of(id)), Some(id));
                last = Some(id);
            }
        }
    }

    #[test]
    fn two_threads_never_make_the_same_id() {
        let (mut one, mut other) = (RequestIds::new(0), RequestIds::new(1));
        let mut ids: Vec<u64> = (0..10_000).flat_map(|_| [one.next(1), other.next(1)]).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 20_000);
    }

    #[test]
    fn text_sorts_as_the_ids_do() {
        let mut ids = RequestIds::new(0);
        let (early, late) = (ids.next(1_795_160_400_000_000_000), ids.next(1_795_160_400_001_000_000));
        assert!(text_of(early) < text_of(late));
        assert_eq!(id_of(b"too short"), None);
        assert_eq!(id_of(b"01JD4Q6T3V8U"), None);
    }

    #[test]
    fn only_plain_ids_are_echoed() {
        assert!(is_echoable(b"a-b_c.D9") && !is_echoable(b"") && !is_echoable(b"a b") && !is_echoable(b"\"") && !is_echoable(&[b'a'; 65]));
    }
}
