//! What a datagram asks: a strict reader of one small JSON object. Takes any bytes, allocates nothing, points into them.
//!
//! Two kinds of wrong are told apart. Bytes that are no JSON object, or one with a field twice, are `Malformed` and get no
//! answer. An object that asks for what cannot be asked is read, with a `Fault`: a caller with a good key is told of it.

mod reader;

use reader::Reader;
pub use reader::Text;

/// The most assets one datagram may ask for.
pub const ASSETS_MAX: usize = 8;

/// The most bytes an id may have, its escapes undone.
pub const ID_BYTES_MAX: usize = 64;

/// The most bytes an integer may have as an id: every 64-bit number fits.
const ID_DIGITS_MAX: usize = 20;

/// Why a well-formed request cannot be answered as asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Neither `asset` nor `assets`, or an empty list.
    NoAsset,
    /// Both `asset` and `assets`.
    TwoForms,
    /// More assets than may be asked for at once.
    TooManyAssets,
    /// `asset` is no string, or `assets` no list of strings.
    AssetKind,
    /// `id` is neither a string of at most 64 bytes nor an integer of at most 20 digits.
    Id,
    /// `max_age_ms` is no whole number from 0.
    MaxAge,
}

impl Fault {
    /// Return what is wrong in a few words, for the answer.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NoAsset => "asset or assets is missing",
            Self::TwoForms => "asset or assets, not both",
            Self::TooManyAssets => "too many assets",
            Self::AssetKind => "asset must be a string, assets a list of strings",
            Self::Id => "id must be a string of at most 64 bytes or an integer",
            Self::MaxAge => "max_age_ms must be a whole number",
        }
    }
}

/// Why bytes are no request at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// No bytes.
    Empty,
    /// Not UTF-8.
    NotText,
    /// No JSON object, or more than one.
    Syntax,
    /// A field that counts stands twice (`key` and `api_key` are one).
    Twice,
    /// Arrays and objects too deep in one another.
    TooDeep,
}

/// What a datagram asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ask<'a> {
    /// The key; None when there is none, or it is no string.
    pub key: Option<Text<'a>>,
    assets: [Text<'a>; ASSETS_MAX],
    asset_count: u8,
    /// Whether the answer is a list: `assets` was asked.
    pub is_list: bool,
    /// The id as it stands, quotes included, to be echoed as it is.
    pub id: Option<&'a [u8]>,
    /// The greatest age that is welcome.
    pub max_age_ms: Option<u64>,
    /// What else is wrong with it, the first in the order of `Fault`.
    pub fault: Option<Fault>,
}

impl<'a> Ask<'a> {
    /// Return the assets asked for, in order.
    pub fn assets(&self) -> &[Text<'a>] {
        &self.assets[..usize::from(self.asset_count)]
    }

    fn mark(&mut self, fault: Fault) {
        self.fault = Some(self.fault.map_or(fault, |known| if (known as u8) < fault as u8 { known } else { fault }));
    }
}

/// Read a datagram.
///
/// A `null` counts as absent; fields we do not know are skipped, whatever they hold.
///
/// # Errors
/// When the bytes are no request at all.
pub fn read(bytes: &[u8], assets_max: usize) -> Result<Ask<'_>, Malformed> {
    if bytes.is_empty() {
        return Err(Malformed::Empty);
    }
    if std::str::from_utf8(bytes).is_err() {
        return Err(Malformed::NotText);
    }
    let mut reader = Reader { bytes, at: 0 };
    let mut ask = Ask::default();
    let mut met = 0_u8;
    reader.object(|reader, name| {
        let field = Field::named(name);
        if field != Field::Other {
            let bit = 1 << field as u8;
            if met & bit != 0 {
                return Err(Malformed::Twice);
            }
            met |= bit;
        }
        reader.field(field, &mut ask, assets_max.min(ASSETS_MAX))
    })?;
    reader.space();
    if reader.at != bytes.len() {
        return Err(Malformed::Syntax);
    }
    let both = 1 << Field::Asset as u8 | 1 << Field::Assets as u8;
    if met & both == both {
        ask.mark(Fault::TwoForms);
    }
    if ask.asset_count == 0 && ask.fault != Some(Fault::TooManyAssets) && ask.fault != Some(Fault::AssetKind) {
        ask.mark(Fault::NoAsset);
    }
    Ok(ask)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Field {
    Key,
    Asset,
    Assets,
    Id,
    MaxAge,
    Other,
}

