//! Bytes of a file to text, as pip does it (`pip._internal.utils.encoding.auto_decode`).

/// The text without its byte order mark. None when the encoding is not known or not kept to.
pub(crate) fn decode(bytes: &[u8]) -> Option<String> {
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return String::from_utf8(rest.to_vec()).ok();
    }
    if bytes.starts_with(b"\xff\xfe\0\0") || bytes.starts_with(b"\0\0\xfe\xff") {
        return None;
    }
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        return utf16(rest, u16::from_le_bytes);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        return utf16(rest, u16::from_be_bytes);
    }
    match declared(bytes).as_deref() {
        None | Some("utf-8" | "utf8" | "utf-8-sig" | "ascii" | "us-ascii") => {
            String::from_utf8(bytes.to_vec()).ok()
        }
        Some("latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "l1") => {
            Some(bytes.iter().map(|byte| char::from(*byte)).collect())
        }
        Some(_) => None,
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    rest.is_empty().then(|| String::from_utf16(&units).ok())?
}

/// The encoding that one of the first two lines names (PEP 263). Sample: `# -*- coding: latin-1 -*-`.
fn declared(bytes: &[u8]) -> Option<String> {
    let lines = bytes.split(|byte| *byte == b'\n').take(2);
    let comment = lines.filter(|line| line.starts_with(b"#")).find_map(|line| {
        let line = String::from_utf8_lossy(line).into_owned();
        let after = line.split("coding").nth(1)?.strip_prefix([':', '='])?.trim_start().to_owned();
        let name: String =
            after.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
        (!name.is_empty()).then_some(name)
    })?;
    Some(comment.to_ascii_lowercase().replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_declarations_are_kept_to() {
        let utf16: Vec<u8> = "\u{feff}six".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [b"six".as_slice(), b"\xef\xbb\xbfsix", &utf16, b"\xfe\xff\0s\0i\0x"] {
            assert_eq!(decode(bytes).as_deref(), Some("six"));
        }
        assert_eq!(decode(b"# coding: latin-1\n# \xe4\n").as_deref(), Some("# coding: latin-1\n# ä\n"));
        for bytes in [b"\xe4".as_slice(), b"\xff\xfea", b"# coding=cp037\n", b"\xff\xfe\0\0"] {
            assert_eq!(decode(bytes), None);
        }
    }
}
