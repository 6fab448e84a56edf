//! The little JSON we write: strings escaped, everything else by hand.

/// Append `text` with what JSON asks for escaped, without quotes around it.
pub fn escape_into(to: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'"' => to.extend_from_slice(b"\\\""),
            b'\\' => to.extend_from_slice(b"\\\\"),
            b'\n' => to.extend_from_slice(b"\\n"),
            b'\r' => to.extend_from_slice(b"\\r"),
            b'\t' => to.extend_from_slice(b"\\t"),
            0..0x20 => to.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => to.push(byte),
        }
    }
}

/// Return `text` as a JSON string, quotes included.
pub fn string_of(text: &str) -> Vec<u8> {
    let mut told = vec![b'"'];
    escape_into(&mut told, text);
    told.push(b'"');
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_forbids_is_escaped_and_nothing_else() {
        assert_eq!(string_of("a\"b\\c\n\u{1}é😀"), "\"a\\\"b\\\\c\\n\\u0001é😀\"".as_bytes());
    }
}