impl Field {
    fn named(name: Text<'_>) -> Self {
        // The longest name we know has ten bytes; what needs more room is none of them.
        let mut room = [0; 16];
        match name.plain(&mut room) {
            Some(b"key" | b"api_key") => Self::Key,
            Some(b"asset") => Self::Asset,
            Some(b"assets") => Self::Assets,
            Some(b"id") => Self::Id,
            Some(b"max_age_ms") => Self::MaxAge,
            _ => Self::Other,
        }
    }
}

impl<'a> Reader<'a> {
    fn field(&mut self, field: Field, ask: &mut Ask<'a>, assets_max: usize) -> Result<(), Malformed> {
        let start = self.at;
        let first = self.bytes.get(start).copied();
        if first == Some(b'n') {
            return self.word(b"null");
        }
        match (field, first) {
            (Field::Key, Some(b'"')) => ask.key = Some(self.string()?),
            (Field::Asset, Some(b'"')) => {
                let asset = self.string()?;
                if ask.is_list {
                    ask.mark(Fault::TwoForms);
                } else {
                    (ask.assets[0], ask.asset_count) = (asset, 1);
                }
            }
            (Field::Assets, Some(b'[')) => self.list(ask, assets_max)?,
            (Field::Id, Some(b'"')) => {
                let id = self.string()?;
                if id.plain(&mut [0; ID_BYTES_MAX]).is_some_and(|plain| plain.len() <= ID_BYTES_MAX) {
                    ask.id = Some(&self.bytes[start..self.at]);
                } else {
                    ask.mark(Fault::Id);
                }
            }
            (Field::Id, Some(b'-' | b'0'..=b'9')) => match self.integer()? {
                Some(digits) if digits.len() <= ID_DIGITS_MAX => ask.id = Some(digits),
                _ => ask.mark(Fault::Id),
            },
            (Field::MaxAge, Some(b'-' | b'0'..=b'9')) => {
                let digits = self.integer()?.and_then(|digits| std::str::from_utf8(digits).ok());
                ask.max_age_ms = digits.and_then(|digits| digits.parse().ok());
                if ask.max_age_ms.is_none() {
                    ask.mark(Fault::MaxAge);
                }
            }
            (field, _) => {
                self.skip(0)?;
                match field {
                    Field::Asset | Field::Assets => ask.mark(Fault::AssetKind),
                    Field::Id => ask.mark(Fault::Id),
                    Field::MaxAge => ask.mark(Fault::MaxAge),
                    Field::Key | Field::Other => {}
                }
            }
        }
        Ok(())
    }

