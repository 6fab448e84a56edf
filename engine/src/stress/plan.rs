//! What is asked, of whom, how hard and for how long.

use std::net::SocketAddr;

/// Most threads of one load.
pub const THREADS_MAX: usize = 64;
/// Most callers of one load.
pub const CONCURRENT_MAX: usize = 1_000_000;
/// Most requests on one connection without an answer.
pub const DEPTH_MAX: usize = 1_024;
/// Most bytes that all requests, each repeated to its depth, may take.
pub const BLOCK_BYTES_MAX: usize = 64 << 20;
/// Most bytes of a datagram.
pub const DATAGRAM_BYTES_MAX: usize = 1_200;
/// Where the id of a datagram goes: as many signs as an id has digits.
pub const ID_PLACE: &[u8] = b"############";

/// How the target is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Tcp,
    /// One datagram, one answer.
    Udp,
}

/// What is asked, of whom, how hard and for how long.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How the target is spoken to.
    pub protocol: Protocol,
    /// The target.
    pub target: SocketAddr,
    /// Requests, each whole, asked in turn.
    pub requests: Vec<Vec<u8>>,
    /// Connections over HTTP, callers over UDP.
    pub callers: usize,
    /// Over HTTP, requests on a connection that may wait for their answer at once.
    pub depth: usize,
    /// Over UDP, datagrams on the wire at once; callers beyond them wait here, and their wait counts.
    pub on_wire: usize,
    /// Over UDP, sockets of each thread.
    pub sockets: usize,
    /// Requests a second by the clock; none: each caller asks again when it is answered.
    pub rate: Option<f64>,
    /// Whether a connection is used again.
    pub keeps_alive: bool,
    /// Threads.
    pub threads: usize,
    /// How long is asked before it counts.
    pub warm_ns: u64,
    /// How long it counts.
    pub seconds_ns: u64,
    /// How long an answer may take.
    pub timeout_ns: u64,
}

impl Plan {
    /// Say what is wrong with it, if anything.
    ///
    /// # Errors
    /// A sentence that names what is out of bounds.
    pub fn check(&self) -> Result<(), String> {
        let counts = [
            ("threads", self.threads, THREADS_MAX),
            ("callers", self.callers, CONCURRENT_MAX),
            ("depth", self.depth, DEPTH_MAX),
            ("on_wire", self.on_wire, CONCURRENT_MAX),
            ("sockets", self.sockets, 1_024),
            ("requests", self.requests.len(), 4_096),
        ];
        for (name, value, most) in counts {
            if !(1..=most).contains(&value) {
                return Err(format!("{name}: 1 to {most}, not {value}"));
            }
        }
        if self.threads > self.callers {
            return Err(format!("threads: no more than the {} callers", self.callers));
        }
        if self.rate.is_some_and(|rate| !(rate.is_finite() && (0.001..=1e9).contains(&rate))) {
            return Err("rate: 0.001 to 1,000,000,000".into());
        }
        if !self.keeps_alive && self.depth > 1 {
            return Err("depth: 1 where a connection is not used again".into());
        }
        if self.seconds_ns == 0 || self.timeout_ns == 0 {
            return Err("seconds and timeout_seconds: above 0".into());
        }
        if self.requests.iter().map(Vec::len).sum::<usize>() * self.depth > BLOCK_BYTES_MAX {
            return Err(format!("requests: {BLOCK_BYTES_MAX} bytes at most, each as often as is pipelined"));
        }
        self.check_requests()
    }

    fn check_requests(&self) -> Result<(), String> {
        for request in &self.requests {
            let is_good = match self.protocol {
                Protocol::Tcp => request.ends_with(b"\r\n\r\n"),
                Protocol::Udp => request.len() <= DATAGRAM_BYTES_MAX && memchr::memmem::find(request, ID_PLACE).is_some(),
            };
            if !is_good {
                return Err(match self.protocol {
                    Protocol::Tcp => "requests: a whole head that ends with an empty line, without a body".into(),
                    Protocol::Udp => format!("requests: {DATAGRAM_BYTES_MAX} bytes at most with ############ where the id goes"),
                });
            }
        }
        Ok(())
    }

    /// Return how many of `all` a thread has: as equal as can be, and all of them over all threads.
    pub fn share(&self, all: usize, thread: usize) -> usize {
        all / self.threads + usize::from(thread < all % self.threads)
    }
}
