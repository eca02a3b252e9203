//! The ways out of the program, each with what it asks first.

use super::{
    faults::{Elsewhere, Made},
    front::Front,
};
use crate::support::{
    Envwright, Ran,
    base::{BOOKWORM, write_base},
    debian::{Package, Repository},
    index::Index,
    registry::Registry,
    tool,
    wheel::{Wheel, sha256, wheel},
};
use std::process::Command;
use tempfile::TempDir;

/// A way out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// A page of a package index.
    Page,
    /// A wheel.
    Wheel,
    /// The lists of a Debian mirror.
    Lists,
    /// A package of it.
    Deb,
    /// A base of a registry.
    Base,
    /// An image that goes to a registry.
    Push,
}

/// What a run came to, and whether what met the fault was asked for again; `None` where nothing sees it.
pub(crate) struct Came {
    pub(crate) ran: Ran,
    pub(crate) again: Option<bool>,
}

/// The real servers of a way.
enum Servers {
    Index(Index),
    Repository(Repository),
    Registry { server: Registry, _storage: TempDir },
}

fn requests() -> Wheel {
    wheel("requests", "2.31.0").file("requests/data.txt", &"0123456789abcdef".repeat(1000))
}

impl Way {
    pub(crate) const ALL: [Self; 6] =
        [Self::Page, Self::Wheel, Self::Lists, Self::Deb, Self::Base, Self::Push];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Page => "A page of a package index",
            Self::Wheel => "A wheel",
            Self::Lists => "The lists of a Debian mirror",
            Self::Deb => "A Debian package",
            Self::Base => "A base of a registry",
            Self::Push => "An image that is pushed",
        }
    }

    /// Whether a request is one of it. What asks how a registry is spoken to is none.
    fn is(self) -> fn(&str, &str) -> bool {
        match self {
            Self::Page => |_, target| target.contains("/simple/"),
            Self::Wheel => |_, target| target.ends_with(".whl"),
            Self::Lists => |_, target| target.contains("/dists/"),
            Self::Deb => |_, target| target.ends_with(".deb"),
            Self::Base => |_, target| target.contains("/blobs/") || target.contains("/manifests/"),
            Self::Push => |method, _| matches!(method, "POST" | "PATCH" | "PUT"),
        }
    }

    /// The same request is asked before, where the way itself begins later.
    fn begins_later(self) -> bool {
        matches!(self, Self::Wheel | Self::Deb)
    }

    /// Goes the way, with this fault on it.
    pub(crate) fn gone(self, made: &Made) -> Came {
        let servers = self.servers();
        match made {
            Made::Front(fault) => {
                let front = Front::start(&servers.address(), fault, self.is());
                let envwright = self.envwright(&format!("http://{}", front.address), &servers, &[]);
                let ran = self.run(&envwright, envwright.command(), &front.address);
                // An upload has another address each time.
                let again = (self != Self::Push).then(|| front.asked_again());
                Came { ran, again }
            }
            Made::At(elsewhere) => {
                let place = elsewhere();
                let envwright = self.moved(&place.origin, &servers, &place);
                let host = place.origin.split_once("://").unwrap().1;
                Came { ran: self.run(&envwright, envwright.command(), host), again: None }
            }
            Made::Cut(host) => {
                let place = Elsewhere::nowhere(host);
                let envwright = self.moved(&format!("http://{host}"), &servers, &place);
                Came { ran: self.run(&envwright, cut(&envwright), host), again: None }
            }
        }
    }

    /// A home whose definition leads to the origin; what the way asks before is asked of the real server.
    fn moved(self, origin: &str, servers: &Servers, place: &Elsewhere) -> Envwright {
        let mut variables = Vec::new();
        variables.extend(place.authority.iter().map(|path| ("SSL_CERT_FILE", path.display().to_string())));
        for name in ["HTTP_PROXY", "HTTPS_PROXY"] {
            variables.extend(place.proxy.iter().map(|proxy| (name, proxy.clone())));
        }
        if !self.begins_later() {
            return self.envwright(origin, servers, &variables);
        }
        let real = format!("http://{}", servers.address());
        let envwright = self.envwright(&real, servers, &[]);
        envwright.run(&["lock"]).succeeded();
        let text = |name: &str| fs_err::read_to_string(envwright.folder().join(name)).unwrap();
        let (pixi, own) = (text("pixi.lock"), text("envwright.lock"));
        let moved = pixi.replace(&real, origin);
        let own = own.replace(&sha256(pixi.as_bytes()), &sha256(moved.as_bytes())).replace(&real, origin);
        fs_err::write(envwright.folder().join("pixi.lock"), moved).unwrap();
        fs_err::write(envwright.folder().join("envwright.lock"), own).unwrap();
        // What was found on the way to the lock is not to be found again.
        fs_err::remove_dir_all(envwright.home().join("solves")).unwrap();
        variables.into_iter().fold(envwright, |envwright, (name, value)| envwright.variable(name, value))
    }

    fn servers(self) -> Servers {
        match self {
            Self::Page | Self::Wheel => Servers::Index(Index::of(&[requests()])),
            Self::Lists | Self::Deb => {
                let hello = Package::new("hello", "1.0").file("usr/share/hello/text", TEXT);
                Servers::Repository(Repository::with("bookworm", &[hello]))
            }
            Self::Base | Self::Push => {
                let storage = tempfile::tempdir().unwrap();
                let registry = Registry::start(storage.path());
                if self == Self::Base {
                    let folder = Envwright::new().file("environment.yml", "name: base\nimage: oci:base\n");
                    write_base(&folder.folder().join("base"), &BOOKWORM);
                    folder.run(&["build", "-t", &registry.reference("team/base:1"), "--push"]).succeeded();
                }
                Servers::Registry { server: registry, _storage: storage }
            }
        }
    }

    fn envwright(self, origin: &str, servers: &Servers, variables: &[(&str, String)]) -> Envwright {
        let limits = "[network]\nretries = 1\nconnect-timeout = 1\nread-timeout = 1\n";
        let host = origin.split_once("://").unwrap().1;
        let envwright = match self {
            Self::Page | Self::Wheel => Envwright::new()
                .on_base(&BOOKWORM, "requests\n")
                .config(limits)
                .index(&format!("{origin}/simple/")),
            Self::Lists | Self::Deb => {
                let envwright = Envwright::new()
                    .config(limits)
                    .file("environment.yml", "name: app\nimage: oci:base\napt: [hello]\n");
                let source = servers.source(origin);
                let status = (
                    "var/lib/dpkg/status",
                    "Package: base\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n",
                );
                let more = [status, ("etc/apt/sources.list.d/test.sources", &*source)];
                write_base(&envwright.folder().join("base"), &[&BOOKWORM[..], &more].concat());
                envwright
            }
            Self::Base => Envwright::new()
                .config(limits)
                .file("environment.yml", format!("name: app\nimage: {host}/team/base:1\n")),
            Self::Push => {
                let envwright =
                    Envwright::new().config(limits).file("environment.yml", "name: app\nimage: oci:base\n");
                write_base(&envwright.folder().join("base"), &BOOKWORM);
                envwright.run(&["build", "-t", "app:1"]).succeeded();
                envwright
            }
        };
        variables.iter().fold(envwright, |envwright, (name, value)| envwright.variable(name, value))
    }

    fn run(self, envwright: &Envwright, mut command: Command, host: &str) -> Ran {
        match self {
            Self::Push => command.args(["push", "app:1", &format!("{host}/team/app:1"), "--json"]),
            _ => command.args(["build", "--json"]),
        };
        envwright.run_command(command, "")
    }
}

