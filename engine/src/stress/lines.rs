//! One thread's connections: asked in blocks (closed loop) or by the clock (open loop), answers read as they come.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::answer::{self, Malformed};
use super::control::{Control, Window};
use super::line::{Asked, Line, State};
use super::pace::{Pace, READY_NS, SWEEP_NS, now_ns};
use super::plan::Plan;
use super::tally::{Failure, Found, Tally};
use super::watch::Watch;
use crate::http::poll::{self, EDGE, Event};

/// Bytes of the largest answer that is read.
pub const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Bytes of unfinished answers that a thread keeps at most, over all its connections.
const PARTIAL_BYTES_MAX: usize = 128 << 20;
/// Connections that a thread makes at once: fewer than a listener's queue holds.
const CONNECTING_MAX: usize = 256;
/// How long connecting may take until asking begins with those there are.
const CONNECT_NS: u64 = 20_000_000_000;
/// So often each connection is refused, none having been made, until nobody is expected to listen.
const REFUSED_MAX: usize = 5;
/// How long a caller waits whose connection was refused or broken.
const RETRY_NS: u64 = 100_000_000;
/// Requests that leave before answers are looked at.
const BURST: usize = 64;

/// One thread's connections.
pub struct Lines<'a> {
    plan: &'a Plan,
    control: &'a Arc<Control>,
    thread: usize,
    watch: Watch,
    all: Vec<Line>,
    /// What is sent at once: each request as often as is pipelined, or once by the clock.
    blocks: Vec<Vec<u8>>,
    block_requests: usize,
    turn: usize,
    /// Lines that may be asked on.
    idle: VecDeque<u32>,
    to_connect: VecDeque<u32>,
    /// Lines that try again, and when: the soonest first, for all wait equally long.
    retries: VecDeque<(u64, u32)>,
    connecting: usize,
    /// Connections refused since one was made.
    refused: usize,
    open: usize,
    in_flight: usize,
    partial_bytes: usize,
    buffer: Vec<u8>,
    pace: Option<Pace>,
    window: Option<Window>,
    tally: Tally,
}

impl<'a> Lines<'a> {
    /// Prepare a thread's share of a plan.
    ///
    /// # Errors
    /// There are no descriptors left.
    pub fn new(plan: &'a Plan, control: &'a Arc<Control>, thread: usize) -> io::Result<Self> {
        let count = plan.share(plan.callers, thread);
        let block_requests = if plan.rate.is_some() { 1 } else { plan.depth };
        let block =
            |first: usize| (0..block_requests).flat_map(|nth| &plan.requests[(first + nth) % plan.requests.len()]).copied().collect();
        Ok(Self {
            plan,
            control,
            thread,
            watch: Watch::new()?,
            all: (0..count).map(|_| Line::new()).collect(),
            blocks: (0..plan.requests.len()).map(block).collect(),
            block_requests,
            turn: thread % plan.requests.len(),
            idle: VecDeque::with_capacity(count),
            to_connect: (0..count as u32).collect(),
            retries: VecDeque::new(),
            connecting: 0,
            refused: 0,
            open: 0,
            in_flight: 0,
            partial_bytes: 0,
            buffer: vec![0; ANSWER_BYTES_MAX],
            pace: plan.rate.map(|rate| Pace::new(plan, thread, rate)),
            window: None,
            tally: Tally::new(),
        })
    }

