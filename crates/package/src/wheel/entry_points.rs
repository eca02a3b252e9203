//! The scripts that `entry_points.txt` asks for
//! (PyPA, "Entry points specification", sections "File format" and "Use for scripts").

use crate::error::Fault;
use std::collections::BTreeMap;

/// The scripts' names and their texts.
pub(crate) fn scripts(
    text: &str,
    shebang: &str,
    python_minor: u8,
) -> Result<BTreeMap<String, String>, Fault> {
    let [mut console, gui] = sections(text)?;
    // pip's own wheel names the Python that it was built with; uv and pip put the target's there.
    console.retain(|name, _| name.strip_prefix("pip3.").is_none_or(|minor| minor.parse::<u8>().is_err()));
    if let Some(pip) = console.get("pip3").cloned() {
        console.insert(format!("pip3.{python_minor}"), pip);
    }
    let mut scripts = BTreeMap::new();
    for (name, reference) in console.into_iter().chain(gui) {
        let launcher = launcher(&reference, shebang)
            .ok_or_else(|| Fault::invalid(format!("entry point `{name} = {reference}` has no function")))?;
        check_name(&name)?;
        scripts.insert(name, launcher);
    }
    Ok(scripts)
}

/// Names and object references of `[console_scripts]` and `[gui_scripts]`.
fn sections(text: &str) -> Result<[BTreeMap<String, String>; 2], Fault> {
    let mut sections = [BTreeMap::new(), BTreeMap::new()];
    let mut current = None;
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            current = ["console_scripts", "gui_scripts"].iter().position(|known| *known == name.trim());
        } else if let Some(section) = current {
            let (name, value) = line
                .split_once('=')
                .ok_or_else(|| Fault::invalid(format!("entry point `{line}` has no value")))?;
            let value = value.split(['#', ';']).next().unwrap_or_default();
            sections[section].insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
    Ok(sections)
}

/// The script's name becomes a file's name beside the interpreter's.
pub(crate) fn check_name(name: &str) -> Result<(), Fault> {
    let path = crate::path::member(name.as_bytes())?;
    if path != name || name.contains(['/', '\\']) {
        return Err(Fault::refused(name, "it would be a script outside of the scripts' folder"));
    }
    Ok(())
}

/// Whether a file of this name would stand in for the interpreter.
pub(crate) fn is_interpreter(name: &str) -> bool {
    let minor = |rest: &str| rest.strip_suffix('t').unwrap_or(rest).parse::<u8>().is_ok();
    matches!(name, "python" | "python3" | "pythonw")
        || name.strip_prefix("python3.").is_some_and(minor)
        || name.strip_prefix("pythonw3.").is_some_and(minor)
}

/// Whether a text can name a module or a function in a script.
pub(crate) fn dotted(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// `module:function [extras]` as uv writes it, byte for byte.
fn launcher(reference: &str, shebang: &str) -> Option<String> {
    let (module, rest) = reference.split_once(':')?;
    let (module, rest) = (module.trim_end(), rest.trim());
    let function = match rest.split_once('[') {
        Some((function, extras)) if extras.ends_with(']') => function.trim_end(),
        Some(_) => return None,
        None => rest,
    };
    if !dotted(module) || !dotted(function) {
        return None;
    }
    let import = function.split('.').next()?;
    Some(format!(
        r#"{shebang}
# -*- coding: utf-8 -*-
import sys
from {module} import {import}
if __name__ == "__main__":
    if sys.argv[0].endswith("-script.pyw"):
        sys.argv[0] = sys.argv[0][:-11]
    elif sys.argv[0].endswith(".exe"):
        sys.argv[0] = sys.argv[0][:-4]
    sys.exit({function}())
"#
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        scripts(text, "#!/p", 11).unwrap().into_keys().collect()
    }

    #[test]
    fn console_and_gui_scripts_are_read_and_the_rest_is_not() {
        let text = "[console_scripts]\n# a comment\n  a = m:f\nb=m.n : C.run [x, y]\n\n\
                    [other]\nnot a pair\n[gui_scripts]\nc = m:f\n";
        assert_eq!(names(text), ["a", "b", "c"]);
        let b = &scripts(text, "#!/p", 11).unwrap()["b"];
        assert!(b.starts_with("#!/p\n# -*- coding: utf-8 -*-\nimport sys\nfrom m.n import C\n"));
        assert!(b.ends_with("    sys.exit(C.run())\n"));
    }

    #[test]
    fn pip_gets_the_name_of_the_python_it_is_for() {
        let text = "[console_scripts]\npip = p:m\npip3 = p:m\npip3.9 = p:m\n";
        assert_eq!(names(text), ["pip", "pip3", "pip3.11"]);
    }

    #[test]
    fn what_is_no_function_is_refused() {
        for value in ["", "m", "m:", ":f", "m:f [x", "m:f()", "m;import os:f", "m:f\n"] {
            let text = format!("[console_scripts]\na = {value}");
            let refused = scripts(&text, "#!/p", 11).is_err();
            assert_eq!(refused, value != "m:f\n", "{value:?}");
        }
        assert!(scripts("[console_scripts]\na\n", "#!/p", 11).is_err());
    }

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        for name in ["../x", "/x", "a/b", "..", "a\\b", ""] {
            let text = format!("[console_scripts]\n{name} = m:f");
            assert!(scripts(&text, "#!/p", 11).is_err(), "{name:?}");
        }
    }

    #[test]
    fn the_interpreter_is_known_by_all_its_names() {
        assert!(["python", "python3", "python3.12", "python3.13t"].into_iter().all(is_interpreter));
        assert!(!["python2-compat", "python3.x", "pythonic"].into_iter().any(is_interpreter));
    }
}
