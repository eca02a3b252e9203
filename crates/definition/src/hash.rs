//! The digest that names what a definition means.

use crate::{
    Conda, Environment, FileCopy, FindLinks, Location, LockedFile, LockedPackage, LockedSet, MaskedText,
    Requirement,
};
use envwright_redact::SafeUrl;
use envwright_store::{Digest, canonical_json};
use serde_json::{Value, json};
use std::{borrow::Cow, os::unix::fs::PermissionsExt as _, path::Path};

impl Environment {
    /// SHA-256 of the model in canonical JSON: packages sorted, indexes in their order and without credentials,
    /// the user's files by content. Name, version, description, tags, comments and paths are left out, and so are
    /// platforms, since adding one never changes the others. Reads the user's files.
    pub fn hash(&self) -> Digest {
        Digest::of(&canonical_json(&self.meaning()))
    }

    fn meaning(&self) -> Value {
        let mut apt: Vec<&str> = self.apt.iter().map(|package| package.value.as_str()).collect();
        apt.sort_unstable();
        apt.dedup();
        let mut meaning = json!({
            "base": self.base_meaning(),
            "python": self.python.as_ref().map(|python| python.text.as_str()),
            "requires_python": self.requires_python.as_ref().map(|python| python.value.as_str()),
            "requirements": requirements(&self.requirements),
            "constraints": requirements(&self.constraints),
            "require_hashes": self.require_hashes,
            "index": self.indexes.index,
            "extra_indexes": self.indexes.extra,
            "find_links": self.indexes.find_links.iter().map(find_links).collect::<Vec<_>>(),
            "no_index": self.indexes.no_index,
            "prerelease": self.indexes.prerelease,
            "apt": apt,
            "env": self.env,
            "files": files(&self.files),
            "user": self.user,
            "workdir": self.workdir,
            "cmd": self.cmd,
        });
        // What came later has no place where it is not asked for, so that it changes no other definition's hash.
        if self.compile {
            meaning["compile"] = json!(true);
        }
        if let Some(conda) = &self.conda {
            meaning["conda"] = conda_meaning(conda);
        }
        if let Some(locked) = &self.locked {
            let mut sets: Vec<&LockedSet> = locked.sets.iter().collect();
            sets.sort_by_key(|set| (&set.environment, &set.platform));
            meaning["locked"] = sets.into_iter().map(set).collect();
        }
        if let Some(build) = &self.build {
            meaning["build"] = json!([
                build
                    .path
                    .as_ref()
                    .map(MaskedText::expose)
                    .filter(|path| path.contains("://"))
                    .map(without_login),
                build.instructions.iter().map(|one| (&one.name, &one.arguments)).collect::<Vec<_>>(),
                build.directives,
            ]);
        }
        if !self.unbuilt.is_empty() {
            let mut lines: Vec<String> =
                self.unbuilt.iter().map(|line| without_login(line.value.expose())).collect();
            lines.sort_unstable();
            meaning["unbuilt"] = json!(lines);
        }
        if let Some(cuda) = &self.azure.cuda {
            meaning["cuda"] = json!(cuda);
        }
        if self.azure.user_managed {
            meaning["user_managed"] = json!(true);
        }
        meaning
    }

    /// Images on disk are named by kind alone: the lock holds their digest.
    fn base_meaning(&self) -> String {
        match &self.base {
            crate::Base::OciLayout(_) => "oci".to_owned(),
            crate::Base::DockerArchive(_) => "docker-archive".to_owned(),
            base => base.to_string(),
        }
    }
}

/// Channels in their order, packages sorted: which of them stands first has no meaning.
fn conda_meaning(conda: &Conda) -> Value {
    let mut specs: Vec<(&str, Option<&str>)> =
        conda.specs.iter().map(|spec| (spec.canonical.as_str(), spec.selector)).collect();
    specs.sort_unstable();
    specs.dedup();
    let channels: Vec<String> =
        conda.channels.iter().map(|channel| without_login(channel.value.expose())).collect();
    let mut platforms: Vec<&str> = conda.platforms.iter().map(|platform| platform.value.as_str()).collect();
    platforms.sort_unstable();
    json!({ "channels": channels, "specs": specs, "platforms": platforms })
}