    /// Ask until the window is closed and everything asked has its answer, or none in time.
    pub fn run(mut self) -> Found {
        let connects_until_ns = now_ns() + CONNECT_NS;
        let (mut is_ready, mut sweeps_ns) = (false, 0);
        loop {
            let now = now_ns();
            self.window = self.control.window();
            let is_settled = self.open == self.all.len() || self.refused > REFUSED_MAX * self.all.len();
            if !is_ready && (is_settled || now > connects_until_ns || self.window.is_some()) {
                self.control.is_ready();
                is_ready = true;
            }
            if self.is_over(now) {
                break;
            }
            let is_behind = self.ask(now);
            self.connect_some(now);
            if now >= sweeps_ns {
                self.sweep(now);
                sweeps_ns = now + SWEEP_NS;
            }
            let wakes_ns = (!is_behind).then(|| self.wakes_ns(sweeps_ns, is_ready, now));
            for place in 0..self.watch.wait(now, wakes_ns) {
                if let Some(event) = self.watch.event(place) {
                    self.on_event(event);
                }
            }
            self.tally.tell(self.control.told(self.thread));
        }
        self.account()
    }

    /// Whether all is done, or nothing more is waited for.
    fn is_over(&mut self, now: u64) -> bool {
        let Some(window) = self.window else { return self.control.has_stopped() };
        self.tally.follows(window, now)
            && ((self.in_flight == 0 && self.owed() == 0) || now > self.control.gives_up_ns(window, self.plan.timeout_ns))
    }

    /// How many requests were due inside the window and have not left.
    fn owed(&self) -> u64 {
        match (&self.pace, self.window) {
            (Some(pace), Some(window)) => pace.owed(window.begins_ns, window.closes_ns),
            _ => 0,
        }
    }

    /// When there is something to do although nothing comes.
    fn wakes_ns(&self, sweeps_ns: u64, is_ready: bool, now: u64) -> u64 {
        let mut wakes = sweeps_ns;
        match self.window {
            None if is_ready => wakes = wakes.min(now + READY_NS),
            None => {}
            Some(window) => {
                if now < window.closes_ns {
                    wakes = wakes.min(window.closes_ns);
                }
                if let (Some(pace), false) = (&self.pace, self.idle.is_empty()) {
                    let due = pace.due_ns(window.begins_ns);
                    if due < window.closes_ns {
                        wakes = wakes.min(due);
                    }
                }
            }
        }
        if let Some((at, _)) = self.retries.front() {
            wakes = wakes.min(*at);
        }
        wakes
    }

    /// Ask what is due, a burst at most; whether more could be asked at once.
    fn ask(&mut self, now: u64) -> bool {
        let Some(window) = self.window else { return false };
        for _ in 0..BURST {
            let due = match &self.pace {
                Some(pace) => pace.due_ns(window.begins_ns),
                None => now,
            };
            if due > now || due >= window.closes_ns {
                return false;
            }
            let Some(index) = self.next_idle() else { return false };
            let due = match &mut self.pace {
                Some(pace) => {
                    pace.leave();
                    due
                }
                None => self.all[index].wants_since_ns.take().unwrap_or(due),
            };
            self.ask_on(index, due, now_ns());
        }
        true
    }

    fn next_idle(&mut self) -> Option<usize> {
        while let Some(index) = self.idle.pop_front() {
            let line = &mut self.all[index as usize];
            line.listed -= 1;
            if line.state == State::Open && line.asked.len() < self.plan.depth {
                return Some(index as usize);
            }
        }
        None
    }

    #[inline]
    fn ask_on(&mut self, index: usize, due: u64, now: u64) {
        let counts = self.pace.is_some() && self.counts(due);
        let line = &mut self.all[index];
        for _ in 0..self.block_requests {
            line.asked.push_back(Asked { due_ns: due, left_ns: now });
        }
        if self.pace.is_some() {
            self.tally.left(now.saturating_sub(due), counts);
        }
        self.in_flight += self.block_requests;
        let sent = line.send(&self.blocks[self.turn]);
        self.turn += 1;
        if self.turn == self.blocks.len() {
            self.turn = 0;
        }
        if sent.is_err() {
            self.lose(index, Failure::Closed, now);
        }
    }

    #[inline]
    fn counts(&self, due: u64) -> bool {
        self.window.is_some_and(|window| window.holds(due))
    }

