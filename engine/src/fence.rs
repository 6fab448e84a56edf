//! Where a key may be used from: networks, and origins of pages. A key without a fence may be used from anywhere.

use std::net::IpAddr;
use std::str::FromStr;

use crate::blocklist::Network;

/// How a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approach<'a> {
    /// Where its key stood.
    pub channel: Channel,
    /// From which address.
    pub address: IpAddr,
    /// From a page of which origin, as the browser says; None where it came from no page.
    pub origin: Option<&'a [u8]>,
    /// It is prices that are wanted, not reports or what else Python answers.
    pub wants_prices: bool,
}

/// How the key reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// In a header field.
    Header,
    /// In the address, where logs and neighbours see it.
    Url,
    /// In a datagram.
    Datagram,
}

/// The networks and origins a key is kept to. An empty list keeps it to none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fence {
    networks: Box<[Network]>,
    origins: Box<[Origin]>,
}

impl Fence {
    /// Return the fence, or None when there is nothing to keep to.
    pub fn new(networks: Vec<Network>, origins: Vec<Origin>) -> Option<Self> {
        (!networks.is_empty() || !origins.is_empty()).then(|| Self { networks: networks.into(), origins: origins.into() })
    }

    /// Return whether a request that came so may use the key.
    ///
    /// A key kept to origins is a page's, so what comes from no page is not let in.
    pub fn lets_in(&self, approach: &Approach<'_>) -> bool {
        let is_near = self.networks.is_empty() || self.networks.iter().any(|network| network.holds(approach.address));
        let is_ours = || approach.origin.is_some_and(|origin| self.origins.iter().any(|ours| ours.is(origin)));
        is_near && (self.origins.is_empty() || is_ours())
    }
}

/// An origin a key is kept to: `https://example.org`, or `https://*.example.org` for every host below that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// `https://example.org`, or only `https://` where any host below `below` will do.
    start: Box<[u8]>,
    /// `.example.org:8443`, empty where the origin is exact.
    below: Box<[u8]>,
}

/// The longest origin.
const ORIGIN_BYTES_MAX: usize = 300;

impl FromStr for Origin {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.to_ascii_lowercase();
        let Some((scheme, host)) = text.split_once("://") else { return Err(()) };
        let is_sound = matches!(scheme, "http" | "https")
            && text.len() <= ORIGIN_BYTES_MAX
            && !matches!(host, "" | "*." | "*")
            && host.strip_prefix("*.").unwrap_or(host).bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte));
        if !is_sound {
            return Err(());
        }
        Ok(match host.strip_prefix('*') {
            Some(below) => Self { start: format!("{scheme}://").into_bytes().into(), below: below.as_bytes().into() },
            None => Self { start: text.as_bytes().into(), below: Box::default() },
        })
    }
}

impl Origin {
    fn is(&self, origin: &[u8]) -> bool {
        if self.below.is_empty() {
            return origin.eq_ignore_ascii_case(&self.start);
        }
        let Some((start, host)) = origin.split_at_checked(self.start.len()) else { return false };
        let Some(split) = host.len().checked_sub(self.below.len()).filter(|split| *split > 0) else { return false };
        let (name, below) = host.split_at(split);
        // A name and nothing more: what a browser sends has no user and no path, and what another sends is not to be trusted.
        let is_name = name.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(byte));
        is_name && start.eq_ignore_ascii_case(&self.start) && below.eq_ignore_ascii_case(&self.below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fence(networks: &[&str], origins: &[&str]) -> Fence {
        let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
        Fence::new(networks, origins.iter().map(|origin| origin.parse().unwrap()).collect()).unwrap()
    }

    fn lets_in(fence: &Fence, address: &str, origin: Option<&str>) -> bool {
        fence.lets_in(&Approach {
            channel: Channel::Header,
            address: address.parse().unwrap(),
            origin: origin.map(str::as_bytes),
            wants_prices: true,
        })
    }

    #[test]
    fn nothing_to_keep_to_is_no_fence() {
        assert_eq!(Fence::new(Vec::new(), Vec::new()), None);
    }

    #[test]
    fn networks_are_kept_to_in_both_families() {
        let fence = fence(&["192.0.2.0/24", "2001:db8::/32"], &[]);
        for (address, is_in) in
            [("192.0.2.9", true), ("::ffff:192.0.2.9", true), ("192.0.3.9", false), ("2001:db8::7", true), ("2001:db9::7", false)]
        {
            assert_eq!(lets_in(&fence, address, None), is_in, "{address}");
        }
    }

    #[test]
    fn origins_are_kept_to_and_a_request_without_one_is_not_let_in() {
        let fence = fence(&[], &["https://Example.org", "https://*.example.com:8443"]);
        for (origin, is_in) in [
            ("https://example.org", true),
            ("HTTPS://EXAMPLE.ORG", true),
            ("http://example.org", false),
            ("https://example.org.evil.net", false),
            ("https://a.example.org", false),
            ("https://a.b.example.com:8443", true),
            ("https://.example.com:8443", false),
            ("https://example.com:8443", false),
            ("https://evil.net/.example.com:8443", false),
            ("https://a@b.example.com:8443", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(lets_in(&fence, "192.0.2.9", Some(origin)), is_in, "{origin}");
        }
        assert!(!lets_in(&fence, "192.0.2.9", None));
    }

    #[test]
    fn who_is_kept_to_both_needs_both() {
        let fence = fence(&["192.0.2.0/24"], &["https://example.org"]);
        assert!(lets_in(&fence, "192.0.2.1", Some("https://example.org")));
        assert!(!lets_in(&fence, "192.0.3.1", Some("https://example.org")) && !lets_in(&fence, "192.0.2.1", None));
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in
            ["", "example.org", "ftp://example.org", "https://", "https://a b", "https://a/b", "https://*", "https://a.*.b", "https://**.b"]
        {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged(origin: Vec<u8>) {
            let fence = fence(&[], &["https://*.example.org", "https://example.net"]);
            let approach = Approach { channel: Channel::Header, address: "::1".parse().unwrap(), origin: Some(&origin), wants_prices: true };
            prop_assert!(!fence.lets_in(&approach) || origin.len() > 18);
        }
    }
}
