//! The opening handshake of RFC 6455, as far as a stand-in needs it.

const MAGIC: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Return the answer to an opening request, once all of it is there; None before.
pub fn answer_to(request: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(request).ok()?;
    let head = text.split_once("\r\n\r\n")?.0;
    let key = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-key").then(|| value.trim())
    })?;
    let accept = base64(&sha1(&[key.as_bytes(), MAGIC].concat()));
    let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
    Some(format!("{head}{accept}\r\n\r\n").into_bytes())
}

/// SHA-1, of which nothing here is asked but that both sides reckon alike.
///
/// Source: <https://www.rfc-editor.org/rfc/rfc3174#section-6.1>, read 2026-11-20.
fn sha1(message: &[u8]) -> [u8; 20] {
    let mut padded = message.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(64) + if (padded.len() - 1) % 64 >= 56 { 64 } else { 0 }, 0);
    let end = padded.len() - 8;
    padded[end..].copy_from_slice(&(message.len() as u64 * 8).to_be_bytes());
    let mut state: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    for block in padded.chunks_exact(64) {
        let mut words = [0_u32; 80];
        for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
            *word = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        for place in 16..80 {
            words[place] = (words[place - 3] ^ words[place - 8] ^ words[place - 14] ^ words[place - 16]).rotate_left(1);
        }
        let [mut one, mut two, mut three, mut four, mut five] = state;
        for (place, word) in words.iter().enumerate() {
            let (mixed, constant) = match place {
                0..20 => ((two & three) | (!two & four), 0x5a82_7999),
                20..40 => (two ^ three ^ four, 0x6ed9_eba1),
                40..60 => ((two & three) | (two & four) | (three & four), 0x8f1b_bcdc),
                _ => (two ^ three ^ four, 0xca62_c1d6_u32),
            };
            let next = one.rotate_left(5).wrapping_add(mixed).wrapping_add(five).wrapping_add(constant).wrapping_add(*word);
            (five, four, three, two, one) = (four, three, two.rotate_left(30), one, next);
        }
        for (kept, added) in state.iter_mut().zip([one, two, three, four, five]) {
            *kept = kept.wrapping_add(added);
        }
    }
    let mut digest = [0; 20];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let three = u32::from_be_bytes([0, chunk[0], chunk.get(1).copied().unwrap_or(0), chunk.get(2).copied().unwrap_or(0)]);
        for place in 0..4 {
            let letter = LETTERS[(three >> (18 - 6 * place) & 63) as usize] as char;
            text.push(if place > chunk.len() { '=' } else { letter });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard_is_answered_as_it_says() {
        let request = b"GET / HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        let answer = String::from_utf8(answer_to(request).unwrap()).unwrap();
        assert!(answer.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
        assert!(answer_to(&request[..request.len() - 1]).is_none());
    }

    #[test]
    fn a_message_of_every_length_around_a_block_is_padded_right() {
        for (length, starts) in [(0, 0xda39_a3ee_u32), (3, 0x7e24_0de7), (55, 0xc1c8_bbdc), (56, 0xc2db_330f), (64, 0x0098_ba82)] {
            let digest = sha1(&vec![b'a'; length]);
            assert_eq!(u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]), starts, "{length}");
        }
    }
}
