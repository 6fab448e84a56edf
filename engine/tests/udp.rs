//! Prices over UDP as a caller sees them, through real sockets and a real spool. Time stands still unless a test moves it.

mod support;

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use trinity_beast_engine::book::Publication;
use trinity_beast_engine::bucket::Rate;
use trinity_beast_engine::clock::{Clock, SECOND_NS};
use trinity_beast_engine::code::Code;
use trinity_beast_engine::counters::Counter;
use trinity_beast_engine::fence::Fence;
use trinity_beast_engine::keys::Policy;
use trinity_beast_engine::limits::Limits;
use trinity_beast_engine::questions::Ticket;
use trinity_beast_engine::request_id::id_of;
use trinity_beast_engine::secret::with_checksum;
use trinity_beast_engine::shared::{Identity, Settings, Shared, ThreadContext};
use trinity_beast_engine::udp::Udp;
use trinity_beast_engine::udp::batch::BATCH;
use trinity_beast_engine::udp::socket::bind_all;
use trinity_beast_engine::words::{CODES, PROTOCOLS, STATES};

const WALL_NS: u64 = 1_795_160_400 * SECOND_NS;
const KEY: &str = "tb_live_0123456789abcdefghijklmnopqrstuvABCDEF";

/// A thread of an engine that this test drives by hand.
struct Node {
    shared: Arc<Shared>,
    context: ThreadContext,
    udp: Udp,
    address: SocketAddr,
    /// The thread's own socket, for tests that change it.
    socket: UdpSocket,
    client: UdpSocket,
    folder: tempfile::TempDir,
}

impl Node {
    fn new() -> Self {
        Self::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            identity: Identity { node: "BeastMain".into(), region: "local".into(), version: "1".into() },
            digest_secret: b"secret".to_vec(),
            spool_directory: Some(folder.path().to_owned()),
            quota_directory: None,
            threads: 1,
            clock: Arc::new(Clock::manual(WALL_NS, 100 * SECOND_NS)),
            limits,
        };
        let shared = Shared::new(settings).unwrap();
        let mut bound = bind_all("127.0.0.1:0".parse().unwrap(), 1).unwrap();
        let socket = bound.sockets[0].try_clone().unwrap();
        let udp = Udp::new(bound.sockets.remove(0), &shared).unwrap();
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.connect(bound.address).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let context = ThreadContext::new(Arc::clone(&shared), 0).unwrap();
        let node = Self { context, udp, address: bound.address, socket, client, folder, shared };
        node.admit(KEY, policy());
        node.publish("BTC", "97123.45");
        node
    }

    fn admit(&self, secret: &str, policy: Policy) {
        self.shared.keys.admit(self.shared.keys.digest_of(secret.as_bytes()), policy, self.shared.clock.now());
    }

    fn publish(&self, asset: &str, price: &str) {
        let publication = Publication {
            asset,
            price,
            quote: "USD",
            venue: "coinbase",
            source: "coinbase-ws",
            exchange_time_ns: WALL_NS - 22_000_000,
            received_monotonic_ns: 100 * SECOND_NS,
            usable_for_ns: 90 * SECOND_NS,
            state: "live",
            cache_tier: "memory",
            prewarmed: true,
        };
        self.shared.book.publish(&publication, &self.shared.clock).unwrap();
    }

    fn count(&self, counter: Counter) -> u64 {
        self.shared.counters.read(counter)
    }

    /// Send bytes and have the thread read what has come.
    fn send(&mut self, bytes: &[u8]) {
        self.client.send(bytes).unwrap();
        self.serve();
    }

    fn serve(&mut self) {
        let before = self.count(Counter::UdpPacketsReceived);
        let end = std::time::Instant::now() + Duration::from_secs(10);
        while self.count(Counter::UdpPacketsReceived) == before {
            assert!(std::time::Instant::now() < end, "no datagram came in 10 seconds");
            self.udp.serve(&mut self.context);
        }
    }

    fn next_answer(&self) -> String {
        let mut bytes = [0; 2_048];
        let length = self.client.recv(&mut bytes).expect("an answer comes");
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    fn ask(&mut self, bytes: impl AsRef<[u8]>) -> String {
        self.send(bytes.as_ref());
        self.next_answer()
    }

    /// Send bytes that must get no answer, and say what they cost.
    fn ignored(&mut self, bytes: &[u8], counter: Counter) {
        let told = |node: &Self| [Counter::UdpPacketsSent, Counter::UdpPacketsDropped, counter].map(|counter| node.count(counter));
        let [sent, dropped, why] = told(self);
        self.send(bytes);
        assert_eq!(told(self), [sent, dropped + 1, why + 1], "{:?}", String::from_utf8_lossy(bytes));
    }

    fn question(&self) -> (Ticket, [u8; 32]) {
        let asked = self.shared.questions.take();
        assert_eq!(asked.len(), 1, "one question is asked");
        asked[0]
    }

    fn records(&self) -> Vec<trinity_beast_engine::record::Record> {
        support::all_records(self.folder.path()).into_iter().map(|(_, _, record)| record).collect()
    }
}

