//! `RECORD`: each installed file with its hash and size
//! (PyPA, "Recording installed projects", section "The RECORD file").

use crate::error::Fault;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use envwright_store::Digest;
use std::{collections::BTreeMap, fmt::Write as _};

/// What a wheel's own RECORD says of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Row {
    /// Absent where there is none, or one of another algorithm.
    pub(crate) sha256: Option<Digest>,
    pub(crate) size: Option<u64>,
}

/// The rows of a wheel's RECORD by path.
pub(crate) fn parse(text: &str) -> Result<BTreeMap<String, Row>, Fault> {
    let mut rows = BTreeMap::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let fields = fields(line);
        let [path, hash, size] = fields.as_slice() else {
            return Err(Fault::invalid(format!("RECORD has a line of other than three fields: `{line}`")));
        };
        let path = path.trim_start_matches('/');
        let path = path.strip_prefix("./").unwrap_or(path);
        rows.insert(path.to_owned(), Row { sha256: sha256(hash)?, size: size.parse().ok() });
    }
    Ok(rows)
}

/// `sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU`. Some build tools pad it, and sphinx-theme-builder
/// wrote hexadecimal digits, which uv and pip take.
fn sha256(hash: &str) -> Result<Option<Digest>, Fault> {
    let Some(encoded) = hash.strip_prefix("sha256=") else { return Ok(None) };
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(encoded.trim_end_matches('='));
    let digest = bytes.ok().and_then(|bytes| hex(&bytes).parse().ok());
    digest
        .or_else(|| encoded.parse().ok())
        .map(Some)
        .ok_or_else(|| Fault::invalid(format!("RECORD has no SHA-256 in `{hash}`")))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The fields of a line of CSV; a quoted field's `""` is a quote.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let field = fields.len() - 1;
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                fields[field].push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => fields[field].push(c),
        }
    }
    fields
}

/// The text of RECORD; it names itself without hash and size.
pub(crate) fn text(files: &BTreeMap<String, (Digest, u64)>, own: &str) -> String {
    let mut lines: BTreeMap<&str, String> = files
        .iter()
        .map(|(path, (digest, size))| {
            let hash = BASE64_URL_SAFE_NO_PAD.encode(digest.bytes());
            (path.as_str(), format!("{},sha256={hash},{size}\n", quoted(path)))
        })
        .collect();
    lines.insert(own, format!("{},,\n", quoted(own)));
    lines.into_values().collect()
}

fn quoted(path: &str) -> String {
    if path.contains([',', '"']) { format!("\"{}\"", path.replace('"', "\"\"")) } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_as_wheels_have_them() {
        let digest = Digest::of(b"x");
        let hash = BASE64_URL_SAFE_NO_PAD.encode(digest.bytes());
        let text =
            format!("/a.py,sha256={hash},1\r\n\"b,\"\"c\"\"\",sha256={hash}=,\n./d,md5=x,3\nR/RECORD,,\n");
        let rows = parse(&text).unwrap();
        assert_eq!(rows["a.py"], Row { sha256: Some(digest), size: Some(1) });
        assert_eq!(rows["b,\"c\""], Row { sha256: Some(digest), size: None });
        assert_eq!(rows["d"], Row { sha256: None, size: Some(3) });
        assert_eq!(rows["R/RECORD"], Row::default());
        let hexadecimal = parse(&format!("a.py,sha256={},1\n", hex(digest.bytes()))).unwrap();
        assert_eq!(hexadecimal["a.py"], rows["a.py"]);
        assert!(parse("a,b\n").is_err());
        assert!(parse("a,sha256=short,1\n").is_err());
    }

    #[test]
    fn what_is_written_is_sorted_and_reads_back() {
        let files = BTreeMap::from([
            ("z,\"z".to_owned(), (Digest::of(b"z"), 1)),
            ("../../../bin/a".to_owned(), (Digest::of(b"a"), 2)),
        ]);
        let text = text(&files, "p.dist-info/RECORD");
        assert!(text.starts_with("../../../bin/a,sha256=") && text.contains("\np.dist-info/RECORD,,\n"));
        let rows = parse(&text).unwrap();
        assert_eq!(rows["z,\"z"], Row { sha256: Some(Digest::of(b"z")), size: Some(1) });
    }
}
