//! PAX records (POSIX.1-2017, pax, "pax Extended Header").

use crate::ArchiveError;

/// Those records that say something of a member that is kept here.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<i64>,
    pub(super) gid: Option<i64>,
    pub(super) mtime: Option<i64>,
    /// Size of a sparse file with its holes (GNU tar manual, "Storing Sparse Files").
    pub(super) sparse_size: Option<u64>,
    pub(super) sparse_name: Option<Vec<u8>>,
}

/// Reads `<length> <keyword>=<value>\n` records, where the length counts all of its record.
pub(super) fn parse(mut bytes: &[u8]) -> Result<Records, ArchiveError> {
    let mut records = Records::default();
    while !bytes.is_empty() {
        let (keyword, value, rest) =
            record(bytes).ok_or_else(|| ArchiveError::broken("PAX header is malformed"))?;
        records.set(keyword, value)?;
        bytes = rest;
    }
    Ok(records)
}

/// The first record's keyword and value, and what follows it.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = bytes.iter().take(20).position(|byte| *byte == b' ')?;
    let digits = bytes[..space].iter().all(u8::is_ascii_digit);
    let length: usize = std::str::from_utf8(&bytes[..space]).ok().filter(|_| digits)?.parse().ok()?;
    let (record, rest) = bytes.split_at_checked(length)?;
    let body = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = body.iter().position(|byte| *byte == b'=').filter(|at| *at > 0)?;
    Some((&body[..equals], &body[equals + 1..], rest))
}

impl Records {
    fn set(&mut self, keyword: &[u8], value: &[u8]) -> Result<(), ArchiveError> {
        let is_new = match keyword {
            b"path" => self.path.replace(name(value)?).is_none(),
            b"linkpath" => self.link.replace(name(value)?).is_none(),
            b"GNU.sparse.name" => self.sparse_name.replace(name(value)?).is_none(),
            b"size" => self.size.replace(size(value)?).is_none(),
            b"uid" => self.uid.replace(whole(value)?).is_none(),
            b"gid" => self.gid.replace(whole(value)?).is_none(),
            b"mtime" => self.mtime.replace(whole(value)?).is_none(),
            b"GNU.sparse.size" | b"GNU.sparse.realsize" => self.sparse_size.replace(size(value)?).is_none(),
            _ => true,
        };
        if is_new {
            return Ok(());
        }
        let keyword = String::from_utf8_lossy(keyword);
        Err(ArchiveError::broken(format!("PAX header has `{keyword}` twice")))
    }

    /// Some readers take a global header for what it says of all members, and some pass over it.
    pub(super) fn check_global(&self) -> Result<(), ArchiveError> {
        let Self { path, link, size, uid, gid, mtime, sparse_size, sparse_name } = self;
        let names = path.is_some() || link.is_some() || sparse_name.is_some();
        let numbers = [uid, gid, mtime].iter().any(|number| number.is_some());
        if names || numbers || size.is_some() || sparse_size.is_some() {
            return Err(ArchiveError::broken("global PAX header says what only a member's may"));
        }
        Ok(())
    }
}

fn name(value: &[u8]) -> Result<Vec<u8>, ArchiveError> {
    if value.is_empty() || value.contains(&0) {
        return Err(ArchiveError::member(value, "its name in a PAX header is empty or holds a NUL"));
    }
    Ok(value.to_vec())
}

fn size(value: &[u8]) -> Result<u64, ArchiveError> {
    whole(value)?.try_into().map_err(|_| ArchiveError::broken("PAX header has a negative size"))
}

/// A number without its fraction.
fn whole(value: &[u8]) -> Result<i64, ArchiveError> {
    let number = std::str::from_utf8(value).ok().and_then(|text| text.split('.').next()?.parse().ok());
    number.ok_or_else(|| ArchiveError::broken("PAX header has no number where one must be"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_may_hold_line_ends_and_equal_signs() {
        let records = parse(b"14 path=a\nb=c\n19 mtime=1234.5678\n").unwrap();
        assert_eq!(records.path.unwrap(), b"a\nb=c");
        assert_eq!(records.mtime, Some(1234));
    }

    #[test]
    fn lengths_that_lie_and_values_that_cannot_be_are_refused() {
        for text in [
            "8 path=a\n",
            "99 path=a\n",
            "10 path=ab",
            "0 ",
            "+10 path=a\n",
            "11 size=-1\n",
            "8 path=\n",
            "11 path=a\0\n",
            "10 path=a\n10 path=b\n",
            "4 =\n",
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
