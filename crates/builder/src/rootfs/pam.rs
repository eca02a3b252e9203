//! `/etc/pam.d/common-*`, as `pam-auth-update --package --force` writes them on a new system.

use super::{RootfsError, view::View};
use envwright_package::OwnFile;
use std::{cmp::Reverse, collections::BTreeMap, fmt::Write as _};

const PROFILES: &str = "usr/share/pam-configs/";
/// The files, and the prefix of a profile's fields for each.
const TYPES: [(&str, &str); 5] = [
    ("auth", "Auth"),
    ("account", "Account"),
    ("password", "Password"),
    ("session", "Session"),
    ("session-noninteractive", "Session-noninteractive"),
];
const PRIMARY: &str = "# here are the per-package modules (the \"Primary\" block)";
const FALLBACK: &str = "# here's the fallback if no module succeeds";
const ADDITIONAL: &str = "# and here are more per-package modules (the \"Additional\" block)";
const END: &str = "# end of pam-auth-update config";
/// Stands where no profile has a primary module, so that jumps of others keep their aim.
const PERMIT: &str = "[default=1]\t\t\tpam_permit.so";

/// A file of `/usr/share/pam-configs`: `Field: text`, with further lines indented.
struct Profile {
    name: String,
    fields: BTreeMap<String, String>,
}

pub(super) fn files(view: &View<'_>) -> Result<Vec<OwnFile>, RootfsError> {
    if !view.installed("libpam-runtime") {
        return Ok(Vec::new());
    }
    let mut profiles = Vec::new();
    for path in view.below(PROFILES) {
        profiles.push(Profile::read(path.trim_start_matches(PROFILES), &view.text("libpam-runtime", path)?));
    }
    profiles.sort_by(|a, b| (Reverse(a.priority()), &a.name).cmp(&(Reverse(b.priority()), &b.name)));
    let seen: String = profiles.iter().flat_map(|profile| [&profile.name, "\n"]).collect();
    profiles.retain(|profile| profile.field("Default") == "yes");
    let mut files = vec![view.directory("var/lib/pam"), view.file("var/lib/pam/seen", seen)];
    for (name, prefix) in TYPES {
        let template = view.text("libpam-runtime", &format!("usr/share/pam/common-{name}"))?;
        files.push(
            view.file(format!("etc/pam.d/common-{name}"), configuration(&template, &profiles, name, prefix)),
        );
        files.push(view.file(format!("var/lib/pam/{name}"), state(&profiles, prefix)));
    }
    Ok(files)
}

impl Profile {
    fn read(name: &str, text: &str) -> Self {
        let mut fields = BTreeMap::<String, String>::new();
        let mut current = String::new();
        for line in text.lines() {
            let start = line.split_once(':').filter(|(field, _)| !field.contains(char::is_whitespace));
            if let Some((field, value)) = start {
                field.trim_end_matches("-Final").clone_into(&mut current);
                fields.insert(current.clone(), value.trim().to_owned());
            } else if !line.trim().is_empty() {
                let value = fields.entry(current.clone()).or_default();
                let separator = if value.is_empty() { "" } else { "\n" };
                *value = format!("{value}{separator}{}", line.trim());
            }
        }
        if !fields.contains_key("Session-Interactive-Only") {
            for suffix in ["", "-Type", "-Initial"] {
                if let Some(value) = fields.get(&format!("Session{suffix}")).cloned() {
                    fields.insert(format!("Session-noninteractive{suffix}"), value);
                }
            }
        }
        Self { name: name.to_owned(), fields }
    }

    fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    fn priority(&self) -> i64 {
        self.field("Priority").parse().unwrap_or_default()
    }

    /// Its module lines of a type; the first of a stack may have others than the next.
    fn modules(&self, prefix: &str, first: bool) -> &str {
        match self.field(&format!("{prefix}-Initial")) {
            initial if first && !initial.is_empty() => initial,
            _ => self.field(prefix),
        }
    }
}

/// The profiles with modules for a block, each with those lines.
fn block<'a>(profiles: &'a [Profile], prefix: &str, kind: &str) -> Vec<(&'a str, &'a str)> {
    let wanted = profiles.iter().filter(|profile| profile.field(&format!("{prefix}-Type")) == kind);
    wanted.enumerate().map(|(n, profile)| (profile.name.as_str(), profile.modules(prefix, n == 0))).collect()
}

fn configuration(template: &str, profiles: &[Profile], name: &str, prefix: &str) -> String {
    let kind = name.trim_end_matches("-noninteractive");
    let mut text = String::new();
    let mut copying = true;
    for line in template.lines() {
        copying |= line.starts_with(FALLBACK) || line.starts_with(END);
        if !copying {
            continue;
        }
        text.push_str(line);
        text.push('\n');
        if line.starts_with(PRIMARY) || line.starts_with(ADDITIONAL) {
            text.push_str(&stack(profiles, kind, prefix, line.starts_with(PRIMARY)));
            copying = false;
        }
    }
    text
}

/// The lines of a block; `end` becomes the number of lines to jump over.
fn stack(profiles: &[Profile], kind: &str, prefix: &str, primary: bool) -> String {
    let block = block(profiles, prefix, if primary { "Primary" } else { "Additional" });
    let lines: Vec<_> = block.iter().flat_map(|(_, modules)| modules.lines()).collect();
    if primary && lines.is_empty() {
        return format!("{kind}\t{PERMIT}\n");
    }
    let last = usize::from(!primary);
    let mut text = String::new();
    for (n, line) in lines.iter().enumerate() {
        let _ = writeln!(text, "{kind}\t{}", module_line(line, lines.len() - n - last));
    }
    text
}

/// Sample: `[success=end default=ignore]\tpam_unix.so nullok`. A line without options ends with a space, as
/// `pam-auth-update` writes it.
fn module_line(line: &str, jump: usize) -> String {
    let control = if line.starts_with('[') { line.find(']').map_or(0, |end| end + 1) } else { 0 };
    let (_, rest) = line.split_at(control);
    let skipped = rest.len() - rest.trim_start().len();
    let module = if control == 0 {
        let word = line.find(char::is_whitespace).unwrap_or(line.len());
        word + line[word..].len() - line[word..].trim_start().len()
    } else {
        control + skipped
    };
    let end = line[module..].find(char::is_whitespace).map_or(line.len(), |end| module + end);
    let options: Vec<_> = line[end..].split_whitespace().collect();
    format!("{} {}", line[..end].replace("end", &jump.to_string()), options.join(" "))
}

/// What `pam-auth-update` compares with the next time.
fn state(profiles: &[Profile], prefix: &str) -> String {
    let entry = |(name, modules): &(&str, &str)| format!("Module: {name}\n{modules}\n");
    let primary = block(profiles, prefix, "Primary");
    let mut text: String = primary.iter().map(entry).collect();
    if primary.is_empty() {
        text = format!("Module: null\n{PERMIT}\n");
    }
    text + &block(profiles, prefix, "Additional").iter().map(entry).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_ends_behind_the_block() {
        assert_eq!(
            module_line("[success=end default=ignore]\tpam_unix.so nullok  x", 2),
            "[success=2 default=ignore]\tpam_unix.so nullok x"
        );
        assert_eq!(module_line("required\tpam_unix.so", 0), "required\tpam_unix.so ");
    }
}
