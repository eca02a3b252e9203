//! The block before a member.

use crate::ArchiveError;

/// Bytes in a block.
pub(super) const BLOCK: usize = 512;

/// What a header says.
#[derive(Debug)]
pub(super) struct Header {
    /// Where it stands in the archive.
    pub(super) position: u64,
    pub(super) path: Vec<u8>,
    pub(super) link: Vec<u8>,
    /// The byte that says what the member is.
    pub(super) kind: u8,
    pub(super) mode: u32,
    pub(super) uid: i64,
    pub(super) gid: i64,
    pub(super) mtime: i64,
    /// Bytes that follow it.
    pub(super) size: u64,
    /// Size of a sparse file with its holes.
    pub(super) real_size: Option<u64>,
    /// Whether blocks with more of a sparse file's map follow.
    pub(super) has_more_map: bool,
}

impl Header {
    pub(super) fn parse(block: &[u8; BLOCK], position: u64) -> Result<Self, ArchiveError> {
        let broken = |what: &str| ArchiveError::broken(format!("header at byte {position} {what}"));
        let field = |from: usize, to: usize| number(&block[from..to]);
        let sum = block.iter().enumerate();
        let sum: i64 =
            sum.map(|(at, byte)| i64::from(if (148..156).contains(&at) { b' ' } else { *byte })).sum();
        if field(148, 156) != Some(sum) {
            return Err(broken("has a wrong checksum"));
        }
        let number = |from, to, name: &str| field(from, to).ok_or_else(|| broken(&format!("has no {name}")));
        let size = number(124, 136, "size")?;
        let mode = number(100, 108, "mode")?;
        let is_gnu_sparse = block[156] == b'S';
        let real_size = if is_gnu_sparse { Some(number(483, 495, "size of its sparse file")?) } else { None };
        let positive = |size: i64| u64::try_from(size).map_err(|_| broken("has a negative size"));
        Ok(Self {
            position,
            path: path(block),
            link: text(&block[157..257]).to_vec(),
            kind: block[156],
            mode: u32::try_from(mode & 0o7777).map_err(|_| broken("has no mode"))?,
            uid: number(108, 116, "owner")?,
            gid: number(116, 124, "group")?,
            mtime: number(136, 148, "time")?,
            size: positive(size)?,
            real_size: real_size.map(positive).transpose()?,
            has_more_map: is_gnu_sparse && block[482] != 0,
        })
    }
}

/// Name and, where ustar's own mark says that it is one, prefix: GNU has other fields in its place.
fn path(block: &[u8; BLOCK]) -> Vec<u8> {
    let name = text(&block[..100]);
    let prefix = text(&block[345..500]);
    if block[257..263] == *b"ustar\0" && !prefix.is_empty() {
        return [prefix, b"/", name].concat();
    }
    name.to_vec()
}

/// A field up to its NUL.
fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// A number in octal digits, or in GNU's base 256 where the first bit is set; none where it is neither, or too large.
/// A field without digits is zero, as for other readers.
fn number(field: &[u8]) -> Option<i64> {
    let first = *field.first()?;
    if first & 0x80 == 0 {
        let digits = text(field).trim_ascii();
        return digits.iter().try_fold(0_i64, |value, digit| match digit {
            b'0'..=b'7' => value.checked_mul(8)?.checked_add(i64::from(digit - b'0')),
            _ => None,
        });
    }
    let is_negative = first & 0x40 != 0;
    // The mark itself is no part of a positive number.
    let start = if is_negative { -1_i128 } else { 0 };
    let bytes = field.iter().enumerate().map(|(at, byte)| match at {
        0 if !is_negative => byte & 0x7f,
        _ => *byte,
    });
    let value = bytes.fold(start, |value, byte| (value << 8) | i128::from(byte));
    i64::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octal_numbers_end_with_spaces_or_nul() {
        for (field, value) in [
            (b"0000644\0".as_slice(), Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"77777777", Some(0o77_777_777)),
            (b"\0\0\0\0\0\0\0\0", Some(0)),
            (b"        ", Some(0)),
            (b"00\n0644\0", None),
            (b"-0000001", None),
            (b"0o644\0\0\0", None),
            (b"6 4\0\0\0\0\0", None),
            (b"0000008\0", None),
        ] {
            assert_eq!(number(field), value, "{field:?}");
        }
    }

    #[test]
    fn numbers_in_base_256_have_a_sign_and_a_bound() {
        assert_eq!(number(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]), Some(256));
        assert_eq!(number(&[0xff; 12]), Some(-1));
        assert_eq!(number(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0]), Some(-256));
        assert_eq!(number(&[0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]), None);
    }
}
