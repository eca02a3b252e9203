//! Names of images (distribution, reference grammar).

use crate::ImageError;
use envwright_store::Digest;
use std::{fmt, str::FromStr};

/// A repository with a tag, such as `quickstart:latest` or `registry.example/team/image:1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageReference {
    domain: Option<String>,
    path: String,
    tag: String,
}

/// Longest repository that registries accept, without their own name (`RepositoryNameTotalLengthMax`).
const LONGEST: usize = 255;
/// Where docker puts what has no folder.
const LIBRARY: &str = "library/";

impl ImageReference {
    /// A valid name that is near to any text, such as the name of a folder.
    pub fn suggested(name: &str, tag: Option<&str>) -> Self {
        let mut path = String::new();
        for character in name.chars().flat_map(char::to_lowercase) {
            match character {
                'a'..='z' | '0'..='9' => path.push(character),
                _ if !path.is_empty() && !path.ends_with('-') => path.push('-'),
                _ => {}
            }
        }
        path.truncate(128);
        let path = path.trim_end_matches('-').to_owned();
        let path = if path.is_empty() { "environment".to_owned() } else { path };
        let tag = tag.filter(|tag| is_tag(tag)).unwrap_or("latest").to_owned();
        Self { domain: None, path, tag }
    }

    /// The repository without its tag, as it was written.
    pub fn repository(&self) -> String {
        match &self.domain {
            Some(domain) => format!("{domain}/{}", self.path),
            None => self.path.clone(),
        }
    }

    /// The tag.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The name with the registry and folder that docker puts before short ones.
    pub fn full(&self) -> String {
        match &self.domain {
            Some(domain) => format!("{domain}/{}:{}", self.path, self.tag),
            None if self.path.contains('/') => format!("docker.io/{}:{}", self.path, self.tag),
            None => format!("docker.io/{LIBRARY}{}:{}", self.path, self.tag),
        }
    }
}

impl ImageReference {
    /// The registry, and the repository there.
    pub(crate) fn place(&self) -> (String, String) {
        let full = self.full();
        let (registry, rest) = full.split_once('/').unwrap_or(("", &full));
        let repository = rest.rsplit_once(':').map_or(rest, |(repository, _)| repository);
        (registry.to_owned(), repository.to_owned())
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.repository(), self.tag)
    }
}

impl FromStr for ImageReference {
    type Err = ImageError;

    fn from_str(text: &str) -> Result<Self, ImageError> {
        let wrong = |reason: &str| ImageError::Name { name: text.to_owned(), reason: reason.to_owned() };
        let (rest, tag) = match text.rsplit_once(':') {
            Some((rest, tag)) if !tag.contains('/') => (rest, tag),
            _ => (text, "latest"),
        };
        if text.contains('@') {
            return Err(wrong("an image cannot be given a digest as its name"));
        }
        if !is_tag(tag) {
            return Err(wrong(
                "a tag has letters, digits, `_`, `.` and `-`, at most 128, and starts with no `.` or `-`",
            ));
        }
        let (domain, path) = match rest.split_once('/') {
            Some((first, path)) if first.contains(['.', ':']) || first == "localhost" => (Some(first), path),
            _ => (None, rest),
        };
        if domain.is_some_and(|domain| !is_domain(domain)) {
            return Err(wrong("the registry's name is no host, with or without a port"));
        }
        let folder = if domain.is_none() && !path.contains('/') { LIBRARY.len() } else { 0 };
        if folder + path.len() > LONGEST {
            return Err(wrong("it is longer than 255 characters"));
        }
        if rest.chars().any(|character| character.is_ascii_uppercase()) && domain.is_none() {
            return Err(wrong("a repository has no capital letters"));
        }
        if !path.split('/').all(is_component) {
            return Err(wrong(
                "a repository has lower-case letters, digits, and between them `.`, `_`, `__` or `-`",
            ));
        }
        Ok(Self { domain: domain.map(str::to_owned), path: path.to_owned(), tag: tag.to_owned() })
    }
}

/// A name that is not valid as it was probably meant: in lower case, with single slashes.
pub(crate) fn mended(name: &str) -> Option<String> {
    let slashes = name.replace('\\', "/");
    let parts: Vec<&str> = slashes.split('/').filter(|part| !part.is_empty()).collect();
    let joined = parts.join("/");
    let (repository, tag) = match joined.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository.to_lowercase(), Some(tag)),
        _ => (joined.to_lowercase(), None),
    };
    let mended = tag.map_or_else(|| repository.clone(), |tag| format!("{repository}:{tag}"));
    mended.parse::<ImageReference>().ok().map(|_| mended)
}

/// An image as it is asked for at a registry: by its tag, or by the digest of its manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteImage {
    name: ImageReference,
    digest: Option<Digest>,
}

impl RemoteImage {
    /// Its name.
    pub fn name(&self) -> &ImageReference {
        &self.name
    }

    /// The digest where there is one, else the tag.
    pub fn wanted(&self) -> String {
        self.digest.map_or_else(|| self.name.tag().to_owned(), |digest| digest.to_string())
    }

    /// What it is called where names have tags: `latest` would say too much of what was asked for by its digest.
    pub fn local_name(&self) -> ImageReference {
        match self.digest {
            Some(digest) if self.name.tag == "latest" => {
                ImageReference { tag: format!("sha256-{}", &digest.hex()[..12]), ..self.name.clone() }
            }
            _ => self.name.clone(),
        }
    }
}

impl FromStr for RemoteImage {
    type Err = ImageError;

