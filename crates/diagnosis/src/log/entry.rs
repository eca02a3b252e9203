//! The beginning of an entry for what nothing recognised.

use super::{Matcher, diagnose};
use crate::Catalog;
use envwright_redact::Redactor;
use toml::Value;

/// Lines of the log that the example has.
const MOST: usize = 12;

/// An entry of the catalog as text, with the lines of the log that most likely hold its error as pattern and example.
/// Everything that needs thought says so. Secrets are masked.
pub fn entry(id: &str, log: &[u8], catalog: &Catalog) -> String {
    let diagnosis = diagnose(log, &Matcher::new(catalog), catalog, "log");
    let evidence = diagnosis.root().map(|root| &root.finding.evidence[..]).unwrap_or_default();
    let lines: Vec<&str> =
        evidence.iter().take(MOST).map(|place| place.span.line_text().trim_end()).collect();
    let telling = lines.first().copied().unwrap_or("the line that tells");
    let pattern = regex::escape(super::line::unwrap(telling).text.trim());
    let example = Redactor::default().redact(&lines.join("\n")).into_owned();
    format!(
        "id        = {}\n\
         title     = \"TODO: what is wrong, one clause in lower case\"\n\
         stage     = \"install\"      # define solve fetch install compile run pull push store service\n\
         fault     = \"definition\"   # definition machine network service\n\
         transient = false\n\n\
         [[signature]]\n\
         # Put named groups where names and numbers stand: (?<package>\\S+). They become facts.\n\
         pattern = {}\n\n\
         [[cause]]\n\
         text = \"TODO: why it happens, in sentences.\"\n\n\
         [[remedy]]\n\
         title = \"TODO: what to do\"\n\n\
         [[example]]\n\
         log = {}\n\n\
         # A second example with other names, and a log that looks alike and is something else:\n\
         # [[counterexample]]\n\
         # log = \"\"\n",
        quoted(id),
        quoted(&pattern),
        quoted(&example),
    )
}

/// A text as a value of TOML.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::prove;

    #[test]
    fn an_entry_from_a_log_recognises_that_log() {
        let dir = tempfile::tempdir().unwrap();
        fs_err::create_dir(dir.path().join("team")).unwrap();
        let log = b"Step 2/3 : RUN frob\nfrobnicate: error: the 'gizmo' is \"missing\" (again)\n\
            The command '/bin/sh -c frob' returned a non-zero code: 7\n";
        let text = entry("team-gizmo", log, &Catalog::builtin());
        fs_err::write(dir.path().join("team/team-gizmo.toml"), &text).unwrap();
        let catalog = Catalog::builtin().with_folder(dir.path()).unwrap();
        let problem = catalog.get("team-gizmo").unwrap();
        let matcher = Matcher::new(&catalog);
        assert_eq!(prove(problem, &matcher, &catalog), [""; 0], "{text}");
        let root = diagnose(log, &matcher, &catalog, "log").root().unwrap().finding.problem.clone();
        assert_eq!(root.as_str(), "team-gizmo");
    }
}
