//! Names of channels and the addresses that they stand for (conda's manual, "Managing channels").

use super::CondaError;
use envwright_diagnosis::Span;
use envwright_redact::SafeUrl;
use rattler_conda_types::ChannelConfig;
use std::{collections::BTreeMap, path::Path};

/// What conda takes for `defaults` on Linux.
const DEFAULTS: [&str; 2] = ["https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r"];
/// The name of those together.
const DEFAULTS_NAME: &str = "defaults";

/// How names of channels become addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Channels {
    /// What plain names are below; conda's own server where none is given.
    pub alias: Option<SafeUrl>,
    /// What `defaults` stands for; Anaconda's where empty.
    pub defaults: Vec<String>,
    /// Names with addresses of their own.
    pub custom: BTreeMap<String, SafeUrl>,
}

/// A channel, or several that count as one.
#[derive(Debug, Clone)]
pub struct Channel {
    /// As it is written, without credentials.
    pub name: String,
    /// The addresses, which may hold credentials; several for `defaults`.
    pub urls: Vec<SafeUrl>,
    /// Where it is written.
    pub span: Option<Span>,
}

impl Channels {
    /// The channel that a text of a definition means; folders are relative to `folder`. `None` for `nodefaults`, which
    /// means none.
    pub fn resolve(
        &self,
        text: &str,
        folder: &Path,
        span: Option<&Span>,
    ) -> Result<Option<Channel>, CondaError> {
        let text = text.trim();
        if text == "nodefaults" {
            return Ok(None);
        }
        let urls = if text == DEFAULTS_NAME {
            let own: Vec<&str> =
                self.defaults.iter().map(String::as_str).filter(|one| *one != text).collect();
            let named = if own.is_empty() { DEFAULTS.to_vec() } else { own };
            named.into_iter().map(|one| self.address(one, folder, span)).collect::<Result<_, _>>()?
        } else {
            vec![self.address(text, folder, span)?]
        };
        let plain = urls.first().filter(|_| text.contains("://"));
        let name = plain.map_or_else(
            || text.to_owned(),
            |url: &SafeUrl| plain_url(url).to_string().trim_end_matches('/').to_owned(),
        );
        Ok(Some(Channel { name, urls, span: span.cloned() }))
    }

    fn address(&self, text: &str, folder: &Path, span: Option<&Span>) -> Result<SafeUrl, CondaError> {
        let wrong = |reason: String| CondaError::Channel {
            text: envwright_redact::Redactor::default().redact(text).into_owned(),
            reason,
            span: span.cloned(),
        };
        if text == "local" {
            return Err(wrong("it is the folder of conda-build on one machine".to_owned()));
        }
        let (first, rest) = text.split_once('/').unwrap_or((text, ""));
        if let Some(custom) = self.custom.get(text) {
            return Ok(custom.clone());
        }
        if let Some(custom) = self.custom.get(first) {
            return Ok(custom.below(rest));
        }
        let mut config = ChannelConfig::default_with_root_dir(folder.to_owned());
        if let Some(alias) = &self.alias {
            config.channel_alias = alias.below("").expose().clone();
        }
        // Which platforms a channel has is seen at the channel.
        let plain = text.split_once('[').map_or(text, |(plain, _)| plain);
        let channel = rattler_conda_types::Channel::from_str(plain, &config)
            .map_err(|error| wrong(error.to_string()))?;
        let mut url = channel.base_url.url().as_ref().clone();
        // Some write the folder of one platform.
        let platform = |part: &&str| *part == "noarch" || part.parse::<rattler_conda_types::Subdir>().is_ok();
        let last = url.path().trim_end_matches('/').rsplit('/').next().filter(platform).map(str::len);
        if let Some(length) = last {
            let path = url.path().trim_end_matches('/');
            let path = path[..path.len() - length].to_owned();
            url.set_path(&path);
        }
        Ok(SafeUrl::from(url))
    }
}

