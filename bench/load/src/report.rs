//! What a run found, as one JSON object on one line.

use std::fmt::Write;

use crate::answer::Tally;
use crate::time::{Measured, percentile};

/// The findings of one run.
pub struct Report {
    tally: Tally,
    latencies_ns: Vec<u64>,
    measured: Measured,
    /// How late requests left, sorted; open loop only.
    pub lag_ns: Option<Vec<u64>>,
    /// Datagrams that were never answered; UDP only.
    pub lost: Option<u64>,
    /// What the crowd did; open loop only.
    pub crowd: Option<String>,
}

impl Report {
    /// Gather what was counted over a window.
    pub fn over(tally: Tally, mut latencies_ns: Vec<u64>, measured: Measured) -> Self {
        latencies_ns.sort_unstable();
        Self { tally, latencies_ns, measured, lag_ns: None, lost: None, crowd: None }
    }

    /// Write it down.
    pub fn json(&self) -> String {
        let mut text = format!(
            "{{\"seconds\":{:.6},\"good\":{},\"bad\":{},\"body_bytes\":{},\"latency_ns\":{}",
            self.measured.seconds,
            self.tally.good,
            self.tally.bad,
            self.tally.body_bytes,
            percentiles(&self.latencies_ns)
        );
        if let Some(lags) = &self.lag_ns {
            let _ = write!(text, ",\"lag_ns\":{}", percentiles(lags));
        }
        if let Some(lost) = self.lost {
            let _ = write!(text, ",\"lost\":{lost}");
        }
        if let Some(deeds) = &self.crowd {
            let _ = write!(text, ",\"crowd\":{deeds}");
        }
        let threads: Vec<String> = self
            .measured
            .spent
            .iter()
            .map(|thread| {
                let name: String = thread.name.chars().filter(|letter| *letter != '"' && *letter != '\\').collect();
                format!("{{\"pid\":{},\"tid\":{},\"name\":\"{name}\",\"cpu_ns\":{}}}", thread.pid, thread.tid, thread.cpu_ns)
            })
            .collect();
        let _ = write!(
            text,
            ",\"strangers_share\":{:.4},\"own_pid\":{},\"threads\":[{}]}}",
            self.measured.strangers_share,
            std::process::id(),
            threads.join(",")
        );
        text
    }
}

fn percentiles(sorted: &[u64]) -> String {
    let at = |percent| percentile(sorted, percent);
    format!(
        "{{\"count\":{},\"p50\":{},\"p90\":{},\"p99\":{},\"p999\":{},\"max\":{}}}",
        sorted.len(),
        at(50.0),
        at(90.0),
        at(99.0),
        at(99.9),
        at(100.0)
    )
}
