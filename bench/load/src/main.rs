//! The load generator of the benches: one thread, one processor, no figure that is not a count or a clock reading.
//!
//! It is told all by arguments, prints one JSON object on stdout, and exits 0 when the run was whole, 1 when not, 2 on misuse.

mod answer;
mod arguments;
mod closed;
mod connection;
mod crowd;
mod flood;
mod net;
mod open;
mod report;
mod time;
#[path = "../../../engine/src/turn.rs"]
mod turn;
mod udp;
mod watch;

use std::io;
use std::process::ExitCode;

use answer::Expected;
use arguments::{Arguments, HELP};
use crowd::Crowd;
use flood::Flood;
use report::Report;
use time::Window;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--help" || word == "-h") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let arguments = match Arguments::read(&words) {
        Ok(arguments) => arguments,
        Err(why) => {
            eprintln!("beast-load: {why}; see --help");
            return ExitCode::from(2);
        }
    };
    net::raise_file_limit();
    // A caller has a machine of its own. Here it shares one, and what it waits for its turn would count as the engine's delay.
    let _ = turn::ask_for_short_turns();
    match run(arguments) {
        Ok(report) => {
            println!("{}", report.json());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("beast-load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> io::Result<Report> {
    let request = std::fs::read(&arguments.request)?;
    let window = Window::new(arguments.warm_seconds, arguments.seconds, &arguments.watch);
    let (rate, callers, is_keyless) = (arguments.flood_rate, arguments.callers, arguments.flood_keyless);
    let flood = arguments.flood.map(|udp| Flood::new(arguments.address, udp, rate, callers, is_keyless));
    let contains = arguments.contains.into_bytes();
    let expected = Expected::new(arguments.prefix.as_bytes(), (!contains.is_empty()).then_some(contains.as_slice()));
    match arguments.verb.as_str() {
        "closed" => closed::run(closed::Plan {
            address: arguments.address,
            connections: arguments.connections,
            depth: arguments.depth,
            request,
            expected,
            window,
        }),
        "open" => open::run(open::Plan {
            address: arguments.address,
            connections: arguments.connections,
            rate: arguments.rate,
            crowd: arguments.crowd.then(|| Crowd::new(arguments.address, &request)),
            flood,
            request,
            expected,
            window,
        }),
        _ => udp::run(udp::Plan {
            address: arguments.address,
            in_flight: arguments.depth,
            callers: arguments.callers,
            request,
            contains,
            window,
        }),
    }
}
