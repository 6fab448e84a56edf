//! One node's engine: its threads, its sockets, its beginning and its end.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

use crate::code::Code;
use crate::counters::Counter;
use crate::inbox::Message;
use crate::limits::Limits;
use crate::questions::Ticket;
use crate::record::Entry;
use crate::request_id::THREADS_MAX;
use crate::shared::{Settings, Shared, ThreadContext};
use crate::thread::EngineThread;
use crate::turn::ask_for_short_turns;
use crate::udp::socket::bind_all;

/// Connections the kernel keeps until a thread accepts them.
const BACKLOG: i32 = 4_096;

/// Descriptors used by everything that is no caller's connection.
const OTHER_DESCRIPTORS: u64 = 1_024;

/// How long a thread is waited for when it is asked to seal.
const SEAL_WAIT: Duration = Duration::from_secs(10);

/// Most threads: one request id's worth, less Python's.
pub const THREADS: std::ops::RangeInclusive<usize> = 1..=THREADS_MAX - 1;

/// Where an engine is in its life.
#[derive(Debug)]
enum Life {
    Prepared,
    Running(Vec<JoinHandle<usize>>),
    Ended,
}

/// One node's engine.
#[derive(Debug)]
pub struct Engine {
    shared: Arc<Shared>,
    life: Mutex<Life>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine {
    /// Prepare an engine; nothing listens yet. `settings.threads` is one of `THREADS`.
    ///
    /// # Errors
    /// The spool directory cannot be used, or there are no descriptors left.
    pub fn new(settings: Settings) -> io::Result<Self> {
        Ok(Self { shared: Shared::new(settings)?, life: Mutex::new(Life::Prepared) })
    }

    /// Return what the threads share.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Listen for HTTP with one socket per thread; the address, its port chosen when 0 was asked.
    ///
    /// # Errors
    /// The address is taken or not ours.
    pub fn listen_http(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        let address = probe(address)?;
        let listeners = self.shared.inboxes.iter().map(|_| listener_at(address)).collect::<io::Result<Vec<_>>>()?;
        for (inbox, listener) in self.shared.inboxes.iter().zip(listeners) {
            inbox.send(Message::Listen(listener));
        }
        Ok(address)
    }

    /// Listen for datagrams with one socket per thread; the address, its port chosen when 0 was asked.
    ///
    /// # Errors
    /// The address is taken or not ours.
    pub fn listen_udp(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        let bound = bind_all(address, self.shared.threads())?;
        self.shared.counters.set(Counter::UdpReceiveBufferBytes, bound.buffers.receive_bytes as u64);
        for (inbox, socket) in self.shared.inboxes.iter().zip(bound.sockets) {
            inbox.send(Message::ListenUdp(socket));
        }
        Ok(bound.address)
    }

    /// Start the threads; false when they were started before.
    ///
    /// # Errors
    /// The machine refuses a thread or a descriptor. Those already started are stopped again.
    pub fn start(&self) -> io::Result<bool> {
        let mut life = locked(&self.life);
        if !matches!(*life, Life::Prepared) {
            return Ok(false);
        }
        self.make_room(self.shared.limits.at_start.connections_max);
        let mut threads = Vec::new();
        for number in 0..self.shared.threads() {
            match start_thread(&self.shared, number) {
                Ok(thread) => threads.push(thread),
                Err(error) => {
                    *life = Life::Ended;
                    self.end(threads, Duration::ZERO);
                    return Err(error);
                }
            }
        }
        *life = Life::Running(threads);
        Ok(true)
    }

    /// Put other bounds in force from the next request on; what queues and spools were made by stays until the next start.
    pub fn set_limits(&self, limits: &Limits) {
        self.shared.limits.turn(limits);
        self.shared.crowd.turn(limits.connections_max, limits.connections_per_address_max);
        self.shared.spool.seal_after(limits.segment_ns);
        self.make_room(limits.connections_max);
    }

    /// See to it that so many connections have a descriptor each, as far as the system allows.
    fn make_room(&self, connections: usize) {
        raise_descriptor_limit(connections as u64 + self.shared.limits.at_start.handed_max as u64 + OTHER_DESCRIPTORS);
    }

    /// Close the listeners; what is in flight is finished, and told that its connection ends.
    pub fn stop_accepting(&self) {
        self.shared.is_closing.store(true, Relaxed);
        self.shared.door.shut();
        for inbox in &self.shared.inboxes {
            inbox.send(Message::StopAccepting);
        }
    }

    /// Stop the threads, waiting so long for what is in flight, and seal the spool; how many connections were cut.
    pub fn stop(&self, grace: Duration) -> usize {
        let mut life = locked(&self.life);
        let threads = match std::mem::replace(&mut *life, Life::Ended) {
            Life::Running(threads) => threads,
            Life::Prepared => Vec::new(),
            Life::Ended => return 0,
        };
        self.end(threads, grace)
    }

    fn end(&self, threads: Vec<JoinHandle<usize>>, grace: Duration) -> usize {
        self.shared.is_closing.store(true, Relaxed);
        self.shared.door.shut();
        let stops_at = Instant::now() + grace;
        for inbox in &self.shared.inboxes {
            inbox.send(Message::Stop(stops_at));
        }
        let cut = threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum();
        // Whoever waited at the door for a Python that takes nobody any more.
        for handed in self.shared.door.take() {
            self.closed(handed.ticket);
        }
        locked(&self.shared.python).lane.seal();
        let _ = self.shared.spool.seal_finished(); // What the disk refuses stays in its open file, for the next start.
        self.shared.spool.close();
        cut
    }

    /// Seal every segment that holds records.
    ///
    /// # Errors
    /// The disk refuses, or a thread does not answer.
    pub fn seal(&self) -> io::Result<()> {
        let is_running = matches!(*locked(&self.life), Life::Running(_));
        locked(&self.shared.python).lane.seal();
        if is_running {
            let (done, all_done) = channel();
            for inbox in &self.shared.inboxes {
                inbox.send(Message::Seal(done.clone()));
            }
            for _ in &self.shared.inboxes {
                all_done.recv_timeout(SEAL_WAIT).map_err(|_| io::Error::other("an engine thread does not answer"))?;
            }
        }
        self.shared.spool.seal_finished()
    }

    /// Write a record of what Python answered; its sequence, or None when it is lost. Without an id it is given one.
    pub fn record(&self, entry: &Entry<'_>, request_id: Option<u64>) -> Option<u64> {
        let now = self.shared.clock.now();
        let mut python = locked(&self.shared.python);
        let request_id = request_id.unwrap_or_else(|| python.ids.next(now.wall_ns));
        let sequence = python.lane.append(&Entry { time_ns: now.wall_ns, request_id, ..*entry });
        self.shared.counters.add(if sequence.is_some() { Counter::UsageRecorded } else { Counter::UsageLost }, 1);
        self.shared.counters.took_handed(entry.latency_ns);
        drop(python); // Only now: its lock keeps two callers from counting at once.
        sequence
    }

    /// Return an id for a request that Python answers, of the same kind as the engine's own.
    pub fn request_id(&self) -> u64 {
        locked(&self.shared.python).ids.next(self.shared.clock.wall_ns())
    }

    /// Let parked requests go on, or refuse them, and wake each thread once.
    pub fn answer_all(&self, answers: impl IntoIterator<Item = (Ticket, Option<Code>)>) {
        let mut told = 0_u64;
        for (ticket, refusal) in answers {
            if let Some(inbox) = self.shared.inboxes.get(ticket.thread()) {
                inbox.leave(Message::Answer(ticket, refusal));
                told |= 1 << ticket.thread();
            }
        }
        for (_, inbox) in self.shared.inboxes.iter().enumerate().filter(|(thread, _)| told >> thread & 1 == 1) {
            inbox.bell().ring();
        }
    }

    /// A connection that was handed over has ended.
    pub fn closed(&self, ticket: u64) {
        if let Some(peer) = self.shared.door.closed(ticket) {
            self.shared.crowd.leave(peer.ip());
            self.shared.counters.sub(Counter::HandedOpen, 1);
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop(Duration::ZERO);
    }
}

fn start_thread(shared: &Arc<Shared>, number: usize) -> io::Result<JoinHandle<usize>> {
    let thread = EngineThread::new(ThreadContext::new(Arc::clone(shared), number)?)?;
    let shared = Arc::clone(shared);
    std::thread::Builder::new().name(format!("engine-{number}")).spawn(move || {
        block_signals();
        // Where the kernel refuses, a busy machine makes callers wait longer; nothing else is lost.
        let _ = ask_for_short_turns();
        catch_unwind(AssertUnwindSafe(|| thread.run())).unwrap_or_else(|_| {
            // The message is on stderr already. The other threads go on; this one's sockets were closed on the way out.
            shared.counters.add(Counter::ThreadsLost, 1);
            0
        })
    })
}

/// Leave signals to Python's threads.
fn block_signals() {
    // SAFETY: the set is a valid place for one and is filled before it is used; no old mask is asked for.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const all, std::ptr::null_mut());
    }
}

/// Find out that an address is free, and choose a port if asked. Sockets that share their address, as our threads' do,
/// would also share it with another program's, and half of the callers would end up there.
fn probe(address: SocketAddr) -> io::Result<SocketAddr> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?; // Connections of a former start may still be winding down.
    socket.bind(&address.into())?;
    socket.local_addr()?.as_socket().ok_or_else(|| io::Error::other("the socket has no internet address"))
}

fn listener_at(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?; // Inherited by what is accepted.
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Ask for as many descriptors as connections are allowed, as far as the machine lets us. With fewer, callers are turned away.
fn raise_descriptor_limit(wanted: u64) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid place for one; the second call reads what the first wrote.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) == 0 && limit.rlim_cur < wanted {
            limit.rlim_cur = wanted.min(limit.rlim_max);
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
        }
    }
}
