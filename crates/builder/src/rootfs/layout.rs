//! Directories, links and small files that configuring the essential packages leaves behind.

use super::{RootfsError, view::View};
use envwright_package::OwnFile;

/// Files that a script copies: package, from, to.
const COPIES: [(&str, &str, &str); 6] = [
    ("base-files", "usr/share/base-files/dot.profile", "root/.profile"),
    ("base-files", "usr/share/base-files/dot.bashrc", "root/.bashrc"),
    ("base-files", "usr/share/base-files/profile", "etc/profile"),
    ("base-files", "usr/share/base-files/motd", "etc/motd"),
    ("base-files", "usr/share/base-files/info.dir", "usr/share/info/dir"),
    ("libc-bin", "usr/share/libc-bin/nsswitch.conf", "etc/nsswitch.conf"),
];

/// As [`COPIES`], where the package may do without.
const OPTIONAL_COPIES: [(&str, &str, &str); 1] =
    [("readline-common", "usr/share/readline/inputrc", "etc/inputrc")];

/// Files that a script makes: package, path, mode, group, text.
const MADE: [(&str, &str, u32, u32, &str); 10] = [
    ("base-files", "var/log/wtmp", 0o664, UTMP, ""),
    ("base-files", "var/log/btmp", 0o660, UTMP, ""),
    ("base-files", "var/log/lastlog", 0o664, UTMP, ""),
    ("login", "var/log/faillog", 0o644, 0, ""),
    ("login", "etc/subuid", 0o644, 0, ""),
    ("login", "etc/subgid", 0o644, 0, ""),
    ("libpam-modules", "etc/security/opasswd", 0o600, 0, ""),
    ("libpam-modules", "etc/environment", 0o644, 0, ""),
    ("tzdata", "etc/timezone", 0o644, 0, "Etc/UTC\n"),
    (
        "python3",
        "etc/python3/debian_config",
        0o644,
        0,
        "[DEFAULT]\n# how to byte-compile (comma separated: standard, optimize)\nbyte-compile = standard\n",
    ),
];

/// Links that a script makes: package, path, target.
const LINKS: [(&str, &str, &str); 6] = [
    ("base-files", "var/spool/mail", "../mail"),
    ("base-files", "usr/local/man", "share/man"),
    ("base-files", "var/run", "/run"),
    ("base-files", "var/lock", "/run/lock"),
    ("base-files", "etc/dpkg/origins/default", "debian"),
    ("tzdata", "etc/localtime", "/usr/share/zoneinfo/Etc/UTC"),
];

/// Directories that a script makes: package, path, mode, group.
const DIRECTORIES: [(&str, &str, u32, u32); 25] = [
    ("base-files", "mnt", 0o755, 0),
    ("base-files", "srv", 0o755, 0),
    ("base-files", "opt", 0o755, 0),
    ("base-files", "etc/opt", 0o755, 0),
    ("base-files", "var/opt", 0o755, 0),
    ("base-files", "media", 0o755, 0),
    ("base-files", "var/mail", 0o2775, MAIL),
    ("base-files", "run/lock", 0o1777, 0),
    ("base-files", "usr/local", 0o755, 0),
    ("base-files", "usr/local/share", 0o755, 0),
    ("base-files", "usr/local/share/man", 0o755, 0),
    ("base-files", "usr/local/bin", 0o755, 0),
    ("base-files", "usr/local/games", 0o755, 0),
    ("base-files", "usr/local/lib", 0o755, 0),
    ("base-files", "usr/local/include", 0o755, 0),
    ("base-files", "usr/local/sbin", 0o755, 0),
    ("base-files", "usr/local/src", 0o755, 0),
    ("base-files", "usr/local/etc", 0o755, 0),
    ("base-files", "usr/share/info", 0o755, 0),
    ("ca-certificates", "usr/local/share/ca-certificates", 0o755, 0),
    ("ca-certificates", "etc/ssl", 0o755, 0),
    ("ca-certificates", "etc/ssl/certs", 0o755, 0),
    ("libpam-modules", "etc/security", 0o755, 0),
    ("libpam-runtime", "etc/pam.d", 0o755, 0),
    ("python3", "etc/python3", 0o755, 0),
];

/// Groups that base-passwd numbers for good (Debian policy, section 9.2.2).
const MAIL: u32 = 8;
const UTMP: u32 = 43;

pub(super) fn files(view: &View<'_>) -> Result<Vec<OwnFile>, RootfsError> {
    let mut files = top_level(view);
    for (package, from, to) in COPIES.iter().filter(|(package, ..)| view.installed(package)) {
        files.push(view.file(*to, view.text(package, from)?));
    }
    for (_, from, to) in OPTIONAL_COPIES.iter().filter(|(package, ..)| view.installed(package)) {
        files.extend(view.read(from).map(|bytes| view.file(*to, bytes)));
    }
    for (_, path, mode, gid, text) in MADE.iter().filter(|(package, ..)| view.installed(package)) {
        files.push(OwnFile { gid: *gid, ..view.file(*path, *text).mode(*mode) });
    }
    for (_, path, mode, gid) in DIRECTORIES.iter().filter(|(package, ..)| view.installed(package)) {
        files.push(OwnFile { gid: *gid, ..view.directory(*path).mode(*mode) });
    }
    let links = LINKS.iter().filter(|(package, path, _)| view.installed(package) && !view.has(path));
    files.extend(links.map(|(_, path, target)| view.link(*path, *target)));
    files.extend(local_python(view));
    Ok(files)
}

/// The links of a merged `/usr`. Suites after bookworm bring them in base-files; `lib64` and the like are made
/// only where something is behind them, as `usrmerge` does.
fn top_level(view: &View<'_>) -> Vec<OwnFile> {
    let wanted = |link: &str, target: &str| match link {
        "bin" | "sbin" | "lib" => true,
        _ => view.has_folder(target),
    };
    let brought = |link: &str| {
        view.packages.iter().any(|package| package.index.entries.iter().any(|entry| entry.path == link))
    };
    let links = view.links().filter(|(link, target)| wanted(link, target) && !brought(link));
    let links = links.map(|(link, target)| view.link(link, target));
    let system = ["dev", "proc", "sys", "run", "home", "boot"].map(|path| view.directory(path));
    let closed = [
        view.directory("root").mode(0o700),
        view.directory("tmp").mode(0o1777),
        view.directory("var/tmp").mode(0o1777),
    ];
    links.chain(system).chain(closed).collect()
}

/// Where `pip install` outside of an environment would put packages; `python3.N-minimal` makes it.
fn local_python(view: &View<'_>) -> Vec<OwnFile> {
    let versions = view.packages.iter().filter_map(|package| package.name.strip_suffix("-minimal"));
    let versions = versions.filter(|name| name.starts_with("python3."));
    let folders = |name| [format!("usr/local/lib/{name}"), format!("usr/local/lib/{name}/dist-packages")];
    versions.flat_map(folders).map(|path| view.directory(path)).collect()
}
