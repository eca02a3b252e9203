//! Single instructions, and those that stand more than once in a stage.

use super::{File, variables};
use envwright_diagnosis::{Finding, Fix, Span};
use parse_dockerfile::{Command, Instruction};
use std::ops::Range;

/// Words in names of variables that hold secrets (BuildKit's `SecretsUsedInArgOrEnv`).
const SECRET: [&str; 9] =
    ["apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret"];
/// Words that make a name harmless.
const PUBLIC: [&str; 2] = ["public", "file"];

pub(super) fn findings(file: &File<'_, '_>) -> Vec<Finding> {
    let mut findings = casing(file);
    findings.extend(empty_continuations(file));
    let mut stage = Stage::default();
    for (at, instruction) in file.instructions.iter().enumerate() {
        match instruction {
            Instruction::From(_) => stage = Stage::default(),
            Instruction::Shell(_) => stage.has_shell = true,
            Instruction::Maintainer(one) => {
                findings.push(file.warned(
                    "dockerfile-maintainer-deprecated",
                    one.maintainer.span.clone(),
                    "deprecated",
                ));
            }
            Instruction::Workdir(one) => findings.extend(stage.workdir(file, &one.arguments)),
            Instruction::Cmd(one) => {
                findings.extend(stage.again(file, at, 0));
                findings.extend(stage.form(file, &one.arguments, "CMD"));
            }
            Instruction::Entrypoint(one) => {
                findings.extend(stage.again(file, at, 1));
                findings.extend(stage.form(file, &one.arguments, "ENTRYPOINT"));
            }
            Instruction::Healthcheck(_) => findings.extend(stage.again(file, at, 2)),
            Instruction::Env(one) => {
                findings.extend(legacy(file, &one.arguments.value, one.arguments.span.clone()));
                findings.extend(secrets(file, &one.arguments.value, one.arguments.span.clone()));
            }
            Instruction::Label(one) => {
                findings.extend(legacy(file, &one.arguments.value, one.arguments.span.clone()));
            }
            Instruction::Arg(one) => {
                findings.extend(secrets(file, &one.arguments.value, one.arguments.span.clone()));
            }
            Instruction::Expose(one) => {
                let ports = one.arguments.iter().map(|port| (&*port.value, port.span.clone()));
                findings.extend(ports.filter_map(|(port, range)| exposed(file, port, range)));
            }
            _ => {}
        }
    }
    findings
}

#[derive(Default)]
struct Stage {
    has_shell: bool,
    has_workdir: bool,
    /// Where `CMD`, `ENTRYPOINT` and `HEALTHCHECK` stood last.
    last: [Option<Range<usize>>; 3],
}

impl Stage {
    fn workdir(
        &mut self,
        file: &File<'_, '_>,
        path: &parse_dockerfile::UnescapedString<'_>,
    ) -> Option<Finding> {
        let is_absolute = path.value.starts_with(['/', '$', '"', '\'']) || path.value.contains(":\\");
        self.has_workdir |= is_absolute;
        (!self.has_workdir).then(|| {
            let finding = file.warned(
                "dockerfile-workdir-relative",
                path.span.clone(),
                "relative to the base's folder",
            );
            finding.fact("path", &path.value)
        })
    }

    fn again(&mut self, file: &File<'_, '_>, at: usize, kind: usize) -> Option<Finding> {
        let keyword = file.keyword(at);
        let before = self.last[kind].replace(keyword.clone())?;
        let name = file.text[keyword.clone()].to_ascii_uppercase();
        let finding = file.warned("dockerfile-multiple-instructions", before, "has no effect");
        Some(finding.fact("instruction", name).at(&file.span(keyword), "as this one comes later"))
    }

    fn form(&self, file: &File<'_, '_>, command: &Command<'_>, name: &str) -> Option<Finding> {
        let Command::Shell(text) = command else { return None };
        if self.has_shell {
            return None;
        }
        let finding = file.warned("dockerfile-json-args", text.span.clone(), "run by a shell");
        let finding = finding.fact("instruction", name);
        let words: Vec<&str> = text.value.split_whitespace().collect();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,@+".contains(c);
        let plain = text.value.chars().all(|c| is_plain(c) || c == ' ')
            && !words.iter().any(|word| word.contains('=') && words[0] == *word);
        Some(if plain {
            let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
            let meant = format!("[{}]", quoted.join(", "));
            let end = text.span.start + file.text[text.span.clone()].trim_end().len();
            finding.fix(Fix::new(format!("Write `{name} {meant}`"), file.span(text.span.start..end), meant))
        } else {
            finding
        })
    }
}

