//! Credentials of package indexes and of Debian's mirrors, and of the proxies on the way to them.

use super::canary::{CANARY, Search, USER, basic, percent};
use crate::support::{
    Envwright,
    base::BOOKWORM,
    index::Index,
    server::Answer,
    tunnel::Tunnel,
    wheel::{Wheel, wheel},
};

const GOOD: [&[&str]; 4] =
    [&["lock"], &["build", "-v", "-o", "oci:out"], &["build", "--json"], &["check", "--json"]];
const BAD: [&[&str]; 4] = [&["lock", "-v"], &["build", "-v"], &["build", "--json"], &["check"]];
const REQUIREMENTS: &str = "requirements.txt";

/// Addresses of one index: without credentials, and with them.
struct At {
    plain: String,
    secret: String,
    /// Of the wheel, with credentials.
    file: String,
}

fn requests() -> Wheel {
    wheel("requests", "2.31.0").requires("idna")
}

/// Where the credentials are put: what is done to a home, and in which file of it they then are.
type Put = fn(Envwright, &At) -> (Envwright, Option<&'static str>);

/// The definition asks for one package, with a line before.
fn asking(envwright: Envwright, line: &str) -> Envwright {
    envwright.on_base(&BOOKWORM, &format!("{line}\nrequests\n"))
}

/// Goes the way once with an index that answers, and once with one that refuses.
#[track_caller]
fn kept(put: Put) {
    for refuses in [false, true] {
        let wheels = [requests(), wheel("idna", "3.7")];
        let index =
            Index::with_faults(&wheels, move |_| refuses.then(|| Answer::status("403 Forbidden", "")));
        let with_user = |url: String| url.replacen("://", &format!("://{USER}:{}@", percent(CANARY)), 1);
        let at = At {
            plain: index.url(),
            secret: with_user(index.url()),
            file: with_user(index.file(&requests().filename())),
        };
        let (envwright, file) = put(Envwright::new(), &at);
        let mut search = Search::of(CANARY).but(envwright.home().join("config.toml"));
        search = file.into_iter().fold(search, |search, file| search.but(envwright.folder().join(file)));
        let runs = search.through(&envwright, if refuses { &BAD } else { &GOOD });
        for ran in &runs {
            assert_eq!(ran.code == Some(0), !refuses, "{ran}");
        }
        assert!(index.fields().contains(&basic()), "the credentials were not used\n{}", index.fields());
    }
}

#[test]
fn the_index_of_the_configuration() {
    kept(|home, at| (asking(home, "").config(&format!("[pypi]\nindex = {:?}\n", at.secret)), None));
}

#[test]
fn another_index_of_the_configuration() {
    kept(|home, at| {
        let text = format!("[pypi]\nindex = {:?}\nextra-index = [{:?}]\n", at.plain, at.secret);
        (asking(home, "").config(&text), None)
    });
}

#[test]
fn the_index_of_a_requirements_file() {
    kept(|home, at| (asking(home, &format!("--index-url {}", at.secret)), Some(REQUIREMENTS)));
}

#[test]
fn another_index_of_a_requirements_file() {
    kept(|home, at| {
        let line = format!("--index-url {}\n--extra-index-url {}", at.plain, at.secret);
        (asking(home, &line), Some(REQUIREMENTS))
    });
}

#[test]
fn a_variable_in_a_requirements_file() {
    kept(|home, at| {
        let line = at.secret.replace(&percent(CANARY), "${INDEX_TOKEN}");
        let home = asking(home, &format!("--index-url {line}"));
        (home.variable("INDEX_TOKEN", percent(CANARY)), None)
    });
}

#[test]
fn the_address_of_a_wheel() {
    kept(|home, at| {
        let home = home.on_base(&BOOKWORM, &format!("requests @ {}\n", at.file)).index(&at.plain);
        (home, Some(REQUIREMENTS))
    });
}

#[test]
fn the_configuration_of_pip() {
    kept(|home, at| {
        let home = asking(home, "").file("pip.conf", format!("[global]\nindex-url = {}\n", at.secret));
        let path = home.folder().join("pip.conf");
        (home.variable("PIP_CONFIG_FILE", path), Some("pip.conf"))
    });
}

#[test]
fn the_variables_of_pip() {
    kept(|home, at| (asking(home, "").index(&at.secret), None));
    kept(|home, at| (asking(home, "").index(&at.plain).variable("PIP_EXTRA_INDEX_URL", &at.secret), None));
}

#[test]
fn the_variables_of_uv() {
    kept(|home, at| (asking(home, "").variable("UV_DEFAULT_INDEX", &at.secret), None));
    kept(|home, at| (asking(home, "").index(&at.plain).variable("UV_EXTRA_INDEX_URL", &at.secret), None));
}

fn netrc(home: Envwright) -> Envwright {
    home.file("netrc", format!("machine 127.0.0.1 login {USER} password {CANARY}\n"))
}

#[test]
fn a_netrc_file() {
    kept(|home, at| {
        let home = netrc(asking(home, "").index(&at.plain));
        let path = home.folder().join("netrc");
        (home.variable("NETRC", path), Some("netrc"))
    });
}

#[test]
fn a_netrc_file_that_the_configuration_names() {
    kept(|home, at| {
        let home = netrc(asking(home, "").index(&at.plain));
        let path = home.folder().join("netrc");
        (home.config(&format!("[network]\nnetrc = {:?}\n", path.display().to_string())), Some("netrc"))
    });
}

#[test]
fn a_mirror() {
    kept(|home, at| {
        let origin = "http://index.example/";
        let mirror = at.secret.replace("simple/", "");
        let home = asking(home, "").index(&format!("{origin}simple/"));
        (home.config(&format!("[mirrors]\n{origin:?} = [{mirror:?}]\n[network]\nretries = 0\n")), None)
    });
}

/// A proxy that lets in who knows the secret leads to an index, or to one that refuses.
#[track_caller]
fn kept_from_proxy(variable: &str) {
    for (known, commands) in [(true, GOOD), (false, BAD)] {
        let index = Index::of(&[requests(), wheel("idna", "3.7")]);
        let target = index.url().split('/').nth(2).unwrap().to_owned();
        let wanted = if known { basic() } else { "other".to_owned() };
        let proxy = Tunnel::start("index.test:8080", &target, Some(format!("Basic {wanted}")));
        let user = format!("{USER}:{}@", percent(CANARY));
        let home = asking(Envwright::new(), "").index("http://index.test:8080/simple/");
        let home = home.variable(variable, proxy.url(&user)).config("[network]\nretries = 0\n");
        for ran in Search::of(CANARY).through(&home, &commands) {
            assert_eq!(ran.code == Some(0), known, "{ran}");
        }
        assert!(!proxy.requests().is_empty());
    }
}

#[test]
fn a_proxy() {
    kept_from_proxy("http_proxy");
}

#[test]
fn a_proxy_for_all() {
    kept_from_proxy("ALL_PROXY");
}
