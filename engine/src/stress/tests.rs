//! A load against targets that answer, refuse, stall, break and lose: what it counts is what they did.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;

const GOOD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{\"success\":true}";
const LIMITED: &[u8] = b"HTTP/1.1 429 Slow\r\nContent-Length: 23\r\n\r\n{\"code\":\"RATE_LIMITED\"}";
const LAST: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const PATIENCE: Duration = Duration::from_secs(60);

/// What a target does with the request of that number; none: it says nothing.
type Answers = fn(u64) -> Option<&'static [u8]>;

fn plan(protocol: Protocol, target: SocketAddr) -> Plan {
    Plan {
        protocol,
        target,
        requests: vec![match protocol {
            Protocol::Tcp => b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            Protocol::Udp => b"{\"id\":\"############\"}".to_vec(),
        }],
        callers: 8,
        depth: 1,
        on_wire: 8,
        sockets: 2,
        rate: None,
        keeps_alive: true,
        threads: 2,
        warm_ns: 0,
        seconds_ns: 300_000_000,
        timeout_ns: 5_000_000_000,
    }
}

/// Listen, and answer each request by its number; how many there were.
fn target(answers: Answers) -> (SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Arc::new(AtomicU64::new(0)));
    let counted = Arc::clone(&asked);
    std::thread::spawn(move || {
        for line in listener.incoming().flatten() {
            let counted = Arc::clone(&counted);
            std::thread::spawn(move || serve(line, &counted, answers));
        }
    });
    (address, asked)
}

fn serve(mut line: TcpStream, asked: &AtomicU64, answers: Answers) {
    let (mut held, mut buffer) = (Vec::new(), [0; 4_096]);
    while let Ok(count @ 1..) = line.read(&mut buffer) {
        held.extend_from_slice(&buffer[..count]);
        while let Some(end) = memchr::memmem::find(&held, b"\r\n\r\n") {
            held.drain(..end + 4);
            let Some(answer) = answers(asked.fetch_add(1, Ordering::SeqCst)) else { continue };
            if line.write_all(answer).is_err() || answer == LAST {
                return;
            }
        }
    }
}

fn run(plan: Plan) -> Found {
    plan.check().unwrap();
    let load = Load::new(&Arc::new(plan)).unwrap();
    let watch = load.watch();
    while !watch.progress().ready {
        watch.wait(Duration::from_millis(1));
    }
    watch.begin();
    assert!(watch.wait(PATIENCE), "a load ends by itself");
    load.finish().unwrap()
}

fn failures(found: &Found, why: Failure) -> u64 {
    found.failures[why as usize]
}

#[test]
fn every_request_of_a_closed_loop_is_counted_once() {
    let (address, asked) = target(|_| Some(GOOD));
    let found = run(plan(Protocol::Tcp, address));
    assert!(found.good > 0);
    assert_eq!((found.good, found.failures), (asked.load(Ordering::SeqCst), [0; 6]));
    assert_eq!(found.codes.get("200"), Some(&found.good));
    assert_eq!((found.latency.len(), found.lag.len()), (found.good, 0));
}

#[test]
fn blocks_are_pipelined_and_counted_one_by_one() {
    let (address, asked) = target(|_| Some(GOOD));
    let found = run(Plan { depth: 16, ..plan(Protocol::Tcp, address) });
    assert_eq!((found.good, found.failures), (asked.load(Ordering::SeqCst), [0; 6]));
    assert_eq!(found.good % 16, 0);
}

#[test]
fn refusals_are_told_by_their_code() {
    let (address, _) = target(|number| Some(if number % 2 == 0 { GOOD } else { LIMITED }));
    let found = run(plan(Protocol::Tcp, address));
    let limited = found.codes["429 RATE_LIMITED"];
    assert!(limited > 0 && found.good.abs_diff(limited) <= 1);
    assert_eq!((found.latency.len(), found.failures), (found.good, [0; 6]));
}

#[test]
fn a_connection_that_ends_in_order_is_made_anew_and_nothing_fails() {
    let (address, asked) = target(|_| Some(LAST));
    let found = run(plan(Protocol::Tcp, address));
    assert_eq!((found.good, found.failures), (asked.load(Ordering::SeqCst), [0; 6]));
    assert!(found.reconnected > 0);
}

