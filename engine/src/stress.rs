//! The load of `beast stress`: asks as hard or as evenly as it is told to, and counts what comes back.
//!
//! Nothing of it runs in a node. A `Load` has threads of its own, each with its own poll, lines or sockets and tally: nothing
//! is shared on the way of a request but one flag. Python builds it, says when to begin, looks at it and takes what it found.

mod alarm;
mod answer;
mod control;
mod datagrams;
mod flight;
mod line;
mod lines;
mod pace;
mod plan;
mod tally;
mod watch;

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use control::Progress;
pub use plan::{DEPTH_MAX, Plan, Protocol};
pub use tally::{Failure, Found};

use control::Control;
use datagrams::Datagrams;
use lines::Lines;

/// How often somebody who waits looks whether it is over.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// One load: built connecting, begun once, over by itself or when told to stop.
#[derive(Debug)]
pub struct Load {
    control: Arc<Control>,
    threads: Vec<JoinHandle<io::Result<Found>>>,
}

impl Load {
    /// Start the threads: they connect, and ask nothing yet.
    ///
    /// # Errors
    /// The plan is none, or the machine gives no thread, descriptor or socket.
    pub fn new(plan: &Arc<Plan>) -> io::Result<Self> {
        let control = Arc::new(Control::new(plan));
        let mut load = Self { control: Arc::clone(&control), threads: Vec::with_capacity(plan.threads) };
        for thread in 0..plan.threads {
            let (plan, control) = (Arc::clone(plan), Arc::clone(&control));
            let name = format!("stress-{thread}");
            let run = move || {
                let _leave = control.leaving();
                Ok(match plan.protocol {
                    Protocol::Tcp => Lines::new(&plan, &control, thread)?.run(),
                    Protocol::Udp => Datagrams::new(&plan, &control, thread)?.run(),
                })
            };
            load.threads.push(std::thread::Builder::new().name(name).spawn(run)?);
        }
        Ok(load)
    }

    /// Return what it is looked at and told by, also while another thread waits.
    pub fn watch(&self) -> Watch {
        Watch(Arc::clone(&self.control))
    }

    /// Stop, wait for the threads and return all that they found.
    ///
    /// # Errors
    /// A thread had no descriptors left, or met an error of the machine's that is not the target's.
    pub fn finish(mut self) -> io::Result<Found> {
        self.control.stop();
        let mut found = Found::none();
        for thread in std::mem::take(&mut self.threads) {
            found.add(&thread.join().map_err(|_| io::Error::other("a thread of the load broke"))??);
        }
        Ok(found)
    }
}

/// Looks at a load and tells it when to begin and to stop.
#[derive(Debug, Clone)]
pub struct Watch(Arc<Control>);

impl Watch {
    /// Return how it stands.
    pub fn progress(&self) -> Progress {
        self.0.progress()
    }

    /// Begin asking, now. Lines that could not be connected go on trying.
    pub fn begin(&self) {
        self.0.begin();
    }

    /// Ask nothing more; what was asked may still be answered.
    pub fn stop(&self) {
        self.0.stop();
    }

    /// Wait until every thread is over, so long at most; whether they are.
    pub fn wait(&self, most: Duration) -> bool {
        let ends = Instant::now() + most;
        while !self.0.is_over() {
            let left = ends.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            std::thread::sleep(left.min(LOOK_EVERY));
        }
        true
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.control.stop();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