/// Instructions are all in upper case or all in lower case, as most of them are.
fn casing(file: &File<'_, '_>) -> Vec<Finding> {
    let words: Vec<Range<usize>> = (0..file.instructions.len()).map(|at| file.keyword(at)).collect();
    let text = |range: &Range<usize>| &file.text[range.clone()];
    let upper = words.iter().filter(|range| text(range).chars().all(|c| c.is_ascii_uppercase())).count();
    let is_upper = upper * 2 >= words.len();
    let meant = |word: &str| if is_upper { word.to_ascii_uppercase() } else { word.to_ascii_lowercase() };
    let odd = words.into_iter().filter(|range| text(range) != meant(text(range)));
    odd.map(|range| {
        let meant = meant(text(&range));
        let finding =
            file.warned("dockerfile-instruction-casing", range.clone(), "cased otherwise than the others");
        finding.fact("instruction", text(&range)).fix(Fix::new(
            format!("Write `{meant}`"),
            file.span(range),
            meant,
        ))
    })
    .collect()
}

/// An empty line between a line that ends in `\` and the one that goes on.
fn empty_continuations(file: &File<'_, '_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut start = 0;
    let mut continued = false;
    let heredocs: Vec<Range<usize>> = file.instructions.iter().flat_map(heredocs).collect();
    for line in file.text.split_inclusive('\n') {
        let range = start..start + line.len();
        start = range.end;
        let text = line.trim();
        if heredocs.iter().any(|heredoc| heredoc.contains(&range.start)) {
            continue;
        }
        if continued && text.is_empty() {
            let end = range.start + line.trim_end_matches(['\r', '\n']).len();
            let finding =
                file.warned("dockerfile-empty-continuation", range.start..end, "an empty line goes on");
            findings.push(finding.fix(Fix::new("Remove the empty line", Span::new(file.source, range), "")));
        } else if !text.starts_with('#') {
            continued = text.ends_with('\\');
        }
    }
    findings
}

fn heredocs(instruction: &Instruction<'_>) -> Vec<Range<usize>> {
    let of_source = |source: &parse_dockerfile::Source<'_>| match source {
        parse_dockerfile::Source::HereDoc(heredoc) => Some(heredoc.span.clone()),
        _ => None,
    };
    match instruction {
        Instruction::Run(run) => run.here_docs.iter().map(|heredoc| heredoc.span.clone()).collect(),
        Instruction::Copy(copy) => copy.src.iter().filter_map(of_source).collect(),
        Instruction::Add(add) => add.src.iter().filter_map(of_source).collect(),
        _ => Vec::new(),
    }
}

/// `ENV name value` in the place of `ENV name=value`.
fn legacy(file: &File<'_, '_>, text: &str, range: Range<usize>) -> Option<Finding> {
    let (name, value) = text.split_once(|c: char| c.is_whitespace())?;
    if name.contains('=') || name.is_empty() {
        return None;
    }
    let value = value.trim();
    let finding = file.warned("dockerfile-legacy-key-value", range.clone(), "without `=`").fact("name", name);
    let is_one_line = !file.text[range.clone()].contains('\n');
    let is_plain = !value.contains(['"', '\'', '\\', ' ', '\t']);
    let quoted = if is_plain { value.to_owned() } else { format!("\"{value}\"") };
    let can_fix = is_one_line && !value.is_empty() && !value.contains(['"', '\\']);
    Some(if can_fix {
        let meant = format!("{name}={quoted}");
        let end = range.start + file.text[range.clone()].trim_end().len();
        finding.fix(Fix::new(format!("Write `{meant}`"), file.span(range.start..end), meant))
    } else {
        finding
    })
}

/// Whether the name of a variable says that its value is a secret.
pub fn is_secret_name(name: &str) -> bool {
    let lower = name.to_lowercase();
    let mut words = lower.split(['_', '-', '.']);
    words.clone().any(|word| SECRET.contains(&word) || word == "token")
        && !words.any(|word| PUBLIC.contains(&word))
}

/// Variables that are kept in the image, or in its history, and whose names say that they are secret.
fn secrets(file: &File<'_, '_>, text: &str, range: Range<usize>) -> Vec<Finding> {
    let names = variables::declared(text).into_iter().map(|(name, _)| name);
    let names = names.filter(|name| is_secret_name(name));
    names
        .map(|name| {
            let at = file.text[range.clone()].find(&name).map_or(range.start, |at| range.start + at);
            let place = at..(at + name.len()).min(range.end);
            file.warned("dockerfile-secret-in-env", place, "kept in the image").fact("name", name)
        })
        .collect()
}

/// Samples of what is right: `8080`, `8080/tcp`, `8000-8010/udp`, `$PORT`.
fn exposed(file: &File<'_, '_>, port: &str, range: Range<usize>) -> Option<Finding> {
    let (number, protocol) = port.split_once('/').map_or((port, ""), |(number, protocol)| (number, protocol));
    let lower = protocol.to_ascii_lowercase();
    if port.contains('$') {
        return None;
    }
    if number.contains([':', '.']) {
        return Some(
            file.warned("dockerfile-expose-invalid", range, "an address or a port of the host")
                .fact("port", port),
        );
    }
    (lower != protocol).then(|| {
        let meant = format!("{number}/{lower}");
        let finding = file
            .warned("dockerfile-expose-casing", range.clone(), "a protocol in upper case")
            .fact("port", port);
        finding.fix(Fix::new(format!("Write `{meant}`"), file.span(range), meant))
    })
}
