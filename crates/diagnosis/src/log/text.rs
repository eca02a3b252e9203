//! The encodings of logs.

use super::line::clean;
use std::borrow::Cow;

/// Turns the bytes of a log into UTF-8 without terminal escapes, whatever pieces they come in.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    encoding: Option<Encoding>,
    /// Bytes that cannot be understood before the next ones.
    held: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Encoding {
    Utf8,
    Utf16 { little: bool },
}

/// An escape is held back up to this length. Bytes.
const LONGEST_ESCAPE: usize = 256;

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
            Encoding::Utf8 => {
                let end = bytes.len() - open_escape(&bytes[mark..]);
                self.held = bytes[end..].to_vec();
                match bytes {
                    Cow::Borrowed(bytes) => clean(&bytes[mark..end]),
                    Cow::Owned(bytes) => Cow::Owned(clean(&bytes[mark..end]).into_owned()),
                }
            }
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
                Cow::Owned(clean(text.as_bytes()).into_owned())
            }
        }
    }

    /// What was held back.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        clean(&std::mem::take(&mut self.held)).into_owned()
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

/// Length of the escape at the end that is not yet whole.
fn open_escape(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len().saturating_sub(LONGEST_ESCAPE)..];
    let Some(at) = memchr::memrchr(0x1b, tail) else { return 0 };
    let escape = &tail[at..];
    let open = match escape.get(1) {
        None => true,
        Some(b'[') => escape[2..].iter().all(|byte| (0x20..0x40).contains(byte)),
        Some(b']') => !escape.iter().any(|byte| matches!(byte, 7 | b'\n')),
        _ => false,
    };
    if open { escape.len() } else { 0 }
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
        for size in 1..9 {
            assert_eq!(decoded(&marked, size), text);
            assert_eq!(decoded("a\u{1b}[91mb\u{1b}[0m\n".as_bytes(), size), "ab\n");
        }
    }
}