#[test]
fn a_connection_is_used_once_where_that_is_wanted() {
    let (address, asked) = target(|_| Some(GOOD));
    let found = run(Plan { keeps_alive: false, ..plan(Protocol::Tcp, address) });
    assert_eq!((found.good, found.failures, found.reconnected), (asked.load(Ordering::SeqCst), [0; 6], 0));
}

#[test]
fn what_is_never_answered_times_out_and_the_load_ends() {
    let (address, _) = target(|_| None);
    let found = run(Plan { timeout_ns: 100_000_000, ..plan(Protocol::Tcp, address) });
    assert_eq!((found.good, found.latency.len()), (0, 0));
    assert!(failures(&found, Failure::Timeout) >= 8);
}

#[test]
fn bytes_that_are_no_answer_are_told_apart() {
    let (address, _) = target(|_| Some(b"220 mail.example ESMTP\r\n\r\n"));
    let found = run(plan(Protocol::Tcp, address));
    assert!(failures(&found, Failure::Malformed) >= 8);
    assert_eq!(found.good, 0);
}

#[test]
fn nobody_listening_is_told_and_does_not_hold_the_load_up() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let found = run(plan(Protocol::Tcp, address));
    assert!(failures(&found, Failure::Connect) > 0);
    assert_eq!(found.good, 0);
}

#[test]
fn by_the_clock_exactly_as_many_leave_as_are_due() {
    let (address, asked) = target(|_| Some(GOOD));
    let found = run(Plan { rate: Some(1_000.0), ..plan(Protocol::Tcp, address) });
    assert_eq!((found.good, asked.load(Ordering::SeqCst)), (300, 300));
    assert_eq!(found.lag.len(), 300);
}

#[test]
fn a_stall_is_paid_for_by_every_request_due_meanwhile() {
    // One caller, one request each 10 ms; the target sleeps 200 ms over the first. Timed from when they left, only one was slow.
    let (address, _) = target(|number| {
        if number == 0 {
            std::thread::sleep(Duration::from_millis(200));
        }
        Some(GOOD)
    });
    let found = run(Plan { rate: Some(100.0), callers: 1, threads: 1, seconds_ns: 250_000_000, ..plan(Protocol::Tcp, address) });
    assert_eq!(found.good, 25);
    let slow = found.latency.count_between(50_000_000, u64::MAX);
    assert!(slow >= 14, "the first 15 were due at least 50 ms before the stall ended, {slow} were told to be slow");
}

#[test]
fn what_was_due_and_never_left_is_no_success() {
    let (address, _) = target(|_| None);
    let found = run(Plan { rate: Some(100.0), callers: 1, threads: 1, timeout_ns: 100_000_000, ..plan(Protocol::Tcp, address) });
    assert_eq!(found.good, 0);
    assert_eq!(failures(&found, Failure::Timeout) + failures(&found, Failure::Unsent), 30);
}

#[test]
fn a_stop_closes_the_window_early() {
    let (address, asked) = target(|_| Some(GOOD));
    let load = Load::new(&Arc::new(Plan { seconds_ns: 3_600_000_000_000, ..plan(Protocol::Tcp, address) })).unwrap();
    let watch = load.watch();
    watch.begin();
    while watch.progress().good < 100 {
        watch.wait(Duration::from_millis(1));
    }
    let found = load.finish().unwrap();
    assert!(found.window_ns < 3_600_000_000_000 && found.good >= 100);
    // A thread hears of the stop at its next turn: each caller may have asked once more, and that does not count.
    let beyond = asked.load(Ordering::SeqCst) - found.good - failures(&found, Failure::Cut);
    assert!(beyond <= 8, "{beyond}");
}

#[test]
fn a_load_that_never_began_ends_when_it_is_finished() {
    let (address, asked) = target(|_| Some(GOOD));
    let found = Load::new(&Arc::new(plan(Protocol::Tcp, address))).unwrap().finish().unwrap();
    assert_eq!((found.good, found.window_ns, asked.load(Ordering::SeqCst)), (0, 0, 0));
}

