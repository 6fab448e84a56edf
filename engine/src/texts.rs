//! What the engine says when it refuses, in every language it was given. Python writes the sentences, the engine puts
//! the facts in.

use crate::code::{ALL, Code};
use crate::json::escape_into;
use crate::ratelimit::Standing;

/// The language that is spoken when none of the caller's is.
const DEFAULT_LANGUAGE: &str = "en";

/// One refusal in one language. `message` and `fix` may name facts: see `Facts`.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// What is refused.
    pub code: Code,
    /// `en`, `pt-BR`
    pub language: String,
    /// A few words, the same for every case.
    pub title: String,
    /// A sentence about this case.
    pub message: String,
    /// What the caller can do.
    pub fix: String,
}

/// What a refusal is about. A sentence names them as `{asset}`, `{age_seconds}`, `{retry_after_seconds}`,
/// `{resets_in_seconds}` and `{most}`; any other word in braces is left as it stands.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// The asset asked for.
    pub asset: &'a str,
    /// How old the price is that is not served.
    pub age_ns: u64,
    /// The caller's limits.
    pub standing: Standing,
    /// The bound that was passed.
    pub most: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fact {
    Asset,
    AgeSeconds,
    RetryAfterSeconds,
    ResetsInSeconds,
    Most,
}

const FACTS: [(&str, Fact); 5] = [
    ("{asset}", Fact::Asset),
    ("{age_seconds}", Fact::AgeSeconds),
    ("{retry_after_seconds}", Fact::RetryAfterSeconds),
    ("{resets_in_seconds}", Fact::ResetsInSeconds),
    ("{most}", Fact::Most),
];

/// A sentence escaped for JSON, with places for facts.
#[derive(Debug, Clone, Default)]
pub struct Sentence {
    /// Fixed bytes, each followed by a fact.
    parts: Vec<(Vec<u8>, Fact)>,
    end: Vec<u8>,
}

impl Sentence {
    fn of(text: &str) -> Self {
        let mut sentence = Self::default();
        let mut rest = text;
        while let Some((at, name, fact)) = next_fact(rest) {
            let mut fixed = Vec::new();
            escape_into(&mut fixed, &rest[..at]);
            sentence.parts.push((fixed, fact));
            rest = &rest[at + name.len()..];
        }
        escape_into(&mut sentence.end, rest);
        sentence
    }

    /// Append the sentence with the facts in their places, without quotes around it.
    pub fn write(&self, to: &mut Vec<u8>, facts: &Facts<'_>) {
        for (fixed, fact) in &self.parts {
            to.extend_from_slice(fixed);
            match fact {
                Fact::Asset => escape_into(to, facts.asset),
                Fact::AgeSeconds => write_number(to, facts.age_ns / crate::clock::SECOND_NS),
                Fact::RetryAfterSeconds => write_number(to, facts.standing.retry_after_seconds()),
                Fact::ResetsInSeconds => write_number(to, facts.standing.month.map_or(0, |month| month.1)),
                Fact::Most => write_number(to, facts.most),
            }
        }
        to.extend_from_slice(&self.end);
    }
}

fn next_fact(text: &str) -> Option<(usize, &'static str, Fact)> {
    FACTS.into_iter().filter_map(|(name, fact)| Some((text.find(name)?, name, fact))).min_by_key(|found| found.0)
}

