//! All the venues: their listeners, whoever is connected, and what is on its way to them.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;

use crate::handshake::answer_to;
use crate::shapes::{Market, Press, Shape, Stamp};

/// How much is printed at once when everything that is taken is sent.
const BATCH_BYTES: usize = 65_536;
/// Frames sent between two looks at the clock's other duties, when we are behind it.
const BURST_MAX: usize = 64;
/// How often sockets are looked at for what callers say, in steps.
const LISTEN_EVERY: u64 = 256;
const NAP_NS: u64 = 1_000_000;
const SECOND_NS: f64 = 1e9;

/// How trades are printed.
enum Pace {
    Still,
    AsTaken,
    ByTheClock { interval_ns: f64, since_ns: u64, sent: u64 },
}

struct Stall {
    venue: String,
    press: Press,
    listener: TcpListener,
    caller: Option<Caller>,
}

struct Caller {
    stream: TcpStream,
    heard: Vec<u8>,
    is_open: bool,
    out: Vec<u8>,
    sent: usize,
}

/// Every venue of a plan.
pub struct Street {
    stalls: Vec<Stall>,
    pace: Pace,
    steps: u64,
    turn: usize,
    bytes: u64,
}

impl Street {
    /// Open a listener for each venue of a plan.
    pub fn of(plan: &str) -> io::Result<Self> {
        let mut stalls: Vec<Stall> = Vec::new();
        for line in plan.lines() {
            let wrong = || io::Error::other(format!("{line}: no line of a plan"));
            let mut words = line.split_whitespace();
            let (Some(venue), Some(symbol), Some(price)) = (words.next(), words.next(), words.next()) else { return Err(wrong()) };
            let market = Market::new(symbol, price.parse().map_err(|_| wrong())?);
            if let Some(stall) = stalls.iter_mut().find(|stall| stall.venue == venue) {
                stall.press.markets.push(market);
                continue;
            }
            let listener = TcpListener::bind("127.0.0.1:0")?;
            listener.set_nonblocking(true)?;
            let press = Press::new(Shape::named(venue).ok_or_else(wrong)?, vec![market]);
            stalls.push(Stall { venue: venue.to_owned(), press, listener, caller: None });
        }
        Ok(Self { stalls, pace: Pace::Still, steps: 0, turn: 0, bytes: 0 })
    }

    /// Say where each venue listens.
    pub fn addresses(&self) -> String {
        let ports: Vec<String> = self
            .stalls
            .iter()
            .map(|stall| format!("\"{}\":{}", stall.venue, stall.listener.local_addr().map_or(0, |address| address.port())))
            .collect();
        format!("{{{}}}", ports.join(","))
    }

    /// Say what was printed so far, and each market's last price.
    pub fn account(&self) -> String {
        let (frames, trades) = self.stalls.iter().fold((0, 0), |sum, stall| (sum.0 + stall.press.frames, sum.1 + stall.press.trades));
        let mut text = format!("{{\"frames\":{frames},\"trades\":{trades},\"bytes\":{},\"last\":{{", self.bytes);
        for (place, stall) in self.stalls.iter().enumerate() {
            let prices: Vec<String> =
                stall.press.markets.iter().map(|market| format!("\"{}\":\"{}\"", market.symbol, market.price())).collect();
            let _ = write!(text, "{}\"{}\":{{{}}}", if place > 0 { "," } else { "" }, stall.venue, prices.join(","));
        }
        text + "}}"
    }

    /// Print from now on, so many frames a second over all venues; 0: as many as are taken.
    pub fn go(&mut self, rate: f64) {
        self.pace = if rate > 0.0 {
            Pace::ByTheClock { interval_ns: SECOND_NS / rate, since_ns: clock(libc::CLOCK_BOOTTIME), sent: 0 }
        } else {
            Pace::AsTaken
        };
    }

    /// Print no more, once everything that was printed has left.
    pub fn be_still(&mut self) -> io::Result<()> {
        self.pace = Pace::Still;
        for caller in self.stalls.iter_mut().filter_map(|stall| stall.caller.as_mut()) {
            caller.stream.set_nonblocking(false)?;
            self.bytes += caller.flush()? as u64;
            caller.stream.set_nonblocking(true)?;
        }
        Ok(())
    }

