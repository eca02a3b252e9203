//! A writer of tar archives that checks nothing.

/// Bytes in a block.
const BLOCK: usize = 512;

/// An archive to be made.
#[derive(Clone, Default)]
pub(crate) struct Tar(Vec<u8>);

/// A header, without its checksum until it is added.
#[derive(Clone)]
pub(crate) struct Header(pub(crate) [u8; BLOCK]);

impl Header {
    /// A header in GNU's form, of a member of root's, mode 0644, of 2023.
    pub(crate) fn new(path: impl AsRef<[u8]>, kind: u8) -> Self {
        let header = Self([0; BLOCK]).text(0, path.as_ref()).octal(100, 8, 0o644);
        let header = header.octal(108, 8, 0).octal(116, 8, 0).octal(124, 12, 0).octal(136, 12, 1_700_000_000);
        header.raw(156, &[kind]).raw(257, b"ustar  \0")
    }

    /// The form of POSIX.
    pub(crate) fn ustar(self) -> Self {
        self.raw(257, b"ustar\x0000")
    }

    /// The form of the seventh Unix: no mark at all.
    pub(crate) fn old(self) -> Self {
        self.raw(257, &[0; 8])
    }

    pub(crate) fn mode(self, mode: u64) -> Self {
        self.octal(100, 8, mode)
    }

    pub(crate) fn link(self, target: impl AsRef<[u8]>) -> Self {
        self.text(157, target.as_ref())
    }

    /// The size that it says.
    pub(crate) fn size(self, size: u64) -> Self {
        self.octal(124, 12, size)
    }

    /// Bytes at a place.
    pub(crate) fn raw(mut self, at: usize, bytes: &[u8]) -> Self {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    /// A number in GNU's base 256.
    pub(crate) fn binary(self, at: usize, length: usize, value: i64) -> Self {
        let mut bytes = vec![if value < 0 { 0xff } else { 0 }; length - 8];
        bytes.extend(value.to_be_bytes());
        bytes[0] |= 0x80;
        self.raw(at, &bytes)
    }

    fn text(self, at: usize, text: &[u8]) -> Self {
        self.raw(at, &text[..text.len().min(100)])
    }

    fn octal(self, at: usize, length: usize, value: u64) -> Self {
        self.raw(at, format!("{value:0width$o}\0", width = length - 1).as_bytes())
    }

    /// With its checksum.
    pub(crate) fn sum(self) -> [u8; BLOCK] {
        let blank = self.raw(148, b"        ");
        let sum: u64 = blank.0.iter().map(|byte| u64::from(*byte)).sum();
        blank.raw(148, format!("{sum:06o}\0 ").as_bytes()).0
    }
}

impl Tar {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn file(self, path: impl AsRef<[u8]>, body: impl AsRef<[u8]>) -> Self {
        self.add(Header::new(path, b'0'), body)
    }

    pub(crate) fn directory(self, path: &str) -> Self {
        self.add(Header::new(path, b'5').mode(0o755), "")
    }

    pub(crate) fn symlink(self, path: &str, target: &str) -> Self {
        self.add(Header::new(path, b'2').link(target), "")
    }

    pub(crate) fn hardlink(self, path: &str, target: &str) -> Self {
        self.add(Header::new(path, b'1').link(target), "")
    }

    /// A member with the size of its bytes.
    pub(crate) fn add(self, header: Header, body: impl AsRef<[u8]>) -> Self {
        let size = body.as_ref().len() as u64;
        self.member(if size == 0 { header } else { header.size(size) }, body)
    }

    /// A member of whatever size.
    pub(crate) fn member(mut self, header: Header, body: impl AsRef<[u8]>) -> Self {
        self.0.extend(header.sum());
        self.0.extend(body.as_ref());
        self.0.resize(self.0.len().next_multiple_of(BLOCK), 0);
        self
    }

    /// A PAX header of records.
    pub(crate) fn pax(self, records: &[(&str, &[u8])]) -> Self {
        self.extension(b'x', &records.iter().flat_map(|(key, value)| record(key, value)).collect::<Vec<_>>())
    }

    /// GNU's long name.
    pub(crate) fn long_name(self, name: impl AsRef<[u8]>) -> Self {
        self.extension(b'L', &[name.as_ref(), b"\0"].concat())
    }

    /// A header before a member.
    pub(crate) fn extension(self, kind: u8, bytes: &[u8]) -> Self {
        self.add(Header::new("././@LongLink", kind), bytes)
    }

    /// Bytes that belong to nothing.
    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    /// With the two empty blocks of an archive's end.
    pub(crate) fn end(self) -> Vec<u8> {
        self.raw(&[0; 2 * BLOCK]).0
    }

    /// Without an end.
    pub(crate) fn open(self) -> Vec<u8> {
        self.0
    }
}

/// `<length> <keyword>=<value>\n`
pub(crate) fn record(keyword: &str, value: &[u8]) -> Vec<u8> {
    let rest = keyword.len() + value.len() + 3;
    let length = (1..20).find(|digits| (rest + digits).to_string().len() == *digits).unwrap() + rest;
    [format!("{length} {keyword}=").as_bytes(), value, b"\n"].concat()
}
