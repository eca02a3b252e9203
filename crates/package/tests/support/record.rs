//! RECORD, read apart from the crate's own reader.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use envwright_store::Digest;
use std::collections::BTreeMap;

/// Path, and the rest of the row: `sha256=…,size`. A path that is there twice has both rests.
pub(crate) fn rows(text: &str) -> BTreeMap<String, String> {
    let mut rows: BTreeMap<String, String> = BTreeMap::new();
    for line in text.lines() {
        let mut fields = line.rsplitn(3, ',');
        let (size, hash, path) = (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
        // `"a ""b"", c"`
        let path = match path.strip_prefix('"').and_then(|path| path.strip_suffix('"')) {
            Some(quoted) => quoted.replace("\"\"", "\""),
            None => path.to_owned(),
        };
        let rest = format!("{hash},{size}");
        rows.entry(path).and_modify(|rests| *rests = format!("{rests} and {rest}")).or_insert(rest);
    }
    rows
}

/// The rest of the row of a file.
pub(crate) fn rest(digest: &Digest, size: u64) -> String {
    format!("sha256={},{size}", BASE64_URL_SAFE_NO_PAD.encode(digest.bytes()))
}

/// A row's path as one below the environment: `../../../bin/x` of `lib/python3.11/site-packages` is `bin/x`.
pub(crate) fn resolved(site: &str, path: &str) -> String {
    let mut parts: Vec<&str> = site.split('/').collect();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop().expect("a row's path stays in the environment")),
            part => parts.push(part),
        }
    }
    parts.join("/")
}
