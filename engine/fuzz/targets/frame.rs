//! The reader of venues' frames, beside a full JSON reader and the plainest reading of a program: whatever ours takes is JSON,
//! and holds the same trades. An input is a program, an empty line, and a frame.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use trinity_beast_engine::intake::program::Program;
use trinity_beast_engine::intake::scan::Found;
use trinity_beast_engine::intake::trades_of;

/// Return every value that names and selectors lead to.
fn reached<'a>(from: &'a Value, steps: &[&str]) -> Vec<&'a Value> {
    let mut values = vec![from];
    for step in steps {
        values = values.into_iter().flat_map(|value| next(value, step)).filter(|value| !value.is_null()).collect();
    }
    values
}

fn next<'a>(value: &'a Value, step: &str) -> Vec<&'a Value> {
    let Some(inside) = step.strip_prefix('[').and_then(|step| step.strip_suffix(']')) else {
        return value.get(step.strip_prefix('.').unwrap_or(step)).into_iter().collect();
    };
    let elements = value.as_array().map_or_else(|| vec![value], |elements| elements.iter().collect());
    match inside.split_once('=') {
        Some((key, wanted)) => elements.into_iter().filter(|element| element.get(key).and_then(Value::as_str) == Some(wanted)).collect(),
        None => elements,
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn cut(symbol: String, cuts: &[Vec<&str>]) -> String {
    cuts.iter().fold(symbol, |symbol, cut| match (cut[1], symbol.split_once(cut[2])) {
        ("after", Some((_, after))) => after.to_owned(),
        ("before", Some((before, _))) => before.to_owned(),
        ("before", None) => symbol,
        _ => String::new(),
    })
}

fuzz_target!(|input: &[u8]| {
    let Some(middle) = input.windows(2).position(|pair| pair == b"\n\n") else { return };
    let (Ok(text), frame) = (std::str::from_utf8(&input[..middle]), &input[middle + 2..]) else { return };
    let Some(program) = Program::of(text) else { return };
    let Some(trades) = trades_of(&program, frame, &mut Found::default()) else { return };
    let whole: Value = serde_json::from_slice(frame).expect("what was taken is JSON");
    assert!(!trades.is_empty() && trades.is_sorted_by_key(|trade| trade.time_ns));

    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    // Of two lines of one kind the last counts for `rows`; whoever writes programs writes one of each.
    if ["rows", "price", "symbol"].iter().any(|kind| lines.iter().filter(|line| line[0] == *kind).count() != 1) {
        return;
    }
    let line = |kind: &str| lines.iter().find(|line| line[0] == kind).expect("a program has one of each");
    let cuts: Vec<Vec<&str>> = lines.iter().filter(|line| line[0] == "cut").cloned().collect();
    let field = |row: &Value, line: &[&str]| {
        let from = if line[1] == "frame" { &whole } else { row };
        reached(from, &line[2..]).first().map(|value| plain(value)).expect("a trade has all its parts")
    };
    let mut expected: Vec<(String, String)> = reached(&whole, &line("rows")[1..])
        .into_iter()
        .map(|row| (cut(field(row, line("symbol")), &cuts), field(row, line("price"))))
        .collect();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("a taken text is ASCII");
    let mut taken: Vec<(String, String)> = trades.iter().map(|trade| (text(trade.symbol), text(trade.price))).collect();
    expected.sort();
    taken.sort();
    assert_eq!(taken, expected);
});
