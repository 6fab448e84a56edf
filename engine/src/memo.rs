//! The keys a thread met lately, so that a key that asks again need not be hashed by HMAC again.
//!
//! A memory is found by a 128-bit SipHash of the secret under a key drawn at start: what lies here cannot be turned back
//! into secrets, and nobody outside can make two secrets that collide. What is remembered is a slot, and a slot knows when
//! it is retired; so a revoked key is refused at its very next request.

use std::sync::Arc;

use crate::keys::{Digest, KeySlot, Keys, Known};

/// How many keys are remembered. A power of two.
const PLACES: usize = 1_024;

/// A thread's memory of keys.
#[derive(Debug)]
pub struct Memo {
    hash_key: (u64, u64),
    places: Box<[Place]>,
}

/// A fingerprint and what it stands for.
type Place = Option<(u128, Arc<KeySlot>)>;

/// What a secret turned out to be.
#[derive(Debug)]
pub enum Met<'a> {
    /// An admitted key.
    Admitted(&'a Arc<KeySlot>),
    /// A key refused lately.
    Refused(crate::code::Code),
    /// A key nobody has asked about.
    Unknown(Digest),
}

impl Memo {
    /// Return an empty memory with a key of its own.
    pub fn new(hash_key: (u64, u64)) -> Self {
        Self { hash_key, places: vec![None; PLACES].into() }
    }

    /// Return what a secret is.
    #[inline]
    pub fn meet(&mut self, keys: &Keys, secret: &[u8], monotonic_ns: u64) -> Met<'_> {
        let print = fingerprint(self.hash_key, secret);
        let place = &mut self.places[print as usize & (PLACES - 1)];
        let is_met = matches!(place, Some((known, slot)) if *known == print && !slot.is_retired());
        if !is_met {
            let digest = keys.digest_of(secret);
            match keys.find(&digest, monotonic_ns) {
                Known::Admitted(slot) => *place = Some((print, slot)),
                Known::Refused(code) => return Met::Refused(code),
                Known::Nothing => return Met::Unknown(digest),
            }
        }
        match place {
            Some((_, slot)) => Met::Admitted(slot),
            None => unreachable!("the place was filled just above"),
        }
    }
}

struct Sip(u64, u64, u64, u64);

impl Sip {
    #[inline]
    fn round(&mut self) {
        self.0 = self.0.wrapping_add(self.1);
        self.1 = self.1.rotate_left(13) ^ self.0;
        self.0 = self.0.rotate_left(32);
        self.2 = self.2.wrapping_add(self.3);
        self.3 = self.3.rotate_left(16) ^ self.2;
        self.0 = self.0.wrapping_add(self.3);
        self.3 = self.3.rotate_left(21) ^ self.0;
        self.2 = self.2.wrapping_add(self.1);
        self.1 = self.1.rotate_left(17) ^ self.2;
        self.2 = self.2.rotate_left(32);
    }

    #[inline]
    fn absorb(&mut self, word: u64) {
        self.3 ^= word;
        self.round();
        self.round();
        self.0 ^= word;
    }

    #[inline]
    fn squeeze(&mut self) -> u64 {
        for _ in 0..4 {
            self.round();
        }
        self.0 ^ self.1 ^ self.2 ^ self.3
    }
}

/// SipHash-2-4 with 128 bits of output. Source: Aumasson and Bernstein, <https://github.com/veorq/SipHash>, read 2026-11-20.
#[inline]
fn fingerprint(key: (u64, u64), bytes: &[u8]) -> u128 {
    let mut state = Sip(
        key.0 ^ 0x736f_6d65_7073_6575,
        key.1 ^ 0x646f_7261_6e64_6f6d ^ 0xee,
        key.0 ^ 0x6c79_6765_6e65_7261,
        key.1 ^ 0x7465_6462_7974_6573,
    );
    let words = bytes.chunks_exact(8);
    let (rest, mut last) = (words.remainder(), [0; 8]);
    for word in words {
        state.absorb(u64::from_le_bytes(word.try_into().expect("a chunk of 8 has 8 bytes")));
    }
    last[..rest.len()].copy_from_slice(rest);
    last[7] = bytes.len() as u8;
    state.absorb(u64::from_le_bytes(last));
    state.2 ^= 0xee;
    let low = state.squeeze();
    state.1 ^= 0xdd;
    let high = state.squeeze();
    u128::from(high) << 64 | u128::from(low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::tests::{NOW, policy};

    #[test]
    fn fingerprints_are_siphash_2_4_128() {
        // Source: the reference implementation's vectors for the key 00 01 .. 0f and the inputs of 0 and 15 bytes.
        let key = (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908);
        let empty = fingerprint(key, b"").to_le_bytes();
        assert_eq!(empty, [0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02, 0x93]);
        let fifteen: Vec<u8> = (0..15).collect();
        assert_eq!(
            fingerprint(key, &fifteen).to_le_bytes(),
            [0x54, 0x93, 0xe9, 0x99, 0x33, 0xb0, 0xa8, 0x11, 0x7e, 0x08, 0xec, 0x0f, 0x97, 0xcf, 0xc3, 0xd9]
        );
    }

    #[test]
    fn a_key_is_met_as_the_store_of_keys_has_it_at_that_moment() {
        let (keys, mut memo) = (Keys::new(b"s"), Memo::new((1, 2)));
        let digest = keys.digest_of(b"secret");
        assert!(matches!(memo.meet(&keys, b"secret", 0), Met::Unknown(asked) if asked == digest));
        keys.admit(digest, policy(), NOW);
        assert!(matches!(memo.meet(&keys, b"secret", 0), Met::Admitted(slot) if slot.policy().key_id == 7));
        keys.admit(digest, crate::keys::Policy { key_id: 8, ..policy() }, NOW);
        assert!(matches!(memo.meet(&keys, b"secret", 0), Met::Admitted(slot) if slot.policy().key_id == 8));
        keys.refuse(digest, crate::code::Code::KeyRevoked, 10);
        assert!(matches!(memo.meet(&keys, b"secret", 0), Met::Refused(crate::code::Code::KeyRevoked)));
        assert!(matches!(memo.meet(&keys, b"other", 0), Met::Unknown(_)));
    }
}
