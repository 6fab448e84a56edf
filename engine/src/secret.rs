//! What a secret looks like: `tb_live_`, 32 characters of base62, 6 of checksum. One that was mistyped is known without a look-up.

const KINDS: [&[u8]; 4] = [b"tb_live_", b"tb_test_", b"tb_demo_", b"tb_url_"];
const BODY_CHARACTERS: usize = 32;
const CHECKSUM_CHARACTERS: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Return whether `secret` could be one of ours: its shape is right and its checksum, over all before it, fits.
pub fn is_well_formed(secret: &[u8]) -> bool {
    let Some(rest) = KINDS.iter().find_map(|kind| secret.strip_prefix(*kind)) else { return false };
    if rest.len() != BODY_CHARACTERS + CHECKSUM_CHARACTERS || !rest.iter().all(u8::is_ascii_alphanumeric) {
        return false;
    }
    let (text, checksum) = secret.split_at(secret.len() - CHECKSUM_CHARACTERS);
    checksum_of(text) == checksum
}

/// Return `text` followed by the checksum that belongs to it.
pub fn with_checksum(text: &str) -> String {
    let digits = checksum_of(text.as_bytes()).map(char::from);
    text.chars().chain(digits).collect()
}

/// Return the CRC-32 of `text` in base62, most significant digit first.
fn checksum_of(text: &[u8]) -> [u8; CHECKSUM_CHARACTERS] {
    let (mut rest, mut digits) = (crc32(text) as usize, [0; CHECKSUM_CHARACTERS]);
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[rest % 62];
        rest /= 62;
    }
    digits
}

/// The CRC-32 of zip and zlib: polynomial 0x04C11DB7, reflected.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    !bytes.iter().fold(u32::MAX, |sum, byte| sum >> 8 ^ TABLE[(sum as u8 ^ byte) as usize])
}

const fn table() -> [u32; 256] {
    let (mut table, mut place) = ([0; 256], 0);
    while place < 256 {
        let (mut sum, mut bit) = (place as u32, 0);
        while bit < 8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
            bit += 1;
        }
        table[place] = sum;
        place += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_checksum_is_the_crc_of_zlib() {
        // Source: the check value of CRC-32/ISO-HDLC, https://reveng.sourceforge.io/crc-catalogue/all.htm, read 2026-11-20.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn the_four_kinds_are_secrets_and_nothing_else_is() {
        let body = "0123456789abcdefghijABCDEFGHIJxy";
        for kind in ["tb_live_", "tb_test_", "tb_demo_", "tb_url_"] {
            assert!(is_well_formed(with_checksum(&format!("{kind}{body}")).as_bytes()));
        }
        for text in ["", "tb_live_", &with_checksum(&format!("tb_admin_{body}")), &with_checksum(&format!("tb_live_{body}0"))] {
            assert!(!is_well_formed(text.as_bytes()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_secret_with_one_wrong_character_is_none(body in "[0-9A-Za-z]{32}", place in 0_usize..46, wrong in "[0-9A-Za-z]") {
            let secret = with_checksum(&format!("tb_live_{body}"));
            let mut mistyped = secret.clone();
            mistyped.replace_range(place..=place, &wrong);
            prop_assert_eq!(is_well_formed(mistyped.as_bytes()), mistyped == secret);
        }

        #[test]
        fn any_bytes_are_judged(bytes: Vec<u8>) {
            is_well_formed(&bytes);
        }
    }
}
