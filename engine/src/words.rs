//! The numbers that stand for words in usage records. A number is never given a second meaning: new words go at the end.

/// A list of words, each known on disk by its place in it.
#[derive(Debug, Clone, Copy)]
pub struct Words(&'static [&'static str]);

impl Words {
    /// Return the number of `word`, or None when the list does not have it.
    pub fn number(&self, word: &str) -> Option<u8> {
        self.0.iter().position(|known| *known == word).map(|place| place as u8)
    }

    /// Return the word of `number`; `"?"` for one that a newer program wrote.
    pub fn word(&self, number: u8) -> &'static str {
        self.0.get(usize::from(number)).copied().unwrap_or("?")
    }

    /// Return every word in the order of its number.
    pub fn all(&self) -> &'static [&'static str] {
        self.0
    }
}

/// Where the price came from; the empty word when none was served.
pub const CACHE_TIERS: Words = Words(&["", "memory", "valkey", "rest"]);

/// How the caller asked.
pub const PROTOCOLS: Words = Words(&["", "http", "udp", "push", "cli"]);

/// What the price was worth; the empty word when none was served.
pub const STATES: Words = Words(&["", "live", "quiet", "rest", "stale", "halted", "converted", "unavailable"]);

/// What the caller was told.
pub const CODES: Words = Words(&[
    "OK",
    "KEY_MISSING",
    "KEY_INVALID",
    "KEY_REVOKED",
    "KEY_EXPIRED",
    "TIER_FORBIDS",
    "ASSET_UNKNOWN",
    "PRICE_STALE",
    "PRICE_UNAVAILABLE",
    "RATE_LIMITED",
    "QUOTA_SPENT",
    "REQUEST_INVALID",
    "REQUEST_TOO_LARGE",
    "METHOD_NOT_ALLOWED",
    "NOT_FOUND",
    "OVERLOADED",
    "DEPENDENCY_AWAY",
    "INTERNAL",
    "KEY_FORBIDS",
    "KEY_TRIES_SPENT",
]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_comes_back_from_its_number() {
        for words in [CACHE_TIERS, PROTOCOLS, STATES, CODES] {
            for word in words.all() {
                assert_eq!(words.word(words.number(word).expect("a listed word has a number")), *word);
            }
        }
    }

    #[test]
    fn an_unknown_word_has_no_number_and_an_unknown_number_reads_as_a_question_mark() {
        assert_eq!(CODES.number("OF_COURSE"), None);
        assert_eq!(CODES.word(255), "?");
    }
}
