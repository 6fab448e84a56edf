//! How a batch's served answers spread over assets and sources, for whoever collects metrics.

use std::collections::BTreeMap;

use crate::record::ASSET_BYTES_MAX;
use crate::usage::batch::Batch;
use crate::words::CODES;

/// Served answers by asset (the first of several) and by the source tag of the first price.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spread {
    /// By asset.
    pub assets: BTreeMap<String, u64>,
    /// By source tag.
    pub sources: BTreeMap<String, u64>,
}

/// Count a batch's served answers. What was refused has no source, and names whatever its caller wrote: it is left out.
pub fn spread(batch: &Batch) -> Spread {
    let served = CODES.number("OK");
    let mut assets: BTreeMap<[u8; ASSET_BYTES_MAX], u64> = BTreeMap::new();
    let mut sources = vec![0_u64; batch.sources.len()];
    for record in batch.records.iter().filter(|record| Some(record.code) == served) {
        *assets.entry(record.asset).or_default() += 1;
        if let Some(count) = sources.get_mut(usize::from(record.source.0)) {
            *count += 1;
        }
    }
    let mut spread = Spread::default();
    for (asset, count) in assets {
        let name = String::from_utf8_lossy(&asset).trim_end_matches('\0').to_owned();
        add(&mut spread.assets, name, count);
    }
    for (source, count) in batch.sources.iter().zip(sources) {
        add(&mut spread.sources, source.tag.to_string(), count);
    }
    spread
}

fn add(counts: &mut BTreeMap<String, u64>, name: String, count: u64) {
    if count > 0 && !name.is_empty() {
        *counts.entry(name).or_default() += count;
    }
}

#[cfg(test)]
mod tests {
    use crate::record::Record;
    use crate::sources::{Source, SourceId};

    use super::*;

    fn record(asset: &str, source: u8, code: &str) -> Record {
        let mut name = [0; ASSET_BYTES_MAX];
        name[..asset.len()].copy_from_slice(asset.as_bytes());
        Record {
            sequence: 1,
            time_ns: 0,
            request_id: 0,
            key_id: 7,
            asset: name,
            asset_count: 1,
            latency_ns: 900,
            answer_bytes: 100,
            status: 200,
            source: SourceId(source),
            cache_tier: 1,
            protocol: 1,
            state: 1,
            code: CODES.number(code).expect("a word of the list"),
            flags: 0,
        }
    }

    #[test]
    fn served_answers_are_counted_by_asset_and_source_and_nothing_else_is() {
        let source = |venue: &str, tag: &str| Source { venue: venue.into(), tag: tag.into() };
        let batch = Batch {
            node: "one".into(),
            boot: [0; 16],
            thread: 0,
            sources: vec![Source::default(), source("coinbase", "coinbase-ws"), source("kraken", "kraken-ws")],
            records: vec![
                record("BTC", 1, "OK"),
                record("BTC", 2, "OK"),
                record("ETH", 1, "OK"),
                record("", 0, "OK"),
                record("SOL", 9, "OK"),
                record("NONSENSE", 0, "ASSET_UNKNOWN"),
            ],
        };
        let told = |counts: &[(&str, u64)]| counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        let Spread { assets, sources } = spread(&batch);
        assert_eq!(assets, told(&[("BTC", 2), ("ETH", 1), ("SOL", 1)]));
        assert_eq!(sources, told(&[("coinbase-ws", 2), ("kraken-ws", 1)]));
    }
}
