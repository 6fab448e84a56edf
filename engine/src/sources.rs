//! The venues and source tags in use, each known to usage records by a small number.

use std::sync::Arc;

use arc_swap::ArcSwap;

/// The number of a venue and source tag. 0 stands for none: nothing was served, or the table is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct SourceId(pub u8);

/// One venue and the tag of the feed that its price came by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// `coinbase`; 20 bytes at most.
    pub venue: Box<str>,
    /// `coinbase-ws`; 28 bytes at most.
    pub tag: Box<str>,
}

/// Every source met since the start, in order of first sight. Entries are never removed or changed.
#[derive(Debug)]
pub struct Sources {
    met: ArcSwap<Vec<Source>>,
}

impl Default for Sources {
    fn default() -> Self {
        Self { met: ArcSwap::from_pointee(vec![Source::default()]) }
    }
}

impl Sources {
    /// Return the number of a venue and tag, giving it one when it is new; `SourceId(0)` when all 255 are taken.
    pub fn intern(&self, venue: &str, tag: &str) -> SourceId {
        let mut number = 0;
        self.met.rcu(|met| {
            let known = met.iter().position(|source| &*source.venue == venue && &*source.tag == tag);
            let place = known.unwrap_or(met.len());
            number = u8::try_from(place).unwrap_or(0);
            if known.is_some() || place > usize::from(u8::MAX) {
                return Arc::clone(met);
            }
            let mut grown = Vec::with_capacity(place + 1);
            grown.extend(met.iter().cloned());
            grown.push(Source { venue: venue.into(), tag: tag.into() });
            Arc::new(grown)
        });
        SourceId(number)
    }

    /// Return all sources, the first being none; each stands at its number.
    pub fn all(&self) -> Arc<Vec<Source>> {
        self.met.load_full()
    }
}
