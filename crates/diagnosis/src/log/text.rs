//! The encodings of logs.

use super::line::{clean, clean_into};
use std::borrow::Cow;

/// Turns the bytes of a log into UTF-8 without terminal escapes, whatever pieces they come in.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    encoding: Option<Encoding>,
    /// Bytes that cannot be understood before the next ones.
    held: Vec<u8>,
    /// Text at whose beginning stands an escape that is not yet whole.
    open: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Encoding {
    Utf8,
    Utf16 { little: bool },
}

impl Decoder {
    /// The text of the next bytes, as far as it is certain.
    pub(super) fn decode<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let bytes = if self.held.is_empty() {
            Cow::Borrowed(bytes)
        } else {
            let mut joined = std::mem::take(&mut self.held);
            joined.extend_from_slice(bytes);
            Cow::Owned(joined)
        };
        let Some((encoding, mark)) = self.encoding.map(|encoding| (encoding, 0)).or_else(|| mark(&bytes))
        else {
            self.held = bytes.into_owned();
            return Cow::Borrowed(&[]);
        };
        self.encoding = Some(encoding);
        match encoding {
            Encoding::Utf8 => match bytes {
                Cow::Borrowed(bytes) => self.cleaned(Cow::Borrowed(&bytes[mark..])),
                Cow::Owned(bytes) => self.cleaned(Cow::Owned(bytes[mark..].to_vec())),
            },
            Encoding::Utf16 { little } => {
                let mut even = bytes.len() - (bytes.len() - mark) % 2;
                // The first half of a character of two units.
                let high = if little { even.wrapping_sub(1) } else { even.wrapping_sub(2) };
                if even >= mark + 2 && bytes.get(high).is_some_and(|byte| (0xd8..0xdc).contains(byte)) {
                    even -= 2;
                }
                self.held = bytes[even..].to_vec();
                let units = bytes[mark..even].chunks_exact(2).map(|pair| {
                    let pair = [pair[0], pair[1]];
                    if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }
                });
                let text: String = char::decode_utf16(units)
                    .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                    .collect();
                self.cleaned(Cow::Owned(text.into_bytes()))
            }
        }
    }

    /// Text without escapes, and without one at its end that is not yet whole.
    fn cleaned<'a>(&mut self, text: Cow<'a, [u8]>) -> Cow<'a, [u8]> {
        let text = if self.open.is_empty() {
            text
        } else {
            self.open.extend_from_slice(&text);
            Cow::Owned(std::mem::take(&mut self.open))
        };
        if memchr::memchr2(0x1b, 0, &text).is_none() {
            return text;
        }
        let mut out = Vec::with_capacity(text.len());
        let open = clean_into(&text, &mut out);
        self.open.extend_from_slice(&text[text.len() - open..]);
        Cow::Owned(out)
    }

    /// What was held back.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        self.open.append(&mut self.held);
        clean(&std::mem::take(&mut self.open)).into_owned()
    }
}

/// The encoding by its mark, and the mark's length; None where there is too little to tell.
fn mark(bytes: &[u8]) -> Option<(Encoding, usize)> {
    match bytes {
        [0xff, 0xfe, ..] => Some((Encoding::Utf16 { little: true }, 2)),
        [0xfe, 0xff, ..] => Some((Encoding::Utf16 { little: false }, 2)),
        [0xef, 0xbb, 0xbf, ..] => Some((Encoding::Utf8, 3)),
        [] | [0xff | 0xfe | 0xef] | [0xef, 0xbb] => None,
        _ => Some((Encoding::Utf8, 0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], size: usize) -> String {
        let mut decoder = Decoder::default();
        let mut text = Vec::new();
        for piece in bytes.chunks(size) {
            text.extend_from_slice(&decoder.decode(piece));
        }
        text.extend(decoder.finish());
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn every_encoding_is_read_in_pieces_of_any_size() {
        let text = "größe 😀\nzwei\n";
        let units: Vec<u16> = text.encode_utf16().collect();
        let little =
            [&[0xff, 0xfe][..], &units.iter().flat_map(|u| u.to_le_bytes()).collect::<Vec<u8>>()].concat();
        let big =
            [&[0xfe, 0xff][..], &units.iter().flat_map(|u| u.to_be_bytes()).collect::<Vec<u8>>()].concat();
        let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        for bytes in [text.as_bytes(), &marked, &little, &big] {
            for size in [2, 3, 7, 4096] {
                assert_eq!(decoded(bytes, size), text);
            }
        }
        for escapes in [
            "\u{1b}\u{1b}\u{1b}[1mx\n",
            "a\u{1b}]8;;http://a\u{1b}\\b\n\u{1b}]x\n",
            "\u{1b}(Bc\u{1b}(\nd",
            "\u{1b}[",
        ] {
            let whole = String::from_utf8(clean(escapes.as_bytes()).into_owned()).unwrap();
            let wide: Vec<u8> = escapes.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let wide = [&[0xff, 0xfe][..], &wide].concat();
            for size in 1..9 {
                assert_eq!(decoded(escapes.as_bytes(), size), whole, "{escapes:?}");
                assert_eq!(decoded(&wide, size), whole, "{escapes:?}");
            }
        }
        for size in 1..9 {
            assert_eq!(decoded(&marked, size), text);
            assert_eq!(decoded("a\u{1b}[91mb\u{1b}[0m\n".as_bytes(), size), "ab\n");
        }
    }
}
