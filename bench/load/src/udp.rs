//! Closed loop over UDP: a fixed number of datagrams in flight, sent and received in batches.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

use memchr::memmem;

use crate::answer::Tally;
use crate::report::Report;
use crate::time::{Phase, Window, now_ns, ns};

/// Datagrams per system call at most.
const BATCH: usize = 64;
/// Bytes of one answer at most.
const DATAGRAM_BYTES: usize = 2048;
/// Callers at most: one address each, 127.0.0.1 to 127.0.0.250.
const CALLERS_MAX: usize = 250;
/// Digits of an id: room for every datagram of a long run.
const ID_DIGITS: usize = 12;
/// An answer later than this is lost.
const LOST_SECONDS: f64 = 1.0;

/// What to ask, of whom, how hard.
pub struct Plan {
    /// The server.
    pub address: SocketAddr,
    /// Datagrams in flight.
    pub in_flight: usize,
    /// How many callers the server sees, each an address of its own; more than one only on the loopback.
    pub callers: usize,
    /// One datagram; its first `############` is replaced by the id.
    pub request: Vec<u8>,
    /// What a good answer holds.
    pub contains: Vec<u8>,
    /// When to count.
    pub window: Window,
}

/// One datagram in flight.
#[derive(Clone, Copy)]
struct Slot {
    generation: u64,
    sent_ns: u64,
    waiting: bool,
}

/// Batches of buffers whose addresses the kernel is told once.
struct Batch {
    buffers: Vec<u8>,
    stride: usize,
    headers: Vec<libc::mmsghdr>,
    // Held for the headers, which point into them.
    _vectors: Vec<libc::iovec>,
    origins: Vec<Origin>,
}

/// Where one datagram goes and which of our addresses it comes from: a control message as the kernel wants it.
#[repr(C)]
#[derive(Clone, Copy)]
struct Origin {
    header: libc::cmsghdr,
    address: libc::in_pktinfo,
    to: libc::sockaddr_in,
}

impl Origin {
    fn new(to: SocketAddrV4) -> Self {
        let header = libc::cmsghdr {
            // SAFETY: the macro only reckons.
            cmsg_len: unsafe { libc::CMSG_LEN(size_of::<libc::in_pktinfo>() as u32) } as usize,
            cmsg_level: libc::IPPROTO_IP,
            cmsg_type: libc::IP_PKTINFO,
        };
        let nowhere = libc::in_addr { s_addr: 0 };
        Self {
            header,
            address: libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: nowhere, ipi_addr: nowhere },
            to: libc::sockaddr_in {
                sin_family: libc::AF_INET as u16,
                sin_port: to.port().to_be(),
                sin_addr: libc::in_addr { s_addr: u32::from(*to.ip()).to_be() },
                sin_zero: [0; 8],
            },
        }
    }
}

impl Batch {
    fn new(stride: usize) -> Self {
        let mut buffers = vec![0_u8; stride * BATCH];
        let mut vectors: Vec<libc::iovec> =
            (0..BATCH).map(|index| libc::iovec { iov_base: buffers[index * stride..].as_mut_ptr().cast(), iov_len: stride }).collect();
        let headers = vectors
            .iter_mut()
            .map(|vector| {
                // SAFETY: mmsghdr is plain data for which zero is a valid value.
                let mut header: libc::mmsghdr = unsafe { std::mem::zeroed() };
                header.msg_hdr.msg_iov = vector;
                header.msg_hdr.msg_iovlen = 1;
                header
            })
            .collect();
        Self { buffers, stride, headers, _vectors: vectors, origins: Vec::new() }
    }

    /// Have each datagram carry its own address to come from, and the one it goes to.
    fn with_origins(mut self, to: SocketAddrV4) -> Self {
        self.origins = vec![Origin::new(to); BATCH];
        for (header, origin) in self.headers.iter_mut().zip(&mut self.origins) {
            header.msg_hdr.msg_name = (&raw mut origin.to).cast();
            header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_in>() as u32;
            header.msg_hdr.msg_control = (&raw mut origin.header).cast();
            header.msg_hdr.msg_controllen = origin.header.cmsg_len as _;
        }
        self
    }

