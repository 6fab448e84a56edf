//! Callers who try keys at random, over HTTP and UDP, between the requests of a well-behaved one.
//!
//! Every key is well-formed, its checksum too, and used once: whoever takes it for one has to look it up. The callers come
//! from as many loopback addresses as they are told to, so that a limit for one address can be met or avoided. For a
//! reference they ask without a key instead.

use std::io::{self, ErrorKind, Read, Write};
use std::mem::size_of;
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::{FromRawFd, OwnedFd};

use memchr::memmem;

use crate::answer;

/// Keys sent at once.
const BATCH: usize = 16;
/// Connections, and as many datagram sockets: more addresses take turns on them.
const LANES_MAX: usize = 4_000;
/// The loopback's addresses in blocks: each run has one of its own, for an address that has tried too much is looked up for no more.
const BLOCK: u32 = 4_096;
const BLOCKS: u64 = 2_000;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const READ_BYTES: usize = 256 * 1024;
/// Room for a datagram and for its answer.
const DATAGRAM_BYTES: usize = 300;

/// What the flood has done, and what it was told.
#[derive(Default, Clone, Copy)]
pub struct Deeds {
    keys_http: u64,
    keys_udp: u64,
    told_401: u64,
    told_429: u64,
    told_503: u64,
    told_else: u64,
    udp_wrong: u64,
    udp_spent: u64,
    udp_else: u64,
}

impl Deeds {
    /// Write them down.
    pub fn json(self) -> String {
        format!(
            "{{\"keys_http\":{},\"keys_udp\":{},\"told_401\":{},\"told_429\":{},\"told_503\":{},\"told_else\":{},\"udp_wrong\":{},\"udp_spent\":{},\"udp_else\":{}}}",
            self.keys_http,
            self.keys_udp,
            self.told_401,
            self.told_429,
            self.told_503,
            self.told_else,
            self.udp_wrong,
            self.udp_spent,
            self.udp_else
        )
    }
}

struct Lane {
    stream: TcpStream,
    partial: Vec<u8>,
    waiting: usize,
    datagrams: UdpSocket,
}

/// The flood.
pub struct Flood {
    http: SocketAddr,
    udp: SocketAddr,
    is_keyless: bool,
    first: Ipv4Addr,
    addresses: usize,
    interval_ns: u64,
    due_ns: u64,
    turn: usize,
    lanes: Vec<Lane>,
    dice: u64,
    checksums: [u32; 256],
    buffer: Vec<u8>,
    deeds: Deeds,
}