/// Answers datagrams with their own id, but for each `loses`th; stops when dropped.
struct Echo {
    address: SocketAddr,
    asked: Arc<AtomicU64>,
    ends: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Echo {
    fn new(loses: u64, good: bool) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let (asked, ends) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let address = socket.local_addr().unwrap();
        let (counted, is_over) = (Arc::clone(&asked), Arc::clone(&ends));
        let thread = std::thread::spawn(move || {
            let mut buffer = [0; 2_048];
            while !is_over.load(Ordering::SeqCst) {
                let Ok((count, peer)) = socket.recv_from(&mut buffer) else { continue };
                if (counted.fetch_add(1, Ordering::SeqCst) + 1) % loses != 0 {
                    let start: &[u8] = if good { b"{\"success\":true," } else { b"{\"success\":false,\"code\":\"KEY_INVALID\"," };
                    let _ = socket.send_to(&[start, &buffer[1..count]].concat(), peer);
                }
            }
        });
        Self { address, asked, ends, thread: Mutex::new(Some(thread)) }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        let _ = self.thread.lock().unwrap().take().unwrap().join();
    }
}

#[test]
fn every_datagram_is_counted_once() {
    let echo = Echo::new(u64::MAX, true);
    let found = run(plan(Protocol::Udp, echo.address));
    assert!(found.good > 0);
    assert_eq!((found.good, found.failures, found.late), (echo.asked.load(Ordering::SeqCst), [0; 6], 0));
    assert_eq!(found.codes["OK"], found.good);
}

#[test]
fn a_lost_datagram_is_lost_once_and_its_caller_goes_on() {
    let echo = Echo::new(10, true);
    let found = run(Plan { rate: Some(1_000.0), timeout_ns: 100_000_000, callers: 400, on_wire: 400, ..plan(Protocol::Udp, echo.address) });
    assert_eq!((found.good, failures(&found, Failure::Timeout)), (270, 30));
}

#[test]
fn callers_beyond_the_wire_wait_here_and_none_is_forgotten() {
    let echo = Echo::new(u64::MAX, true);
    let found = run(Plan { callers: 1_000, on_wire: 4, ..plan(Protocol::Udp, echo.address) });
    assert!(found.good >= 1_000, "each of the thousand was due at the beginning: {}", found.good);
    assert_eq!((found.good, found.failures), (echo.asked.load(Ordering::SeqCst), [0; 6]));
}

#[test]
fn a_refusal_by_datagram_is_told_by_its_code() {
    let echo = Echo::new(u64::MAX, false);
    let found = run(plan(Protocol::Udp, echo.address));
    assert_eq!((found.good, found.codes["KEY_INVALID"]), (0, echo.asked.load(Ordering::SeqCst)));
}

#[test]
fn what_threads_found_adds_up() {
    let (mut one, mut other) = (Found::none(), Found::none());
    for (found, latency) in [(&mut one, 1_000), (&mut other, 2_000)] {
        found.latency.record(latency).unwrap();
        (found.good, found.failures[2]) = (1, 3);
        found.codes.insert("200".into(), 1);
    }
    one.add(&other);
    assert_eq!((one.good, one.failures[2], one.codes["200"]), (2, 6, 2));
    assert_eq!(Found::recorded(&one.latency), vec![(1_000, 1), (2_000, 1)]);
}

#[test]
fn a_plan_out_of_bounds_is_refused_with_a_sentence() {
    let good = || plan(Protocol::Tcp, "127.0.0.1:1".parse().unwrap());
    assert_eq!(good().check(), Ok(()));
    for bad in [
        Plan { threads: 0, ..good() },
        Plan { threads: 9, ..good() },
        Plan { callers: 0, ..good() },
        Plan { depth: 2, keeps_alive: false, ..good() },
        Plan { rate: Some(f64::NAN), ..good() },
        Plan { seconds_ns: 0, ..good() },
        Plan { requests: vec![], ..good() },
        Plan { requests: vec![b"GET".to_vec()], ..good() },
        Plan { protocol: Protocol::Udp, ..good() },
        Plan { depth: DEPTH_MAX, requests: vec![[&[b'x'; 1 << 17][..], b"\r\n\r\n"].concat()], ..good() },
    ] {
        assert!(bad.check().is_err(), "{bad:?}");
    }
}
