//! The keys a thread met lately, so that a key that asks again need not be hashed by HMAC again.
//!
//! A memory is found by a 128-bit SipHash of the secret under a key drawn at start: what lies here cannot be turned back
//! into secrets, and nobody outside can make two secrets that collide. What is remembered is a slot, and a slot knows when
//! it is retired; so a revoked key is refused at its very next request.

use std::hash::Hasher;
use std::sync::Arc;

use siphasher::sip128::{Hasher128, SipHasher24};

use crate::code::Code;
use crate::keys::{Digest, KeySlot, Keys, Known};
use crate::secret::is_well_formed;

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
    Refused(Code),
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
                // Told as one that nobody has, and as late: what is known of a key does not show in the time it takes.
                Known::Nothing if !is_well_formed(secret) => return Met::Refused(Code::KeyInvalid),
                Known::Nothing => return Met::Unknown(digest),
            }
        }
        match place {
            Some((_, slot)) => Met::Admitted(slot),
            None => unreachable!("the place was filled just above"),
        }
    }
}

/// SipHash-2-4 with 128 bits of output.
#[inline]
fn fingerprint(key: (u64, u64), bytes: &[u8]) -> u128 {
    let mut hasher = SipHasher24::new_with_keys(key.0, key.1);
    hasher.write(bytes);
    hasher.finish128().as_u128()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::tests::{NOW, policy};
    use crate::secret::with_checksum;

    #[test]
    fn a_key_is_met_as_the_store_of_keys_has_it_at_that_moment() {
        let (keys, mut memo) = (Keys::new(b"s"), Memo::new((1, 2)));
        let secret = with_checksum("tb_live_0123456789abcdefghijABCDEFGHIJxy");
        let secret = secret.as_bytes();
        let digest = keys.digest_of(secret);
        assert!(matches!(memo.meet(&keys, secret, 0), Met::Unknown(asked) if asked == digest));
        keys.admit(digest, policy(), NOW);
        assert!(matches!(memo.meet(&keys, secret, 0), Met::Admitted(slot) if slot.policy().key_id == 7));
        keys.admit(digest, crate::keys::Policy { key_id: 8, ..policy() }, NOW);
        assert!(matches!(memo.meet(&keys, secret, 0), Met::Admitted(slot) if slot.policy().key_id == 8));
        keys.refuse(digest, Code::KeyRevoked, 10);
        assert!(matches!(memo.meet(&keys, secret, 0), Met::Refused(Code::KeyRevoked)));
    }

    #[test]
    fn a_mistyped_secret_is_known_for_one_without_a_question() {
        let (keys, mut memo) = (Keys::new(b"s"), Memo::new((1, 2)));
        let secret = with_checksum("tb_live_0123456789abcdefghijABCDEFGHIJxy");
        assert!(matches!(memo.meet(&keys, secret.as_bytes(), 0), Met::Unknown(_)));
        let mistyped = secret.replace('x', "z");
        assert!(matches!(memo.meet(&keys, mistyped.as_bytes(), 0), Met::Refused(Code::KeyInvalid)));
    }
}