    fn connect_some(&mut self, now: u64) {
        while let Some((at, index)) = self.retries.front().copied() {
            if at > now {
                break;
            }
            self.retries.pop_front();
            self.to_connect.push_back(index);
        }
        while self.connecting < CONNECTING_MAX {
            let Some(index) = self.to_connect.pop_front() else { return };
            let line = &mut self.all[index as usize];
            self.connecting += 1;
            let made = line.connect(self.plan.target, now).and_then(|socket| self.watch.add(socket, u64::from(index), EDGE));
            if made.is_err() {
                self.lose(index as usize, Failure::Connect, now);
            }
        }
    }

    fn on_event(&mut self, event: Event) {
        let index = event.token as usize;
        match self.all[index].state {
            State::Connecting(_) if event.is_writable() || event.is_dead() => self.on_connected(index),
            State::Away | State::Connecting(_) => {} // Closed earlier in the same batch, or not told anything yet.
            State::Open => {
                if event.is_writable() && self.all[index].flush().is_err() {
                    self.lose(index, Failure::Closed, now_ns());
                } else if event.is_readable() {
                    self.hear(index, event.is_half_closed());
                }
            }
        }
    }

    fn on_connected(&mut self, index: usize) {
        let now = now_ns();
        if self.all[index].refusal().is_some() {
            return self.lose(index, Failure::Connect, now);
        }
        let line = &mut self.all[index];
        line.state = State::Open;
        self.connecting -= 1;
        self.open += 1;
        self.refused = 0;
        if std::mem::replace(&mut line.was_open, true) && self.plan.keeps_alive {
            self.tally.reconnected();
        }
        self.control.told(self.thread).connected.store(self.open, Relaxed);
        self.list(index);
    }

    /// Let a line be asked on as often as it has room for requests.
    fn list(&mut self, index: usize) {
        let line = &mut self.all[index];
        let room = if self.pace.is_some() { self.plan.depth - line.asked.len() } else { usize::from(line.asked.is_empty()) };
        while line.listed < room {
            line.listed += 1;
            self.idle.push_back(index as u32);
        }
    }

