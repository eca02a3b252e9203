//! Which member paths may stand in a segment.

use crate::error::Fault;
use std::{borrow::Borrow, collections::BTreeSet};

/// Longest path and component in bytes that Linux opens (`PATH_MAX` with its NUL, `NAME_MAX`).
const MAX_PATH: usize = 4095;
const MAX_NAME: usize = 255;
/// Deepest path; real packages stay below 40.
const MAX_DEPTH: usize = 256;

/// The path of an archive's member as text, where it stays inside the folder that it is unpacked to and means
/// the same to every reader. A directory's final `/` is not part of it.
pub(crate) fn member(raw: &[u8]) -> Result<&str, Fault> {
    let refuse = |reason: &str| Fault::refused(&String::from_utf8_lossy(raw), reason);
    let text = std::str::from_utf8(raw).map_err(|_| refuse("its name is not UTF-8"))?;
    let path = text.strip_suffix('/').unwrap_or(text);
    match problem(path) {
        Some(reason) => Err(refuse(reason)),
        None => Ok(path),
    }
}

fn problem(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("its name is empty");
    }
    if path.starts_with('/') {
        return Some("its path is absolute");
    }
    if path.chars().any(char::is_control) {
        return Some("its name holds a control character");
    }
    if path.len() > MAX_PATH || path.split('/').count() > MAX_DEPTH {
        return Some("its path is too long");
    }
    path.split('/').find_map(|name| match name {
        ".." => Some("its path goes up with `..`"),
        "" | "." => Some("its path has an empty component"),
        // A layer that holds such a file deletes another (image-spec, layer.md, "Whiteouts").
        _ if name.starts_with(".wh.") => Some("its name is that of a whiteout"),
        _ if name.len() > MAX_NAME => Some("its name is too long"),
        _ => None,
    })
}

/// The folders above `path`, the nearest first.
pub(crate) fn parents(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(path.rsplit_once('/'), |(parent, _)| parent.rsplit_once('/'))
        .map(|(parent, _)| parent)
}

/// Refuses members that would be written through another member that is no directory.
/// `leaves` are files and links, `all` leaves and directories.
pub(crate) fn check_tree<'a, S: Borrow<str> + Ord>(
    leaves: &BTreeSet<S>,
    all: impl IntoIterator<Item = &'a str>,
) -> Result<(), Fault> {
    for path in all {
        if let Some(parent) = parents(path).find(|parent| leaves.contains(*parent)) {
            return Err(Fault::refused(path, format!("it passes through `{parent}`, which is no directory")));
        }
    }
    Ok(())
}

/// `to` as seen from the folder `from`.
pub(crate) fn relative(from: &str, to: &str) -> String {
    let from: Vec<&str> = from.split('/').collect();
    let to: Vec<&str> = to.split('/').collect();
    let common = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let up = std::iter::repeat_n("..", from.len() - common);
    up.chain(to[common..].iter().copied()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::{Component, Path};

    #[test]
    fn hostile_paths_are_refused() {
        let long = "n".repeat(256);
        let deep = "d/".repeat(300);
        for path in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "../x",
            "a/../b",
            "a/..",
            "./a",
            "a//b",
            "a/./b",
            "a\0b",
            "a\nb",
            "a/\u{7f}",
            "a/\u{85}b",
            ".wh.a",
            "a/.wh..wh..opq",
            &long,
            &deep,
        ] {
            assert!(matches!(member(path.as_bytes()), Err(Fault::Unsafe(..))), "{path:?}");
        }
        assert!(member(b"a/\xff").is_err());
    }

    #[test]
    fn usual_paths_are_taken() {
        for path in ["a", "a b/c", "ä/ß", "...", "a/..b", "-", "x/.hidden"] {
            assert_eq!(member(path.as_bytes()).unwrap(), path);
        }
        assert_eq!(member(b"a/b/").unwrap(), "a/b");
    }

    #[test]
    fn a_path_through_a_file_is_refused() {
        let leaves = BTreeSet::from(["a/b"]);
        assert!(check_tree(&leaves, ["a", "a/bc/d"]).is_ok());
        assert!(check_tree(&leaves, ["a/b/c/d"]).is_err());
    }

    #[test]
    fn relative_paths_go_up_as_far_as_needed() {
        assert_eq!(relative("a/b/c", "a/x/y"), "../../x/y");
        assert_eq!(relative("a/b", "a/b/c/d"), "c/d");
    }

    proptest! {
        #[test]
        fn what_is_taken_stays_inside(raw in "[a./\\\\ \\x00-\\x1fé-]{0,12}") {
            if let Ok(path) = member(raw.as_bytes()) {
                let parts: Vec<_> = Path::new(path).components().collect();
                prop_assert!(parts.iter().all(|part| matches!(part, Component::Normal(_))));
                let joined: std::path::PathBuf = parts.iter().collect();
                prop_assert_eq!(joined.as_os_str(), path);
            }
        }

        #[test]
        fn any_bytes_are_judged(raw in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(path) = member(&raw) {
                prop_assert!(!path.is_empty() && !path.starts_with('/') && !path.contains('\0'));
            }
        }
    }
}
