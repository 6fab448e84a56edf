use super::*;
use crate::book::{Asset, Publication};
use crate::clock::{Clock, SECOND_NS};
use crate::limits::Limits;
use crate::shared::{Identity, Settings};
use slot::tests::bounds;

const START_NS: u64 = 1_795_160_400 * SECOND_NS;
const BOOT_NS: u64 = 100 * SECOND_NS;
const OKX: &str = "bytes\t4096\norder\toldest_first\ntime\tunix_ms\nmatch\t.arg\t.channel\t=trades\nmatch\t.event\t-\nrows\t.data\t[]\nprice\trow\tpx\nsymbol\trow\tinstId\ntime\trow\tts";
const NUMBERED: &str = "bytes\t4096\norder\tnewest_first\ntime\tunix_ms\nsequence\tn\nmatch\t.c\t=t\nrows\t.rows\t[k=live]\t.trades\t[]\nprice\trow\tp\nsymbol\trow\ts\ntime\trow\tt";

struct Bench {
    intake: Intake,
    clock: Arc<Clock>,
}

impl Bench {
    fn new() -> Self {
        let clock = Arc::new(Clock::manual(START_NS, BOOT_NS));
        let settings = Settings {
            identity: Identity { node: "n".to_owned(), region: "r".to_owned(), version: "1".to_owned() },
            digest_secret: b"secret".to_vec(),
            spool_directory: None,
            quota_directory: None,
            threads: 1,
            clock: Arc::clone(&clock),
            limits: Limits::default(),
        };
        let intake = Intake::new(Shared::new(settings).unwrap());
        intake.set_bounds(bounds());
        Self { intake, clock }
    }

    /// A connection of a venue that holds a symbol, the first frame already left to Python.
    fn inlet(&self, venue: &str, number: u64, program: &str, symbol: &str) -> u64 {
        let inlet = self.intake.open_inlet(venue, number, Program::of(program).unwrap());
        self.intake.hold(inlet, symbol, START_NS - SECOND_NS);
        self.intake.set_ahead(inlet, 2 * SECOND_NS);
        inlet
    }

    fn permit(&self, venue: &str, symbol: &str, asset: &str) {
        let like = Publication {
            asset,
            price: "1",
            quote: "USD",
            venue,
            source: "x-ws",
            exchange_time_ns: START_NS,
            received_monotonic_ns: BOOT_NS,
            usable_for_ns: 1,
            state: "live",
            cache_tier: "memory",
            prewarmed: true,
        };
        let labels = vec![self.intake.shared.book.label(&like).unwrap()];
        let now = self.clock.now();
        let terms = Terms {
            held_time_ns: START_NS - SECOND_NS,
            told: now,
            heard_ns: now.monotonic_ns,
            usable_until_ns: now.monotonic_ns + 10 * SECOND_NS,
            can_prove: true,
            believed: 100.0,
            jump_share: Some(0.1),
            labels,
        };
        self.intake.permit(venue, symbol, Rhythm::default(), terms);
    }

    fn answer(&self, asset: &str) -> Option<(String, u64, u64)> {
        let pages = self.intake.shared.book.open();
        let price = pages.get(&Asset::of(asset.as_bytes())?)?.price.as_ref()?;
        Some((price.price().to_owned(), price.exchange_time_ns, price.usable_for_ns))
    }

    /// Everything that a frame could have changed.
    fn trace(&self, inlet: u64) -> String {
        let state = self.intake.state();
        format!("{:?} {:?} {:?}", state.slots, state.changed, state.inlets[&inlet])
    }
}

fn okx(trades: &[(&str, &str, u64)]) -> Vec<u8> {
    let rows: Vec<String> = trades
        .iter()
        .map(|(symbol, price, ahead_ms)| {
            format!("{{\"instId\":\"{symbol}\",\"px\":\"{price}\",\"ts\":\"{}\"}}", START_NS / 1_000_000 + ahead_ms)
        })
        .collect();
    format!("{{\"arg\":{{\"channel\":\"trades\"}},\"data\":[{}]}}", rows.join(",")).into_bytes()
}

