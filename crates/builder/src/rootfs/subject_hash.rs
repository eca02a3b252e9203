//! OpenSSL's name for a certificate in a directory of certificates: the hash of its subject's canonical form.
//!
//! The canonical form is that of OpenSSL's `x509_name_canon` (`crypto/x509/x_name.c`): every text as
//! `UTF8String`, ASCII letters in lower case, blanks at the ends gone and those inside made one, the sets one
//! after the other without the outer sequence. The name is SHA-1's first four bytes, little-endian.

use sha1::{Digest as _, Sha1};

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const UTF8_STRING: u8 = 0x0c;
const EXPLICIT_VERSION: u8 = 0xa0;

/// The eight hexadecimal digits of a DER certificate's subject; `None` for bytes that are no certificate.
pub(super) fn subject_hash(certificate: &[u8]) -> Option<String> {
    let (_, certificate, _) = element(certificate)?;
    let (_, signed, _) = element(certificate)?;
    let mut rest = signed;
    if rest.first() == Some(&EXPLICIT_VERSION) {
        rest = element(rest)?.2;
    }
    // Serial number, signature algorithm, issuer, validity; then the subject (RFC 5280, section 4.1).
    for _ in 0..4 {
        rest = element(rest)?.2;
    }
    let digest = Sha1::digest(canonical(element(rest)?.1)?);
    let [a, b, c, d, ..] = digest[..] else { return None };
    Some(format!("{:08x}", u32::from_le_bytes([a, b, c, d])))
}

/// Tag, content, and what follows, of the first element.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [tag, length, rest @ ..] = der else { return None };
    let (length, rest) = if *length < 0x80 {
        (usize::from(*length), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
        let number = bytes
            .iter()
            .try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)))?;
        (number, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

fn elements(mut der: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut found = Vec::new();
    while !der.is_empty() {
        let (tag, content, rest) = element(der)?;
        found.push((tag, content));
        der = rest;
    }
    Some(found)
}

fn encode(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut der = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => der.push(short),
        _ => {
            der.push(0x80 | u8::try_from(significant.len()).unwrap_or_default());
            der.extend(significant);
        }
    }
    der.extend(content);
    der
}

/// The sets of a subject, one after the other, in canonical form.
fn canonical(name: &[u8]) -> Option<Vec<u8>> {
    let mut encoded = Vec::new();
    for (_, set) in elements(name)? {
        let mut attributes = Vec::new();
        for (_, attribute) in elements(set)? {
            let (_, _, value) = element(attribute)?;
            let kind = attribute.get(..attribute.len() - value.len())?;
            let (tag, text, _) = element(value)?;
            let value = utf8(tag, text)
                .map_or_else(|| encode(tag, text), |text| encode(UTF8_STRING, fold(&text).as_bytes()));
            attributes.push(encode(SEQUENCE, &[kind, &value].concat()));
        }
        attributes.sort();
        encoded.extend(encode(SET, &attributes.concat()));
    }
    Some(encoded)
}

/// The text of the string types that OpenSSL makes canonical.
fn utf8(tag: u8, text: &[u8]) -> Option<String> {
    match tag {
        // UTF8String, PrintableString, IA5String, VisibleString.
        UTF8_STRING | 0x13 | 0x16 | 0x1a => String::from_utf8(text.to_vec()).ok(),
        // T61String, which OpenSSL reads as Latin-1.
        0x14 => Some(text.iter().map(|byte| char::from(*byte)).collect()),
        // UniversalString.
        0x1c => {
            text.chunks(4).map(|four| char::from_u32(u32::from_be_bytes(four.try_into().ok()?))).collect()
        }
        // BMPString.
        0x1e => text
            .chunks(2)
            .map(|two| char::from_u32(u32::from(u16::from_be_bytes(two.try_into().ok()?))))
            .collect(),
        _ => None,
    }
}

/// Lower case and single blanks, in ASCII only.
fn fold(text: &str) -> String {
    let blank = |letter: char| letter.is_ascii_whitespace() || letter == '\u{b}';
    let words = text.split(blank).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_blanks_and_string_type_do_not_matter() {
        let name = |tag: u8, text: &str| {
            let kind = [0x06, 3, 0x55, 4, 3];
            encode(SET, &encode(SEQUENCE, &[&kind[..], &encode(tag, text.as_bytes())].concat()))
        };
        assert_eq!(canonical(&name(0x13, "  Some   CA ")), Some(name(UTF8_STRING, "some ca")));
        assert_eq!(canonical(&name(UTF8_STRING, "Some CA")), Some(name(UTF8_STRING, "some ca")));
    }

    #[test]
    fn long_lengths_are_read_as_written() {
        let content = vec![7; 300];
        let der = encode(SEQUENCE, &content);
        assert_eq!(der[..4], [SEQUENCE, 0x82, 1, 44]);
        assert_eq!(element(&der), Some((SEQUENCE, content.as_slice(), &[][..])));
    }

    #[test]
    fn what_is_cut_short_is_no_certificate() {
        assert_eq!(subject_hash(&[SEQUENCE, 0x82, 1]), None);
        assert_eq!(subject_hash(&[]), None);
    }
}
