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
        let lines = text.lines().map(|line| line.split(" #").next().unwrap_or_default());
        let mut words =
            lines.filter(|line| !line.trim_start().starts_with('#')).flat_map(str::split_whitespace);
        let mut netrc = Self::default();
        let (mut machine, mut login) = (None, String::new());
        while let Some(word) = words.next() {
            match word {
                "machine" => (machine, login) = (words.next().map(str::to_owned), String::new()),
                "default" => (machine, login) = (Some(String::new()), String::new()),
                "login" => words.next().unwrap_or_default().clone_into(&mut login),
                "password" => {
                    let password = Secret::new(words.next().unwrap_or_default());
                    if let Some(machine) = machine.clone() {
                        netrc.machines.insert(machine, (login.clone(), password));
                    }
                }
                _ => {}
            }
        }
        netrc
    }
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
}
