//! One tar archive, compressed well and badly.

use crate::hostile::{
    make::tar::Tar,
    tried::{Case, INVALID, LAYER, TAKEN, Verdict, tar},
};
use std::io::{Read as _, Write as _};

/// A compressed archive, in a layer and in a .deb.
pub(crate) struct Stream {
    pub(crate) case: Case,
    /// The end of the layer's media type.
    pub(crate) kind: &'static str,
    /// The name of the part of a .deb.
    pub(crate) part: &'static str,
    /// Layers are not packed with xz.
    pub(crate) as_layer: bool,
}

/// The archive.
pub(crate) fn plain() -> Vec<u8> {
    Tar::new().file("./opt/x", "x").end()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    liblzma::read::XzEncoder::new(bytes, 1).read_to_end(&mut packed).unwrap();
    packed
}

/// Xz with a dictionary of 1.5 GiB.
fn xz_large(bytes: &[u8]) -> Vec<u8> {
    let mut packed = xz(bytes);
    // Header of the block: flags, filter 0x21, one byte of properties: the dictionary (xz format, 5.3.1).
    let properties = 12 + 4;
    assert_eq!(packed[12 + 2..12 + 4], [0x21, 1]);
    packed[properties] = 37;
    let length = usize::from(packed[12]) * 4;
    let mut sum = flate2::Crc::new();
    sum.update(&packed[12..12 + length]);
    packed[12 + length..16 + length].copy_from_slice(&sum.sum().to_le_bytes());
    packed
}

/// Bytes with one changed, from the end.
fn flipped(mut bytes: Vec<u8>, from_end: usize) -> Vec<u8> {
    let at = bytes.len() - from_end;
    bytes[at] ^= 1;
    bytes
}

fn cut(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len() - 9].to_vec()
}

fn two(pack: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let plain = plain();
    [pack(&plain[..700]), pack(&plain[700..])].concat()
}

/// In all kinds.
pub(crate) fn cases() -> Vec<Stream> {
    let (of_gzip, of_zstd, of_xz) = (gzip(&plain()), zstd(&plain()), xz(&plain()));
    let skipped = [&b"\x50\x2a\x4d\x18\x04\0\0\0skip"[..], &of_zstd].concat();
    // A frame without content size, whose window is 2 GiB, of one empty block (RFC 8878, 3.1.1.1.2).
    let window = b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00".to_vec();
    let invalid = |name, what, bytes, of| stream(name, what, bytes, (LAYER, INVALID), of);
    let taken = |name, what, bytes, of| stream(name, what, bytes, (TAKEN, TAKEN), of);
    let garbage = |packed: &[u8]| [packed, b"garbage"].concat();
    let one = "dpkg-deb reads one of them only; the format has as many as there are";
    let nothing = "bytes behind the end may hide something";
    vec![
        taken("honest-gzip", "gzip", of_gzip.clone(), 'g'),
        taken("honest-gzip-two", "two members of gzip", two(gzip), 'g'),
        invalid("gzip-cut", "gzip without its last bytes", cut(&of_gzip), 'g'),
        invalid("gzip-sum", "gzip with a wrong CRC-32", flipped(of_gzip.clone(), 6), 'g'),
        invalid("gzip-size", "gzip with a wrong size", flipped(of_gzip.clone(), 2), 'g'),
        why(invalid("gzip-garbage", "gzip with bytes behind it", garbage(&of_gzip), 'g'), nothing),
        why(invalid("gzip-none", "bytes that are not gzip", plain(), 'g'), "zlib takes plain bytes for gzip"),
        taken("honest-zstd", "zstd", of_zstd.clone(), 'z'),
        why(taken("honest-zstd-two", "two frames of zstd", two(zstd), 'z'), one),
        why(taken("honest-zstd-skipped", "zstd with a frame that is skipped", skipped, 'z'), one),
        invalid("zstd-cut", "zstd without its last bytes", cut(&of_zstd), 'z'),
        invalid("zstd-sum", "zstd with a wrong checksum", flipped(of_zstd.clone(), 1), 'z'),
        why(invalid("zstd-garbage", "zstd with bytes behind it", garbage(&of_zstd), 'z'), nothing),
        invalid("zstd-window", "zstd that asks for 2 GiB of memory", window, 'z'),
        invalid("zstd-none", "bytes that are not zstd", of_gzip, 'z'),
        taken("honest-xz", "xz", of_xz.clone(), 'x'),
        why(taken("honest-xz-two", "two streams of xz", two(xz), 'x'), one),
        invalid("xz-cut", "xz without its last bytes", cut(&of_xz), 'x'),
        invalid("xz-sum", "xz with a wrong checksum", flipped(of_xz.clone(), 40), 'x'),
        why(invalid("xz-garbage", "xz with bytes behind it", garbage(&of_xz), 'x'), nothing),
        why(
            invalid("xz-memory", "xz that asks for 1.5 GiB of memory", xz_large(&plain()), 'x'),
            "256 MiB are the most; level 9 asks for 65",
        ),
    ]
}

fn why(mut stream: Stream, why: &'static str) -> Stream {
    stream.case.why = why;
    stream
}

fn stream(
    name: &'static str,
    what: &'static str,
    bytes: Vec<u8>,
    (layer, package): (Verdict, Verdict),
    of: char,
) -> Stream {
    let (kind, part) = match of {
        'g' => ("tar+gzip", "data.tar.gz"),
        'z' => ("tar+zstd", "data.tar.zst"),
        _ => ("tar", "data.tar.xz"),
    };
    let case = tar(name, what, bytes, layer, package);
    let as_layer = of != 'x';
    let verdicts = if as_layer { vec![layer, package] } else { vec![Verdict::Untried, package] };
    let case = if package == TAKEN { case.brings(&["opt/x=x"]) } else { case };
    Stream { case: Case { verdicts, ..case }, kind, part, as_layer }
}