    /// Do what there is to do.
    pub fn step(&mut self) -> io::Result<()> {
        self.steps += 1;
        if self.steps % LISTEN_EVERY == 1 || matches!(self.pace, Pace::Still) {
            for stall in &mut self.stalls {
                stall.listen()?;
            }
        }
        match &mut self.pace {
            Pace::Still => std::thread::sleep(std::time::Duration::from_micros(200)),
            Pace::AsTaken => self.fill()?,
            Pace::ByTheClock { interval_ns, since_ns, sent } => {
                for _ in 0..BURST_MAX {
                    let due_ns = *since_ns + (*sent as f64 * *interval_ns) as u64;
                    let now_ns = clock(libc::CLOCK_BOOTTIME);
                    if now_ns < due_ns {
                        // Asleep, not spinning: who spins ahead of all others is throttled, and then sends everything at once.
                        std::thread::sleep(std::time::Duration::from_nanos((due_ns - now_ns).min(NAP_NS)));
                        break;
                    }
                    *sent += 1;
                    self.turn = (self.turn + 1) % self.stalls.len();
                    self.bytes += self.stalls[self.turn].print_one()? as u64;
                }
            }
        }
        Ok(())
    }

    /// Print as much as is taken, each venue in its turn; wait where nobody takes anything.
    fn fill(&mut self) -> io::Result<()> {
        let mut sent = 0;
        for Stall { press, caller, .. } in &mut self.stalls {
            let Some(caller) = caller.as_mut().filter(|caller| caller.is_open) else { continue };
            if caller.sent == caller.out.len() {
                let stamp = now();
                while caller.out.len() < BATCH_BYTES {
                    press.print(&stamp, &mut caller.out);
                }
            }
            sent += caller.flush()?;
        }
        self.bytes += sent as u64;
        if sent == 0 {
            self.wait_for_room();
        }
        Ok(())
    }

    fn wait_for_room(&self) {
        let callers = self.stalls.iter().filter_map(|stall| stall.caller.as_ref());
        let mut polled: Vec<libc::pollfd> =
            callers.map(|caller| libc::pollfd { fd: caller.stream.as_raw_fd(), events: libc::POLLOUT, revents: 0 }).collect();
        // SAFETY: `polled` is as long as is said, and lives through the call.
        unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, 1) };
    }
}

impl Stall {
    /// Let whoever calls in, and hear what is said. Nothing of it is answered but the handshake.
    fn listen(&mut self) -> io::Result<()> {
        if let Ok((stream, _)) = self.listener.accept() {
            stream.set_nonblocking(true)?;
            stream.set_nodelay(true)?;
            self.caller = Some(Caller { stream, heard: Vec::new(), is_open: false, out: Vec::new(), sent: 0 });
        }
        let Some(caller) = &mut self.caller else { return Ok(()) };
        let mut bytes = [0; 4_096];
        loop {
            match caller.stream.read(&mut bytes) {
                Ok(0) => break self.caller = None,
                Ok(count) if !caller.is_open => {
                    caller.heard.extend_from_slice(&bytes[..count]);
                    if let Some(answer) = answer_to(&caller.heard) {
                        caller.out.extend_from_slice(&answer);
                        caller.flush()?;
                        caller.is_open = true;
                    }
                }
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => break self.caller = None,
            }
        }
        Ok(())
    }

    fn print_one(&mut self) -> io::Result<usize> {
        let Some(caller) = self.caller.as_mut().filter(|caller| caller.is_open) else { return Ok(0) };
        self.press.print(&now(), &mut caller.out);
        caller.flush()
    }
}

impl Caller {
    /// Send what waits, as far as it is taken; how much that was.
    fn flush(&mut self) -> io::Result<usize> {
        let before = self.sent;
        while self.sent < self.out.len() {
            match self.stream.write(&self.out[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(self.sent - before),
                Err(error) => return Err(error),
            }
        }
        let sent = self.sent - before;
        self.out.clear();
        self.sent = 0;
        Ok(sent)
    }
}

fn now() -> Stamp {
    Stamp::at(clock(libc::CLOCK_REALTIME), clock(libc::CLOCK_BOOTTIME))
}

fn clock(which: libc::clockid_t) -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid timespec and both clocks exist on every Linux.
    unsafe { libc::clock_gettime(which, &raw mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