    /// Let a datagram come from the caller of that number.
    fn come_from(&mut self, index: usize, caller: usize) {
        if let Some(origin) = self.origins.get_mut(index) {
            origin.address.ipi_spec_dst.s_addr = (u32::from(Ipv4Addr::LOCALHOST) + caller as u32).to_be();
        }
    }

    fn buffer(&mut self, index: usize) -> &mut [u8] {
        &mut self.buffers[index * self.stride..(index + 1) * self.stride]
    }

    fn received(&self, index: usize) -> &[u8] {
        &self.buffers[index * self.stride..][..self.headers[index].msg_len as usize]
    }
}

/// Make room for every answer in flight, so that what is lost is not lost by us.
fn grow_receive_buffer(socket: &UdpSocket) {
    let bytes: libc::c_int = 4 << 20;
    // SAFETY: the value is an int and its size is said; a refusal leaves the buffer as it was.
    unsafe {
        let (value, size) = ((&raw const bytes).cast(), size_of::<libc::c_int>() as libc::socklen_t);
        libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_RCVBUF, value, size);
    }
}

/// Send `count` datagrams of the batch.
fn send(socket: &UdpSocket, batch: &mut Batch, count: usize) -> io::Result<()> {
    let mut done = 0;
    while done < count {
        // SAFETY: the headers from `done` on are initialised and point to buffers that live as long as the batch.
        let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), batch.headers[done..].as_mut_ptr(), (count - done) as u32, 0) };
        if sent < 0 {
            return Err(io::Error::last_os_error());
        }
        done += sent as usize;
    }
    Ok(())
}

/// Receive up to a batch; wait for the first, up to the socket's timeout.
fn receive(socket: &UdpSocket, batch: &mut Batch) -> io::Result<usize> {
    // SAFETY: the headers are initialised and point to buffers that live as long as the batch.
    let count =
        unsafe { libc::recvmmsg(socket.as_raw_fd(), batch.headers.as_mut_ptr(), BATCH as u32, libc::MSG_WAITFORONE, std::ptr::null_mut()) };
    if count >= 0 {
        return Ok(count as usize);
    }
    let error = io::Error::last_os_error();
    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) { Ok(0) } else { Err(error) }
}

fn put_id(at: &mut [u8], mut id: u64) {
    for digit in at.iter_mut().rev() {
        *digit = b'0' + (id % 10) as u8;
        id /= 10;
    }
}