/// A set of exact packages; where each came from and its digest are all that counts.
fn set(set: &LockedSet) -> Value {
    let file = |file: &LockedFile| match &file.location {
        Location::Url(url) => json!([url.without_credentials().expose().as_str(), file.sha256, file.md5]),
        Location::Path(path) => json!([path, file.sha256, file.md5]),
    };
    let package = |package: &LockedPackage| {
        let files: Vec<Value> = package.files.iter().map(file).collect();
        let name = package.name.to_lowercase();
        json!([name, files, package.marker, package.category]).to_string()
    };
    let mut packages: Vec<String> = set.packages.iter().map(package).collect();
    packages.sort_unstable();
    json!({ "environment": set.environment, "platform": set.platform, "packages": packages })
}

/// A text, without the credentials where it is a URL or ends in one. Sample: `git+https://me:token@host.example/a.git`.
pub(crate) fn without_login(text: &str) -> String {
    let text = match channel_token(text) {
        Some(token) => Cow::Owned(text.replacen(&format!("/t/{token}"), "", 1)),
        None => Cow::Borrowed(text),
    };
    let start = text.find("://").map(|at| text[..at].rfind(char::is_whitespace).map_or(0, |space| space + 1));
    let Some(start) = start else { return text.into_owned() };
    match SafeUrl::parse(&text[start..]) {
        Ok(url) => format!("{}{}", &text[..start], url.without_credentials().expose()),
        Err(_) => text.into_owned(),
    }
}

/// The token in a channel's URL, as conda and its servers have it in the path: `/t/<token>/`.
pub(crate) fn channel_token(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("://")?;
    let (_, rest) = rest.split_once("/t/")?;
    let token = rest.split(['/', '?', '#', ' ']).next()?;
    (token.len() > 1 && token.len() < rest.len()).then_some(token)
}

/// Whether the URL that a text is, or ends in, has a login that is taken out.
pub(crate) fn has_login(text: &str) -> bool {
    let words = text.split_whitespace().filter(|word| word.contains("://"));
    channel_token(text).is_some()
        || words.filter_map(|word| SafeUrl::parse(word).ok()).any(|url| {
            // `git@host` is no secret, and who logs in by SSH has to be named.
            url.credentials().is_some_and(|(user, password)| password.is_some() || user != "git")
        })
}

/// Sorted, and without credentials, so that a changed password is no changed definition.
fn requirements(requirements: &[Requirement]) -> Vec<Value> {
    let mut all: Vec<(String, &[String])> =
        requirements.iter().map(|one| (without_credentials(&one.text), one.hashes.as_slice())).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter().map(|(text, hashes)| json!([text, hashes])).collect()
}

/// Sample: `six @ https://user:password@mirror.example/six-1.0-py3-none-any.whl ; python_version > "3"`.
fn without_credentials(text: &str) -> String {
    let Some((name, rest)) = text.split_once(" @ ") else { return text.to_owned() };
    let (url, marker) = rest.split_once(" ; ").map_or((rest, ""), |(url, marker)| (url, marker));
    let Ok(parsed) = SafeUrl::parse(url) else { return text.to_owned() };
    let file = if parsed.expose().scheme() == "file" {
        wheel_content(parsed.expose().path())
    } else {
        parsed.without_credentials().expose().to_string()
    };
    format!("{name} @ {file} ; {marker}")
}

/// A local wheel counts by content; one that cannot be read, by its name (the solve says what is wrong with it).
fn wheel_content(path: &str) -> String {
    let path = Path::new(path);
    fs_err::read(path).map_or_else(
        |_| path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        |bytes| Digest::of(&bytes).to_string(),
    )
}

/// A local folder counts by the names in it.
fn find_links(place: &FindLinks) -> Value {
    match place {
        FindLinks::Url(url) => json!(url),
        FindLinks::Path(path) => {
            let mut names: Vec<String> = fs_err::read_dir(path)
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .collect();
            names.sort_unstable();
            json!({ "folder": names })
        }
    }
}

fn files(copies: &[FileCopy]) -> Vec<Value> {
    copies
        .iter()
        .map(|copy| match copy.entries() {
            Ok(entries) => entries.iter().map(|(from, to)| json!([to, content(from)])).collect(),
            // The build itself says what cannot be read; until then the files are as good as changed.
            Err(error) => json!({ "unreadable": error.kind().to_string() }),
        })
        .collect()
}

fn content(path: &Path) -> Value {
    let Ok(metadata) = fs_err::symlink_metadata(path) else { return Value::Null };
    if metadata.is_symlink() {
        return json!({ "link": fs_err::read_link(path).ok().map(|target| target.display().to_string()) });
    }
    if metadata.is_dir() {
        return json!("folder");
    }
    let digest = fs_err::read(path).ok().map(|bytes| Digest::of(&bytes));
    json!({ "digest": digest, "executable": metadata.permissions().mode() & 0o111 != 0 })
}
