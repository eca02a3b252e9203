//! Headers of tar members: ustar, with a PAX header before it only where ustar has no room
//! (POSIX.1-2017, pax, sections "ustar Interchange Format" and "pax Header Block").

/// Bytes in a block.
pub(crate) const BLOCK: usize = 512;
/// Largest values that the octal fields hold.
const MAX_SIZE: u64 = 0o77_777_777_777;
const MAX_ID: u32 = 0o7_777_777;

/// Permission bits, owner, group, and seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mtime: u64,
}

/// What a member is, with its size or its target.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Member<'a> {
    File(u64),
    Hardlink(&'a str),
    Symlink(&'a str),
}

/// The blocks that stand before a member's bytes.
pub(crate) fn blocks(path: &str, attributes: Attributes, member: Member<'_>) -> Vec<u8> {
    let (kind, size, link) = match member {
        Member::File(size) => (b'0', size, ""),
        Member::Hardlink(target) => (b'1', 0, target),
        Member::Symlink(target) => (b'2', 0, target),
    };
    let split = split(path);
    let mut records = Vec::new();
    let mut record = |needed: bool, keyword: &str, value: &dyn std::fmt::Display| {
        if needed {
            records.extend(pax_record(keyword, &value.to_string()));
        }
    };
    record(attributes.gid > MAX_ID, "gid", &attributes.gid);
    record(link.len() > 100, "linkpath", &link);
    record(attributes.mtime > MAX_SIZE, "mtime", &attributes.mtime);
    record(split.is_none(), "path", &path);
    record(size > MAX_SIZE, "size", &size);
    record(attributes.uid > MAX_ID, "uid", &attributes.uid);

    let mut blocks = Vec::with_capacity(BLOCK);
    if !records.is_empty() {
        let none = Attributes { mode: 0o644, uid: 0, gid: 0, mtime: 0 };
        blocks.extend(block(("", "././@PaxHeader"), none, b'x', records.len() as u64, ""));
        let padded = records.len().next_multiple_of(BLOCK);
        records.resize(padded, 0);
        blocks.extend(records);
    }
    blocks.extend(block(split.unwrap_or(("", path)), attributes, kind, size, link));
    blocks
}

/// Prefix and name, or nothing where they have no room. The name is as long as can be.
fn split(path: &str) -> Option<(&str, &str)> {
    if path.len() <= 100 {
        return Some(("", path));
    }
    let mut slashes = path.match_indices('/').map(|(at, _)| at);
    let at = slashes.find(|at| path.len() - at - 1 <= 100)?;
    (at <= 155 && at > 0 && at + 1 < path.len()).then(|| (&path[..at], &path[at + 1..]))
}

/// `<length> <keyword>=<value>\n`, where the length counts its own digits.
fn pax_record(keyword: &str, value: &str) -> Vec<u8> {
    let rest = keyword.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    format!("{length} {keyword}={value}\n").into_bytes()
}

fn block(path: (&str, &str), attributes: Attributes, kind: u8, size: u64, link: &str) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    text(&mut block[..100], path.1);
    octal(&mut block[100..108], u64::from(attributes.mode & 0o7777));
    octal(&mut block[108..116], id(attributes.uid));
    octal(&mut block[116..124], id(attributes.gid));
    octal(&mut block[124..136], if size > MAX_SIZE { 0 } else { size });
    octal(&mut block[136..148], if attributes.mtime > MAX_SIZE { 0 } else { attributes.mtime });
    block[148..156].fill(b' ');
    block[156] = kind;
    text(&mut block[157..257], link);
    block[257..265].copy_from_slice(b"ustar\x0000");
    octal(&mut block[329..337], 0);
    octal(&mut block[337..345], 0);
    text(&mut block[345..500], path.0);
    let sum = block.iter().map(|&byte| u64::from(byte)).sum();
    octal(&mut block[148..155], sum);
    block
}

fn id(id: u32) -> u64 {
    if id > MAX_ID { 0 } else { u64::from(id) }
}

/// Writes as much as there is room for; a longer text stands in a PAX record.
fn text(field: &mut [u8], text: &str) {
    let length = text.len().min(field.len());
    field[..length].copy_from_slice(&text.as_bytes()[..length]);
}

/// Zero-padded octal digits and a NUL.
fn octal(field: &mut [u8], value: u64) {
    let digits = field.len() - 1;
    field[..digits].copy_from_slice(format!("{value:0digits$o}").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    const ROOT: Attributes = Attributes { mode: 0o644, uid: 0, gid: 0, mtime: 315_532_800 };

    fn read_back(path: &str, attributes: Attributes, member: Member<'_>) -> (String, u64, Option<String>) {
        let blocks = blocks(path, attributes, member);
        let mut archive = tar::Archive::new(blocks.chain(std::io::repeat(0).take(1024)));
        let entry = archive.entries().unwrap().next().unwrap().unwrap();
        let link = entry.link_name_bytes().map(|link| String::from_utf8(link.into_owned()).unwrap());
        (String::from_utf8(entry.path_bytes().into_owned()).unwrap(), entry.size(), link)
    }

    #[test]
    fn every_length_of_a_path_reads_back() {
        for depth in [1, 9, 10, 11, 15, 16, 40] {
            for name in [1, 89, 99, 100, 101, 255] {
                let path = format!("{}{}", "directory/".repeat(depth), "n".repeat(name));
                assert_eq!(read_back(&path, ROOT, Member::File(0)).0, path);
            }
        }
    }

    #[test]
    fn a_pax_header_stands_only_where_ustar_has_no_room() {
        let path = format!("{}/{}", "a".repeat(155), "b".repeat(100));
        assert_eq!(blocks(&path, ROOT, Member::File(0)).len(), BLOCK);
        assert_eq!(blocks(&format!("{path}c"), ROOT, Member::File(0)).len(), 3 * BLOCK);
        assert_eq!(blocks("a", ROOT, Member::File(MAX_SIZE)).len(), BLOCK);
        assert_eq!(blocks("a", ROOT, Member::File(MAX_SIZE + 1)).len(), 3 * BLOCK);
        let big = Attributes { uid: MAX_ID + 1, ..ROOT };
        assert_eq!(blocks("a", big, Member::File(0)).len(), 3 * BLOCK);
    }

    #[test]
    fn links_and_huge_sizes_read_back() {
        let long = "t".repeat(300);
        assert_eq!(read_back("a", ROOT, Member::Symlink(&long)).2, Some(long.clone()));
        assert_eq!(read_back("a", ROOT, Member::Hardlink("b")).2, Some("b".to_owned()));
        assert_eq!(read_back("a", ROOT, Member::File(1 << 40)).1, 1 << 40);
    }
}
