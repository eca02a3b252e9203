//! `.dockerignore` (Docker's documentation, ".dockerignore files"): patterns of Go's `filepath.Match` with `**`, the last
//! one that matches wins, and what holds for a folder holds for all in it.

use globset::{GlobBuilder, GlobMatcher};
use std::path::Path;

/// The patterns of a build context.
#[derive(Default)]
pub(super) struct Ignored {
    patterns: Vec<(GlobMatcher, bool)>,
}

impl Ignored {
    /// Reads `<Dockerfile>.dockerignore`, else `.dockerignore`.
    pub(super) fn read(folder: &Path, dockerfile: &str) -> Self {
        let own = Path::new(dockerfile).file_name().unwrap_or_default().to_string_lossy();
        let names = [format!("{own}.dockerignore"), ".dockerignore".to_owned()];
        let text = names.iter().find_map(|name| fs_err::read_to_string(folder.join(name)).ok());
        Self::parse(&text.unwrap_or_default())
    }

    fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let patterns = lines.filter_map(|line| {
            let (pattern, is_exception) =
                line.strip_prefix('!').map_or((line, false), |rest| (rest.trim(), true));
            let pattern = pattern.trim_start_matches("./").trim_matches('/');
            let glob =
                GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build().ok()?;
            Some((glob.compile_matcher(), is_exception))
        });
        Self { patterns: patterns.collect() }
    }

    /// Whether there is any pattern.
    pub(super) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether a path below the context is left out.
    pub(super) fn leaves_out(&self, path: &Path) -> bool {
        let mut is_left_out = false;
        for (glob, is_exception) in &self.patterns {
            let mut parts = path.ancestors().filter(|part| *part != Path::new(""));
            if parts.any(|part| glob.is_match(part)) {
                is_left_out = !is_exception;
            }
        }
        is_left_out
    }

    /// Whether something below a folder may be taken in again.
    pub(super) fn has_exceptions(&self) -> bool {
        self.patterns.iter().any(|(_, is_exception)| *is_exception)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_pattern_that_matches_wins() {
        let ignored =
            Ignored::parse("# c\n*.md\n!README.md\n**/node_modules\ndata/\n!data/keep.txt\n/only\n");
        for path in ["a.md", "x/node_modules/y", "node_modules", "data/big.bin", "only"] {
            assert!(ignored.leaves_out(Path::new(path)), "{path}");
        }
        for path in ["README.md", "docs/a.md", "data/keep.txt", "src/only"] {
            assert!(!ignored.leaves_out(Path::new(path)), "{path}");
        }
    }
}