/// The address of a channel without what opens it: user and password, and the token in conda's `/t/<token>/`.
pub(super) fn plain_url(url: &SafeUrl) -> SafeUrl {
    let mut plain = url.without_credentials().expose().clone();
    if let Some((_, rest)) = token(plain.path()) {
        let path = format!("/{rest}");
        plain.set_path(&path);
    }
    SafeUrl::from(plain)
}

/// A token of conda's in a path, and what follows it.
fn token(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix("/t/")?;
    let (token, rest) = rest.split_once('/')?;
    (!token.is_empty()).then_some((token, rest))
}

impl Channel {
    /// Its addresses without credentials.
    pub fn plain(&self) -> impl Iterator<Item = SafeUrl> {
        self.urls.iter().map(plain_url)
    }

    /// What opens an address of one of these channels, given back to it.
    pub fn opened(channels: &[Self], url: &SafeUrl) -> SafeUrl {
        let of = channels.iter().flat_map(|channel| &channel.urls);
        let opened = of.filter_map(|channel| {
            let plain = plain_url(channel);
            let below = url.expose().as_str().strip_prefix(plain.below("").expose().as_str())?.to_owned();
            Some(channel.below(&below))
        });
        opened.into_iter().next().unwrap_or_else(|| url.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(channels: &Channels, text: &str) -> Vec<String> {
        let channel = channels.resolve(text, Path::new("/srv"), None).unwrap();
        channel.into_iter().flat_map(|channel| channel.urls).map(|url| url.expose().to_string()).collect()
    }

    #[test]
    fn names_are_below_the_alias_and_defaults_are_several() {
        let mut channels =
            Channels { alias: SafeUrl::parse("https://mirror.example/conda").ok(), ..Channels::default() };
        assert_eq!(resolve(&channels, "conda-forge"), ["https://mirror.example/conda/conda-forge/"]);
        assert_eq!(resolve(&channels, "a/label/dev"), ["https://mirror.example/conda/a/label/dev/"]);
        assert_eq!(resolve(&channels, "https://b.example/x/linux-64"), ["https://b.example/x/"]);
        assert_eq!(
            resolve(&channels, "conda-forge[linux-64]"),
            ["https://mirror.example/conda/conda-forge/"]
        );
        assert_eq!(resolve(&channels, "./channel"), ["file:///srv/channel/"]);
        assert_eq!(resolve(&channels, "nodefaults"), Vec::<String>::new());
        assert_eq!(resolve(&channels, "defaults").len(), 2);
        channels.defaults = vec!["main".to_owned(), "https://c.example/r".to_owned()];
        assert_eq!(
            resolve(&channels, "defaults"),
            ["https://mirror.example/conda/main/", "https://c.example/r/"]
        );
        channels.custom = [("team".to_owned(), SafeUrl::parse("https://d.example/t").unwrap())].into();
        assert_eq!(resolve(&channels, "team"), ["https://d.example/t"]);
        assert_eq!(resolve(&channels, "team/x"), ["https://d.example/t/x"]);
    }

    #[test]
    fn what_opens_a_channel_stays_out_of_its_name_and_comes_back_for_its_files() {
        let channels = Channels::default();
        let text = "https://me:secret@a.example/t/tk-123/private";
        let channel = channels.resolve(text, Path::new("/"), None).unwrap().unwrap();
        assert_eq!(channel.name, "https://a.example/private");
        let file = SafeUrl::parse("https://a.example/private/linux-64/x-1-0.conda").unwrap();
        let opened = Channel::opened(std::slice::from_ref(&channel), &file);
        assert_eq!(
            opened.expose().as_str(),
            "https://me:secret@a.example/t/tk-123/private/linux-64/x-1-0.conda"
        );
        let other = SafeUrl::parse("https://a.example/privates/x").unwrap();
        assert_eq!(Channel::opened(&[channel], &other).expose(), other.expose());
    }

    #[test]
    fn what_is_no_channel_is_told() {
        for text in ["local", "a:b", "a\\b", "https://"] {
            let error = Channels::default().resolve(text, Path::new("/"), None).unwrap_err();
            assert!(matches!(error, CondaError::Channel { .. }), "{text}");
        }
    }
}