    /// Read what has come on a line and account for it. With `ends` the target sends nothing after it.
    fn hear(&mut self, index: usize, ends: bool) {
        let mut buffer = std::mem::take(&mut self.buffer);
        loop {
            let line = &mut self.all[index];
            let held = line.partial.len();
            buffer[..held].copy_from_slice(&line.partial);
            let count = match poll::receive(line.descriptor(), &mut buffer[held..]) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => {
                    self.lose(index, Failure::Closed, now_ns());
                    break;
                }
            };
            self.tally.bytes(count);
            let filled = held + count;
            if !self.take(index, &buffer[..filled], count == 0) || count == 0 {
                break;
            }
            if filled < buffer.len() && !ends {
                break; // A short read has taken all there was.
            }
        }
        self.buffer = buffer;
    }

    /// Account for the answers in `bytes` and keep what is left; whether the line still stands.
    fn take(&mut self, index: usize, bytes: &[u8], is_ended: bool) -> bool {
        let now = now_ns();
        let mut at = 0;
        while at < bytes.len() {
            let answer = match answer::read(&bytes[at..], is_ended) {
                Ok(Some(answer)) => answer,
                Ok(None) => break,
                Err(Malformed) => {
                    self.lose(index, Failure::Malformed, now);
                    return false;
                }
            };
            let Some(Asked { due_ns: due, .. }) = self.all[index].asked.pop_front() else {
                self.lose(index, Failure::Malformed, now); // An answer to nothing that was asked.
                return false;
            };
            at += answer.total_bytes;
            self.in_flight -= 1;
            self.answered(&answer, due, now);
            if answer.closes || !self.plan.keeps_alive {
                self.lose(index, Failure::Closed, now);
                return false;
            }
        }
        if is_ended {
            self.lose(index, Failure::Closed, now);
            return false;
        }
        self.keep(index, &bytes[at..], now) && self.go_on(index, now)
    }

    #[inline]
    fn answered(&mut self, answer: &answer::Answer<'_>, due: u64, now: u64) {
        let counts = self.counts(due);
        if (200..300).contains(&answer.status) {
            self.tally.good(answer.status, now.saturating_sub(due), counts);
        } else {
            let code = [answer.status.to_string().as_bytes(), b" ", answer::code_in(answer.body)].concat();
            self.tally.refused(code.trim_ascii_end(), counts);
        }
    }

    /// Keep the beginning of an answer; whether there was room for it.
    #[inline]
    fn keep(&mut self, index: usize, rest: &[u8], now: u64) -> bool {
        let line = &mut self.all[index];
        if rest.is_empty() && line.partial.is_empty() {
            return true;
        }
        self.partial_bytes = self.partial_bytes - line.partial.len() + rest.len();
        line.partial.clear();
        line.partial.extend_from_slice(rest);
        if rest.len() == ANSWER_BYTES_MAX || self.partial_bytes > PARTIAL_BYTES_MAX {
            self.lose(index, Failure::Malformed, now);
            return false;
        }
        true
    }

    /// Ask again where the line has room for it; whether it still stands.
    #[inline]
    fn go_on(&mut self, index: usize, now: u64) -> bool {
        if self.pace.is_some() {
            self.list(index);
        } else if self.all[index].asked.is_empty() {
            let Some(window) = self.window else { return true };
            if now < window.closes_ns && self.all[index].listed == 0 {
                self.ask_on(index, now, now);
            }
        }
        self.all[index].state == State::Open
    }

    /// Close a line, account for what was asked on it, and have it connected again.
    ///
    /// One that ends in order, with every request answered, is connected again at once.
    fn lose(&mut self, index: usize, why: Failure, now: u64) {
        let is_connect = why == Failure::Connect;
        let asked = std::mem::take(&mut self.all[index].asked);
        for each in &asked {
            let counts = self.counts(each.due_ns);
            self.tally.failed(why, 1, counts);
        }
        self.in_flight -= asked.len();
        if is_connect {
            self.refused += 1;
            let counts = self.counts(now);
            self.tally.failed(why, 1, counts);
        }
        let line = &mut self.all[index];
        match line.state {
            State::Open => self.open -= 1,
            State::Connecting(_) => self.connecting -= 1,
            State::Away => self.connecting -= usize::from(is_connect),
        }
        self.partial_bytes -= line.partial.len();
        line.close();
        if self.pace.is_none() && self.window.is_some() {
            line.wants_since_ns.get_or_insert(now);
        }
        self.control.told(self.thread).connected.store(self.open, Relaxed);
        if asked.is_empty() && why == Failure::Closed {
            self.to_connect.push_back(index as u32);
        } else {
            self.retries.push_back((now + RETRY_NS, index as u32));
        }
    }

    /// Give up what has waited too long.
    fn sweep(&mut self, now: u64) {
        let latest = now.saturating_sub(self.plan.timeout_ns);
        for index in 0..self.all.len() {
            let line = &self.all[index];
            match line.state {
                State::Connecting(since) if since < latest => self.lose(index, Failure::Connect, now),
                State::Open if line.asked.front().is_some_and(|asked| asked.left_ns < latest) => self.lose(index, Failure::Timeout, now),
                _ => {}
            }
        }
    }

    /// Count what never got an answer, and return all that was found.
    fn account(mut self) -> Found {
        let Some(window) = self.window else { return self.tally.found(0, |status| status.to_string()) };
        let owed = self.owed();
        self.tally.failed(Failure::Unsent, owed, true);
        let why = if self.control.has_stopped() { Failure::Cut } else { Failure::Timeout };
        for line in &self.all {
            for asked in &line.asked {
                self.tally.failed(why, 1, window.holds(asked.due_ns));
            }
        }
        self.tally.tell(self.control.told(self.thread));
        self.tally.found(window.closes_ns - window.opens_ns, |status| status.to_string())
    }
}