fn write_number(to: &mut Vec<u8>, number: u64) {
    to.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// A refusal ready to be written.
#[derive(Debug, Clone)]
pub struct Text {
    /// As it was given: `pt-BR`
    pub language: String,
    /// Escaped for JSON.
    pub title: Vec<u8>,
    /// What to tell about this case.
    pub message: Sentence,
    /// What to tell the caller to do.
    pub fix: Sentence,
}

/// All refusals by code, the default language first.
#[derive(Debug, Clone)]
pub struct Texts(Vec<Vec<Text>>);

impl Default for Texts {
    /// Return plain English, so that a refusal says something before Python has said what.
    fn default() -> Self {
        let told = |(code, title, message, fix): &(Code, &str, &str, &str)| Refusal {
            code: *code,
            language: DEFAULT_LANGUAGE.to_owned(),
            title: (*title).to_owned(),
            message: (*message).to_owned(),
            fix: (*fix).to_owned(),
        };
        Self::of(&PLAIN.iter().map(told).collect::<Vec<_>>())
    }
}

impl Texts {
    fn of(refusals: &[Refusal]) -> Self {
        let mut texts = Self(vec![Vec::new(); ALL.len()]);
        texts.add(refusals);
        texts
    }

    /// Return the plain texts with `refusals` in place of those they speak of.
    pub fn with(refusals: &[Refusal]) -> Self {
        let mut texts = Self::default();
        texts.add(refusals);
        texts
    }

    fn add(&mut self, refusals: &[Refusal]) {
        for refusal in refusals {
            let mut title = Vec::new();
            escape_into(&mut title, &refusal.title);
            let text = Text {
                language: refusal.language.clone(),
                title,
                message: Sentence::of(&refusal.message),
                fix: Sentence::of(&refusal.fix),
            };
            let known = &mut self.0[refusal.code as usize];
            known.retain(|other| !other.language.eq_ignore_ascii_case(&text.language));
            let place = if text.language.eq_ignore_ascii_case(DEFAULT_LANGUAGE) { 0 } else { known.len() };
            known.insert(place, text);
        }
    }

    /// Return what to say for `code` to somebody who sent this `Accept-Language`.
    ///
    /// # Panics
    /// Never: every code has a plain text.
    pub fn find(&self, code: Code, accept_language: Option<&[u8]>) -> &Text {
        let texts = &self.0[code as usize];
        let wanted = accept_language.filter(|_| texts.len() > 1).and_then(|accepted| best(texts, accepted));
        wanted.unwrap_or_else(|| texts.first().expect("every code has a plain text"))
    }
}

/// Return the text in the language liked best, or None when none of those liked is here.
///
/// `content/languages.py` reads the same field for Python's answers, and a test holds the two together.
/// Source: RFC 9110 section 12.5.4, lookup of RFC 4647 section 3.4, read 2026-11-20.
fn best<'a>(texts: &'a [Text], accepted: &[u8]) -> Option<&'a Text> {
    let accepted = std::str::from_utf8(accepted).ok().filter(|accepted| accepted.is_ascii())?;
    let mut wishes: Vec<(&str, u32)> = accepted.split(',').take(WISHES_MAX).filter_map(wish).collect();
    let refused: Vec<&str> = wishes.iter().filter(|(_, weight)| *weight == 0).map(|(tag, _)| *tag).collect();
    let is_refused = |language: &str| refused.iter().any(|tag| tag.eq_ignore_ascii_case(language));
    wishes.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    let liked = wishes.iter().take_while(|(_, weight)| *weight > 0);
    liked.map(|(tag, _)| *tag).find_map(|tag| match tag {
        "*" if !is_refused(DEFAULT_LANGUAGE) => texts.first(),
        _ => serving(texts, tag).filter(|text| !is_refused(&text.language)),
    })
}

/// Most wishes that are read.
const WISHES_MAX: usize = 32;

/// Return the text that serves a language range: `pt-BR` is content with `pt`, and `pt` with any `pt-…`.
fn serving<'a>(texts: &'a [Text], tag: &str) -> Option<&'a Text> {
    let in_language = |wanted: &str| texts.iter().find(|text| text.language.eq_ignore_ascii_case(wanted));
    let wider = tag.rmatch_indices('-').map(|(at, _)| &tag[..at]);
    std::iter::once(tag).chain(wider).find_map(in_language).or_else(|| {
        let is_below = |text: &&Text| text.language.split_once('-').is_some_and(|(primary, _)| primary.eq_ignore_ascii_case(tag));
        texts.iter().find(is_below)
    })
}

/// Return a language range and its weight in thousandths; None when it cannot be read.
fn wish(part: &str) -> Option<(&str, u32)> {
    let (tag, weight) = match part.split_once(';') {
        Some((tag, weight)) => (tag, weight.trim().strip_prefix(['q', 'Q'])?.strip_prefix('=')?),
        None => (part, "1"),
    };
    Some((tag.trim(), thousandths(weight)?)).filter(|(tag, _)| !tag.is_empty())
}

/// Read `0`, `0.5`, `1.000`: three digits at most, as RFC 9110 section 12.4.2 has it.
fn thousandths(weight: &str) -> Option<u32> {
    let (whole, part) = weight.split_once('.').unwrap_or((weight, ""));
    let fits = matches!(whole, "0" | "1") && part.len() <= 3 && part.bytes().all(|digit| digit.is_ascii_digit());
    let read = u32::from(whole == "1") * 1_000 + format!("{part:0<3}").parse::<u32>().unwrap_or(0);
    (fits && read <= 1_000).then_some(read)
}