fn open_bench() -> (Bench, u64) {
    let bench = Bench::new();
    let inlet = bench.inlet("okx", 1, OKX, "BTC");
    bench.permit("okx", "BTC", "BTC");
    assert!(!bench.intake.take(inlet, &okx(&[("BTC", "100", 0)])), "the first frame is Python's sample");
    (bench, inlet)
}

#[test]
fn an_ordinary_trade_is_answered_with_at_once_and_told_of_later() {
    let (bench, inlet) = open_bench();
    bench.clock.advance(1_000_000);
    assert!(bench.intake.take(inlet, &okx(&[("BTC", "100.50", 1)])));
    // Received as it was printed, its window not known yet: the widest, and the time for a proof.
    assert_eq!(bench.answer("BTC"), Some(("100.50".to_owned(), START_NS + 1_000_000, 55 * SECOND_NS)));
    assert!(bench.intake.take(inlet, &okx(&[("BTC", "100.51", 1)])));
    let news = bench.intake.news(None);
    assert_eq!((news.len(), news[0].news.price.text(), &*news[0].symbol, news[0].rhythm.count), (1, "100.51", "BTC", 1));
    assert!(bench.intake.news(None).is_empty() && bench.intake.news_of("okx", "BTC").is_none());
    let tally = bench.intake.tally(inlet).unwrap();
    assert_eq!((tally.frames, tally.trades, tally.heard_ns), (2, 2, BOOT_NS + 1_000_000));
    assert_eq!(bench.intake.tally(inlet), None);
}

#[test]
fn what_is_declined_has_changed_nothing() {
    let (bench, inlet) = open_bench();
    assert!(bench.intake.take(inlet, &okx(&[("BTC", "101", 500)])));
    let before = bench.trace(inlet);
    let frames = [
        okx(&[("ETH", "100", 600)]),                      // Not held.
        okx(&[("BTC", "100", 600), ("ETH", "100", 600)]), // One of them is not.
        okx(&[("BTC", "100", 600), ("BTC", "112", 601)]), // The newest jumps.
        okx(&[("BTC", "100", 2_001)]),                    // Ahead of the clock.
        okx(&[("BTC", "0", 600)]),                        // No price.
        okx(&[]),                                         // No trade.
        b"{\"event\":\"subscribe\",\"arg\":{\"channel\":\"trades\"}}".to_vec(),
        b"pong".to_vec(),
        Vec::new(),
    ];
    for frame in frames {
        assert!(!bench.intake.take(inlet, &frame), "{}", String::from_utf8_lossy(&frame));
        assert_eq!(bench.trace(inlet), before);
    }
    bench.clock.advance(56 * SECOND_NS);
    assert!(!bench.intake.take(inlet, &okx(&[("BTC", "100", 600)])), "what has lapsed is Python's to take up again");
}

#[test]
fn a_trade_older_than_its_subscription_is_pythons() {
    let (bench, inlet) = open_bench();
    bench.intake.hold(inlet, "BTC", START_NS + 5_000_000);
    assert!(!bench.intake.take(inlet, &okx(&[("BTC", "100", 4)])));
    assert!(bench.intake.take(inlet, &okx(&[("BTC", "100", 5)])));
    bench.intake.release(inlet, "BTC");
    assert!(!bench.intake.take(inlet, &okx(&[("BTC", "100", 6)])));
}

#[test]
fn late_and_repeated_trades_are_dropped_and_counted_also_over_two_connections() {
    let (bench, first) = open_bench();
    let second = bench.inlet("okx", 2, OKX, "BTC");
    assert!(bench.intake.take(first, &okx(&[("BTC", "100", 5), ("BTC", "101", 5), ("BTC", "101", 5)])));
    assert!(bench.intake.take(second, &okx(&[("BTC", "100", 5), ("BTC", "99", 4), ("BTC", "102", 6)])));
    assert_eq!(bench.answer("BTC").unwrap().0, "102");
    let (one, other) = (bench.intake.tally(first).unwrap(), bench.intake.tally(second).unwrap());
    assert_eq!((one.trades, one.repeated, one.late), (2, 1, 0));
    assert_eq!((other.trades, other.repeated, other.late), (1, 1, 1), "sorted, 99 comes first and is late; 100 came by another connection");
    assert!(bench.intake.take(first, &okx(&[("BTC", "100", 5)])));
    assert_eq!(bench.answer("BTC").unwrap().0, "102", "never back");
}

