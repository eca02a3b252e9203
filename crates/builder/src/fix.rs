//! Mechanical fixes of a definition's text.

use crate::{BuildError, attempt, request::Request, settings::Settings};
use envwright_diagnosis::{Explain as _, Finding, Source, edit};
use envwright_redact::Redactor;
use envwright_store::write_atomic;
use std::path::Path;

/// Rounds of fixing, as a fix may make room for another one.
const MOST_ROUNDS: usize = 20;

/// What was fixed, or would be.
#[derive(Debug, Clone, Default)]
pub struct Fixed {
    /// How many findings were taken away.
    pub fixes: usize,
    /// The changes as a unified diff, secrets masked.
    pub patch: String,
    /// The whole text afterwards, where the definition came as a text.
    pub text: Option<String>,
}

/// Makes the mechanical fixes of the findings of a definition, and of the files that it includes: comments and layout
/// stay. Files are written whole or not at all; one that is not UTF-8 is left as it is. With `write` false nothing is
/// written, and only the first round is told.
pub fn fix(request: &Request, settings: &Settings, write: bool) -> Result<Fixed, BuildError> {
    let mut request = request.clone();
    let mut fixed = Fixed::default();
    for _ in 0..MOST_ROUNDS {
        let (findings, redactor) = findings(&request, settings);
        let (texts, made) = edit::edited(findings.iter().filter_map(|finding| finding.fix.as_ref()));
        let mut changed = false;
        for (source, text) in texts {
            if source.text == text {
                continue;
            }
            let patch = redactor.redact(&edit::diff(&source, &text)).into_owned();
            if let crate::Input::Text { text: whole, .. } = &mut request.input
                && *whole == source.text
            {
                whole.clone_from(&text);
                fixed.text = Some(text);
            } else if write && !replaced(&source, &text)? {
                continue;
            }
            changed = true;
            fixed.patch += &patch;
        }
        if changed {
            fixed.fixes += made;
        }
        if !changed || !write {
            break;
        }
    }
    Ok(fixed)
}

/// What is wrong with the definition, whether or not it can be read, and what hides its secrets.
fn findings(request: &Request, settings: &Settings) -> (Vec<Finding>, Redactor) {
    match attempt::read(request, settings) {
        Ok(environment) => {
            let redactor = Redactor::new(attempt::secrets(&environment));
            (environment.findings, redactor)
        }
        Err(error) => (error.findings(), error.redactor()),
    }
}

/// Writes a file, if its bytes are those of the text that was read.
pub(crate) fn replaced(source: &Source, text: &str) -> Result<bool, BuildError> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let path = Path::new(&source.name);
    let bytes = fs_err::read(path)?;
    let (mark, rest) = bytes.strip_prefix(MARK).map_or((&b""[..], bytes.as_slice()), |rest| (MARK, rest));
    if rest != source.text.as_bytes() {
        return Ok(false);
    }
    let permissions = fs_err::metadata(path)?.permissions();
    // A link stays one: what it leads to is written.
    let path = fs_err::canonicalize(path)?;
    write_atomic(&path, &[mark, text.as_bytes()].concat())?;
    fs_err::set_permissions(&path, permissions)?;
    Ok(true)
}
