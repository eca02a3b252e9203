//! Users and groups: base-passwd's masters, then literal `adduser --system` and `addgroup --system` calls.

use super::{RootfsError, script::literal_calls, view::View};
use envwright_package::OwnFile;
use std::collections::BTreeSet;

/// System accounts get the lowest free number from here (adduser.conf(5), `FIRST_SYSTEM_UID`).
const FIRST_SYSTEM_ID: u32 = 100;
/// The group `nogroup`.
const NOGROUP: u32 = 65534;
/// The group `shadow` (Debian policy, section 9.2.2).
const SHADOW: u32 = 42;
/// The password of an account that `adduser` or `addgroup` made.
const LOCKED: &str = "!";
const SECONDS_A_DAY: u64 = 86_400;

/// `/etc/passwd` and `/etc/group`, line by line.
#[derive(Debug, Default)]
struct Accounts {
    passwd: Vec<String>,
    group: Vec<String>,
    homes: Vec<(String, u32, u32)>,
}

pub(super) fn files(view: &View<'_>) -> Result<Vec<OwnFile>, RootfsError> {
    if !view.installed("base-passwd") {
        return Ok(Vec::new());
    }
    let master = |name: &str| view.text("base-passwd", &format!("usr/share/base-passwd/{name}.master"));
    let lines = |text: String| text.lines().map(str::to_owned).collect();
    let mut accounts =
        Accounts { passwd: lines(master("passwd")?), group: lines(master("group")?), homes: Vec::new() };
    accounts.follow(view);
    Ok(accounts.files(view))
}

/// The files of a base that the packages' scripts would have changed.
pub(super) fn added(view: &View<'_>) -> Vec<OwnFile> {
    let Some(base) = &view.base else { return Vec::new() };
    let lines = |path: &str| -> Vec<String> { base.text(path).lines().map(str::to_owned).collect() };
    let mut accounts = Accounts { passwd: lines("etc/passwd"), group: lines("etc/group"), homes: Vec::new() };
    let (users, groups) = (accounts.passwd.len(), accounts.group.clone());
    accounts.follow(view);
    let mut files = accounts.homes(view);
    let mut put = |path: &str, lines: &[String], closed: bool| {
        let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
        let file = view.file(path, text);
        files.push(if closed { OwnFile { gid: SHADOW, ..file.mode(0o640) } } else { file });
    };
    let (new_users, new_groups) = (accounts.passwd.split_off(users), &accounts.group[groups.len()..]);
    let (shadow, gshadow) = (lines("etc/shadow"), lines("etc/gshadow"));
    if !new_users.is_empty() {
        let public = if shadow.is_empty() { new_users.clone() } else { public(&new_users) };
        put("etc/passwd", &[accounts.passwd.clone(), public].concat(), false);
        if !shadow.is_empty() {
            put("etc/shadow", &[shadow, of_shadow(&new_users, view.epoch)].concat(), true);
        }
    }
    if accounts.group != groups {
        let changed = &accounts.group[..groups.len()];
        let public = if gshadow.is_empty() { new_groups.to_vec() } else { public(new_groups) };
        put("etc/group", &[changed.to_vec(), public].concat(), false);
        if !gshadow.is_empty() {
            let mut known: Vec<String> = gshadow.iter().map(|line| with_members(line, changed)).collect();
            known.extend(of_gshadow(new_groups));
            put("etc/gshadow", &known, true);
        }
    }
    files
}

/// A line of `/etc/gshadow` with the members that `/etc/group` has.
fn with_members(line: &str, group: &[String]) -> String {
    let name = line.split(':').next().unwrap_or_default();
    match (line.rsplit_once(':'), field(group, name, 3)) {
        (Some((rest, _)), Some(members)) => format!("{rest}:{members}"),
        _ => line.to_owned(),
    }
}

/// The flags of `adduser` and `addgroup` that change what is made, and the names.
///
/// Sample: `--system --group --no-create-home --home /run/sshd --shell /usr/sbin/nologin sshd`.
#[derive(Debug, Default)]
struct Call<'a> {
    system: bool,
    group: bool,
    no_home: bool,
    home: Option<&'a str>,
    shell: Option<&'a str>,
    comment: Option<&'a str>,
    id: Option<u32>,
    ingroup: Option<&'a str>,
    names: Vec<&'a str>,
}

impl<'a> Call<'a> {
    fn read(words: &'a [String]) -> Self {
        let mut call = Self::default();
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let (flag, given) =
                word.split_once('=').map_or((word, None), |(flag, value)| (flag, Some(value)));
            let mut value = || given.or_else(|| words.next());
            match flag {
                "--system" => call.system = true,
                "--group" => call.group = true,
                "--no-create-home" => call.no_home = true,
                "--home" => call.home = value(),
                "--shell" => call.shell = value(),
                "--gecos" | "--comment" => call.comment = value(),
                "--uid" | "--gid" => call.id = value().and_then(|id| id.parse().ok()),
                "--ingroup" => call.ingroup = value(),
                "--conf" | "--firstuid" | "--lastuid" | "--firstgid" | "--lastgid" => drop(value()),
                _ if flag.starts_with('-') => {}
                _ => call.names.push(word),
            }
        }
        call
    }
}

/// The `n`th field of the line of `name`.
fn field<'a>(lines: &'a [String], name: &str, n: usize) -> Option<&'a str> {
    let line = lines.iter().find(|line| line.split(':').next() == Some(name))?;
    line.split(':').nth(n)
}

