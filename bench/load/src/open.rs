//! Open loop over HTTP: requests leave by the clock, whatever the answers do.
//!
//! A latency runs from the moment the request was due, not from when it was sent: a server that stalls makes
//! every request due meanwhile late, and all of them are counted so (no coordinated omission).

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;

use crate::answer::{Expected, Tally};
use crate::connection::{Connection, READ_BYTES};
use crate::crowd::Crowd;
use crate::flood::Flood;
use crate::net::{Poll, connect};
use crate::report::Report;
use crate::time::{Phase, Window, now_ns, ns};

/// What to ask, of whom, how often.
pub struct Plan {
    /// The server.
    pub address: SocketAddr,
    /// Connections the requests take turns on.
    pub connections: usize,
    /// Requests a second, over all connections.
    pub rate: f64,
    /// The bytes of one request.
    pub request: Vec<u8>,
    /// What an answer must be.
    pub expected: Expected,
    /// When to count.
    pub window: Window,
    /// Callers that mean harm, where there are any.
    pub crowd: Option<Crowd>,
    /// Callers that try keys at random, where there are any.
    pub flood: Option<Flood>,
}

/// Requests sent between two looks at the answers, when we are behind.
const BURST_MAX: usize = 16;

/// How long answers may take after the last request was sent.
const DRAIN_SECONDS: f64 = 5.0;

struct Lane {
    connection: Connection,
    due_ns: VecDeque<u64>,
}

/// Run the plan. The loop never sleeps: it spins, so that no timer of ours is in the figures.
///
/// # Errors
/// Any connection of a well-behaved caller that fails ends the run, as does an answer that never comes.
pub fn run(mut plan: Plan) -> io::Result<Report> {
    let mut poll = Poll::new()?;
    let mut lanes = Vec::with_capacity(plan.connections);
    for (index, stream) in connect(plan.address, plan.connections)?.into_iter().enumerate() {
        poll.add(&stream, index)?;
        lanes.push(Lane { connection: Connection::new(stream), due_ns: VecDeque::new() });
    }
    if let Some(crowd) = &mut plan.crowd {
        crowd.gather()?;
    }
    if let Some(flood) = &mut plan.flood {
        flood.gather()?;
    }
    let interval_ns = 1e9 / plan.rate;
    let starts_ns = now_ns();
    let due_at = |index: u64| starts_ns + (index as f64 * interval_ns) as u64;
    let mut next = 0_u64;
    let mut waiting = 0_u64;
    let mut buffer = vec![0; READ_BYTES];
    let mut ready = Vec::with_capacity(1024);
    let mut latencies: Vec<u64> = Vec::with_capacity(1 << 20);
    let mut lags: Vec<u64> = Vec::with_capacity(1 << 20);
    let mut tally = Tally::default();
    let (opens_ns, closes_ns) = (plan.window.opens_ns(), plan.window.closes_ns());
    loop {
        let now = now_ns();
        let (phase, changed) = plan.window.step(now);
        if changed && phase == Phase::Measuring {
            tally = Tally::default();
        }
        if phase == Phase::Over {
            if waiting == 0 {
                break;
            }
            if now > closes_ns + ns(DRAIN_SECONDS) {
                return Err(io::Error::new(io::ErrorKind::TimedOut, format!("{waiting} requests were never answered")));
            }
        } else {
            for _ in 0..BURST_MAX {
                let due = due_at(next);
                let now = now_ns();
                if due > now {
                    break;
                }
                let lane = &mut lanes[next as usize % plan.connections];
                if (opens_ns..closes_ns).contains(&due) {
                    lags.push(now - due);
                }
                lane.connection.send(&plan.request)?;
                lane.due_ns.push_back(due);
                next += 1;
                waiting += 1;
            }
        }
        poll.wait(0, &mut ready)?;
        for &index in &ready {
            let lane = &mut lanes[index];
            let answers = lane.connection.receive(&mut buffer, &mut tally, &plan.expected)?;
            let now = now_ns();
            for _ in 0..answers {
                let due = lane.due_ns.pop_front().ok_or_else(|| io::Error::other("an answer nobody asked for"))?;
                waiting -= 1;
                // A request belongs to the window it was due in, however late its answer comes.
                if (opens_ns..closes_ns).contains(&due) {
                    latencies.push(now - due);
                }
            }
        }
        if ready.is_empty()
            && let Some(crowd) = &mut plan.crowd
        {
            crowd.act(now_ns())?;
        }
        if ready.is_empty()
            && let Some(flood) = &mut plan.flood
        {
            flood.act(now_ns())?;
        }
    }
    lags.sort_unstable();
    let mut report = Report::over(tally, latencies, plan.window.close());
    report.lag_ns = Some(lags);
    report.crowd = plan.crowd.map(|crowd| crowd.deeds().json()).or(plan.flood.map(|flood| flood.deeds().json()));
    Ok(report)
}
