//! One HTTP connection of the generator.

use std::io::{self, ErrorKind, Write};
use std::net::TcpStream;

use crate::answer::{Expected, Tally};
use crate::net::read_once;

/// Bytes taken by one read at most; shared by all connections, so that ten thousand cost nothing.
pub const READ_BYTES: usize = 256 * 1024;

/// A socket and the beginning of an answer whose end has not come yet.
pub struct Connection {
    stream: TcpStream,
    partial: Vec<u8>,
}

impl Connection {
    /// Take over a socket that does not block.
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, partial: Vec::new() }
    }

    /// The socket, to be polled.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Send all of `bytes` at once.
    ///
    /// # Errors
    /// The kernel's own; also when they do not fit into the socket's buffer, for then the server has stopped reading.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let sent = self.stream.write(bytes)?;
        if sent < bytes.len() {
            return Err(io::Error::new(ErrorKind::WriteZero, "the server has stopped reading: the send buffer is full"));
        }
        Ok(())
    }

    /// Read once and count what came into `tally`; return how many answers that were.
    ///
    /// # Errors
    /// The kernel's own, the end of the connection, and bytes that are no answers (`InvalidData`).
    pub fn receive(&mut self, buffer: &mut [u8], tally: &mut Tally, expected: &Expected) -> io::Result<u64> {
        let held = self.partial.len();
        buffer[..held].copy_from_slice(&self.partial);
        let Some(count) = read_once(&mut self.stream, &mut buffer[held..])? else { return Ok(0) };
        let before = tally.answers();
        let filled = &buffer[..held + count];
        let taken = tally.take(filled, expected).map_err(|why| io::Error::new(ErrorKind::InvalidData, why.0))?;
        self.partial.clear();
        self.partial.extend_from_slice(&filled[taken..]);
        if self.partial.len() == buffer.len() {
            return Err(io::Error::new(ErrorKind::InvalidData, "an answer larger than the read buffer"));
        }
        Ok(tally.answers() - before)
    }
}