/// The lowest number for a system account that none has. Users and groups are counted apart.
fn free(lines: &[String]) -> u32 {
    let taken = ids(lines);
    (FIRST_SYSTEM_ID..NOGROUP).find(|id| !taken.contains(id)).unwrap_or(NOGROUP)
}

fn ids(lines: &[String]) -> BTreeSet<u32> {
    lines.iter().filter_map(|line| line.split(':').nth(2)?.parse().ok()).collect()
}

impl Accounts {
    /// Does what the packages' scripts call literally.
    fn follow(&mut self, view: &View<'_>) {
        for package in &view.packages {
            let script = package.control("postinst");
            for words in literal_calls(script, "addgroup") {
                self.add_group(&words);
            }
            for words in literal_calls(script, "adduser") {
                self.add_user(&words);
            }
        }
    }

    fn add_group(&mut self, words: &[String]) {
        let call = Call::read(words);
        if let ([name], true) = (call.names.as_slice(), call.system) {
            let gid = call.id.unwrap_or_else(|| free(&self.group));
            self.group_line(name, gid);
        }
    }

    fn group_line(&mut self, name: &str, gid: u32) {
        if field(&self.group, name, 2).is_none() {
            self.group.push(format!("{name}:{LOCKED}:{gid}:"));
        }
    }

    fn add_user(&mut self, words: &[String]) {
        let call = Call::read(words);
        match (call.names.as_slice(), call.system) {
            ([user, group], _) => self.join(user, group),
            ([name], true) if field(&self.passwd, name, 2).is_none() => self.user_line(name, &call),
            _ => {}
        }
    }

    fn user_line(&mut self, name: &str, call: &Call<'_>) {
        let uid = call.id.unwrap_or_else(|| free(&self.passwd));
        let group = call.ingroup.or(call.group.then_some(name));
        if call.group {
            self.group_line(name, call.id.unwrap_or_else(|| free(&self.group)));
        }
        let gid = group.and_then(|group| field(&self.group, group, 2)?.parse().ok()).unwrap_or(NOGROUP);
        let home = call.home.unwrap_or("/nonexistent");
        let (comment, shell) = (call.comment.unwrap_or_default(), call.shell.unwrap_or("/usr/sbin/nologin"));
        self.passwd.push(format!("{name}:{LOCKED}:{uid}:{gid}:{comment}:{home}:{shell}"));
        if !call.no_home && home != "/nonexistent" {
            self.homes.push((home.to_owned(), uid, gid));
        }
    }

    /// Makes a user a member of a group.
    fn join(&mut self, user: &str, group: &str) {
        let line = self.group.iter_mut().find(|line| line.split(':').next() == Some(group));
        if let Some(line) = line {
            let separator = if line.ends_with(':') { "" } else { "," };
            *line = format!("{line}{separator}{user}");
        }
    }

    /// Folders of the users that were made.
    fn homes(&self, view: &View<'_>) -> Vec<OwnFile> {
        let missing = self.homes.iter().filter(|(home, ..)| {
            let place = view.place(home);
            !view.has_folder(&place) && !view.has(&place)
        });
        let home = |(home, uid, gid): &(String, u32, u32)| OwnFile {
            uid: *uid,
            gid: *gid,
            ..view.directory(view.place(home))
        };
        missing.map(home).collect()
    }

    /// With the package `passwd`, passwords are in files of their own, as `shadowconfig on` moves them there.
    fn files(&self, view: &View<'_>) -> Vec<OwnFile> {
        let text = |lines: &[String]| lines.iter().flat_map(|line| [line, "\n"]).collect::<String>();
        let mut files = self.homes(view);
        if !view.installed("passwd") {
            files.push(view.file("etc/passwd", text(&self.passwd)));
            files.push(view.file("etc/group", text(&self.group)));
            return files;
        }
        let closed = |file: OwnFile| OwnFile { gid: SHADOW, ..file.mode(0o640) };
        files.push(view.file("etc/passwd", text(&public(&self.passwd))));
        files.push(view.file("etc/group", text(&public(&self.group))));
        files.push(closed(view.file("etc/shadow", text(&of_shadow(&self.passwd, view.epoch)))));
        files.push(closed(view.file("etc/gshadow", text(&of_gshadow(&self.group)))));
        files
    }
}

/// Lines whose passwords are elsewhere.
fn public(lines: &[String]) -> Vec<String> {
    rewrite(lines, |name, _, rest| format!("{name}:x:{rest}"))
}

/// The lines of `/etc/shadow` (shadow(5)). Passwords of accounts that `adduser --system` made have no age.
fn of_shadow(passwd: &[String], epoch: u64) -> Vec<String> {
    let days = Some(epoch / SECONDS_A_DAY).filter(|days| *days > 0);
    let days = days.map(|days| days.to_string()).unwrap_or_default();
    rewrite(passwd, |name, password, _| {
        let age = if password == LOCKED { "::::" } else { "0:99999:7::" };
        format!("{name}:{password}:{days}:{age}:")
    })
}

/// The lines of `/etc/gshadow` (gshadow(5)).
fn of_gshadow(group: &[String]) -> Vec<String> {
    rewrite(group, |name, password, rest| {
        format!("{name}:{password}::{}", rest.split_once(':').map_or("", |(_, members)| members))
    })
}

/// Makes each line anew from its name, its password and the rest.
fn rewrite(lines: &[String], line: impl Fn(&str, &str, &str) -> String) -> Vec<String> {
    let parts = lines.iter().filter_map(|line| {
        let (name, rest) = line.split_once(':')?;
        let (password, rest) = rest.split_once(':')?;
        Some((name, password, rest))
    });
    parts.map(|(name, password, rest)| line(name, password, rest)).collect()
}
