//! The datagram reader, beside a full JSON reader: what ours takes is JSON and means the same, what it calls no JSON is none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use trinity_beast_engine::datagram::{ASSETS_MAX, Ask, Malformed, Text, read};

const ROOM: usize = 2_048;

fn compare(ask: &Ask<'_>, whole: &Value) {
    let Value::Object(fields) = whole else { panic!("what was read as a request is no object") };
    let key = fields.get("key").filter(|key| key.is_string()).or_else(|| fields.get("api_key"));
    assert_eq!(ask.key.map(plain), key.and_then(Value::as_str).map(str::to_owned), "the key");
    if ask.fault.is_some() {
        return;
    }
    let asked: Vec<String> = ask.assets().iter().copied().map(plain).collect();
    let expected = match (fields.get("asset"), fields.get("assets")) {
        (Some(Value::String(one)), _) => vec![one.clone()],
        (_, Some(Value::Array(many))) => many.iter().map(|one| one.as_str().expect("a list of strings").to_owned()).collect(),
        _ => panic!("no asset, and no fault"),
    };
    assert_eq!(asked, expected, "the assets");
    assert_eq!(ask.is_list, fields.get("assets").is_some_and(Value::is_array));
    assert_eq!(ask.max_age_ms, fields.get("max_age_ms").and_then(Value::as_u64), "the age");
    let id = ask.id.map(|id| serde_json::from_slice::<Value>(id).expect("an id can be put into an answer as it stands"));
    assert_eq!(id.as_ref(), fields.get("id").filter(|id| !id.is_null()), "the id");
}

fn plain(text: Text<'_>) -> String {
    let mut room = [0; ROOM];
    let plain = text.plain(&mut room).expect("there is room for what was sent");
    String::from_utf8(plain.to_vec()).expect("a text is text")
}

fuzz_target!(|bytes: &[u8]| {
    let Some(bytes) = bytes.get(..bytes.len().min(1_200)) else { return };
    let whole = serde_json::from_slice::<Value>(bytes);
    match (read(bytes, ASSETS_MAX), whole) {
        (Ok(ask), Ok(whole)) => compare(&ask, &whole),
        (Ok(_), Err(error)) => panic!("taken, and no JSON: {error}"),
        (Err(Malformed::Syntax | Malformed::NotText | Malformed::Empty), Ok(Value::Object(_))) => panic!("a JSON object was called none"),
        (Err(_), _) => {}
    }
});
