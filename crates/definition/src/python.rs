//! Which Python a definition asks for.

use envwright_diagnosis::Span;
use uv_pep440::{Version, VersionSpecifiers};

/// A Python version, as the `python` key takes it: `3.11`, `3.11.2` or a version specifier such as `>=3.10`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PythonRequest {
    /// As written.
    pub text: String,
    /// Where it was written.
    pub span: Option<Span>,
}

impl PythonRequest {
    /// Whether the text is a version or a version specifier.
    pub fn is_valid(&self) -> bool {
        specifiers(&self.text).is_some()
    }

    /// Whether that Python is meant. A bare version stands for everything that starts with it: `3.11` for 3.11.2.
    pub fn matches(&self, version: (u8, u8, u8)) -> bool {
        specifiers(&self.text).is_some_and(|specifiers| specifiers.contains(&release(version)))
    }
}

/// Whether a `requires-python` (a version specifier, PEP 440) allows that Python; none if it cannot be read.
pub fn python_allowed(requires_python: &str, version: (u8, u8, u8)) -> Option<bool> {
    let specifiers: VersionSpecifiers = requires_python.parse().ok()?;
    Some(specifiers.contains(&release(version)))
}

fn release((major, minor, patch): (u8, u8, u8)) -> Version {
    Version::new([u64::from(major), u64::from(minor), u64::from(patch)])
}

fn specifiers(text: &str) -> Option<VersionSpecifiers> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        let prefix = text.strip_suffix(".*").unwrap_or(text);
        return format!("=={prefix}.*").parse().ok();
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_version_is_a_prefix_and_a_specifier_is_itself() {
        let matches =
            |text: &str, version| PythonRequest { text: text.to_owned(), span: None }.matches(version);
        for text in ["3.11", "3", "3.11.2", "3.11.*", ">=3.10,<3.12", "~=3.11.0", "==3.11.*"] {
            assert!(matches(text, (3, 11, 2)), "{text}");
        }
        for text in ["3.1", "3.11.1", "3.12", "<3.11", "", "latest", "==3.11"] {
            assert!(!matches(text, (3, 11, 2)), "{text}");
        }
    }

    #[test]
    fn requires_python_that_cannot_be_read_is_neither() {
        assert_eq!(python_allowed(">=3.9", (3, 11, 2)), Some(true));
        assert_eq!(python_allowed(">=3.12", (3, 11, 2)), Some(false));
        assert_eq!(python_allowed("three", (3, 11, 2)), None);
    }
}