fn policy() -> Policy {
    Policy {
        quota_in_blocks: false,
        rank: 3,
        key_id: 7,
        rate: Rate::new(1_000.0, 1_000).unwrap(),
        quota: Some(100),
        quota_left: 100,
        quota_resets_at_ns: WALL_NS + 1_000 * SECOND_NS,
        expires_at_ns: None,
        unlimited: false,
        udp: true,
        in_url: false,
        account_id: 0,
        prices: true,
        assets_max: 1_000,
        fence: None,
    }
}

/// A secret of the right shape that nobody has.
fn stranger(number: u32) -> String {
    with_checksum(&format!("tb_live_{number:032}"))
}

fn request(asset: &str) -> String {
    format!(r#"{{"key":"{KEY}","asset":"{asset}","id":"7"}}"#)
}

fn padded(mut request: String, length: usize) -> String {
    request.push_str(&" ".repeat(length.saturating_sub(request.len())));
    request
}

fn code_of(answer: &str) -> &str {
    answer.split("\"code\":\"").nth(1).unwrap().split('"').next().unwrap()
}

fn request_id_of(answer: &str) -> u64 {
    id_of(&answer.as_bytes()[answer.find("\"request_id\":\"").unwrap() + 14..][..12]).unwrap()
}

#[test]
fn a_price_is_answered_as_the_contract_shows_and_recorded() {
    let mut node = Node::new();
    let answer = node.ask(request("BTC"));
    let start = r#"{"success":true,"code":"OK","asset":"BTC","price":"97123.45","quote":"USD","source":"coinbase-ws","state":"live","age_ms":22,"time":1795160399978,"id":"7","request_id":""#;
    assert!(answer.starts_with(start) && answer.ends_with(r#"","node":"BeastMain"}"#), "{answer}");

    let record = node.records()[0];
    assert_eq!((record.sequence, record.key_id, record.time_ns, record.status), (1, 7, WALL_NS, 200));
    assert_eq!((record.asset_name(), record.asset_count, record.answer_bytes as usize), (&b"BTC"[..], 1, answer.len()));
    assert_eq!((PROTOCOLS.word(record.protocol), STATES.word(record.state), CODES.word(record.code)), ("udp", "live", "OK"));
    assert_eq!(&*node.shared.sources.all()[usize::from(record.source.0)].tag, "coinbase-ws");
    assert_eq!(record.request_id, request_id_of(&answer));
    for (counter, expected) in
        [(Counter::UdpRequests, 1), (Counter::UdpPacketsSent, 1), (Counter::SyncmapHits, 1), (Counter::UsageRecorded, 1)]
    {
        assert_eq!(node.count(counter), expected);
    }
}

#[test]
fn age_is_the_age_at_reading_and_stale_prices_are_refused() {
    let mut node = Node::new();
    node.shared.clock.advance(5 * SECOND_NS);
    assert!(node.ask(request("BTC")).contains("\"age_ms\":5022,"));
    let young = format!(r#"{{"key":"{KEY}","asset":"BTC","max_age_ms":5021}}"#);
    assert_eq!(code_of(&node.ask(young)), "PRICE_STALE");
    assert_eq!(code_of(&node.ask(format!(r#"{{"key":"{KEY}","asset":"BTC","max_age_ms":5022}}"#))), "OK");
    node.shared.clock.advance(85 * SECOND_NS);
    let answer = node.ask(padded(request("BTC"), 120));
    assert!(answer.contains("PRICE_STALE") && answer.contains("BTC is 90 seconds old"), "{answer}");
    assert_eq!(node.count(Counter::PricesStale), 2);
    let record = node.records()[3];
    assert_eq!((record.status, STATES.word(record.state), record.source.0), (503, "stale", 0));
}

#[test]
fn a_list_tells_what_there_is_and_what_is_missing() {
    let mut node = Node::new();
    node.shared.book.announce("SOL", true).unwrap();
    node.publish("ETH", "3000");
    let answer = node.ask(padded(format!(r#"{{"key":"{KEY}","assets":["BTC","NOPE","SOL","ETH"],"id":5}}"#), 300));
    assert!(answer.contains(r#""prices":[{"asset":"BTC","price":"97123.45""#) && answer.contains(r#"{"asset":"ETH","price":"3000""#));
    assert!(answer.contains(r#""missing":[{"asset":"NOPE","code":"ASSET_UNKNOWN"},{"asset":"SOL","code":"PRICE_UNAVAILABLE"}],"id":5,"#));
    assert_eq!((node.records()[0].asset_count, node.records()[0].asset_name()), (4, &b"BTC"[..]));
    assert_eq!(standing_left(&node), 99, "a list costs one request");
    let answer = node.ask(padded(format!(r#"{{"key":"{KEY}","assets":["NOPE"]}}"#), 200));
    assert_eq!(code_of(&answer), "OK");
    assert_eq!(standing_left(&node), 99, "a list without a price costs none of the month");
}

fn standing_left(node: &Node) -> u64 {
    use trinity_beast_engine::keys::Known;
    let digest = node.shared.keys.digest_of(KEY.as_bytes());
    let now = node.shared.clock.now();
    match node.shared.keys.find(&digest, now.monotonic_ns) {
        Known::Admitted(slot) => slot.standing(now).month.unwrap().0,
        other => panic!("not admitted: {other:?}"),
    }
}

#[test]
fn what_cannot_be_answered_is_refused_by_its_code_and_recorded() {
    let mut node = Node::new();
    for (request, code) in [
        (request("NOPE"), "ASSET_UNKNOWN"),
        (request("btc"), "ASSET_UNKNOWN"),
        (request(r"\n\u0000"), "ASSET_UNKNOWN"),
        (format!(r#"{{"key":"{KEY}"}}"#), "REQUEST_INVALID"),
        (format!(r#"{{"key":"{KEY}","asset":"BTC","assets":["BTC"]}}"#), "REQUEST_INVALID"),
        (format!(r#"{{"key":"{KEY}","asset":"BTC","id":1.5}}"#), "REQUEST_INVALID"),
    ] {
        let answer = node.ask(padded(request.clone(), 150));
        assert_eq!(code_of(&answer), code, "{request}");
        assert!(answer.contains("\"message\":\""), "{answer}");
    }
    assert_eq!(node.records().len(), 6);
    assert_eq!(standing_left(&node), 100, "what is refused costs none of the month");
}

#[test]
fn limits_hold_and_are_told() {
    let mut node = Node::new();
    node.admit("slow", Policy { key_id: 8, rate: Rate::new(1.0, 2).unwrap(), quota: None, ..policy() });
    node.admit("spent", Policy { key_id: 9, quota_left: 0, ..policy() });
    let slow = padded(r#"{"key":"slow","asset":"BTC"}"#.into(), 120);
    assert_eq!(code_of(&node.ask(&slow)), "OK");
    assert_eq!(code_of(&node.ask(&slow)), "OK");
    assert_eq!(code_of(&node.ask(&slow)), "RATE_LIMITED");
    assert_eq!(code_of(&node.ask(padded(r#"{"key":"spent","asset":"BTC"}"#.into(), 120))), "QUOTA_SPENT");
    let told: Vec<(u32, u16)> = node.records().iter().map(|record| (record.key_id, record.status)).collect();
    assert_eq!(told, [(8, 200), (8, 200), (8, 429), (9, 429)]);
    assert_eq!((node.count(Counter::RateLimited), node.count(Counter::QuotaRefused), node.count(Counter::SyncmapHits)), (1, 1, 2));
}

#[test]
fn keys_that_may_not_ask_here_are_refused_within_the_bytes_they_sent() {
    let mut node = Node::new();
    node.admit("no-udp", Policy { key_id: 8, udp: false, ..policy() });
    node.admit("old", Policy { key_id: 9, expires_at_ns: Some(WALL_NS), ..policy() });
    node.shared.keys.refuse(node.shared.keys.digest_of(b"bad"), Code::KeyRevoked, u64::MAX);
    for (request, code) in [
        (r#"{"asset":"BTC"}"#, "KEY_MISSING"),
        (r#"{"key":"","asset":"BTC"}"#, "KEY_MISSING"),
        (r#"{"key":5,"asset":"BTC"}"#, "KEY_MISSING"),
        (r#"{"key":"bad","asset":"BTC"}"#, "KEY_REVOKED"),
        (r#"{"key":"old","asset":"BTC"}"#, "KEY_EXPIRED"),
        (r#"{"key":"no-udp","asset":"BTC"}"#, "TIER_FORBIDS"),
    ] {
        let request = padded(request.into(), 90);
        let answer = node.ask(&request);
        assert_eq!(code_of(&answer), code);
        assert!(code == "TIER_FORBIDS" || answer.len() <= request.len());
    }
    let recorded: Vec<u32> = node.records().iter().map(|record| record.key_id).collect();
    assert_eq!(recorded, [9, 8], "keys of ours are recorded whatever they are told, others are not");
    assert_eq!(node.count(Counter::KeysRefused), 6);
}

#[test]
fn what_is_no_request_gets_no_answer() {
    let mut node = Node::new();
    let oversized = padded(request("BTC"), 1_201);
    for bytes in [&b""[..], b"x", b"{}}", b"\xff\xff", br#"{"asset":"BTC","asset":"BTC"}"#, oversized.as_bytes()] {
        node.ignored(bytes, Counter::DatagramsMalformed);
    }
    node.ignored(br#"{"asset":"BTC"}"#, Counter::DatagramsTooSmall);
    node.ignored(b"{}", Counter::DatagramsTooSmall);
    assert!(node.records().is_empty());
    assert_eq!(code_of(&node.ask(padded(request("BTC"), 1_200))), "OK", "the largest datagram is read");
}

#[test]
fn the_blocked_get_no_answer() {
    let mut node = Node::new();
    node.shared.blocklist.block("127.0.0.0/8".parse().unwrap(), 101 * SECOND_NS, 0);
    node.ignored(request("BTC").as_bytes(), Counter::BlockedRefused);
    node.shared.clock.advance(2 * SECOND_NS);
    assert_eq!(code_of(&node.ask(request("BTC"))), "OK");
}

#[test]
fn an_answer_that_does_not_fit_asks_for_padding_and_costs_nothing_of_the_month() {
    let mut node = Node::new();
    node.admit("k", policy());
    let short = r#"{"key":"k","asset":"BTC"}"#;
    let answer = node.ask(short);
    assert_eq!(code_of(&answer), "REQUEST_INVALID");
    assert!(answer.len() <= 3 * short.len());
    let answer = node.ask(padded(short.into(), 60));
    assert!(code_of(&answer) == "OK" && !answer.contains("node"), "told without what does not fit: {answer}");
    let record = node.records()[0];
    assert_eq!((record.status, record.source.0, record.asset_name()), (400, 0, &b"BTC"[..]));
}

#[test]
fn a_key_nobody_has_heard_of_waits_for_python() {
    let mut node = Node::new();
    let secret = stranger(1);
    let request = padded(format!(r#"{{"key":"{secret}","asset":"BTC","id":"a"}}"#), 150);
    node.send(request.as_bytes());
    let (ticket, digest) = node.question();
    assert!(ticket.is_datagram() && digest == node.shared.keys.digest_of(secret.as_bytes()));
    assert_eq!((node.udp.waiting(), node.shared.questions.waiting()), (1, 1));

    node.shared.clock.advance(SECOND_NS);
    node.admit(&secret, Policy { key_id: 44, ..policy() });
    node.udp.settle(&mut node.context, ticket, None);
    let answer = node.next_answer();
    assert!(answer.contains("\"age_ms\":1022,") && answer.contains("\"id\":\"a\""), "{answer}");
    let record = node.records()[0];
    assert_eq!((record.key_id, record.time_ns, u64::from(record.latency_ns)), (44, WALL_NS, SECOND_NS), "its wait is its latency");
    assert_eq!((node.udp.waiting(), node.shared.questions.waiting()), (0, 0));
    node.udp.settle(&mut node.context, ticket, None);
    assert_eq!(node.count(Counter::UdpPacketsSent), 1, "a stale ticket is ignored");
}

#[test]
fn a_key_python_refuses_or_never_finds_is_told_so() {
    let mut node = Node::new();
    let request = padded(format!(r#"{{"key":"{}","asset":"BTC"}}"#, stranger(1)), 120);
    node.send(request.as_bytes());
    let (ticket, _) = node.question();
    node.udp.settle(&mut node.context, ticket, Some(Code::KeyInvalid));
    assert_eq!(code_of(&node.next_answer()), "KEY_INVALID");

    node.send(request.as_bytes());
    let (ticket, _) = node.question();
    node.udp.settle(&mut node.context, ticket, None);
    assert_eq!(code_of(&node.next_answer()), "DEPENDENCY_AWAY", "looked up, and still nothing is known");

    node.send(request.as_bytes());
    node.shared.clock.advance(5 * SECOND_NS - 1);
    node.udp.sweep(&mut node.context);
    assert_eq!(node.udp.waiting(), 1);
    node.shared.clock.advance(1);
    node.udp.sweep(&mut node.context);
    assert_eq!(code_of(&node.next_answer()), "DEPENDENCY_AWAY");
    assert_eq!((node.count(Counter::QuestionsTimedOut), node.shared.questions.waiting()), (1, 0));
    assert!(node.records().is_empty());
}

#[test]
fn a_mistyped_key_is_refused_without_a_question() {
    let mut node = Node::new();
    let mistyped = stranger(1).replace('1', "2");
    assert_eq!(code_of(&node.ask(padded(format!(r#"{{"key":"{mistyped}","asset":"BTC"}}"#), 120))), "KEY_INVALID");
    assert_eq!((node.count(Counter::QuestionsAsked), node.count(Counter::KeysRefused)), (0, 1));
}

#[test]
fn a_key_is_kept_to_its_networks_its_scope_and_its_batch_over_udp_too() {
    let mut node = Node::new();
    let near = Fence::new(vec!["127.0.0.0/8".parse().unwrap()], Vec::new()).map(Arc::new);
    let far = Fence::new(vec!["192.0.2.0/24".parse().unwrap()], Vec::new()).map(Arc::new);
    let page = Fence::new(Vec::new(), vec!["https://example.org".parse().unwrap()]).map(Arc::new);
    node.admit("near", Policy { fence: near, ..policy() });
    node.admit("far", Policy { fence: far, ..policy() });
    node.admit("page", Policy { fence: page, ..policy() });
    node.admit("reports", Policy { prices: false, ..policy() });
    for (key, code) in [("near", "OK"), ("far", "KEY_FORBIDS"), ("page", "KEY_FORBIDS"), ("reports", "KEY_FORBIDS")] {
        let request = padded(format!(r#"{{"key":"{key}","asset":"BTC"}}"#), 130);
        let answer = node.ask(&request);
        assert_eq!(code_of(&answer), code, "{key}");
        assert!(code == "OK" || answer.len() <= request.len(), "an address may be forged: {answer}");
    }
    node.admit("small", Policy { assets_max: 2, ..policy() });
    for (assets, code) in [(r#""BTC","SOL""#, "OK"), (r#""BTC","SOL","ETH""#, "TIER_FORBIDS")] {
        assert_eq!(code_of(&node.ask(padded(format!(r#"{{"key":"small","assets":[{assets}]}}"#), 300))), code);
    }
}

#[test]
fn forged_keys_take_half_of_the_room_for_questions_at_most() {
    let mut node = Node::with(Limits { questions_max: 8, ..Limits::default() });
    for number in 0..4 {
        node.send(padded(format!(r#"{{"key":"{}"}}"#, stranger(number)), 120).as_bytes());
    }
    assert_eq!((node.udp.waiting(), node.count(Counter::UdpPacketsSent)), (4, 0));
    let answer = node.ask(padded(format!(r#"{{"key":"{}"}}"#, stranger(4)), 120));
    assert_eq!(code_of(&answer), "OVERLOADED");
    node.udp.finish(&mut node.context);
    for _ in 0..4 {
        assert_eq!(code_of(&node.next_answer()), "DEPENDENCY_AWAY");
    }
    assert_eq!(node.shared.questions.waiting(), 0);
}

#[test]
fn what_the_kernel_dropped_is_counted_once() {
    let mut node = Node::new();
    socket2::SockRef::from(&node.socket).set_recv_buffer_size(4_096).unwrap();
    let flood = 200;
    for _ in 0..flood {
        node.client.send(&[b' '; 1_200]).unwrap();
    }
    while node.udp.serve(&mut node.context) {}
    node.udp.sweep(&mut node.context);
    node.udp.sweep(&mut node.context);
    assert!(node.count(Counter::DatagramsOverrun) > 0);
    assert_eq!(node.count(Counter::UdpPacketsReceived) + node.count(Counter::DatagramsOverrun), flood);
    assert_eq!(node.count(Counter::UdpPacketsDropped), flood);
}

#[test]
fn many_at_once_are_all_answered_each_with_its_own_id_and_record() {
    let mut node = Node::new();
    node.admit(KEY, Policy { unlimited: true, ..policy() });
    // More than a batch at once, and no more than a client's ordinary buffer holds.
    let (rounds, at_once) = (3, BATCH + 20);
    let mut answers = Vec::new();
    for round in 1..=rounds {
        for number in answers.len()..round * at_once {
            node.client.send(format!(r#"{{"key":"{KEY}","asset":"BTC","id":{number}}}"#).as_bytes()).unwrap();
        }
        while node.count(Counter::UdpPacketsReceived) < (round * at_once) as u64 {
            node.serve();
        }
        answers.extend((0..at_once).map(|_| node.next_answer()));
    }
    for (number, answer) in answers.iter().enumerate() {
        assert!(answer.contains(&format!("\"id\":{number},")), "{answer}");
    }
    let recorded: Vec<u64> = node.records().iter().map(|record| record.request_id).collect();
    assert_eq!(recorded, answers.iter().map(|answer| request_id_of(answer)).collect::<Vec<_>>());
    assert_eq!(node.count(Counter::UdpPacketsSent), (rounds * at_once) as u64);
    assert_eq!(node.address, node.client.peer_addr().unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// The promise that makes forged senders harmless, over requests of all sizes and kinds.
    #[test]
    fn no_answer_is_longer_than_the_request_allows(
        key in prop::sample::select(vec![KEY, "k", "", "wrong", "expired"]),
        assets in prop::collection::vec(prop::sample::select(vec!["BTC", "ETH", "NOPE", "\\u0042TC"]), 0..10),
        id in prop::option::of("[a-z]{0,64}"),
        padding in 0..400_usize,
    ) {
        thread_local!(static NODE: std::cell::RefCell<Node> = std::cell::RefCell::new({
            let node = Node::new();
            node.admit(KEY, Policy { unlimited: true, ..policy() });
            node.admit("k", Policy { unlimited: true, ..policy() });
            node.admit("expired", Policy { expires_at_ns: Some(1), ..policy() });
            node.shared.keys.refuse(node.shared.keys.digest_of(b"wrong"), Code::KeyInvalid, u64::MAX);
            node
        }));
        NODE.with_borrow_mut(|node| {
            let assets = assets.iter().map(|asset| format!("\"{asset}\"")).collect::<Vec<_>>().join(",");
            let id = id.map_or(String::new(), |id| format!(r#","id":"{id}""#));
            let request = format!(r#"{{"key":"{key}","assets":[{assets}]{id}}}{}"#, " ".repeat(padding));
            let sent = node.count(Counter::UdpPacketsSent);
            node.send(request.as_bytes());
            if node.count(Counter::UdpPacketsSent) > sent {
                let answer = node.next_answer();
                let is_ours = key == KEY || key == "k";
                prop_assert!(answer.len() <= request.len() * if is_ours { 3 } else { 1 }, "{request}\n{answer}");
                prop_assert!(answer.len() <= 1_400 && answer.as_bytes().last() == Some(&b'\x7d'));
            } else {
                prop_assert!(key != KEY, "a key of ours is always answered: {request}");
            }
            Ok(())
        })?;
    }
}
