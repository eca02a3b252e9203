//! Scripts: those of entry points, and those whose first line names Python in general.

use super::layout::PREFIX;
use std::collections::BTreeMap;

/// The scripts of `[console_scripts]` and `[gui_scripts]`, by name (PyPA, entry points).
pub(super) fn of_entry_points(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut scripts = BTreeMap::new();
    let mut wanted = false;
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            wanted = matches!(section.trim(), "console_scripts" | "gui_scripts");
        } else if wanted {
            let (name, reference) = line.split_once('=').ok_or_else(|| format!("its entry points have the line `{line}`"))?;
            let script = script(reference).ok_or_else(|| format!("its entry points have the reference `{reference}`"))?;
            scripts.insert(name.trim().to_owned(), script);
        }
    }
    Ok(scripts)
}

/// The launcher of `module:function [extras]`, with the words that uv's has.
fn script(reference: &str) -> Option<String> {
    let reference = reference.split('[').next()?.trim();
    let (module, function) = reference.split_once(':')?;
    let (module, function) = (module.trim(), function.trim());
    let dotted = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
    };
    if !dotted(module) || !dotted(function) {
        return None;
    }
    let import = function.split('.').next()?;
    Some(format!(
        "#!/{PREFIX}/bin/python\n\
         # -*- coding: utf-8 -*-\n\
         import sys\n\
         from {module} import {import}\n\
         if __name__ == \"__main__\":\n    \
         if sys.argv[0].endswith(\"-script.pyw\"):\n        \
         sys.argv[0] = sys.argv[0][:-11]\n    \
         elif sys.argv[0].endswith(\".exe\"):\n        \
         sys.argv[0] = sys.argv[0][:-4]\n    \
         sys.exit({function}())\n"
    ))
}

/// A script that starts with `#!python`, with the environment's interpreter in its place; `None` for any other.
pub(super) fn rewritten(bytes: &[u8]) -> Option<Vec<u8>> {
    let rest = bytes.strip_prefix(b"#!python")?;
    let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
    let mut script = format!("#!/{PREFIX}/bin/python").into_bytes();
    script.extend_from_slice(&rest[end..]);
    Some(script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_scripts_are_made_and_other_groups_are_not() {
        let text = "# words\n[console_scripts]\na = pkg.mod:Class.main [extra]\n[other]\nb = x:y\n[gui_scripts]\nc=x:y\n";
        let scripts = of_entry_points(text).unwrap();
        assert_eq!(scripts.keys().collect::<Vec<_>>(), ["a", "c"]);
        assert!(scripts["a"].starts_with("#!/opt/env/bin/python\n# -*- coding: utf-8 -*-\nimport sys\n"));
        assert!(scripts["a"].contains("from pkg.mod import Class\n"));
        assert!(scripts["a"].ends_with("    sys.exit(Class.main())\n"));
        assert!(of_entry_points("[console_scripts]\na = x; import os:y").is_err());
    }

    #[test]
    fn only_the_general_first_line_is_rewritten() {
        assert_eq!(rewritten(b"#!pythonw -E\r\nx").unwrap(), b"#!/opt/env/bin/python\r\nx");
        assert_eq!(rewritten(b"#!/usr/bin/env python\n"), None);
    }
}