/// Text of the package.
const TEXT: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

impl Servers {
    /// Host and port.
    fn address(&self) -> String {
        let of_url = |url: &str| url.split('/').nth(2).unwrap().to_owned();
        match self {
            Self::Index(index) => of_url(&index.url()),
            Self::Repository(repository) => of_url(&repository.url()),
            Self::Registry { server, .. } => server.address.clone(),
        }
    }

    /// The source of apt of a repository, at an origin.
    fn source(&self, origin: &str) -> String {
        let Self::Repository(repository) = self else { panic!("no repository") };
        repository.source("bookworm").replace(&repository.url(), &format!("{origin}/"))
    }
}

/// The program in a network of its own, in which nothing is; `private.example.com` leads to a private address there.
fn cut(envwright: &Envwright) -> Command {
    let hosts = envwright.folder().join("hosts");
    fs_err::write(&hosts, "127.0.0.1 localhost\n10.20.30.40 private.example.com\n").unwrap();
    let plain = envwright.command();
    let mut command = tool("unshare", "util-linux");
    command.args(["--map-root-user", "--net", "--mount", "sh", "-c"]);
    command.arg("mount --bind \"$1\" /etc/hosts && shift && exec \"$@\"").arg("sh").arg(&hosts);
    command.arg(plain.get_program()).current_dir(envwright.folder());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}
