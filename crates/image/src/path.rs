//! What the paths of a layer's members mean.

use envwright_archive::ArchiveError;

/// Longest path and name in bytes that Linux opens (`PATH_MAX` with its NUL, `NAME_MAX`).
const MAX_PATH: usize = 4095;
const MAX_NAME: usize = 255;
/// Deepest path: each folder above a file takes memory. Real images stay below 40.
const MAX_DEPTH: usize = 256;

/// The path below the root that a member of a layer has, or that a hard link leads to, without `.` and `/` where they
/// say nothing; none for the root itself. Engines start at the root where a path starts with `/`. They differ in what
/// they do with `..`.
pub(crate) fn of_layer(spelled: &[u8]) -> Result<Option<String>, ArchiveError> {
    let refused = |reason: &str| Err(ArchiveError::member(spelled, reason));
    if spelled.len() > MAX_PATH {
        return refused("its path is too long");
    }
    let text = String::from_utf8_lossy(spelled);
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") {
        return refused("its path goes up with `..`");
    }
    // Bytes that are no text take more room as text.
    if parts.len() > MAX_DEPTH || spelled.split(|byte| *byte == b'/').any(|name| name.len() > MAX_NAME) {
        return refused("its path is too long");
    }
    Ok(Some(parts.join("/")).filter(|path| !path.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_below_the_root() {
        for (spelled, path) in [("./a/b/", "a/b"), ("/etc//x", "etc/x"), ("a/./b", "a/b"), ("a/..b", "a/..b")]
        {
            assert_eq!(of_layer(spelled.as_bytes()).unwrap().as_deref(), Some(path));
        }
        for root in ["", ".", "./", "/", "//."] {
            assert_eq!(of_layer(root.as_bytes()).unwrap(), None);
        }
        assert_eq!(of_layer(b"a\xff").unwrap().as_deref(), Some("a\u{fffd}"));
    }

    #[test]
    fn paths_that_go_up_or_on_and_on_are_refused() {
        for spelled in ["..", "a/../b", "/../x", &"n".repeat(256), &"d/".repeat(257), &"long/".repeat(820)] {
            assert!(of_layer(spelled.as_bytes()).is_err(), "{spelled}");
        }
    }
}
