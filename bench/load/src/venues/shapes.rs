//! Frames of trades as six venues document them. Every number moves as theirs do: prices, times and ids.

use std::io::Write;

/// Who prints, and so in which shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// <https://docs.cdp.coinbase.com/advanced-trade/docs/ws-channels>
    Coinbase,
    /// <https://docs.gemini.com/websocket/fast-api>
    Gemini,
    /// <https://docs.kraken.com/api/docs/websocket-v2/trade>
    Kraken,
    /// <https://www.gate.com/docs/developers/apiv4/ws/en/>
    Gateio,
    /// <https://exchange-docs.crypto.com/exchange/v1/rest-ws/index.html>
    Cryptocom,
    /// <https://www.okx.com/docs-v5/en/>
    Okx,
}

impl Shape {
    /// Return the shape of a venue.
    pub fn named(venue: &str) -> Option<Self> {
        Some(match venue {
            "coinbase" => Self::Coinbase,
            "gemini" => Self::Gemini,
            "kraken" => Self::Kraken,
            "gateio" => Self::Gateio,
            "cryptocom" => Self::Cryptocom,
            "okx" => Self::Okx,
            _ => return None,
        })
    }

    /// Return how many trades the venue's frame number `number` holds; in recordings it is more than one where it is here.
    fn rows(self, number: u64) -> usize {
        match self {
            Self::Coinbase => [1, 1, 2][(number % 3) as usize],
            Self::Kraken => [1, 2, 3][(number % 3) as usize],
            Self::Cryptocom => [1, 2][(number % 2) as usize],
            Self::Gemini | Self::Gateio | Self::Okx => 1,
        }
    }
}

/// A symbol and what it trades at, in ten-thousandths.
#[derive(Debug)]
pub struct Market {
    /// The venue's spelling.
    pub symbol: String,
    base: u64,
    turn: u64,
}

impl Market {
    /// Return a market around a whole price.
    pub fn new(symbol: &str, price: u64) -> Self {
        Self { symbol: symbol.to_owned(), base: price * 10_000, turn: 0 }
    }

    /// Move the price by a little, never to what it was, never by more than half a percent of where it began.
    fn move_on(&mut self) {
        self.turn += 1;
    }

    /// The price now.
    pub fn price(&self) -> String {
        let reach = self.base / 200;
        let now = self.base + self.turn * 7_919 % reach.max(11);
        format!("{}.{:04}", now / 10_000, now % 10_000)
    }
}

/// The time, as frames tell it.
pub struct Stamp {
    /// Unix time in nanoseconds.
    pub wall_ns: u64,
    /// Nanoseconds since the machine started: stands in every frame as the id of its trade, so that who reads it can tell how
    /// long ago it left.
    pub id: u64,
    rfc3339: String,
}

impl Stamp {
    /// Return the stamp of a moment.
    pub fn at(wall_ns: u64, id: u64) -> Self {
        let (seconds, below) = (wall_ns / 1_000_000_000, wall_ns % 1_000_000_000);
        let (days, of_day) = (seconds / 86_400, seconds % 86_400);
        let (year, month, day) = civil_of(days);
        let rfc3339 =
            format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:06}Z", of_day / 3_600, of_day / 60 % 60, of_day % 60, below / 1_000);
        Self { wall_ns, id, rfc3339 }
    }
}

/// Source: <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>, read 2026-11-20.
fn civil_of(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let civil_month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + u64::from(civil_month <= 2), civil_month, day_of_year - (153 * month + 2) / 5 + 1)
}

/// One venue's print: its markets in turn.
pub struct Press {
    /// In which shape.
    pub shape: Shape,
    /// Its markets.
    pub markets: Vec<Market>,
    /// Frames printed.
    pub frames: u64,
    /// Trades in them.
    pub trades: u64,
    next: usize,
    text: Vec<u8>,
}

impl Press {
    /// Return a press that has printed nothing.
    pub fn new(shape: Shape, markets: Vec<Market>) -> Self {
        Self { shape, markets, frames: 0, trades: 0, next: 0, text: Vec::with_capacity(1_024) }
    }

    /// Append one WebSocket frame to `out`.
    pub fn print(&mut self, stamp: &Stamp, out: &mut Vec<u8>) {
        let rows = self.shape.rows(self.frames);
        self.text.clear();
        // Writing to memory cannot fail.
        let _ = match self.shape {
            Shape::Coinbase => self.coinbase(stamp, rows),
            Shape::Kraken => self.kraken(stamp, rows),
            Shape::Cryptocom => self.cryptocom(stamp, rows),
            Shape::Gemini => self.gemini(stamp),
            Shape::Gateio => self.gateio(stamp),
            Shape::Okx => self.okx(stamp),
        };
        self.frames += 1;
        self.trades += rows as u64;
        out.push(0x81);
        match self.text.len() {
            short @ 0..126 => out.push(short as u8),
            long => {
                out.push(126);
                out.extend_from_slice(&(long as u16).to_be_bytes());
            }
        }
        out.extend_from_slice(&self.text);
    }

    /// Go to the next market, and move it.
    fn market(&mut self) -> (String, String) {
        self.next = (self.next + 1) % self.markets.len();
        let market = &mut self.markets[self.next];
        market.move_on();
        (market.symbol.clone(), market.price())
    }

