//! Scripts whose effects no rule covers.

use super::{
    Package,
    script::{calls, literal_calls},
};

/// Commands that change a system, and what is missing when they did not run.
const COMMANDS: [(&str, &str); 24] = [
    ("addgroup", "a group"),
    ("adduser", "a user"),
    ("dpkg-divert", "a diverted file"),
    ("dpkg-statoverride", "a file's owner or mode"),
    ("fc-cache", "the font cache"),
    ("gdk-pixbuf-query-loaders", "the list of image loaders"),
    ("gio-querymodules", "the list of GIO modules"),
    ("glib-compile-schemas", "the compiled settings schemas"),
    ("groupadd", "a group"),
    ("gtk-update-icon-cache", "the icon cache"),
    ("install-info", "the directory of Info pages"),
    ("locale-gen", "the compiled locales"),
    ("mknod", "a device"),
    ("mktexlsr", "TeX's file list"),
    ("setcap", "a file's capabilities"),
    ("ucf", "a configuration file"),
    ("update-alternatives", "an alternative"),
    ("update-cracklib", "the password dictionary"),
    ("update-dictcommon-aspell", "the list of dictionaries"),
    ("update-gconf-defaults", "the settings' defaults"),
    ("update-mime-database", "the MIME database"),
    ("update-xmlcatalog", "the XML catalog"),
    ("useradd", "a user"),
    ("usermod", "a user's groups"),
];

/// Packages whose scripts were read, and whose effects are in this module's tables or in the documentation's.
const READ: [&str; 24] = [
    "adduser",
    "apt",
    "base-files",
    "base-passwd",
    "bash",
    "ca-certificates",
    "dash",
    "debconf",
    "debianutils",
    "dpkg",
    "init-system-helpers",
    "libc-bin",
    "libpam-modules",
    "libpam-runtime",
    "login",
    "mawk",
    "openssl",
    "passwd",
    "perl",
    "readline-common",
    "tar",
    "tzdata",
    "usrmerge",
    "util-linux",
];

/// Packages with a script that would have done what no rule does, each with what the image lacks.
///
/// Services are never registered or started, byte code is not compiled and the loader's cache is not written:
/// an image needs none of them, so the commands that do it are not named here.
pub fn unknown_effects(packages: &[Package<'_>]) -> Vec<(String, String)> {
    let unread = packages.iter().filter(|package| !READ.contains(&package.name));
    let mut unknown: Vec<_> =
        unread.filter_map(|package| Some((package.name.to_owned(), lacks(package)?))).collect();
    unknown.sort();
    unknown
}

fn lacks(package: &Package<'_>) -> Option<String> {
    let script = package.control("postinst");
    let missed = |command: &str| {
        let applied = match command {
            "adduser" | "addgroup" | "update-alternatives" => literal_calls(script, command),
            _ => Vec::new(),
        };
        calls(script, command).iter().any(|words| !undoes(words) && !applied.contains(words))
    };
    let mut lacks: Vec<_> = COMMANDS.iter().filter(|(command, _)| missed(command)).collect();
    let of_loader = |path: &str| path.starts_with("etc/ld.so.conf.d/");
    if package.index.entries.iter().any(|entry| of_loader(&entry.path)) && package.name != "libc6" {
        lacks.push(&("ldconfig", "its folder of libraries in the loader's cache"));
    }
    lacks.dedup_by_key(|(_, what)| *what);
    let named: Vec<_> = lacks.iter().map(|(command, what)| format!("{what} ({command})")).collect();
    if named.is_empty() { None } else { Some(named.join(", ")) }
}

/// A call that takes something away or only asks.
fn undoes(words: &[String]) -> bool {
    words.iter().any(|word| ["--remove", "--remove-all", "--list", "--query"].contains(&word.as_str()))
}
