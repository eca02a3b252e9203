//! `/etc/shells`, as debianutils' `update-shells` writes it.

use super::{RootfsError, script::literal_calls, view::View};
use envwright_package::OwnFile;

const FOLDER: &str = "usr/share/debianutils/shells.d/";
const TEMPLATE: &str = "usr/share/debianutils/shells";

/// The template's lines first, then each packaged shell by its own name and by its name in merged `/usr`.
pub(super) fn files(view: &View<'_>) -> Result<Vec<OwnFile>, RootfsError> {
    if !view.installed("debianutils") {
        return Ok(Vec::new());
    }
    let template = view.text("debianutils", TEMPLATE)?;
    let mut shells = Vec::new();
    add(view, &template, &mut shells);
    for path in view.below(FOLDER) {
        add(view, &view.text("debianutils", path)?, &mut shells);
    }
    let known = |shell: &&String| !template.lines().any(|line| line == shell.as_str());
    let added: String = shells.iter().filter(known).flat_map(|shell| [shell, "\n"]).collect();
    let state: String = shells.iter().flat_map(|shell| [shell, "\n"]).collect();
    Ok(vec![view.file("etc/shells", format!("{template}{added}")), view.file("var/lib/shells.state", state)])
}

/// The base's `/etc/shells` with those of the packages: what they bring for it, and literal `add-shell` calls.
pub(super) fn added(view: &View<'_>) -> Vec<OwnFile> {
    let Some(base) = &view.base else { return Vec::new() };
    let texts = view.below(FOLDER).filter_map(|path| view.read(path));
    let brought: String = texts.map(|bytes| String::from_utf8_lossy(&bytes).into_owned() + "\n").collect();
    let calls =
        view.packages.iter().flat_map(|package| literal_calls(package.control("postinst"), "add-shell"));
    let called: String = calls.flatten().map(|shell| shell + "\n").collect();
    let extended = |path: &str, more: &str| {
        let before = base.text(path);
        let mut shells: Vec<String> = before.lines().map(str::to_owned).collect();
        let known = shells.len();
        add(view, more, &mut shells);
        let text: String = shells.iter().flat_map(|shell| [shell, "\n"]).collect();
        (known > 0 && shells.len() > known).then(|| view.file(path, text))
    };
    let all = format!("{brought}{called}");
    [extended("etc/shells", &all), extended("var/lib/shells.state", &brought)].into_iter().flatten().collect()
}

fn add(view: &View<'_>, text: &str, shells: &mut Vec<String>) {
    let names =
        text.lines().map(|line| line.split('#').next().unwrap_or_default()).filter(|line| !line.is_empty());
    for shell in names {
        for name in [shell.to_owned(), format!("/{}", view.place(shell))] {
            if !shells.contains(&name) {
                shells.push(name);
            }
        }
    }
}