    fn from_str(text: &str) -> Result<Self, ImageError> {
        let Some((name, digest)) = text.split_once('@') else {
            return Ok(Self { name: text.parse()?, digest: None });
        };
        let wrong = |_| ImageError::Name {
            name: text.to_owned(),
            reason: "what follows `@` is no digest (`sha256:` and 64 hexadecimal digits)".to_owned(),
        };
        Ok(Self { name: name.parse()?, digest: Some(digest.parse().map_err(wrong)?) })
    }
}

fn is_tag(tag: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let first = tag.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    first && tag.len() <= 128 && tag.bytes().all(rest)
}

fn is_domain(domain: &str) -> bool {
    let (host, port) = domain.split_once(':').map_or((domain, None), |(host, port)| (host, Some(port)));
    let is_label = |label: &str| {
        let ends = [label.bytes().next(), label.bytes().last()];
        ends.iter().all(|end| end.is_some_and(|byte| byte.is_ascii_alphanumeric()))
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    // `parse` alone would take a sign.
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    host.split('.').all(is_label) && port.is_none_or(is_port)
}

fn is_component(part: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = part.bytes().next().is_some_and(word) && part.bytes().last().is_some_and(word);
    let runs = part.split(|character: char| character.is_ascii_lowercase() || character.is_ascii_digit());
    ends && runs
        .filter(|run| !run.is_empty())
        .all(|run| matches!(run, "." | "_" | "__") || run.bytes().all(|b| b == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_read_as_docker_reads_them() {
        let of = |text: &str| text.parse::<ImageReference>().map(|name| (name.to_string(), name.full())).ok();
        let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(of("quickstart"), pair("quickstart:latest", "docker.io/library/quickstart:latest"));
        assert_eq!(of("team/x:1.0"), pair("team/x:1.0", "docker.io/team/x:1.0"));
        assert_eq!(of("localhost:5000/x"), pair("localhost:5000/x:latest", "localhost:5000/x:latest"));
        for bad in
            ["", "UPPER", "a//b", "-a", "a-", "a:b c", "a:.x", "a..b", "a___b", "x@sha256:00", "a b", "a:"]
        {
            assert_eq!(of(bad), None, "{bad}");
        }
    }

    #[test]
    fn each_invalid_name_has_its_reason() {
        let long = format!("{}/b", "a".repeat(254));
        // Docker puts `library/` before it.
        let short = "a".repeat(248);
        let cases = [
            ("x@sha256:00", "digest"),
            ("a:", "a tag has"),
            ("a:.x", "a tag has"),
            ("a:-x", "a tag has"),
            ("a:b c", "a tag has"),
            ("a..b/x", "is no host"),
            ("-a.example/x", "is no host"),
            ("host.example:+80/x", "is no host"),
            ("host.example:/x", "is no host"),
            ("host.example:65536/x", "is no host"),
            ("host_x.example/x", "is no host"),
            (&long, "255"),
            (&short, "255"),
            ("UPPER", "capital"),
            ("Team/x", "capital"),
            ("host.example/UPPER", "lower-case"),
            ("", "lower-case"),
            ("a//b", "lower-case"),
            ("/a", "lower-case"),
            ("a/", "lower-case"),
            ("host.example/", "lower-case"),
            ("a b", "lower-case"),
            ("é", "lower-case"),
            ("a._b", "lower-case"),
        ];
        for (name, words) in cases {
            match name.parse::<ImageReference>() {
                Err(ImageError::Name { name: told, reason }) => {
                    assert_eq!(told, name);
                    assert!(reason.contains(words), "{name}: {reason}");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_long_suggestion_does_not_end_in_a_dash() {
        let name = ImageReference::suggested(&format!("{} b", "a".repeat(127)), None);
        assert_eq!(name.to_string(), format!("{}:latest", "a".repeat(127)));
        assert!(name.to_string().parse::<ImageReference>().is_ok());
    }

    /// Docker's grammar (distribution, reference.go), without digests and IPv6 hosts.
    const DOMAIN: &str = r"([a-zA-Z0-9]([a-zA-Z0-9-]{0,5}[a-zA-Z0-9])?\.){1,2}[a-z]{2,4}(:[1-9][0-9]{0,3})?";
    const PATH: &str =
        r"[a-z0-9]{1,8}((_|__|-{1,3})[a-z0-9]{1,4}){0,2}(/[a-z0-9]{1,8}(\.[a-z0-9]{1,3})?){0,2}";
    const TAG: &str = r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,12}";

    proptest! {
        #[test]
        fn a_printed_name_is_read_back(
            domain in proptest::option::of(DOMAIN),
            path in PATH,
            tag in proptest::option::of(TAG),
        ) {
            let mut text = domain.clone().map(|domain| format!("{domain}/")).unwrap_or_default();
            text.push_str(&path);
            text.extend(tag.as_ref().map(|tag| format!(":{tag}")));
            let name: ImageReference = text.parse().unwrap();
            prop_assert_eq!(name.tag(), tag.as_deref().unwrap_or("latest"));
            let repository = domain.map_or(path.clone(), |domain| format!("{domain}/{path}"));
            prop_assert_eq!(name.repository(), repository);
            prop_assert_eq!(name.to_string().parse::<ImageReference>().unwrap(), name);
        }

        #[test]
        fn what_is_read_prints_to_what_reads_the_same(text in "[a-zA-Z0-9./:_@-]{0,20}") {
            if let Ok(name) = text.parse::<ImageReference>() {
                prop_assert_eq!(&name.to_string().parse::<ImageReference>().unwrap(), &name);
                let full = name.full().parse::<ImageReference>().unwrap();
                prop_assert_eq!(full.full(), name.full());
            }
        }

        #[test]
        fn a_suggested_name_is_valid(name in ".{0,40}", tag in ".{0,10}") {
            let name = ImageReference::suggested(&name, Some(&tag));
            prop_assert_eq!(name.to_string().parse::<ImageReference>().unwrap(), name);
        }
    }
}
