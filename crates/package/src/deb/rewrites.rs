//! Top-level links of a base that a package's paths go through.

/// Folders that are links, such as `bin` to `usr/bin`, in the order in which they are tried.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rewrites {
    links: Vec<(String, String)>,
}

impl Rewrites {
    /// Links from one path to another, both relative to the root.
    pub fn new(links: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { links: links.into_iter().collect() }
    }

    /// No links: paths stay as they are.
    pub fn none() -> Self {
        Self::default()
    }

    /// The links of a merged `/usr` (Debian policy 10.1; `usrmerge` links all of these where they exist).
    pub fn merged_usr() -> Self {
        let names = ["bin", "lib", "lib32", "lib64", "libx32", "sbin"];
        Self::new(names.map(|name| (name.to_owned(), format!("usr/{name}"))))
    }

    /// The links, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.links.iter().map(|(from, to)| (from.as_str(), to.as_str()))
    }

    /// Where a path ends up. A link's own path stays.
    pub fn apply(&self, path: &str) -> String {
        self.below(path).unwrap_or_else(|| path.to_owned())
    }

    /// Whether the path is one of the links itself.
    pub(crate) fn is_link(&self, path: &str) -> bool {
        self.iter().any(|(from, _)| from == path)
    }

    fn below(&self, path: &str) -> Option<String> {
        self.iter().find_map(|(from, to)| {
            let rest = path.strip_prefix(from)?.strip_prefix('/')?;
            Some(format!("{to}/{rest}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_below_a_link_go_through_it() {
        let rewrites = Rewrites::merged_usr();
        assert_eq!(rewrites.apply("bin/sh"), "usr/bin/sh");
        assert_eq!(rewrites.apply("lib64/ld.so"), "usr/lib64/ld.so");
        for same in ["bin", "binx/y", "usr/bin/sh", "opt/bin/x"] {
            assert_eq!(rewrites.apply(same), same);
        }
        assert_eq!(Rewrites::none().apply("bin/sh"), "bin/sh");
    }
}
