//! Stand-in venues that print as fast as they are listened to, or by the clock: what the ingest bench is fed by.
//!
//! One thread, one processor. It is told by a file which venue holds which symbols, says on stdout where each listens, and
//! takes orders on stdin: `go RATE` (frames a second over all venues, 0 for as many as are taken), `still`, `stop`. Each is
//! answered by one line of JSON with what was sent so far.

mod handshake;
mod shapes;
mod street;

use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, channel};

use street::Street;

const HELP: &str = "\
beast-venues PLAN

PLAN is a file of lines `VENUE SYMBOL PRICE`, VENUE one of coinbase, gemini, kraken, gateio, cryptocom, okx.
Orders on stdin: `go RATE`, `still`, `stop`; the end of stdin is a stop.

example
  printf 'okx BTC-USDT 97000\\n' > plan.txt && beast-venues plan.txt";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [plan] = words.as_slice() else {
        eprintln!("beast-venues: one plan; see --help");
        return ExitCode::from(2);
    };
    if plan == "--help" || plan == "-h" {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match std::fs::read_to_string(plan).and_then(|plan| play(&plan)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("beast-venues: {error}");
            ExitCode::FAILURE
        }
    }
}

fn play(plan: &str) -> io::Result<()> {
    let mut street = Street::of(plan)?;
    say(&street.addresses())?;
    let orders = orders();
    loop {
        match orders.try_recv() {
            Ok(order) => {
                match order.split_once(' ').unwrap_or((&order, "")) {
                    ("go", rate) => street.go(rate.parse().map_err(|_| io::Error::other(format!("go {rate}: no rate")))?),
                    ("still", _) => street.be_still()?,
                    _ => return say(&street.account()),
                }
                say(&street.account())?;
            }
            Err(std::sync::mpsc::TryRecvError::Disconnected) => return Ok(()),
            Err(std::sync::mpsc::TryRecvError::Empty) => {}
        }
        street.step()?;
    }
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn orders() -> Receiver<String> {
    let (orders, received) = channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            if line.map_or(true, |line| orders.send(line.trim().to_owned()).is_err()) {
                return;
            }
        }
    });
    received
}
