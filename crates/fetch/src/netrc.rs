//! Credentials of hosts from a `netrc` file (as in curl's and GNU inetutils' manuals).

use envwright_redact::Secret;
use std::{
    collections::HashMap,
    env,
    path::{Path, PathBuf},
};

/// User and password by host; `default` under the empty name.
#[derive(Default)]
pub(crate) struct Netrc {
    machines: HashMap<String, (String, Secret)>,
}

impl Netrc {
    /// Reads `explicit`, else `$NETRC`, else `~/.netrc`; one that cannot be read is empty.
    pub(crate) fn load(explicit: Option<&Path>) -> Self {
        let named = explicit.map(Path::to_owned).or_else(|| env::var_os("NETRC").map(PathBuf::from));
        let path = named.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".netrc")));
        path.and_then(|path| fs_err::read_to_string(path).ok())
            .map(|text| Self::parse(&text))
            .unwrap_or_default()
    }

    /// The credentials of a host.
    pub(crate) fn get(&self, host: &str) -> Option<&(String, Secret)> {
        self.machines.get(host).or_else(|| self.machines.get(""))
    }

    fn parse(text: &str) -> Self {
        let mut netrc = Self::default();
        let (mut machine, mut login, mut password) = (None, String::new(), None);
        let mut words = words(text).into_iter();
        while let Some(word) = words.next() {
            match word {
                "machine" | "default" => {
                    netrc.add(machine.take(), std::mem::take(&mut login), password.take());
                    machine = if word == "default" { Some("") } else { words.next() };
                }
                "login" => words.next().unwrap_or_default().clone_into(&mut login),
                "password" => password = words.next(),
                "account" => drop(words.next()),
                _ => {}
            }
        }
        netrc.add(machine, login, password);
        netrc
    }

    fn add(&mut self, machine: Option<&str>, login: String, password: Option<&str>) {
        if let (Some(machine), Some(password)) = (machine, password) {
            self.machines.insert(machine.to_owned(), (login, Secret::new(password)));
        }
    }
}

/// The words of a file, without comments and macros. Only where a keyword may stand does `#` begin a comment: a
/// password may begin with one. A macro ends at an empty line.
fn words(text: &str) -> Vec<&str> {
    let (mut words, mut value, mut in_macro) = (Vec::new(), false, false);
    for line in text.lines() {
        in_macro &= !line.trim().is_empty();
        if in_macro {
            continue;
        }
        for word in line.split_whitespace() {
            if !value && (word.starts_with('#') || word == "macdef") {
                in_macro = word == "macdef";
                break;
            }
            value = !value && matches!(word, "machine" | "login" | "password" | "account");
            words.push(word);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_and_the_default_are_told_apart() {
        let netrc =
            Netrc::parse("# all\nmachine a.example login me password p1\ndefault login any\npassword p2\n");
        let of = |host| netrc.get(host).map(|(user, password)| (user.as_str(), password.expose()));
        assert_eq!(of("a.example"), Some(("me", "p1")));
        assert_eq!(of("b.example"), Some(("any", "p2")));
        assert!(Netrc::parse("machine x login y").get("x").is_none());
    }

    #[test]
    fn a_password_may_stand_before_its_user_and_begin_with_a_hash() {
        let netrc = Netrc::parse(
            "machine a password #p account x login me # not password no\nmachine b\n  login\n you password password",
        );
        let of = |host| netrc.get(host).map(|(user, password)| (user.as_str(), password.expose()));
        assert_eq!(of("a"), Some(("me", "#p")));
        assert_eq!(of("b"), Some(("you", "password")));
    }

    #[test]
    fn a_macro_holds_no_credentials() {
        let netrc =
            Netrc::parse("macdef init\nmachine a login x password y\n\nmachine b login u password v\n");
        assert!(netrc.get("a").is_none());
        assert!(netrc.get("b").is_some());
    }
}