fn id_in(answer: &[u8], finder: &memmem::Finder<'_>) -> Option<u64> {
    let at = finder.find(answer)? + finder.needle().len();
    let digits = answer.get(at..at + ID_DIGITS)?;
    digits.iter().all(u8::is_ascii_digit).then(|| digits.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0')))
}

/// The datagrams in flight, each in a slot: its id is the slot plus the slots' number times the generation.
struct Flight {
    slots: Vec<Slot>,
    free: Vec<usize>,
    lost: u64,
}

impl Flight {
    fn new(count: usize) -> Self {
        Self { slots: vec![Slot { generation: 0, sent_ns: 0, waiting: false }; count], free: (0..count).collect(), lost: 0 }
    }

    fn launch(&mut self, now: u64) -> Option<u64> {
        let slot = self.free.pop()?;
        let generation = self.slots[slot].generation + 1;
        self.slots[slot] = Slot { generation, sent_ns: now, waiting: true };
        Some(generation * self.slots.len() as u64 + slot as u64)
    }

    fn land(&mut self, id: u64) -> Option<u64> {
        let count = self.slots.len() as u64;
        let index = (id % count) as usize;
        let slot = &mut self.slots[index];
        if !slot.waiting || slot.generation != id / count {
            return None;
        }
        slot.waiting = false;
        self.free.push(index);
        Some(slot.sent_ns)
    }

    fn give_up_older_than(&mut self, moment: u64) {
        for (index, slot) in self.slots.iter_mut().enumerate() {
            if slot.waiting && slot.sent_ns < moment {
                slot.waiting = false;
                self.lost += 1;
                self.free.push(index);
            }
        }
    }
}

/// Return the server's address when the plan wants several callers.
fn origins(plan: &Plan) -> io::Result<Option<SocketAddrV4>> {
    match plan.address {
        _ if plan.callers == 1 => Ok(None),
        SocketAddr::V4(to) if to.ip().is_loopback() && plan.callers <= CALLERS_MAX => Ok(Some(to)),
        _ => Err(io::Error::new(ErrorKind::InvalidInput, "several callers, 250 at most, only to an address of the IPv4 loopback")),
    }
}

/// Run the plan. An answer twice, or to nothing asked, counts as bad.
///
/// # Errors
/// The kernel's own, and a request without a place for the id.
pub fn run(mut plan: Plan) -> io::Result<Report> {
    let place = memmem::find(&plan.request, &[b'#'; ID_DIGITS])
        .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "the request has no ############ for the id"))?;
    let socket = UdpSocket::bind(if plan.address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
    let origins = origins(&plan)?;
    if origins.is_none() {
        socket.connect(plan.address)?;
    }
    socket.set_read_timeout(Some(Duration::from_millis(100)))?;
    grow_receive_buffer(&socket);
    let mut outgoing = Batch::new(plan.request.len());
    if let Some(to) = origins {
        outgoing = outgoing.with_origins(to);
    }
    let mut incoming = Batch::new(DATAGRAM_BYTES);
    for index in 0..BATCH {
        outgoing.buffer(index).copy_from_slice(&plan.request);
    }
    let id_finder = memmem::Finder::new(b"\"id\":\"");
    let good_finder = memmem::Finder::new(&plan.contains);
    let mut flight = Flight::new(plan.in_flight);
    let mut tally = Tally::default();
    let mut latencies = Vec::with_capacity(1 << 20);
    let mut looked_ns = now_ns();
    loop {
        let now = now_ns();
        let (phase, changed) = plan.window.step(now);
        if changed && phase == Phase::Measuring {
            tally = Tally::default();
            latencies.clear();
        }
        if phase == Phase::Over {
            break;
        }
        let mut count = 0;
        while count < BATCH
            && let Some(id) = flight.launch(now)
        {
            put_id(&mut outgoing.buffer(count)[place..place + ID_DIGITS], id);
            outgoing.come_from(count, count % plan.callers);
            count += 1;
        }
        send(&socket, &mut outgoing, count)?;
        let received = receive(&socket, &mut incoming)?;
        let now = now_ns();
        for index in 0..received {
            let answer = incoming.received(index);
            tally.body_bytes += answer.len() as u64;
            match id_in(answer, &id_finder).and_then(|id| flight.land(id)) {
                Some(sent_ns) if good_finder.find(answer).is_some() => {
                    tally.good += 1;
                    latencies.push(now - sent_ns);
                }
                _ => tally.bad += 1,
            }
        }
        if now - looked_ns > ns(LOST_SECONDS) / 4 {
            flight.give_up_older_than(now.saturating_sub(ns(LOST_SECONDS)));
            looked_ns = now;
        }
    }
    let lost = flight.lost;
    let mut report = Report::over(tally, latencies, plan.window.close());
    report.lost = Some(lost);
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_lands_once_and_only_in_its_generation() {
        let mut flight = Flight::new(4);
        let ids: Vec<u64> = (0..4).map(|_| flight.launch(7).unwrap()).collect();
        assert_eq!(flight.launch(7), None);
        assert_eq!((flight.land(ids[2]), flight.land(ids[2])), (Some(7), None));
        let again = flight.launch(9).unwrap();
        assert_eq!((flight.land(ids[2]), flight.land(again)), (None, Some(9)));
        flight.give_up_older_than(8);
        assert_eq!((flight.lost, flight.land(ids[0])), (3, None));
    }

    #[test]
    fn an_id_is_read_back_from_an_answer() {
        let mut answer = b"{\"id\":\"############\"}".to_vec();
        put_id(&mut answer[7..19], 40_213);
        let finder = memmem::Finder::new(b"\"id\":\"");
        assert_eq!(id_in(&answer, &finder), Some(40_213));
        assert_eq!((id_in(b"{\"id\":\"12\"}", &finder), id_in(b"{}", &finder)), (None, None));
    }
}
