//! Callers that mean harm, played between the requests of a well-behaved one.
//!
//! They live in the generator's own loop, so that no second process takes the client's processor from it: what the
//! well-behaved caller then waits longer for, it waits for at the server.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

/// Callers that connect and say nothing.
const SILENT: usize = 5_000;
/// Callers that send a header one byte at a time and never end it (slowloris).
const SLOW: usize = 200;
/// Callers that ask and never read.
const DEAF: usize = 50;
/// Short-lived connections kept at a time, of each kind.
const KEPT: usize = 50;
/// Deeds a second.
const DEEDS_PER_SECOND: u64 = 1_000;
/// Bytes of a header no server should take.
const OVERSIZED_BYTES: usize = 20_000;

/// What the crowd has done, and what it was told.
#[derive(Default, Clone, Copy)]
pub struct Deeds {
    silent: u64,
    slow_bytes: u64,
    oversized: u64,
    oversized_refused: u64,
    half_closed: u64,
    half_closed_answered: u64,
    deaf_bytes: u64,
    cut: u64,
}

impl Deeds {
    /// Write them down.
    pub fn json(self) -> String {
        format!(
            "{{\"silent\":{},\"slow_bytes\":{},\"oversized\":{},\"oversized_refused\":{},\"half_closed\":{},\"half_closed_answered\":{},\"deaf_bytes\":{},\"cut\":{}}}",
            self.silent,
            self.slow_bytes,
            self.oversized,
            self.oversized_refused,
            self.half_closed,
            self.half_closed_answered,
            self.deaf_bytes,
            self.cut
        )
    }
}

/// The crowd.
pub struct Crowd {
    address: SocketAddr,
    request: Vec<u8>,
    silent: Vec<TcpStream>,
    slow: Vec<TcpStream>,
    deaf: Vec<TcpStream>,
    oversized: VecDeque<TcpStream>,
    half_closed: VecDeque<TcpStream>,
    due_ns: u64,
    turn: usize,
    deeds: Deeds,
}

impl Crowd {
    /// A crowd that will go to `address`; where it asks at all, it asks `request`.
    pub fn new(address: SocketAddr, request: &[u8]) -> Self {
        Self {
            address,
            request: request.repeat(32),
            silent: Vec::new(),
            slow: Vec::new(),
            deaf: Vec::new(),
            oversized: VecDeque::new(),
            half_closed: VecDeque::new(),
            due_ns: 0,
            turn: 0,
            deeds: Deeds::default(),
        }
    }

    /// Open what stays open.
    ///
    /// # Errors
    /// The kernel's own.
    pub fn gather(&mut self) -> io::Result<()> {
        for _ in 0..SILENT {
            self.silent.push(self.caller()?);
        }
        for _ in 0..SLOW {
            let mut caller = self.caller()?;
            let _ = caller.write(b"GET /price?asset=BTC HTTP/1.1\r\nHost: slow\r\nX-Slow: ");
            self.slow.push(caller);
        }
        for _ in 0..DEAF {
            self.deaf.push(self.caller()?);
        }
        self.deeds.silent = self.silent.len() as u64;
        Ok(())
    }

    /// Do the next deed if it is due.
    ///
    /// # Errors
    /// A new connection could not be made. Whatever the server does to an old one is its right.
    pub fn act(&mut self, now: u64) -> io::Result<()> {
        if now < self.due_ns {
            return Ok(());
        }
        self.due_ns = now + 1_000_000_000 / DEEDS_PER_SECOND;
        self.turn += 1;
        match self.turn % 10 {
            0 => self.oversize(),
            1 => self.half_close(),
            2 | 3 => self.ask_unheard(),
            4 | 5 => self.stay_silent(),
            _ => self.dribble(),
        }
    }

    /// What was done so far.
    pub fn deeds(&self) -> Deeds {
        self.deeds
    }

    fn caller(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_nonblocking(true)?;
        Ok(stream)
    }

    fn dribble(&mut self) -> io::Result<()> {
        let index = self.turn % SLOW;
        if self.slow[index].write(b"a").is_ok() {
            self.deeds.slow_bytes += 1;
        } else {
            self.deeds.cut += 1;
            self.slow[index] = self.caller()?;
        }
        Ok(())
    }

    fn stay_silent(&mut self) -> io::Result<()> {
        let index = self.turn % SILENT;
        match self.silent[index].read(&mut [0; 64]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            _ => {
                self.deeds.cut += 1;
                self.silent[index] = self.caller()?;
            }
        }
        Ok(())
    }

    fn ask_unheard(&mut self) -> io::Result<()> {
        let index = self.turn % DEAF;
        match self.deaf[index].write(&self.request) {
            Ok(count) => self.deeds.deaf_bytes += count as u64,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => {
                self.deeds.cut += 1;
                self.deaf[index] = self.caller()?;
            }
        }
        Ok(())
    }

    fn oversize(&mut self) -> io::Result<()> {
        let mut caller = self.caller()?;
        let mut header = b"GET /price?asset=BTC HTTP/1.1\r\nHost: big\r\nX-Big: ".to_vec();
        header.resize(OVERSIZED_BYTES, b'a');
        let _ = caller.write(&header);
        self.deeds.oversized += 1;
        self.oversized.push_back(caller);
        if self.oversized.len() > KEPT
            && let Some(mut oldest) = self.oversized.pop_front()
        {
            self.deeds.oversized_refused += u64::from(was_told(&mut oldest, b"HTTP/1.1 431"));
        }
        Ok(())
    }

    fn half_close(&mut self) -> io::Result<()> {
        let mut caller = self.caller()?;
        let _ = caller.write(&self.request[..self.request.len() / 32]);
        let _ = caller.shutdown(Shutdown::Write);
        self.deeds.half_closed += 1;
        self.half_closed.push_back(caller);
        if self.half_closed.len() > KEPT
            && let Some(mut oldest) = self.half_closed.pop_front()
        {
            self.deeds.half_closed_answered += u64::from(was_told(&mut oldest, b"HTTP/1.1 200"));
        }
        Ok(())
    }
}

fn was_told(caller: &mut TcpStream, words: &[u8]) -> bool {
    let mut answer = [0; 4096];
    caller.read(&mut answer).is_ok_and(|count| answer[..count].starts_with(words))
}
