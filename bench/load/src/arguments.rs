//! The command line.

use std::net::SocketAddr;

/// What `--help` says.
pub const HELP: &str = "\
beast-load VERB --address HOST:PORT --request FILE [options]

verbs
  closed   HTTP, every connection keeps --depth requests sent at once
  open     HTTP, --rate requests a second by the clock; latency from the moment each was due
  udp      --depth datagrams in flight; the request holds ############ where its id goes

options
  --seconds S        how long to measure (3)          --warm S     how long to run before (1)
  --connections N    HTTP connections (64)            --depth N    in flight, per connection for HTTP (1)
  --rate R           requests a second, open loop (1000)
  --prefix TEXT      a good body begins with it       --contains TEXT   and holds it
  --watch PID        report the processor time of this process's threads; may be repeated
  --callers N        addresses the datagrams come from, loopback only (1)
  --crowd            open loop: let a hostile crowd in as well
  --flood HOST:PORT  open loop: have --flood-rate random keys a second tried as well, half of them by datagram to here,
                     from --callers loopback addresses
  --flood-keyless    the flood tries no keys at all: what as many requests cost that nothing is looked up for

example
  beast-load closed --address 127.0.0.1:8080 --request request.txt --connections 64 --prefix '{\"success\":true'";

/// What was asked for.
pub struct Arguments {
    /// `closed`, `open` or `udp`.
    pub verb: String,
    /// The server.
    pub address: SocketAddr,
    /// File with the bytes of one request.
    pub request: String,
    /// Length of the measured window.
    pub seconds: f64,
    /// Length of the run before it.
    pub warm_seconds: f64,
    /// HTTP connections.
    pub connections: usize,
    /// Requests in flight.
    pub depth: usize,
    /// Addresses datagrams come from.
    pub callers: usize,
    /// Requests a second.
    pub rate: f64,
    /// What a good body begins with.
    pub prefix: String,
    /// What a good body holds.
    pub contains: String,
    /// Processes to watch.
    pub watch: Vec<u32>,
    /// Whether the crowd comes.
    pub crowd: bool,
    /// Where random keys are sent by datagram, if the flood comes.
    pub flood: Option<SocketAddr>,
    /// Random keys a second.
    pub flood_rate: f64,
    /// Whether the flood tries no keys at all.
    pub flood_keyless: bool,
}

impl Arguments {
    /// Read the command line.
    ///
    /// # Errors
    /// A sentence saying what is wrong with it.
    pub fn read(words: &[String]) -> Result<Self, String> {
        let mut words = words.iter();
        let verb = words
            .next()
            .filter(|verb| matches!(verb.as_str(), "closed" | "open" | "udp"))
            .ok_or("the first word is closed, open or udp")?;
        let (mut address, mut request) = (None, None);
        let mut read = Self {
            verb: verb.clone(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            request: String::new(),
            seconds: 3.0,
            warm_seconds: 1.0,
            connections: 64,
            depth: 1,
            callers: 1,
            rate: 1000.0,
            prefix: String::new(),
            contains: String::new(),
            watch: Vec::new(),
            crowd: false,
            flood: None,
            flood_rate: 50_000.0,
            flood_keyless: false,
        };
        while let Some(name) = words.next() {
            match name.as_str() {
                "--crowd" => {
                    read.crowd = true;
                    continue;
                }
                "--flood-keyless" => {
                    read.flood_keyless = true;
                    continue;
                }
                _ => {}
            }
            let value = words.next().ok_or(format!("{name} wants a value"))?;
            match name.as_str() {
                "--address" => address = Some(number(name, value)?),
                "--request" => request = Some(value.clone()),
                "--seconds" => read.seconds = positive(name, value)?,
                "--warm" => read.warm_seconds = number(name, value)?,
                "--connections" => read.connections = number(name, value)?,
                "--depth" => read.depth = number(name, value)?,
                "--callers" => read.callers = number(name, value)?,
                "--rate" => read.rate = positive(name, value)?,
                "--prefix" => read.prefix.clone_from(value),
                "--contains" => read.contains.clone_from(value),
                "--flood" => read.flood = Some(number(name, value)?),
                "--flood-rate" => read.flood_rate = positive(name, value)?,
                "--watch" => read.watch.push(number(name, value)?),
                _ => return Err(format!("{name} is no option")),
            }
        }
        if read.connections == 0 || read.depth == 0 || read.callers == 0 {
            return Err("--connections, --depth and --callers are at least 1".into());
        }
        read.address = address.ok_or("--address is missing")?;
        read.request = request.ok_or("--request is missing")?;
        Ok(read)
    }
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{name} {value} cannot be read"))
}

fn positive(name: &str, value: &str) -> Result<f64, String> {
    number(name, value).and_then(|found: f64| if found > 0.0 { Ok(found) } else { Err(format!("{name} must be above zero")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Arguments, String> {
        Arguments::read(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_command_line_is_read() {
        let found = read("open --address 127.0.0.1:8080 --request r --rate 10000 --watch 7 --watch 8 --crowd --flood-keyless").unwrap();
        assert_eq!((found.rate, found.watch, found.crowd, found.flood_keyless), (10_000.0, vec![7, 8], true, true));
    }

    #[test]
    fn misuse_is_told() {
        for line in [
            "",
            "fast",
            "open",
            "open --address x",
            "udp --address 1.1.1.1:1",
            "udp --depth 0",
            "open --rate 0",
            "open --what 1",
            "open --rate",
        ] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
