//! The user that a definition names.

use super::RootfsError;

/// `/etc/passwd` and `/etc/group` with the user that a definition's `user` names; `None` where nothing changes.
///
/// `user` is `N`, `N:M`, `name` or `name:group`. A number that `/etc/passwd` lacks gets the entry `user` (or
/// `userN` where that name is taken) with the group M (N where there is no M), home `/` and `/bin/sh`, without
/// a password; a group number that `/etc/group` lacks gets an entry of the same name.
///
/// # Errors
/// [`RootfsError::User`] for a name that the files lack, and for a value that has none of these forms.
pub fn with_user(
    user: &str,
    passwd: &str,
    group: &str,
) -> Result<(Option<String>, Option<String>), RootfsError> {
    let unknown = || RootfsError::User { user: user.to_owned() };
    let (who, of) = user.split_once(':').map_or((user, None), |(who, of)| (who, Some(of)));
    let id = |text: &str| text.parse::<u32>().ok();
    let known = |name: &str, lines: &str| has(lines, 0, name);
    if of.is_some_and(|of| id(of).is_none() && !known(of, group)) || who.is_empty() {
        return Err(unknown());
    }
    let Some(uid) = id(who) else {
        return if known(who, passwd) {
            Ok((None, new_group(of.and_then(id), who, group)))
        } else {
            Err(unknown())
        };
    };
    let named = of.filter(|of| id(of).is_none()).and_then(|of| number(group, of));
    let gid = of.and_then(id).or(named).unwrap_or(uid);
    if has(passwd, 2, who) {
        return Ok((None, new_group(of.and_then(id), who, group)));
    }
    let name =
        if known("user", passwd) || known("user", group) { format!("user{uid}") } else { "user".to_owned() };
    let entry = with_line(passwd, &format!("{name}:*:{uid}:{gid}::/:/bin/sh"));
    Ok((Some(entry), new_group(Some(gid), &name, group)))
}

/// `/etc/group` with the group, where its number is not there.
fn new_group(gid: Option<u32>, name: &str, group: &str) -> Option<String> {
    let gid = gid.filter(|gid| !has(group, 2, &gid.to_string()))?;
    let name = if has(group, 0, name) { format!("group{gid}") } else { name.to_owned() };
    Some(with_line(group, &format!("{name}:*:{gid}:")))
}

fn has(lines: &str, field: usize, value: &str) -> bool {
    lines.lines().any(|line| line.split(':').nth(field) == Some(value))
}

/// The number of a named group.
fn number(group: &str, name: &str) -> Option<u32> {
    let line = group.lines().find(|line| line.split(':').next() == Some(name))?;
    line.split(':').nth(2)?.parse().ok()
}

fn with_line(text: &str, line: &str) -> String {
    let separator = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{text}{separator}{line}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:*:0:0:root:/root:/bin/bash\n";
    const GROUP: &str = "root:*:0:\nusers:*:100:\n";

    #[test]
    fn a_number_gets_entries() {
        let (passwd, group) = with_user("1000", PASSWD, GROUP).unwrap();
        assert_eq!(passwd.unwrap(), format!("{PASSWD}user:*:1000:1000::/:/bin/sh\n"));
        assert_eq!(group.unwrap(), format!("{GROUP}user:*:1000:\n"));
    }

    #[test]
    fn a_group_that_is_there_gets_none() {
        let (passwd, group) = with_user("1000:100", PASSWD, GROUP).unwrap();
        assert!(passwd.unwrap().ends_with("user:*:1000:100::/:/bin/sh\n"));
        assert_eq!(group, None);
        assert_eq!(with_user("0", PASSWD, GROUP), Ok((None, None)));
        assert_eq!(with_user("root", PASSWD, GROUP), Ok((None, None)));
    }

    #[test]
    fn a_name_must_be_there() {
        for user in ["nobody", "1000:staff", "root:staff", ""] {
            assert!(with_user(user, PASSWD, GROUP).is_err(), "{user}");
        }
    }
}