    fn list(&mut self, ask: &mut Ask<'a>, assets_max: usize) -> Result<(), Malformed> {
        let mut count = 0;
        let is_second = ask.asset_count > 0;
        ask.is_list = true;
        self.sequence(b'[', b']', |reader| {
            if reader.bytes.get(reader.at) != Some(&b'"') {
                ask.mark(Fault::AssetKind);
                return reader.skip(1);
            }
            let asset = reader.string()?;
            if count == assets_max {
                ask.mark(Fault::TooManyAssets);
            } else if !is_second {
                ask.assets[count] = asset;
                count += 1;
                ask.asset_count = count as u8;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(text: Text<'_>) -> Vec<u8> {
        text.plain(&mut [0; 1_200]).expect("there is room").to_vec()
    }

    fn asked<'a>(ask: &Ask<'a>) -> Vec<&'a [u8]> {
        ask.assets().iter().map(Text::raw).collect()
    }

    fn fault_of(bytes: &str) -> Option<Fault> {
        read(bytes.as_bytes(), 8).unwrap_or_else(|error| panic!("{bytes}: {error:?}")).fault
    }

    #[test]
    fn the_contracts_example_is_read() {
        let ask = read(br#"{"key": "tb_live_abc", "asset": "BTC", "id": "7", "max_age_ms": 500}"#, 8).unwrap();
        assert_eq!(plain(ask.key.unwrap()), b"tb_live_abc");
        assert_eq!(asked(&ask), [b"BTC"]);
        assert_eq!((ask.id, ask.max_age_ms, ask.is_list, ask.fault), (Some(&b"\"7\""[..]), Some(500), false, None));
    }

    #[test]
    fn a_list_of_assets_is_read_in_order_and_bounded() {
        let ask = read(br#"{"api_key":"k","assets":["BTC","ETH" , "ADA"],"id":-12}"#, 8).unwrap();
        assert_eq!((asked(&ask), ask.is_list, ask.fault), (vec![&b"BTC"[..], b"ETH", b"ADA"], true, None));
        assert_eq!(ask.id, Some(&b"-12"[..]));
        assert_eq!(fault_of(r#"{"assets":["1","2","3","4","5","6","7","8"]}"#), None);
        assert_eq!(fault_of(r#"{"assets":["1","2","3","4","5","6","7","8","9"]}"#), Some(Fault::TooManyAssets));
        assert_eq!(read(br#"{"assets":["1","2","3"]}"#, 2).unwrap().fault, Some(Fault::TooManyAssets));
    }

    #[test]
    fn spaces_may_stand_anywhere_and_pad_the_end() {
        let ask = read(b" \t{ \"asset\" :\r\n \"BTC\" } \n      ", 8).unwrap();
        assert_eq!((asked(&ask), ask.fault), (vec![&b"BTC"[..]], None));
    }

    #[test]
    fn escapes_are_undone_in_names_and_values() {
        let ask = read(br#"{"\u006bey":"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00","asset":"\u0042TC","id":"\u0037"}"#, 8).unwrap();
        assert_eq!(plain(ask.key.unwrap()), "a\"\\/\u{8}\u{c}\n\r\té😀".as_bytes());
        assert_eq!(plain(ask.assets()[0]), b"BTC");
        assert_eq!(ask.id, Some(&br#""\u0037""#[..]), "an id is echoed as it stands");
        assert_eq!(ask.key.unwrap().plain(&mut [0; 4]), None);
    }

    #[test]
    fn unknown_fields_are_skipped_whatever_they_hold() {
        let ask = read(br#"{"x":{"key":"no","y":[1,-2.5e+3,true,false,null,{}]},"asset":"BTC","x":[],"key":"k"}"#, 8).unwrap();
        assert_eq!((plain(ask.key.unwrap()), ask.fault), (b"k".to_vec(), None));
    }

    #[test]
    fn a_field_that_counts_may_not_stand_twice() {
        for twice in
            [r#"{"asset":"A","asset":"A"}"#, r#"{"key":"a","api_key":"a"}"#, r#"{"id":1,"\u0069d":1}"#, r#"{"assets":[],"assets":[]}"#]
        {
            assert_eq!(read(twice.as_bytes(), 8), Err(Malformed::Twice), "{twice}");
        }
    }

    #[test]
    fn what_is_well_formed_and_cannot_be_asked_is_told() {
        for (bytes, fault) in [
            (r"{}", Fault::NoAsset),
            (r#"{"assets":[]}"#, Fault::NoAsset),
            (r#"{"asset":null}"#, Fault::NoAsset),
            (r#"{"asset":"A","assets":["B"]}"#, Fault::TwoForms),
            (r#"{"assets":["B"],"asset":"A"}"#, Fault::TwoForms),
            (r#"{"asset":7}"#, Fault::AssetKind),
            (r#"{"assets":"BTC"}"#, Fault::AssetKind),
            (r#"{"assets":["BTC",7]}"#, Fault::AssetKind),
            (r#"{"asset":"A","id":1.5}"#, Fault::Id),
            (r#"{"asset":"A","id":123456789012345678901}"#, Fault::Id),
            (r#"{"asset":"A","id":[]}"#, Fault::Id),
            (r#"{"asset":"A","max_age_ms":-1}"#, Fault::MaxAge),
            (r#"{"asset":"A","max_age_ms":1.0}"#, Fault::MaxAge),
            (r#"{"asset":"A","max_age_ms":"5"}"#, Fault::MaxAge),
            (r#"{"asset":"A","max_age_ms":99999999999999999999}"#, Fault::MaxAge),
        ] {
            assert_eq!(fault_of(bytes), Some(fault), "{bytes}");
        }
        assert_eq!(read(br#"{"key":7,"asset":"A"}"#, 8).unwrap().key, None);
    }

    #[test]
    fn an_id_has_64_bytes_at_most_however_it_is_written() {
        for (id, fault) in [
            ("x".repeat(64), None),
            ("x".repeat(65), Some(Fault::Id)),
            (r"\u0078".repeat(64), None),
            (r"\u0078".repeat(65), Some(Fault::Id)),
        ] {
            assert_eq!(fault_of(&format!(r#"{{"asset":"A","id":"{id}"}}"#)), fault, "{id}");
        }
    }

    #[test]
    fn what_is_no_object_is_malformed() {
        assert_eq!(read(b"", 8), Err(Malformed::Empty));
        assert_eq!(read(b"{\"asset\":\"\xff\"}", 8), Err(Malformed::NotText));
        for bytes in [
            " ",
            "[]",
            "\"BTC\"",
            "{",
            "}",
            "{}x",
            "{}{}",
            "{,}",
            r#"{"asset"}"#,
            r#"{"asset":}"#,
            r#"{"asset":"BTC",}"#,
            r#"{"asset":"BTC"#,
            r#"{asset:"BTC"}"#,
            r"{'asset':'BTC'}",
            r#"{"asset":"B\x"}"#,
            r#"{"asset":"\ud800"}"#,
            r#"{"asset":"\udc00\ud800"}"#,
            r#"{"asset":"\u00g0"}"#,
            "{\"asset\":\"B\nC\"}",
            r#"{"id":01}"#,
            r#"{"id":1.}"#,
            r#"{"id":-}"#,
            r#"{"id":1e}"#,
            r#"{"id":+1}"#,
            r#"{"x":tru}"#,
            r#"{"x":nul}"#,
            r#"{"id":nulL}"#,
            r#"{"assets":["A"}"#,
            r#"{"assets":["A",]}"#,
            "\u{feff}{}",
            "{}\0",
        ] {
            assert_eq!(read(bytes.as_bytes(), 8), Err(Malformed::Syntax), "{bytes}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!(r#"{{"asset":"A","x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert!(read(nested(9).as_bytes(), 8).is_ok());
        assert_eq!(read(nested(10).as_bytes(), 8), Err(Malformed::TooDeep));
        assert_eq!(read(nested(500).as_bytes(), 8), Err(Malformed::TooDeep));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes, 8);
        }

        #[test]
        fn any_text_of_jsons_own_letters_is_read_without_a_panic(text in r#"\{["{}\[\]:,a-z0-9\\ u_.eE+-]{0,120}"#) {
            let _ = read(text.as_bytes(), 8);
        }

        #[test]
        fn any_change_of_one_byte_is_read_without_a_panic(at in 0..70_usize, byte: u8) {
            let mut bytes = br#"{"key":"tb_live_\u0061","assets":["BTC","\n"],"id":"7","max_age_ms":5}"#.to_vec();
            bytes[at] = byte;
            if let Ok(ask) = read(&bytes, 8) {
                prop_assert!(ask.assets().len() <= 2);
            }
        }

        #[test]
        fn what_is_written_is_read(key in "\\PC{0,40}", asset in "[A-Z0-9]{1,16}", id in "[ -~&&[^\"\\\\]]{0,64}", age: u64) {
            let escaped: String = key.chars().flat_map(|letter| letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect::<Vec<_>>()).collect();
            let bytes = format!(r#"{{"id":"{id}","key":"{escaped}","max_age_ms":{age},"asset":"{asset}"}}"#);
            let ask = read(bytes.as_bytes(), 8).unwrap();
            prop_assert_eq!(plain(ask.key.unwrap()), key.into_bytes());
            prop_assert_eq!(ask.assets()[0].raw(), asset.as_bytes());
            let quoted = format!("\"{id}\"");
            prop_assert_eq!(ask.id, Some(quoted.as_bytes()));
            prop_assert_eq!((ask.max_age_ms, ask.fault), (Some(age), None));
        }
    }
}
