//! A writer of zip archives that checks nothing.

use std::io::Write as _;

/// What a header says of an entry.
#[derive(Clone)]
pub(crate) struct Fields {
    pub(crate) name: Vec<u8>,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) sum: u32,
    pub(crate) packed: u32,
    pub(crate) size: u32,
    pub(crate) extra: Vec<u8>,
}

/// An entry of an archive.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) local: Fields,
    pub(crate) central: Fields,
    /// Its bytes as they stand in the archive, with what follows them.
    pub(crate) bytes: Vec<u8>,
    /// Mode of Unix, with the kind.
    pub(crate) mode: u32,
    /// Where the directory says that it starts, instead of where it does.
    pub(crate) at: Option<u32>,
}

impl Entry {
    /// A file that is stored.
    pub(crate) fn new(name: impl AsRef<[u8]>, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut sum = flate2::Crc::new();
        sum.update(body);
        let size = u32::try_from(body.len()).unwrap();
        let fields = Fields {
            name: name.as_ref().to_vec(),
            flags: 0,
            method: 0,
            sum: sum.sum(),
            packed: size,
            size,
            extra: Vec::new(),
        };
        Self { local: fields.clone(), central: fields, bytes: body.to_vec(), mode: 0o100_644, at: None }
    }

    /// Deflated.
    pub(crate) fn deflated(self) -> Self {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&self.bytes).unwrap();
        let bytes = encoder.finish().unwrap();
        let packed = u32::try_from(bytes.len()).unwrap();
        Self { bytes, ..self }.both(|fields| (fields.method, fields.packed) = (8, packed))
    }

    pub(crate) fn mode(self, mode: u32) -> Self {
        Self { mode, ..self }
    }

    pub(crate) fn local(mut self, change: impl Fn(&mut Fields)) -> Self {
        change(&mut self.local);
        self
    }

    pub(crate) fn central(mut self, change: impl Fn(&mut Fields)) -> Self {
        change(&mut self.central);
        self
    }

    pub(crate) fn both(self, change: impl Fn(&mut Fields)) -> Self {
        self.local(&change).central(&change)
    }

    pub(crate) fn local_bytes(&self) -> Vec<u8> {
        [&b"PK\x03\x04\x14\0"[..], &self.local.middle(), &self.local.name, &self.local.extra, &self.bytes]
            .concat()
    }

    pub(crate) fn central_bytes(&self, at: u32) -> Vec<u8> {
        let fields = &self.central;
        let (none, mode) = ([0; 8], (self.mode << 16).to_le_bytes());
        let at = self.at.unwrap_or(at).to_le_bytes();
        let start = [&b"PK\x01\x02\x14\x03\x14\0"[..], &fields.middle(), &none[..6], &mode, &at].concat();
        // Between the lengths and the mode: a comment's length, a disk, attributes of text.
        [&start[..], &fields.name, &fields.extra].concat()
    }
}

impl Fields {
    fn middle(&self) -> Vec<u8> {
        let short = |number: usize| u16::try_from(number).unwrap().to_le_bytes();
        [
            &self.flags.to_le_bytes()[..],
            &self.method.to_le_bytes(),
            // 1980-01-01
            &[0, 0, 0x21, 0],
            &self.sum.to_le_bytes(),
            &self.packed.to_le_bytes(),
            &self.size.to_le_bytes(),
            &short(self.name.len()),
            &short(self.extra.len()),
        ]
        .concat()
    }
}

/// What stands at the end of an archive.
pub(crate) struct End {
    pub(crate) entries: u16,
    pub(crate) size: u32,
    pub(crate) start: u32,
    pub(crate) disk: u16,
    pub(crate) comment: Vec<u8>,
}

/// An archive of entries.
pub(crate) fn archive(entries: &[Entry]) -> Vec<u8> {
    archive_with(entries, |_| ())
}

/// The same, with another end.
pub(crate) fn archive_with(entries: &[Entry], change: impl Fn(&mut End)) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        directory.extend(entry.central_bytes(u32::try_from(bytes.len()).unwrap()));
        bytes.extend(entry.local_bytes());
    }
    let number = |length: usize| u32::try_from(length).unwrap();
    let mut end = End {
        entries: u16::try_from(entries.len()).unwrap_or(u16::MAX),
        size: number(directory.len()),
        start: number(bytes.len()),
        disk: 0,
        comment: Vec::new(),
    };
    change(&mut end);
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06");
    for short in [end.disk, end.disk, end.entries, end.entries] {
        bytes.extend(short.to_le_bytes());
    }
    bytes.extend([end.size.to_le_bytes(), end.start.to_le_bytes()].concat());
    bytes.extend(u16::try_from(end.comment.len()).unwrap().to_le_bytes());
    [bytes, end.comment].concat()
}