impl Flood {
    /// A flood of `rate` keys a second from so many addresses, half of them to `http` and half to `udp`; or of as many requests
    /// without a key.
    pub fn new(http: SocketAddr, udp: SocketAddr, rate: f64, addresses: usize, is_keyless: bool) -> Self {
        let dice = crate::time::now_ns() | 1;
        let block = (dice / 1_000_000 % BLOCKS) as u32;
        Self {
            http,
            udp,
            is_keyless,
            first: Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 1, 0, 1)) + block * BLOCK),
            addresses: addresses.clamp(1, LANES_MAX),
            interval_ns: (2.0 * BATCH as f64 * 1e9 / rate) as u64,
            due_ns: 0,
            turn: 0,
            lanes: Vec::new(),
            dice,
            checksums: checksums(),
            buffer: vec![0; READ_BYTES],
            deeds: Deeds::default(),
        }
    }

    /// Let everybody in.
    ///
    /// # Errors
    /// The kernel's own.
    pub fn gather(&mut self) -> io::Result<()> {
        for number in 0..self.addresses {
            let address = Ipv4Addr::from(u32::from(self.first) + number as u32);
            let datagrams = UdpSocket::bind((address, 0))?;
            datagrams.connect(self.udp)?;
            datagrams.set_nonblocking(true)?;
            let stream = connect_from(address, self.http)?;
            self.lanes.push(Lane { stream, partial: Vec::new(), waiting: 0, datagrams });
        }
        Ok(())
    }

    /// Do what is due by `now_ns`, if anything is.
    ///
    /// # Errors
    /// The server cut somebody, or answered what is no answer.
    pub fn act(&mut self, now_ns: u64) -> io::Result<()> {
        if now_ns < self.due_ns {
            return Ok(());
        }
        self.due_ns = self.due_ns.max(now_ns.saturating_sub(10 * self.interval_ns)) + self.interval_ns;
        self.turn = (self.turn + 1) % self.lanes.len();
        self.hear()?;
        self.ask_http()?;
        self.ask_udp()
    }

    /// What was done.
    pub fn deeds(&self) -> Deeds {
        self.deeds
    }

    fn ask_http(&mut self) -> io::Result<()> {
        if self.lanes[self.turn].waiting > 0 {
            return Ok(()); // It is behind; the next one has its turn.
        }
        let mut requests = Vec::with_capacity(BATCH * 128);
        for _ in 0..BATCH {
            let name = if self.is_keyless { "X-Ordinary" } else { "X-API-Key" };
            requests.extend_from_slice(format!("GET /price?asset=BTC HTTP/1.1\r\nHost: x\r\n{name}: ").as_bytes());
            requests.extend_from_slice(&self.key());
            requests.extend_from_slice(b"\r\n\r\n");
        }
        let lane = &mut self.lanes[self.turn];
        if lane.stream.write(&requests)? < requests.len() {
            return Err(io::Error::new(ErrorKind::WriteZero, "the server has stopped reading"));
        }
        lane.waiting = BATCH;
        self.deeds.keys_http += BATCH as u64;
        Ok(())
    }

    fn ask_udp(&mut self) -> io::Result<()> {
        for _ in 0..BATCH {
            let mut datagram = Vec::with_capacity(DATAGRAM_BYTES);
            let name = if self.is_keyless { "id" } else { "key" };
            datagram.extend_from_slice(format!("{{\"asset\":\"BTC\",\"{name}\":\"").as_bytes());
            datagram.extend_from_slice(&self.key());
            datagram.extend_from_slice(b"\"}");
            datagram.resize(DATAGRAM_BYTES, b' ');
            match self.lanes[self.turn].datagrams.send(&datagram) {
                Ok(_) => self.deeds.keys_udp += 1,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Read what has come for whoever has the turn.
    fn hear(&mut self) -> io::Result<()> {
        let lane = &mut self.lanes[self.turn];
        loop {
            match lane.stream.read(&mut self.buffer) {
                Ok(0) => return Err(io::Error::new(ErrorKind::UnexpectedEof, "the server cut one of the flood")),
                Ok(got) => lane.partial.extend_from_slice(&self.buffer[..got]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        let mut taken = 0;
        while let Some(told) = answer::read(&lane.partial[taken..]).map_err(|why| io::Error::new(ErrorKind::InvalidData, why.0))? {
            taken += told.total_bytes;
            lane.waiting = lane.waiting.saturating_sub(1);
            match told.status {
                401 => self.deeds.told_401 += 1,
                429 => self.deeds.told_429 += 1,
                503 => self.deeds.told_503 += 1,
                _ => self.deeds.told_else += 1,
            }
        }
        lane.partial.drain(..taken);
        while let Ok(got) = lane.datagrams.recv(&mut self.buffer) {
            let told = &self.buffer[..got];
            if memmem::find(told, b"KEY_INVALID").is_some() {
                self.deeds.udp_wrong += 1;
            } else if memmem::find(told, b"KEY_TRIES_SPENT").is_some() {
                self.deeds.udp_spent += 1;
            } else {
                self.deeds.udp_else += 1;
            }
        }
        Ok(())
    }

    /// Return a key nobody issued, as it would be spelled.
    fn key(&mut self) -> [u8; 46] {
        let mut key = *b"tb_live_--------------------------------------";
        for letter in &mut key[8..40] {
            self.dice ^= self.dice << 13;
            self.dice ^= self.dice >> 7;
            self.dice ^= self.dice << 17;
            *letter = BASE62[(self.dice >> 33) as usize % 62];
        }
        let mut checksum =
            !key[..40].iter().fold(u32::MAX, |sum, byte| self.checksums[((sum ^ u32::from(*byte)) & 0xff) as usize] ^ sum >> 8);
        for place in (40..46).rev() {
            key[place] = BASE62[checksum as usize % 62];
            checksum /= 62;
        }
        key
    }
}

/// Return the table of CRC-32, reflected.
fn checksums() -> [u32; 256] {
    std::array::from_fn(|byte| (0..8).fold(byte as u32, |sum, _| if sum & 1 == 1 { 0xedb8_8320 ^ sum >> 1 } else { sum >> 1 }))
}

/// Connect from an address of our choosing; the socket never blocks from there on.
fn connect_from(from: Ipv4Addr, to: SocketAddr) -> io::Result<TcpStream> {
    let SocketAddr::V4(to) = to else { return Err(io::Error::new(ErrorKind::Unsupported, "the flood speaks IPv4")) };
    let named = |address: Ipv4Addr, port: u16| libc::sockaddr_in {
        sin_family: libc::AF_INET as u16,
        sin_port: port.to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from(address).to_be() },
        sin_zero: [0; 8],
    };
    let length = size_of::<libc::sockaddr_in>() as u32;
    let (ours, theirs) = (named(from, 0), named(*to.ip(), to.port()));
    // SAFETY: the addresses live through the calls and are as long as told; the descriptor is ours and owned once.
    unsafe {
        let descriptor = libc::socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0);
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        let owned = OwnedFd::from_raw_fd(descriptor);
        if libc::bind(descriptor, (&raw const ours).cast(), length) < 0 || libc::connect(descriptor, (&raw const theirs).cast(), length) < 0
        {
            return Err(io::Error::last_os_error());
        }
        let stream = TcpStream::from(owned);
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_the_one_everybody_knows() {
        let table = checksums();
        let sum = !b"123456789".iter().fold(u32::MAX, |sum, byte| table[((sum ^ u32::from(*byte)) & 0xff) as usize] ^ sum >> 8);
        assert_eq!(sum, 0xcbf4_3926);
    }

    #[test]
    fn no_key_comes_twice() {
        let nowhere = "127.0.0.1:1".parse().unwrap();
        let mut flood = Flood::new(nowhere, nowhere, 1.0, 1, false);
        let keys: std::collections::HashSet<[u8; 46]> = (0..10_000).map(|_| flood.key()).collect();
        assert_eq!(keys.len(), 10_000);
        assert!(keys.iter().all(|key| key[8..].iter().all(u8::is_ascii_alphanumeric)));
    }
}
