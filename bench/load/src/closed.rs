//! Closed loop over HTTP: every connection sends `depth` requests at once, and as many again when all are answered.
//!
//! So does wrk. To send each next request as an answer comes would let the blocks fall apart into ever smaller ones, by
//! the accidents of who was scheduled when, and the depth would no longer be the one that is named.

use std::io;
use std::net::SocketAddr;

use crate::answer::{Expected, Tally};
use crate::connection::{Connection, READ_BYTES};
use crate::net::{Poll, connect};
use crate::report::Report;
use crate::time::{Phase, Window, now_ns};

/// What to ask, of whom, how hard.
pub struct Plan {
    /// The server.
    pub address: SocketAddr,
    /// Connections, all open before the first request.
    pub connections: usize,
    /// Requests sent at once on each.
    pub depth: usize,
    /// The bytes of one request.
    pub request: Vec<u8>,
    /// What an answer must be.
    pub expected: Expected,
    /// When to count.
    pub window: Window,
}

/// Run the plan.
///
/// # Errors
/// Any connection that fails ends the run: a figure over a part of the connections would be another figure.
pub fn run(mut plan: Plan) -> io::Result<Report> {
    let block = plan.request.repeat(plan.depth);
    let mut connections: Vec<Connection> = connect(plan.address, plan.connections)?.into_iter().map(Connection::new).collect();
    let mut poll = Poll::new()?;
    for (index, connection) in connections.iter_mut().enumerate() {
        poll.add(connection.stream(), index)?;
        connection.send(&block)?;
    }
    let mut buffer = vec![0; READ_BYTES];
    let mut ready = Vec::with_capacity(1024);
    let mut waiting = vec![plan.depth as u64; plan.connections];
    let mut sent_ns = vec![now_ns(); plan.connections];
    let mut latencies = Vec::with_capacity(1 << 20);
    let mut tally = Tally::default();
    loop {
        let (phase, changed) = plan.window.step(now_ns());
        match (phase, changed) {
            (Phase::Measuring, true) => {
                tally = Tally::default();
                latencies.clear();
            }
            (Phase::Over, _) => break,
            _ => {}
        }
        poll.wait(100, &mut ready)?;
        for &index in &ready {
            let answers = connections[index].receive(&mut buffer, &mut tally, &plan.expected)?;
            waiting[index] = waiting[index].checked_sub(answers).ok_or_else(|| io::Error::other("an answer nobody asked for"))?;
            if waiting[index] > 0 {
                continue;
            }
            if plan.depth == 1 {
                let now = now_ns();
                latencies.push(now - sent_ns[index]);
                sent_ns[index] = now;
            }
            waiting[index] = plan.depth as u64;
            connections[index].send(&block)?;
        }
    }
    Ok(Report::over(tally, latencies, plan.window.close()))
}
