//! Other places of what is below an address.

use envwright_redact::SafeUrl;
use std::collections::BTreeMap;

/// Addresses, and the mirrors that have the same paths below them. What a mirror names is taken for what the address
/// itself has, so that a lock that was made from a mirror holds everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mirrors(Vec<Mirrored>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Mirrored {
    of: SafeUrl,
    at: Vec<SafeUrl>,
}

impl Mirrors {
    /// By address, the mirrors that are asked before it, in order.
    pub fn new(mirrors: BTreeMap<SafeUrl, Vec<SafeUrl>>) -> Self {
        let mut all: Vec<Mirrored> = mirrors.into_iter().map(|(of, at)| Mirrored { of, at }).collect();
        // The address that says more is looked at first.
        all.sort_by_key(|mirrored| std::cmp::Reverse(mirrored.of.expose().path().len()));
        Self(all)
    }

    /// All places of what an address names, in the order in which they are asked: its mirrors, then itself.
    pub(crate) fn places(&self, url: &SafeUrl) -> Vec<SafeUrl> {
        let Some(found) = self.find(url) else { return vec![url.clone()] };
        let own = if found.of_mirror { below(&found.mirrored.of, &found.path, None) } else { url.clone() };
        let query = url.expose().query().filter(|_| !found.of_mirror);
        let mirrors = found.mirrored.at.iter().map(|place| below(place, &found.path, query));
        mirrors.chain([own]).collect()
    }

    /// The address that stands for all places of what an address names.
    pub fn origin(&self, url: &SafeUrl) -> SafeUrl {
        match self.find(url) {
            Some(found) if found.of_mirror => {
                below(&found.mirrored.of, &found.path, None).without_credentials()
            }
            _ => url.clone(),
        }
    }

    fn find(&self, url: &SafeUrl) -> Option<Found<'_>> {
        let own = self.0.iter().find_map(|mirrored| {
            let path = path_below(&mirrored.of, url)?;
            Some(Found { mirrored, path, of_mirror: false })
        });
        let at_mirror = || {
            self.0.iter().find_map(|mirrored| {
                let path = mirrored.at.iter().find_map(|place| path_below(place, url))?;
                Some(Found { mirrored, path, of_mirror: true })
            })
        };
        own.or_else(at_mirror)
    }
}

/// Where an address was found.
struct Found<'m> {
    mirrored: &'m Mirrored,
    /// What follows the place.
    path: String,
    of_mirror: bool,
}

/// The path of `url` below `place`; `None` where it is elsewhere. User, password and query play no part.
pub(crate) fn path_below(place: &SafeUrl, url: &SafeUrl) -> Option<String> {
    let (place, url) = (place.expose(), url.expose());
    let same = place.scheme() == url.scheme()
        && place.host_str() == url.host_str()
        && place.port_or_known_default() == url.port_or_known_default();
    let rest = url.path().strip_prefix(place.path().trim_end_matches('/'))?;
    (same && (rest.is_empty() || rest.starts_with('/'))).then(|| rest.trim_start_matches('/').to_owned())
}

/// A path below a place, with the place's own credentials and query, such as a signature, and a further query.
fn below(place: &SafeUrl, path: &str, query: Option<&str>) -> SafeUrl {
    let mut joined = place.below(path).expose().clone();
    let queries: Vec<&str> = place.expose().query().into_iter().chain(query).collect();
    joined.set_query((!queries.is_empty()).then(|| queries.join("&")).as_deref());
    SafeUrl::from(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> SafeUrl {
        SafeUrl::parse(text).unwrap()
    }

    fn mirrors(of: &str, at: &[&str]) -> Mirrors {
        Mirrors::new([(url(of), at.iter().map(|place| url(place)).collect())].into())
    }

    fn texts(urls: &[SafeUrl]) -> Vec<&str> {
        urls.iter().map(|url| url.expose().as_str()).collect()
    }

    #[test]
    fn mirrors_come_first_and_keep_what_opens_them() {
        let mirrors = mirrors(
            "https://a.example/simple",
            &["https://me:secret@b.example/x/", "https://c.example/y?sig=abc", "file:///srv/z"],
        );
        assert_eq!(
            texts(&mirrors.places(&url("https://a.example/simple/numpy/"))),
            [
                "https://me:secret@b.example/x/numpy/",
                "https://c.example/y/numpy/?sig=abc",
                "file:///srv/z/numpy/",
                "https://a.example/simple/numpy/",
            ]
        );
        for elsewhere in
            ["https://a.example/simpler", "http://a.example/simple/x", "https://a.example:1/simple"]
        {
            assert_eq!(texts(&mirrors.places(&url(elsewhere))), [elsewhere]);
        }
    }

    #[test]
    fn what_a_mirror_names_is_the_addresss_own() {
        let mirrors = mirrors("https://a.example/", &["https://b.example/x?sig=abc", "file:///srv/z"]);
        for place in
            ["https://b.example/x/f/n.whl?sig=abc", "file:///srv/z/f/n.whl", "https://a.example/f/n.whl"]
        {
            assert_eq!(mirrors.origin(&url(place)).expose().as_str(), "https://a.example/f/n.whl");
            let places = mirrors.places(&url(place));
            assert_eq!(places.first().unwrap().expose().path(), "/x/f/n.whl", "{place}");
            assert_eq!(places.last().unwrap().expose().host_str(), Some("a.example"), "{place}");
        }
    }

    #[test]
    fn of_two_addresses_the_longer_counts() {
        let both =
            [("https://a.example/", "https://all.example"), ("https://a.example/x", "https://x.example")];
        let mirrors = Mirrors::new(both.map(|(of, at)| (url(of), vec![url(at)])).into());
        assert_eq!(mirrors.places(&url("https://a.example/x/1"))[0].host(), Some("x.example"));
        assert_eq!(mirrors.places(&url("https://a.example/y/1"))[0].host(), Some("all.example"));
    }
}
