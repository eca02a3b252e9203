//! Names of packages in what builds them.

use regex::Regex;
use std::sync::LazyLock;

static FAILED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?:Failed\ (?:building\ wheel\ for|to\ build)\ |Failed\ to\ download\ and\ build\ )[`']?(?<built>[A-Za-z0-9][A-Za-z0-9._-]*)
        | /(?:pip-(?:install|build|req-build)-[^/\s]+)/(?<folder>[A-Za-z0-9][A-Za-z0-9.-]*?)(?:_[0-9a-f]{32})?(?:/|'|\x22|\s|$)
        | (?:for|that)\ `(?<hinted>[A-Za-z0-9][A-Za-z0-9._-]*)@[^`]+`
        | ╰─>\ (?<named>[A-Za-z0-9][A-Za-z0-9._-]*)\s*$
        | Could\ not\ build\ wheels\ for\ (?<wheels>[A-Za-z0-9][A-Za-z0-9._-]*)
        ",
    )
    .expect("a valid pattern")
});

/// The package whose build the line says has failed.
pub(super) fn failed(text: &str) -> Option<String> {
    let captures = FAILED.captures(text)?;
    let name = captures.name("built").or(captures.name("folder"));
    let name = name.or(captures.name("hinted")).or(captures.name("named")).or(captures.name("wheels"))?;
    let name = name.as_str().trim_end_matches(['.', '-']);
    if is_folder(name) {
        return None;
    }
    // `Failed to build these modules:` and the like.
    (!matches!(name, "these" | "the" | "some" | "installable" | "one" | "wheel" | "pyproject.toml"))
        .then(|| name.to_owned())
}

/// The package in whose folder pip builds, where the line names it.
pub(super) fn folder(text: &str) -> Option<String> {
    let name = FAILED.captures(text)?.name("folder")?.as_str().trim_end_matches(['.', '-']).to_owned();
    (!is_folder(&name)).then_some(name)
}

/// Folders of pip's own beside those of packages.
fn is_folder(name: &str) -> bool {
    matches!(name, "overlay" | "normal" | "pip-egg-info" | "site-packages")
}

/// A line that is the name of a package and nothing else.
pub(super) fn alone(line: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (!line.is_empty() && !line.ends_with('.') && line.bytes().all(plain)).then(|| line.to_owned())
}

/// A name in the form in which names are compared (PEP 503, "Normalized Names").
pub(super) fn normalised(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for piece in name.split(['-', '_', '.']).filter(|piece| !piece.is_empty()) {
        if !out.is_empty() {
            out.push('-');
        }
        out.push_str(&piece.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_that_failed_is_read() {
        let cases = [
            ("  ERROR: Failed building wheel for mpi4py", Some("mpi4py")),
            ("  × Failed to build `cx-oracle==8.3.0`", Some("cx-oracle")),
            (
                "ERROR: Command errored out with exit status 1: python setup.py egg_info in /tmp/pip-install-8x/h5py/",
                Some("h5py"),
            ),
            ("cwd: /tmp/pip-install-abc/lxml_0123456789abcdef0123456789abcdef/", Some("lxml")),
            ("ERROR: Failed to build installable wheels for some pyproject.toml based projects", None),
            ("hint: … a library that provides `x.h` for `cx-oracle@8.3.0`", Some("cx-oracle")),
            ("╰─> scikit-learn", Some("scikit-learn")),
            ("╰─> See above for output.", None),
            ("nothing", None),
        ];
        for (line, expected) in cases {
            assert_eq!(failed(line).as_deref(), expected, "{line}");
        }
        assert_eq!(normalised("Zope.interface__x"), "zope-interface-x");
    }
}