    fn coinbase(&mut self, stamp: &Stamp, rows: usize) -> std::io::Result<()> {
        let (time, id, number) = (&stamp.rfc3339, stamp.id, self.frames);
        write!(
            self.text,
            "{{\"channel\":\"market_trades\",\"client_id\":\"\",\"timestamp\":\"{time}\",\"sequence_num\":{number},\"events\":[{{\"type\":\"update\",\"trades\":["
        )?;
        for row in 0..rows {
            let (symbol, price) = self.market();
            let comma = if row > 0 { "," } else { "" };
            write!(
                self.text,
                "{comma}{{\"product_id\":\"{symbol}\",\"trade_id\":\"{id}\",\"price\":\"{price}\",\"size\":\"0.00100000\",\"time\":\"{time}\",\"side\":\"BUY\"}}"
            )?;
        }
        self.text.write_all(b"]}]}")
    }

    fn kraken(&mut self, stamp: &Stamp, rows: usize) -> std::io::Result<()> {
        self.text.write_all(b"{\"channel\":\"trade\",\"type\":\"update\",\"data\":[")?;
        for row in 0..rows {
            let (symbol, price) = self.market();
            let (time, id, comma) = (&stamp.rfc3339, stamp.id, if row > 0 { "," } else { "" });
            write!(
                self.text,
                "{comma}{{\"symbol\":\"{symbol}\",\"side\":\"sell\",\"price\":{price},\"qty\":0.00185211,\"ord_type\":\"limit\",\"trade_id\":{id},\"timestamp\":\"{time}\"}}"
            )?;
        }
        self.text.write_all(b"]}")
    }

    fn cryptocom(&mut self, stamp: &Stamp, rows: usize) -> std::io::Result<()> {
        let (symbol, newest) = self.market();
        let (id, ms) = (stamp.id, stamp.wall_ns / 1_000_000);
        write!(
            self.text,
            "{{\"id\":-1,\"method\":\"subscribe\",\"code\":0,\"result\":{{\"instrument_name\":\"{symbol}\",\"subscription\":\"trade.{symbol}\",\"channel\":\"trade\",\"data\":["
        )?;
        for row in 0..rows {
            // The newest stands first; what was printed before it had another price.
            let (comma, mark) = if row > 0 { (",", "0") } else { ("", "") };
            write!(
                self.text,
                "{comma}{{\"d\":\"{id}\",\"t\":{ms},\"p\":\"{newest}{mark}\",\"q\":\"0.04333\",\"s\":\"SELL\",\"i\":\"{symbol}\",\"m\":\"{row}\"}}"
            )?;
        }
        self.text.write_all(b"]}}")
    }

    fn gemini(&mut self, stamp: &Stamp) -> std::io::Result<()> {
        let (symbol, price) = self.market();
        let (time, id) = (stamp.wall_ns, stamp.id);
        write!(self.text, "{{\"E\":{time},\"s\":\"{symbol}\",\"t\":{id},\"p\":\"{price}\",\"q\":\"0.0000593800\",\"m\":false}}")
    }

    fn gateio(&mut self, stamp: &Stamp) -> std::io::Result<()> {
        let (symbol, price) = self.market();
        let (id, seconds, ms, below) = (stamp.id, stamp.wall_ns / 1_000_000_000, stamp.wall_ns / 1_000_000, stamp.wall_ns % 1_000_000);
        write!(
            self.text,
            "{{\"time\":{seconds},\"time_ms\":{ms},\"channel\":\"spot.trades\",\"event\":\"update\",\"result\":{{\"id\":{id},\"id_market\":{id},\"create_time\":{seconds},\"create_time_ms\":\"{ms}.{below:06}\",\"side\":\"sell\",\"currency_pair\":\"{symbol}\",\"amount\":\"0.000021\",\"price\":\"{price}\",\"range\":\"{id}-{id}\"}}}}"
        )
    }

    fn okx(&mut self, stamp: &Stamp) -> std::io::Result<()> {
        let (symbol, price) = self.market();
        let (id, ms, number) = (stamp.id, stamp.wall_ns / 1_000_000, self.frames);
        write!(
            self.text,
            "{{\"arg\":{{\"channel\":\"trades\",\"instId\":\"{symbol}\"}},\"data\":[{{\"instId\":\"{symbol}\",\"tradeId\":\"{id}\",\"px\":\"{price}\",\"sz\":\"0.01\",\"side\":\"sell\",\"ts\":\"{ms}\",\"count\":\"1\",\"source\":\"0\",\"seqId\":{number}}}]}}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_says_its_length_and_its_time() {
        let stamp = Stamp::at(1_795_160_399_402_208_000, 12_345_678_901_234);
        for venue in ["coinbase", "gemini", "kraken", "gateio", "cryptocom", "okx"] {
            let mut press = Press::new(Shape::named(venue).unwrap(), vec![Market::new("BTC-USD", 97_000)]);
            let mut out = Vec::new();
            press.print(&stamp, &mut out);
            let head = if out[1] == 126 { 4 } else { 2 };
            let length = if head == 4 { usize::from(u16::from_be_bytes([out[2], out[3]])) } else { usize::from(out[1]) };
            assert_eq!(out.len(), head + length, "{venue}");
            let text = String::from_utf8(out[head..].to_vec()).unwrap();
            assert!(text.contains("12345678901234") && text.contains(&press.markets[0].price()), "{text}");
            assert!(["2026-11-20T07:39:59.402208Z", "1795160399402"].iter().any(|time| text.contains(time)), "{text}");
        }
    }

    #[test]
    fn a_price_moves_with_every_trade_and_never_far() {
        let mut market = Market::new("X", 1);
        let mut before = market.price();
        for _ in 0..1_000 {
            market.move_on();
            let now = market.price();
            assert!(now != before && now.starts_with("1.00"), "{now}");
            before = now;
        }
    }
}
