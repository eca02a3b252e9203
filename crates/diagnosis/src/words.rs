//! What the texts of an entry must be: they are read with facts and without them.

use crate::{Facts, Problem, template};

/// Every fact that a template may name: those shared by all problems.
pub(crate) const FACTS: &[&str] = &[
    "account",
    "architecture",
    "available",
    "backend",
    "build_requires",
    "channel",
    "codec",
    "codename",
    "command",
    "engine",
    "executable",
    "exit_code",
    "expected",
    "extra",
    "feature",
    "file",
    "flag",
    "format",
    "got",
    "header",
    "host",
    "image",
    "index",
    "instruction",
    "key",
    "library",
    "limit",
    "line",
    "missing",
    "module",
    "name",
    "nearest",
    "needed",
    "needs",
    "other",
    "package",
    "path",
    "permission",
    "platform",
    "port",
    "python",
    "reason",
    "release",
    "repository",
    "required_by",
    "requirement",
    "requires_python",
    "status",
    "step",
    "suite",
    "tag",
    "text",
    "url",
    "user",
    "version",
    "wait",
];

/// What is wrong with the texts of an entry, a sentence each.
pub(crate) fn wrong(problem: &Problem) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut all = Facts::default();
    for name in FACTS {
        all.set(name, format!("<{name}>"));
    }
    if problem.cause.is_empty() || problem.remedy.is_empty() {
        wrong.push("It needs a cause and a remedy.".to_owned());
    }
    let causes = problem.cause.iter().map(|cause| &cause.text);
    let remedies = problem.remedy.iter().map(|remedy| &remedy.title);
    for text in causes.chain(remedies).chain([&problem.title]) {
        let known = template::text(text, &all);
        if known.matches('<').count() != known.matches('>').count() {
            wrong.push(format!("A bracket is not closed: {text}"));
        }
        for rendered in [&known, &template::text(text, &Facts::default())] {
            if rendered.contains(['{', '}', '[', ']']) {
                wrong.push(format!("A bracket is left: {rendered}"));
            }
            if rendered.contains("  ") || rendered.trim() != rendered || rendered.contains(" ,") {
                wrong.push(format!("It has a blank too many: {rendered:?}"));
            }
            if rendered.contains("the the ") {
                wrong.push(format!("An article stands twice: {rendered}"));
            }
        }
        for name in template::names(text).into_iter().filter(|name| !FACTS.contains(name)) {
            wrong.push(format!("No problem has a fact `{name}`: {text}"));
        }
    }
    let causes = problem.cause.iter().map(|cause| &cause.when);
    for condition in causes.chain(problem.remedy.iter().map(|remedy| &remedy.when)) {
        for name in template::asked(condition).filter(|name| !FACTS.contains(name)) {
            wrong.push(format!("No problem has a fact `{name}`: {condition}"));
        }
    }
    let title = template::text(&problem.title, &Facts::default());
    if title.ends_with('.') || title.len() > 110 {
        wrong.push(format!("The title must be a clause of at most 110 characters: {title}"));
    }
    for cause in problem.cause.iter().filter(|cause| !cause.text.ends_with('.')) {
        wrong.push(format!("A cause must be sentences: {}", cause.text));
    }
    for remedy in problem.remedy.iter().filter(|remedy| remedy.title.ends_with('.')) {
        wrong.push(format!("A remedy must have no full stop: {}", remedy.title));
    }
    wrong
}
