//! A URL that is safe to print.

use crate::{Secret, names::is_signature};
use std::{fmt, str::FromStr};
use url::Url;

/// A URL whose user, password and signed query values never reach `Debug`, `Display` or serialised text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SafeUrl(Url);

/// Text that is not a URL. The text itself is not kept, since it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlError(url::ParseError);

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a valid URL: {}", self.0)
    }
}

impl std::error::Error for UrlError {}

impl SafeUrl {
    /// Parses an absolute URL.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        Url::parse(text).map(Self).map_err(UrlError)
    }

    /// The URL with its credentials, for the one place that sends it.
    pub fn expose(&self) -> &Url {
        &self.0
    }

    /// The same address without user, password and signed query values.
    #[must_use]
    pub fn without_credentials(&self) -> Self {
        let mut url = self.0.clone();
        // These fail only for URLs that cannot have credentials at all.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| !is_signature(name))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        if url.query().is_some() && kept.len() != url.query_pairs().count() {
            if kept.is_empty() {
                url.set_query(None);
            } else {
                url.query_pairs_mut().clear().extend_pairs(kept);
            }
        }
        Self(url)
    }

    /// User (percent-decoded by the caller) and password, where the URL has them.
    pub fn credentials(&self) -> Option<(String, Option<Secret>)> {
        let user = self.0.username();
        let password = self.0.password().map(Secret::new);
        (!user.is_empty() || password.is_some()).then(|| (user.to_owned(), password))
    }

    /// Host name, lower case, where there is one.
    pub fn host(&self) -> Option<&str> {
        self.0.host_str()
    }

    /// Last path segment, percent-decoded: the name of the file that the URL names.
    pub fn file_name(&self) -> Option<String> {
        let last = self.0.path_segments()?.next_back()?;
        let name = percent_encoding::percent_decode_str(last).decode_utf8().ok()?.into_owned();
        (!name.is_empty()).then_some(name)
    }

    /// The address of a path below it, whatever its own end; credentials and query, such as a signature, stay.
    #[must_use]
    pub fn below(&self, path: &str) -> Self {
        let mut url = self.0.clone();
        url.set_path(&format!("{}/{path}", self.0.path().trim_end_matches('/')));
        Self(url)
    }

    /// Resolves a relative reference against this URL (RFC 3986, section 5).
    pub fn join(&self, reference: &str) -> Result<Self, UrlError> {
        self.0.join(reference).map(Self).map_err(UrlError)
    }
}

impl FromStr for SafeUrl {
    type Err = UrlError;
    fn from_str(text: &str) -> Result<Self, UrlError> {
        Self::parse(text)
    }
}

impl From<Url> for SafeUrl {
    fn from(url: Url) -> Self {
        Self(url)
    }
}

impl fmt::Display for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clean = self.without_credentials();
        if self.credentials().is_none() {
            return write!(f, "{}", clean.0);
        }
        let text = clean.0.as_str();
        match text.split_once("://") {
            Some((scheme, rest)) => write!(f, "{scheme}://****@{rest}"),
            None => f.write_str(text),
        }
    }
}

impl fmt::Debug for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl serde::Serialize for SafeUrl {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.without_credentials().0.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for SafeUrl {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str =
        "https://user:hunter2@mirror.example/simple/?sig=abc%2Fdef&sv=2024&X-Amz-Signature=99ff#frag";

    fn url(text: &str) -> SafeUrl {
        SafeUrl::parse(text).unwrap()
    }

    #[test]
    fn no_printed_form_holds_a_secret() {
        let url = url(ALL);
        let serialised = serde_json::to_string(&url).unwrap();
        for text in [format!("{url}"), format!("{url:?}"), format!("{url:#?}"), serialised] {
            for secret in ["hunter2", "user", "abc", "def", "99ff"] {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
            assert!(text.contains("sv=2024"), "{text}");
        }
    }

    #[test]
    fn display_says_that_credentials_were_there() {
        assert_eq!(url("https://token@mirror.example/a").to_string(), "https://****@mirror.example/a");
        assert_eq!(url("https://:pw@mirror.example/a").to_string(), "https://****@mirror.example/a");
        assert_eq!(url("https://mirror.example/a?x=1").to_string(), "https://mirror.example/a?x=1");
    }

    #[test]
    fn an_address_without_signatures_keeps_its_query_byte_for_byte() {
        let text = "https://mirror.example/a?x=%7e&y=a+b&z";
        assert_eq!(url(text).without_credentials().expose().as_str(), text);
    }

    #[test]
    fn a_parse_error_does_not_repeat_the_text() {
        let error = SafeUrl::parse("https://user:hunter2@[bad").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[test]
    fn the_file_name_is_percent_decoded() {
        let wheel = url("https://mirror.example/f/torch-2.0%2Bcpu-py3-none-any.whl#sha256=00");
        assert_eq!(wheel.file_name().as_deref(), Some("torch-2.0+cpu-py3-none-any.whl"));
        assert_eq!(url("https://mirror.example/f/").file_name(), None);
    }

    #[test]
    fn a_relative_reference_keeps_the_credentials_of_its_page_and_a_foreign_one_does_not() {
        let page = url("https://user:pw@mirror.example/simple/six/");
        assert!(page.join("../../f/six.whl").unwrap().credentials().is_some());
        assert!(page.join("https://other.example/six.whl").unwrap().credentials().is_none());
    }

    #[test]
    fn credentials_are_read_back() {
        let (user, password) = url("https://u%40x:p%2Fw@mirror.example/").credentials().unwrap();
        assert_eq!((user.as_str(), password.unwrap().expose()), ("u%40x", "p%2Fw"));
        assert!(url("https://mirror.example/").credentials().is_none());
    }
}
