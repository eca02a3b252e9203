//! The image that packages are put on.

use super::Subject;
use crate::Base;
use envwright_diagnosis::{Finding, Fix, Severity, Span};

/// Azure ML's images that are not kept up any more, by what their names begin with or hold below its registry's folder.
const DEPRECATED: [&str; 8] =
    ["base", "base-gpu", "base-lite", "intelmpi", "o16n-base", "ubuntu16.04", "ubuntu18.04", "pytorch-1.0"];

pub(super) fn findings(subject: &Subject<'_>) -> Vec<Finding> {
    let environment = subject.environment;
    let (Base::Registry(image), Some(span)) = (&environment.base, &environment.base_span) else {
        return Vec::new();
    };
    if let Some(finding) = misspelled(image, span) {
        return vec![finding];
    }
    deprecated(image, span).into_iter().chain(unpinned(image, span)).collect()
}

/// Names that no registry can have (OCI distribution specification, "Pulling manifests").
fn misspelled(image: &str, span: &Span) -> Option<Finding> {
    let reason = if image.contains("://") {
        "the name begins with a scheme, which belongs to URLs"
    } else if image.contains('\\') {
        "the name has a backslash"
    } else if image.contains("//") {
        "the name has an empty part between two slashes"
    } else if image.contains(char::is_whitespace) {
        "the name has white space in it"
    } else if repository(image).chars().any(|c| c.is_ascii_uppercase()) {
        "the name of the repository has upper case letters"
    } else {
        return None;
    };
    let finding =
        Finding::new("definition-image-name").fact("image", image).fact("reason", reason).at(span, reason);
    let written = span.text();
    let meant = repaired(image);
    // The value may stand in quotes, or be spelled with escapes.
    Some(match written.find(image).filter(|_| meant != image) {
        Some(at) => {
            let start = span.range().start + at;
            let place = Span::new(span.source(), start..start + image.len());
            finding.fix(Fix::new(format!("Write `{meant}`"), place, meant))
        }
        None => finding,
    })
}

/// The part between the registry's host and the tag or digest.
fn repository(image: &str) -> &str {
    let (_, path) = host_and_path(image);
    let path = path.split('@').next().unwrap_or_default();
    path.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).map_or(path, |(path, _)| path)
}

/// A first part is a host where it has a dot or a port, or is `localhost`.
fn host_and_path(image: &str) -> (&str, &str) {
    match image.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path),
        _ => ("", image),
    }
}

fn repaired(image: &str) -> String {
    let mut name = image.split_once("://").map_or(image, |(_, rest)| rest).replace('\\', "/");
    while name.contains("//") {
        name = name.replace("//", "/");
    }
    let name: String = name.chars().filter(|c| !c.is_whitespace()).collect();
    let own = repository(&name).to_owned();
    name.replacen(&own, &own.to_ascii_lowercase(), 1)
}

fn deprecated(image: &str, span: &Span) -> Option<Finding> {
    let (_, path) = host_and_path(image);
    let name = path.strip_prefix("azureml/")?.split([':', '@']).next()?;
    let old = DEPRECATED.iter().find(|old| {
        name == **old || name.contains('-') && name.contains(**old) && !old.starts_with("base")
    })?;
    let finding = Finding::new("definition-base-image-deprecated").severity(Severity::Warning);
    Some(finding.fact("image", image).at(span, format!("`{old}` is not kept up any more")))
}

fn unpinned(image: &str, span: &Span) -> Option<Finding> {
    let (_, path) = host_and_path(image);
    let has_digest = path.contains('@');
    let tag = path.rsplit_once(':').map(|(_, tag)| tag);
    let (severity, label) = match tag {
        _ if has_digest => return None,
        None => (Severity::Warning, "neither tag nor digest"),
        Some("latest") => (Severity::Note, "`latest` is another image each time"),
        Some(_) => return None,
    };
    Some(Finding::new("definition-image-unpinned").severity(severity).fact("image", image).at(span, label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_and_repaired() {
        for (image, own, meant) in [
            ("Team/App:V1", "Team/App", "team/app:V1"),
            ("Registry.example:5000/Team/app", "Team/app", "Registry.example:5000/team/app"),
            ("registry.example//team\\app", "/team\\app", "registry.example/team/app"),
            ("https://registry.example/a:1", "/registry.example/a", "registry.example/a:1"),
            ("a/b@sha256:00", "a/b", "a/b@sha256:00"),
        ] {
            assert_eq!((repository(image), repaired(image).as_str()), (own, meant), "{image}");
        }
    }
}
