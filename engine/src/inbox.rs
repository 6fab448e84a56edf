//! What other threads tell an engine thread.

use std::io;
use std::net::{TcpListener, UdpSocket};
use std::sync::mpsc::Sender;
use std::time::Instant;

use crossbeam_queue::SegQueue;

use crate::bell::Bell;
use crate::code::Code;
use crate::questions::Ticket;

/// A message to one engine thread.
#[derive(Debug)]
pub enum Message {
    /// Python has looked a key up: try the request again, or refuse it with this code.
    Answer(Ticket, Option<Code>),
    /// Accept connections here too.
    Listen(TcpListener),
    /// Answer datagrams here too.
    ListenUdp(UdpSocket),
    /// Close the listeners; tell connections that their next answer is the last.
    StopAccepting,
    /// Give the records written so far to be sealed, and say so.
    Seal(Sender<()>),
    /// Finish what is in flight, but no longer than until then; then end.
    Stop(Instant),
}

/// Messages in order, and a bell that wakes the thread for them.
#[derive(Debug)]
pub struct Inbox {
    messages: SegQueue<Message>,
    bell: Bell,
}

impl Inbox {
    /// Return an empty inbox.
    ///
    /// # Errors
    /// There are no descriptors left.
    pub fn new() -> io::Result<Self> {
        Ok(Self { messages: SegQueue::new(), bell: Bell::new()? })
    }

    /// Leave a message and wake the thread.
    pub fn send(&self, message: Message) {
        self.leave(message);
        self.bell.ring();
    }

    /// Leave a message for when the bell is next rung.
    pub fn leave(&self, message: Message) {
        self.messages.push(message);
    }

    /// Return the next message.
    pub fn next(&self) -> Option<Message> {
        self.messages.pop()
    }

    /// Return the bell.
    pub fn bell(&self) -> &Bell {
        &self.bell
    }
}
