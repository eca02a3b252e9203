//! SHA-256 digests as the OCI specification writes them (image-spec, descriptor.md, section "Digests").

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use std::{fmt, io, str::FromStr};

/// A SHA-256 digest. Displays as `sha256:<64 lower-case hex digits>`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

/// Text that is no SHA-256 digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a sha256 digest: `{0}`")]
pub struct DigestError(String);

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest with these 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 64 hexadecimal digits, without the algorithm's name.
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }

    /// The 32 bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    /// Reads `sha256:<hex>` or the bare 64 hex digits.
    fn from_str(text: &str) -> Result<Self, DigestError> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| DigestError(text.to_owned()))?;
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Passes bytes on to `inner` while counting and hashing them.
pub struct DigestWriter<W> {
    inner: W,
    hasher: Sha256,
    size: u64,
}

impl<W: io::Write> DigestWriter<W> {
    /// Starts with nothing written.
    pub fn new(inner: W) -> Self {
        Self { inner, hasher: Sha256::new(), size: 0 }
    }

    /// Bytes written so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Digest of what was written so far.
    pub fn digest(&self) -> Digest {
        Digest(self.hasher.clone().finalize().into())
    }

    /// The writer underneath.
    pub fn get_ref(&self) -> &W {
        &self.inner
    }

    /// Forgets what was written so far.
    pub fn reset(&mut self) {
        self.hasher = Sha256::new();
        self.size = 0;
    }

    /// Goes on with another writer, as if it had got all that was written so far.
    pub fn replace<V>(self, inner: V) -> DigestWriter<V> {
        DigestWriter { inner, hasher: self.hasher, size: self.size }
    }

    /// The writer underneath, the digest and the size in bytes of what was written.
    pub fn finish(self) -> (W, Digest, u64) {
        (self.inner, Digest(self.hasher.finalize().into()), self.size)
    }
}

impl<W: io::Write> io::Write for DigestWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use io::Write as _;
    use proptest::prelude::*;

    /// FIPS 180-4's example of one block.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_digest_is_written_with_its_algorithm_and_read_without_too() {
        let digest = Digest::of(b"abc");
        assert_eq!(digest.to_string(), format!("sha256:{ABC}"));
        assert_eq!(ABC.parse(), Ok(digest));
        assert_eq!(serde_json::to_string(&digest).unwrap(), format!("\"sha256:{ABC}\""));
    }

    #[test]
    fn text_that_is_no_digest_is_refused() {
        for text in ["", "sha256:", &ABC[1..], &format!("{ABC}0"), &format!("sha512:{ABC}"), &"g".repeat(64)]
        {
            assert_eq!(text.parse::<Digest>(), Err(DigestError(text.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn printed_digests_are_read_back(bytes in any::<Vec<u8>>()) {
            let digest = Digest::of(&bytes);
            prop_assert_eq!(digest.to_string().parse(), Ok(digest));
        }

        #[test]
        fn how_bytes_are_cut_does_not_matter(parts in proptest::collection::vec(any::<Vec<u8>>(), 0..6)) {
            let mut writer = DigestWriter::new(Vec::new());
            for part in &parts {
                writer.write_all(part).unwrap();
            }
            let all = parts.concat();
            prop_assert_eq!(writer.digest(), Digest::of(&all));
            let (inner, digest, size) = writer.finish();
            prop_assert_eq!((digest, size), (Digest::of(&all), all.len() as u64));
            prop_assert_eq!(inner, all);
        }
    }

    /// Only what the writer underneath took is counted.
    #[test]
    fn a_short_write_is_hashed_as_far_as_it_went() {
        let mut room = [0; 3];
        let mut writer = DigestWriter::new(room.as_mut_slice());
        assert_eq!(writer.write(b"abcdef").unwrap(), 3);
        assert_eq!((writer.size(), writer.digest()), (3, Digest::of(b"abc")));
        writer.reset();
        assert_eq!((writer.size(), writer.digest()), (0, Digest::of(b"")));
    }
}
