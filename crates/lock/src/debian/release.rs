//! `InRelease`: its signature and what it names (Debian repository format, "Release files").

use super::{DebianError, Keyring, Mirror, control::Stanzas};
use envwright_store::Digest;
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use pgp::{
    composed::{CleartextSignedMessage, SignedPublicKey},
    packet::Signature,
    types::KeyDetails,
};
use std::collections::BTreeMap;

/// A release whose signature holds.
#[derive(Debug)]
pub(super) struct Release {
    /// When it was made, as written.
    pub(super) date: String,
    /// Files by path below `dists/<suite>/`.
    pub(super) files: BTreeMap<String, (Digest, u64)>,
    /// Whether files can be had by their digest.
    pub(super) by_hash: bool,
    /// Whether its packages are taken only where nothing else has them (`NotAutomatic`).
    pub(super) reluctant: bool,
    /// Whether packages of architecture `all` are in lists of their own only: `Architectures` names it, and
    /// `No-Support-for-Architecture-all` does not take it back.
    pub(super) all_apart: bool,
}

impl Release {
    /// Verifies and reads the bytes of an `InRelease`.
    pub(super) fn read(
        bytes: &[u8],
        url: &str,
        mirror: &Mirror,
        now: Timestamp,
    ) -> Result<Self, DebianError> {
        let invalid = |reason: String| DebianError::NoRelease {
            url: url.to_owned(),
            suite: mirror.suite.clone(),
            reason,
        };
        let text =
            std::str::from_utf8(bytes).map_err(|_| invalid("What is there is not text.".to_owned()))?;
        if mirror.keyring == Keyring::Unsigned && !text.starts_with("-----BEGIN PGP SIGNED") {
            return Self::parse(text, url, mirror, now, invalid);
        }
        let (message, _) = CleartextSignedMessage::from_string(text).map_err(|error| {
            invalid(format!(
                "What is there is not a signed text ({error}); it may be the page of a proxy or a login."
            ))
        })?;
        if mirror.keyring != Keyring::Unsigned {
            verify(&message, &mirror.keyring.keys()?, url, mirror)?;
        }
        // What was signed, not what stands around it.
        let signed = message.signed_text().replace("\r\n", "\n");
        Self::parse(&signed, url, mirror, now, invalid)
    }

    fn parse(
        text: &str,
        url: &str,
        mirror: &Mirror,
        now: Timestamp,
        invalid: impl Fn(String) -> DebianError,
    ) -> Result<Self, DebianError> {
        let stanza = Stanzas::new(text.as_bytes(), |_| true)
            .read()
            .map_err(|error| invalid(format!("Its text cannot be read: {error}.")))?;
        let stanza = stanza.ok_or_else(|| invalid("It is empty.".to_owned()))?;
        let suites = [stanza.get("Codename"), stanza.get("Suite")];
        let is_named = !mirror.is_flat() && suites.iter().any(Option::is_some);
        if is_named
            && !suites
                .iter()
                .flatten()
                .any(|name| *name == mirror.suite || name.replace('/', "-") == mirror.suite)
        {
            let named = suites.into_iter().flatten().collect::<Vec<_>>().join(" or ");
            return Err(invalid(format!("It is of {named}.")));
        }
        if let Some(until) = stanza.get("Valid-Until").filter(|_| mirror.valid_until) {
            let limit = time(until)
                .ok_or_else(|| invalid(format!("Its `Valid-Until`, `{until}`, is not a time.")))?;
            if limit < now {
                let (url, suite) = (url.to_owned(), mirror.suite.clone());
                return Err(DebianError::Expired { url, suite, until: until.to_owned() });
            }
        }
        let names_all =
            stanza.get("Architectures").unwrap_or_default().split_whitespace().any(|name| name == "all");
        let files = stanza.get("SHA256").unwrap_or_default().lines().filter_map(file).collect();
        Ok(Self {
            date: stanza.get("Date").unwrap_or_default().to_owned(),
            files,
            by_hash: stanza.get("Acquire-By-Hash") == Some("yes"),
            reluctant: stanza.get("NotAutomatic") == Some("yes"),
            all_apart: names_all && stanza.get("No-Support-for-Architecture-all") != Some("Packages"),
        })
    }
}

/// `5f8d… 1484 main/binary-amd64/Release`
fn file(line: &str) -> Option<(String, (Digest, u64))> {
    let mut words = line.split_whitespace();
    let digest = format!("sha256:{}", words.next()?).parse().ok()?;
    let size = words.next()?.parse().ok()?;
    Some((words.next()?.to_owned(), (digest, size)))
}

/// `Sat, 06 Sep 2025 09:22:38 UTC`
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let text = text.replace("UTC", "+0000");
    DateTimeParser::new().relaxed_weekday(true).parse_timestamp(&text).ok()
}

/// One signature by a known key is enough, as for apt.
fn verify(
    message: &CleartextSignedMessage,
    keys: &[SignedPublicKey],
    url: &str,
    mirror: &Mirror,
) -> Result<(), DebianError> {
    if keys.iter().any(|key| verified_by(message, key)) {
        return Ok(());
    }
    let (url, suite) = (url.to_owned(), mirror.suite.clone());
    if message.signatures().iter().any(|signature| keys.iter().any(|key| names(signature, key))) {
        return Err(DebianError::BadSignature { url, suite });
    }
    let key = message.signatures().iter().find_map(signer);
    Err(DebianError::UnknownKey { url, suite, key, keyring: mirror.keyring.clone() })
}

/// By the key itself or by one of its subkeys that it bound to itself.
fn verified_by(message: &CleartextSignedMessage, key: &SignedPublicKey) -> bool {
    message.verify(&key.primary_key).is_ok()
        || key.public_subkeys.iter().any(|subkey| {
            subkey.verify_bindings(&key.primary_key).is_ok() && message.verify(&subkey.key).is_ok()
        })
}

fn names(signature: &Signature, key: &SignedPublicKey) -> bool {
    let ids = signature.issuer_key_id();
    let subkeys = key.public_subkeys.iter().map(|subkey| subkey.key.legacy_key_id());
    std::iter::once(key.primary_key.legacy_key_id()).chain(subkeys).any(|id| ids.contains(&&id))
}

/// The key that a signature names, as gpg prints it.
fn signer(signature: &Signature) -> Option<String> {
    let fingerprint = signature.issuer_fingerprint().first().map(|print| format!("{print:X}"));
    fingerprint.or_else(|| signature.issuer_key_id().first().map(|id| id.to_string().to_uppercase()))
}
