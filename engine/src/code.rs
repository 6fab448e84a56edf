//! What a caller can be told, each code with its HTTP status.

use crate::words::CODES;

/// A code of the contract. Its number is the one usage records keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "the contract's table says what each of them means")]
pub enum Code {
    Ok = 0,
    KeyMissing,
    KeyInvalid,
    KeyRevoked,
    KeyExpired,
    TierForbids,
    AssetUnknown,
    PriceStale,
    PriceUnavailable,
    RateLimited,
    QuotaSpent,
    RequestInvalid,
    RequestTooLarge,
    MethodNotAllowed,
    NotFound,
    Overloaded,
    DependencyAway,
    Internal,
    KeyForbids,
    KeyTriesSpent,
}

/// Every code in the order of its number.
pub const ALL: [Code; 20] = [
    Code::Ok,
    Code::KeyMissing,
    Code::KeyInvalid,
    Code::KeyRevoked,
    Code::KeyExpired,
    Code::TierForbids,
    Code::AssetUnknown,
    Code::PriceStale,
    Code::PriceUnavailable,
    Code::RateLimited,
    Code::QuotaSpent,
    Code::RequestInvalid,
    Code::RequestTooLarge,
    Code::MethodNotAllowed,
    Code::NotFound,
    Code::Overloaded,
    Code::DependencyAway,
    Code::Internal,
    Code::KeyForbids,
    Code::KeyTriesSpent,
];

impl Code {
    /// Return the code as callers read it: `RATE_LIMITED`.
    pub fn name(self) -> &'static str {
        CODES.word(self as u8)
    }

    /// Return the code with that name.
    pub fn named(name: &str) -> Option<Self> {
        CODES.number(name).map(|number| ALL[usize::from(number)])
    }

    /// Return the HTTP status it travels under over here. `REQUEST_TOO_LARGE` is about the header: a body is never read by the engine.
    pub fn status(self) -> u16 {
        match self {
            Self::Ok => 200,
            Self::KeyMissing | Self::KeyInvalid | Self::KeyRevoked | Self::KeyExpired => 401,
            Self::TierForbids | Self::KeyForbids => 403,
            Self::AssetUnknown | Self::NotFound => 404,
            Self::PriceStale | Self::PriceUnavailable | Self::Overloaded | Self::DependencyAway => 503,
            Self::RateLimited | Self::QuotaSpent | Self::KeyTriesSpent => 429,
            Self::RequestInvalid => 400,
            Self::RequestTooLarge => 431,
            Self::MethodNotAllowed => 405,
            Self::Internal => 500,
        }
    }

    /// Return which part of the request the refusal is about.
    pub fn location(self) -> &'static str {
        match self {
            Self::KeyMissing | Self::KeyInvalid | Self::KeyRevoked | Self::KeyExpired | Self::TierForbids | Self::KeyTriesSpent => {
                "header.authorization"
            }
            Self::RateLimited | Self::QuotaSpent | Self::KeyForbids => "key",
            Self::AssetUnknown | Self::PriceStale | Self::PriceUnavailable => "query.asset",
            Self::RequestTooLarge => "header",
            Self::MethodNotAllowed => "method",
            Self::NotFound => "path",
            Self::Ok | Self::RequestInvalid | Self::Overloaded | Self::DependencyAway | Self::Internal => "request",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_their_words_stand_at_the_same_numbers() {
        assert_eq!(ALL.len(), CODES.all().len());
        for (number, code) in ALL.into_iter().enumerate() {
            assert_eq!(code as usize, number);
            assert_eq!(Code::named(code.name()), Some(code));
            let shouted = format!("{code:?}").chars().fold(String::new(), |mut told, letter| {
                if letter.is_uppercase() && !told.is_empty() && code != Code::Ok {
                    told.push('_');
                }
                told.extend(letter.to_uppercase());
                told
            });
            assert_eq!(code.name(), shouted);
        }
    }
}