const PLAIN: [(Code, &str, &str, &str); 20] = [
    (Code::Ok, "OK", "", ""),
    (Code::KeyMissing, "No key", "This request carries no key.", "Send your key as \"Authorization: Bearer <key>\"."),
    (Code::KeyInvalid, "Key not valid", "This key is not known here.", "Check that the whole key was copied."),
    (Code::KeyRevoked, "Key revoked", "This key was revoked.", "Use another key."),
    (Code::KeyExpired, "Key expired", "This key has expired.", "Use another key."),
    (Code::TierForbids, "Not in this tier", "This key may not be used this way.", "Send the key in a header, over HTTP."),
    (Code::AssetUnknown, "Asset not known", "{asset} is not known here.", "Check the asset's code."),
    (Code::PriceStale, "Price too old", "The newest price of {asset} is {age_seconds} seconds old.", "Ask again, or allow a greater age."),
    (Code::PriceUnavailable, "No price", "There is no price of {asset} yet.", "Ask again in a few seconds."),
    (
        Code::RateLimited,
        "Too fast",
        "Too many requests a second with this key.",
        "Wait {retry_after_seconds} s, and ask no faster than RateLimit-Policy says.",
    ),
    (
        Code::QuotaSpent,
        "Quota spent",
        "This month's requests of this key are used up.",
        "Do not retry; wait for the next month or change the tier.",
    ),
    (Code::RequestInvalid, "Request not valid", "This is not a request that can be read without doubt.", "Send plain HTTP/1.1."),
    (
        Code::RequestTooLarge,
        "Header too large",
        "The request's header is larger than {most} bytes.",
        "Send fewer or shorter header fields.",
    ),
    (Code::MethodNotAllowed, "Method not allowed", "This method is not for this address.", "Use GET."),
    (Code::NotFound, "Nothing here", "There is nothing at this address.", "Check the address."),
    (Code::Overloaded, "Too busy", "Too much is asked of this node at the moment.", "Ask again in {retry_after_seconds} s."),
    (Code::DependencyAway, "A part is away", "The store of keys does not answer at the moment.", "Ask again in {retry_after_seconds} s."),
    (Code::Internal, "Fault", "Something failed on our side.", "Ask again."),
    (
        Code::KeyForbids,
        "Not with this key",
        "This key is kept from this by its own restrictions.",
        "Use it where it was made for, or another key.",
    ),
    (
        Code::KeyTriesSpent,
        "Too many wrong keys",
        "Too many keys that are not valid came from this address.",
        "Wait {retry_after_seconds} s, and send the right key.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(language: &str, message: &str) -> Refusal {
        Refusal {
            code: Code::PriceStale,
            language: language.to_owned(),
            title: "T".to_owned(),
            message: message.to_owned(),
            fix: String::new(),
        }
    }

    fn told(texts: &Texts, accepted: &str) -> String {
        let facts = Facts { asset: "BTC", age_ns: 91_900_000_000, ..Facts::default() };
        let mut to = Vec::new();
        texts.find(Code::PriceStale, Some(accepted.as_bytes())).message.write(&mut to, &facts);
        String::from_utf8(to).unwrap()
    }

    #[test]
    fn every_code_has_its_plain_text_at_its_place() {
        let texts = Texts::default();
        for (code, plain) in ALL.into_iter().zip(PLAIN) {
            assert_eq!(code, plain.0);
            assert_eq!(texts.find(code, Some(b"xx")).title, plain.1.as_bytes());
        }
    }

    #[test]
    fn facts_are_put_in_their_places_and_the_rest_is_escaped() {
        let texts = Texts::with(&[refusal("en", "\"{asset}\" {age_seconds}s {other}")]);
        assert_eq!(told(&texts, ""), "\\\"BTC\\\" 91s {other}");
    }

    #[test]
    fn the_language_liked_best_is_spoken() {
        let texts = Texts::with(&[refusal("en", "english"), refusal("de", "deutsch"), refusal("pt-BR", "brasileiro")]);
        for (accepted, expected) in [
            ("de", "deutsch"),
            ("de-AT, en;q=0.5", "deutsch"),
            ("en;q=0.5, de;q=0.9", "deutsch"),
            ("de;q=0.1, en", "english"),
            ("pt", "brasileiro"),
            ("pt-PT", "english"),
            ("fr", "english"),
            ("de;q=0", "english"),
            ("de;q=x", "english"),
            ("DE-at-x-y", "deutsch"),
            ("de;q=0, de-AT", "english"),
            ("fr, *;q=0.9, de;q=0.8", "english"),
            ("en;q=0, *, de;q=0.1", "deutsch"),
            ("de;q=0.0001, en;q=0.1", "english"),
            ("de;q=1.001", "english"),
            ("de ; Q=0.002, en;q=0.001", "deutsch"),
            ("*", "english"),
            (",,;", "english"),
            ("d\u{e9}, de", "english"),
        ] {
            assert_eq!(told(&texts, accepted), expected, "{accepted}");
        }
    }
}
