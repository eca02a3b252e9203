//! The place of the environment, in files that were built for another (conda-build's manual, "Making packages
//! relocatable"; conda, `core/portability.py`).

use memchr::memmem;

/// How text may be written in a file, as conda tries them in turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16 { big: bool },
    Utf32 { big: bool },
}

const ENCODINGS: [Encoding; 5] = [
    Encoding::Utf8,
    Encoding::Utf16 { big: false },
    Encoding::Utf16 { big: true },
    Encoding::Utf32 { big: false },
    Encoding::Utf32 { big: true },
];

impl Encoding {
    /// Bytes of the smallest unit, of which one of zeros ends a text.
    fn unit(self) -> usize {
        match self {
            Self::Utf8 => 1,
            Self::Utf16 { .. } => 2,
            Self::Utf32 { .. } => 4,
        }
    }

    fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Utf16 { big } => text
                .encode_utf16()
                .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect(),
            Self::Utf32 { big } => text
                .chars()
                .flat_map(|c| if big { u32::from(c).to_be_bytes() } else { u32::from(c).to_le_bytes() })
                .collect(),
        }
    }
}

/// A text in which every `from` is a `to`.
pub(crate) fn in_text(text: &[u8], from: &str, to: &str) -> Vec<u8> {
    if from.is_empty() {
        return text.to_vec();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = 0;
    for at in memmem::find_iter(text, from) {
        out.extend_from_slice(&text[rest..at]);
        out.extend_from_slice(to.as_bytes());
        rest = at + from.len();
    }
    out.extend_from_slice(&text[rest..]);
    out
}

/// A binary in which every text that holds `from` holds `to`, filled up with zeros at its end, so that all else stays
/// where it is. `None` where `to` is longer.
pub(crate) fn in_binary(binary: &[u8], from: &str, to: &str) -> Option<Vec<u8>> {
    if from.is_empty() {
        return Some(binary.to_vec());
    }
    if to.len() > from.len() {
        return None;
    }
    let mut bytes = binary.to_vec();
    for encoding in ENCODINGS {
        replace(&mut bytes, &encoding.encode(from), &encoding.encode(to), encoding.unit());
    }
    Some(bytes)
}

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8], unit: usize) {
    let finder = memmem::Finder::new(from);
    let mut start = 0;
    while let Some(found) = finder.find(&bytes[start..]) {
        let begin = start + found;
        let end = end_of_text(bytes, begin + from.len(), unit);
        let text = &bytes[begin..end];
        let mut made = Vec::with_capacity(text.len());
        let mut rest = 0;
        for at in memmem::find_iter(text, from) {
            made.extend_from_slice(&text[rest..at]);
            made.extend_from_slice(to);
            rest = at + from.len();
        }
        made.extend_from_slice(&text[rest..]);
        made.resize(text.len(), 0);
        bytes[begin..end].copy_from_slice(&made);
        start = end;
    }
}

/// Where the text that goes on at `from` ends: at a unit of zeros, else with the file.
fn end_of_text(bytes: &[u8], from: usize, unit: usize) -> usize {
    let units = bytes[from..].chunks_exact(unit);
    let length = units.clone().position(|unit| unit.iter().all(|byte| *byte == 0));
    from + length.map_or(bytes.len() - from, |units| units * unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FROM: &str = "/build/placehold_placehold";
    const TO: &str = "/opt/env";

    #[test]
    fn every_place_in_a_text_is_replaced() {
        let text = format!("#!{FROM}/bin/python\nX={FROM}:{FROM}/lib\n");
        let made = in_text(text.as_bytes(), FROM, TO);
        assert_eq!(made, b"#!/opt/env/bin/python\nX=/opt/env:/opt/env/lib\n");
        assert_eq!(in_text(b"nothing", FROM, TO), b"nothing");
    }

    #[test]
    fn a_text_in_a_binary_keeps_its_length() {
        let binary = format!("a\0lib={FROM}/lib:{FROM}/x\0next\0");
        let made = in_binary(binary.as_bytes(), FROM, TO).unwrap();
        let zeros = "\0".repeat(2 * (FROM.len() - TO.len()));
        assert_eq!(String::from_utf8(made).unwrap(), format!("a\0lib={TO}/lib:{TO}/x{zeros}\0next\0"));
    }

    #[test]
    fn wide_texts_end_at_a_whole_unit_of_zeros() {
        for encoding in ENCODINGS {
            let text = |text: &str| encoding.encode(text);
            let (zero, after) = (vec![0; encoding.unit()], text("z"));
            let binary = [text(&format!("{FROM}/ā")), zero.clone(), after.clone()].concat();
            let made = in_binary(&binary, FROM, TO).unwrap();
            let fill = vec![0; encoding.unit() * (FROM.len() - TO.len())];
            assert_eq!(made, [text(&format!("{TO}/ā")), fill, zero, after].concat(), "{encoding:?}");
        }
    }

    #[test]
    fn a_text_may_end_with_the_file_and_a_longer_place_does_not_fit() {
        let made = in_binary(FROM.as_bytes(), FROM, TO).unwrap();
        assert_eq!(made.len(), FROM.len());
        assert!(in_binary(b"x", "/a", "/longer").is_none());
    }

    proptest! {
        #[test]
        fn a_binary_keeps_its_length_and_loses_the_place(parts in proptest::collection::vec("[a-c\\x00]{0,6}", 0..6)) {
            let binary = parts.join(FROM);
            let made = in_binary(binary.as_bytes(), FROM, TO).unwrap();
            prop_assert_eq!(made.len(), binary.len());
            prop_assert!(memmem::find(&made, FROM.as_bytes()).is_none());
        }
    }
}
