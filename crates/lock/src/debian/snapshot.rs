//! Where a package is that left its mirror.

use super::{LockedDeb, release::time};
use envwright_redact::SafeUrl;
use std::collections::BTreeMap;

/// The address of a locked package in a snapshot archive, at the time at which its list was made.
///
/// Sample: `<snapshot>/archive/debian-security/20260102T030405Z/pool/updates/main/o/openssl/….deb`.
pub fn snapshot(archive: &SafeUrl, deb: &LockedDeb, releases: &BTreeMap<String, String>) -> Option<SafeUrl> {
    let path = deb.url.expose().path();
    let (base, file) = path.split_at(path.find("/pool/")?);
    let name = base.rsplit('/').next().filter(|name| !name.is_empty())?;
    let of_security = |suite: &str| suite.ends_with("-security") || suite.ends_with("/updates");
    let times = releases.iter().filter(|(suite, _)| of_security(suite) == name.ends_with("-security"));
    let made = times.filter_map(|(_, date)| time(date)).max()?;
    let mut url = archive.expose().clone();
    let folder = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{folder}/archive/{name}/{}{file}", made.strftime("%Y%m%dT%H%M%SZ")));
    Some(SafeUrl::from(url))
}

#[cfg(test)]
mod tests {
    use super::*;
    use envwright_store::Digest;

    #[test]
    fn a_package_is_looked_for_at_the_time_of_its_archives_newest_list() {
        let archive = SafeUrl::parse("https://snapshot.example/root/").unwrap();
        let releases = BTreeMap::from(
            [
                ("bookworm", "Sat, 03 Jan 2026 09:00:00 UTC"),
                ("bookworm-updates", "Sun, 04 Jan 2026 10:11:12 UTC"),
                ("bookworm-security", "Mon, 05 Jan 2026 00:00:01 UTC"),
            ]
            .map(|(suite, date)| (suite.to_owned(), date.to_owned())),
        );
        let deb = |url: &str| LockedDeb {
            name: "x".to_owned(),
            version: "1".to_owned(),
            architecture: "all".to_owned(),
            url: SafeUrl::parse(url).unwrap(),
            sha256: Digest::of(b""),
            size: 0,
            requested: false,
        };
        let at = |url: &str| snapshot(&archive, &deb(url), &releases).map(|url| url.to_string());
        assert_eq!(
            at("http://mirror.example/a/debian/pool/main/x/x/x_1_all.deb").unwrap(),
            "https://snapshot.example/root/archive/debian/20260104T101112Z/pool/main/x/x/x_1_all.deb"
        );
        assert_eq!(
            at("http://mirror.example/debian-security/pool/updates/main/x/x_1_all.deb").unwrap(),
            "https://snapshot.example/root/archive/debian-security/20260105T000001Z/pool/updates/main/x/x_1_all.deb"
        );
        assert_eq!(at("http://mirror.example/flat/x_1_all.deb"), None);
    }
}
