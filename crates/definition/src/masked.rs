//! Text that may hold a login.

use envwright_redact::Redactor;
use std::fmt;

/// A text as it was written, such as a URL with a login: `Debug` and `Display` mask what is secret in it.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MaskedText(String);

impl MaskedText {
    /// The text as it was written.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for MaskedText {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for MaskedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Redactor::default().redact(&self.0))
    }
}

impl fmt::Debug for MaskedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::MaskedText;

    #[test]
    fn a_login_is_not_printed() {
        let text = MaskedText::from("https://me:hunter2@channel.example/team");
        assert_eq!(text.to_string(), "https://****@channel.example/team");
        assert!(!format!("{text:?}").contains("hunter2") && text.expose().contains("hunter2"));
    }
}
