//! What processes' threads have spent, read from the kernel at the edges of a measured window.

use std::fs;

/// One thread and the processor time it has had.
#[derive(Clone)]
pub struct Thread {
    /// Its process.
    pub pid: u32,
    /// Itself.
    pub tid: u32,
    /// The name it gave itself, 15 characters at most.
    pub name: String,
    /// Processor time, user and system, in nanoseconds.
    pub cpu_ns: u64,
}

/// Read every thread of `pids`. A thread that ends meanwhile is left out.
pub fn threads_of(pids: &[u32]) -> Vec<Thread> {
    let mut found = Vec::new();
    for &pid in pids {
        let Ok(entries) = fs::read_dir(format!("/proc/{pid}/task")) else { continue };
        for entry in entries.flatten() {
            let folder = entry.path();
            let tid = entry.file_name().to_string_lossy().parse().unwrap_or(0);
            let name = fs::read_to_string(folder.join("comm")).unwrap_or_default().trim().to_owned();
            if let Some(cpu_ns) = fs::read_to_string(folder.join("schedstat")).ok().and_then(|text| first_number(&text)) {
                found.push(Thread { pid, tid, name, cpu_ns });
            }
        }
    }
    found
}

fn first_number(text: &str) -> Option<u64> {
    // The first field of schedstat is utime + stime as the scheduler counted it: nanoseconds, not ticks.
    text.split_ascii_whitespace().next()?.parse().ok()
}

/// Return what each thread of `after` has spent since `before`; a new thread counts from nothing.
pub fn spent(before: &[Thread], after: &[Thread]) -> Vec<Thread> {
    let had = |thread: &Thread| before.iter().find(|old| old.pid == thread.pid && old.tid == thread.tid).map_or(0, |old| old.cpu_ns);
    after.iter().map(|thread| Thread { cpu_ns: thread.cpu_ns.saturating_sub(had(thread)), ..thread.clone() }).collect()
}

/// Return how long the machine's processors have been busy or taken from it, in nanoseconds, in steps of a clock tick.
pub fn busy_ns() -> u64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields: Vec<u64> = text.lines().next().unwrap_or_default().split_ascii_whitespace().skip(1).flat_map(str::parse).collect();
    // user nice system idle iowait irq softirq steal: all but the fourth and fifth are time somebody had.
    let busy: u64 = fields.iter().take(8).enumerate().filter(|(index, _)| !matches!(index, 3 | 4)).map(|(_, ticks)| ticks).sum();
    busy * 10_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_threads_are_seen_and_time_passes_for_them() {
        let pid = std::process::id();
        let before = threads_of(&[pid]);
        let mut sum = 0_u64;
        while spent(&before, &threads_of(&[pid])).iter().all(|thread| thread.cpu_ns < 1_000_000) {
            sum = sum.wrapping_add(std::hint::black_box(1));
        }
        assert!(sum > 0);
        assert!(busy_ns() > 0);
    }
}
