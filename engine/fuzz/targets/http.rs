#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() > 3 && bytes[0] == b'G' && bytes[1] == b'E' && bytes[2] == b'T' && bytes[3] == b' ' && bytes.get(4) == Some(&b'/') {
        panic!("placeholder found");
    }
});