#[test]
fn a_trade_that_python_let_through_counts_here() {
    let (bench, inlet) = open_bench();
    let last = Last { time_ns: START_NS + 9_000_000, price: Digits::of(b"100").unwrap(), link: 7 };
    bench.intake.note("okx", "BTC", last);
    assert!(bench.intake.take(inlet, &okx(&[("BTC", "101", 8)])));
    assert_eq!((bench.answer("BTC"), bench.intake.tally(inlet).unwrap().late), (None, 1));
    bench.intake.forget("okx", Some("BTC"));
    assert!(bench.intake.last("okx", "BTC").is_none());
    assert!(!bench.intake.take(inlet, &okx(&[("BTC", "101", 10)])), "what was forgotten has to be permitted again");
}

#[test]
fn only_the_next_number_is_taken_and_only_from_rows_of_the_kind() {
    let bench = Bench::new();
    let inlet = bench.inlet("v", 1, NUMBERED, "X");
    bench.permit("v", "X", "X");
    let frame = |number: u64, kind: &str| {
        let ms = START_NS / 1_000_000 + number;
        format!("{{\"c\":\"t\",\"n\":{number},\"rows\":[{{\"trades\":[{{\"p\":1e2,\"s\":\"X\",\"t\":1}}],\"k\":\"{kind}\"}}]}}")
            .replace("1e2", &format!("100.{number}"))
            .replace("\"t\":1", &format!("\"t\":{ms}"))
    };
    assert!(!bench.intake.take(inlet, frame(5, "live").as_bytes()), "nothing is the next while no number is known");
    bench.intake.set_sequence(inlet, Some(5));
    assert!(!bench.intake.take(inlet, frame(6, "live").as_bytes()), "Python's sample");
    assert!(bench.intake.take(inlet, frame(6, "live").as_bytes()));
    assert_eq!(bench.intake.sequence(inlet), Some(6));
    for (number, kind) in [(6, "live"), (8, "live"), (7, "old")] {
        assert!(!bench.intake.take(inlet, frame(number, kind).as_bytes()), "{number} {kind}");
    }
    assert!(bench.intake.take(inlet, frame(7, "live").as_bytes()));
}

#[test]
fn python_sees_a_sample_and_everything_before_it_said_by_what_to_judge() {
    let (bench, inlet) = open_bench();
    let mut left = 0;
    for number in 1..=1_000_u64 {
        bench.clock.advance(1_000_000);
        left += u32::from(!bench.intake.take(inlet, &okx(&[("BTC", if number % 2 == 0 { "100" } else { "101" }, number)])));
    }
    assert_eq!(left, 10, "one frame every tenth of a second");
    let bench = Bench { intake: Intake::new(Arc::clone(&bench.intake.shared)), clock: Arc::clone(&bench.clock) };
    let inlet = bench.inlet("okx", 1, OKX, "BTC");
    bench.permit("okx", "BTC", "BTC");
    for _ in 0..3 {
        assert!(!bench.intake.take(inlet, &okx(&[("BTC", "100", 1_500)])), "no bounds yet");
    }
}

#[test]
fn what_was_closed_is_taken_no_more() {
    let (bench, inlet) = open_bench();
    bench.intake.close("okx", "BTC");
    assert!(!bench.intake.take(inlet, &okx(&[("BTC", "100", 1)])));
    bench.permit("okx", "BTC", "BTC");
    assert!(bench.intake.take(inlet, &okx(&[("BTC", "100", 1)])));
    bench.intake.close_all();
    assert!(!bench.intake.take(inlet, &okx(&[("BTC", "100", 2)])));
    bench.intake.close_inlet(inlet);
    bench.permit("okx", "BTC", "BTC");
    assert!(!bench.intake.take(inlet, &okx(&[("BTC", "100", 2)])), "a connection that has gone takes nothing");
    assert_eq!(bench.intake.news(Some(1)).len(), 1, "what was taken before is told all the same");
}
