//! URLs in locks: as text, without credentials.

use envwright_redact::SafeUrl;
use serde::{Deserialize, Deserializer, Serializer, de::Error};

pub(crate) fn serialize<S: Serializer>(url: &SafeUrl, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&url.without_credentials())
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SafeUrl, D::Error> {
    let text = String::deserialize(deserializer)?;
    SafeUrl::parse(&text).map_err(|error| D::Error::custom(format!("`{text}` is not a URL: {error}")))
}

/// A URL that may be missing.
pub(crate) mod optional {
    use super::{Deserialize, Deserializer, Error, SafeUrl, Serializer};

    #[expect(clippy::ref_option, reason = "serde calls it so")]
    pub(crate) fn serialize<S: Serializer>(url: &Option<SafeUrl>, serializer: S) -> Result<S::Ok, S::Error> {
        match url {
            Some(url) => serializer.serialize_some(&url.without_credentials().to_string()),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SafeUrl>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let parse = |text: String| SafeUrl::parse(&text).map_err(D::Error::custom);
        text.map(parse).transpose()
    }
}
