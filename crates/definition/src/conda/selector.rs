//! Selectors in comments, as conda-lock reads them behind a dependency (`conda_lock.src_parser.selectors`).

/// The selectors that conda-lock knows.
const KNOWN: [&str; 14] = [
    "linux",
    "linux64",
    "linux-64",
    "aarch64",
    "ppc64le",
    "arm64",
    "osx",
    "osx64",
    "osx-64",
    "osx-arm64",
    "unix",
    "win",
    "win64",
    "win-64",
];

/// The selector in the rest of a line behind a dependency. Sample: `  # [linux64]`.
pub(crate) fn behind(rest: &str) -> Option<&'static str> {
    let comment = rest.trim_start_matches(['"', '\'']).trim_start().strip_prefix('#')?;
    let inner = comment.trim().strip_prefix('[')?.split_once(']')?.0.trim();
    KNOWN.iter().find(|known| **known == inner).copied()
}

#[cfg(test)]
mod tests {
    use super::behind;

    #[test]
    fn only_known_selectors_are_selectors() {
        assert_eq!(behind("  # [linux64]"), Some("linux64"));
        assert_eq!(behind("\" #[osx]  # why"), Some("osx"));
        for none in ["", "# [later]", "# linux64", " [linux64]", "  # see [linux]s"] {
            assert_eq!(behind(none), None, "{none}");
        }
    }
}
