//! Dockerfiles: their instructions, and what can be said of them before they are built. The checks of BuildKit have its
//! names (<https://docs.docker.com/reference/build-checks/>).

mod context;
mod copies;
mod ignored;
mod installs;
mod instructions;
mod stages;
mod variables;

pub use instructions::is_secret_name;

use crate::collect::Collected;
use envwright_diagnosis::{Finding, Fix, Severity, Source, Span, nearest};
use parse_dockerfile as parser;
use std::{borrow::Cow, ops::Range, path::Path, sync::Arc};

/// The instructions that there are (Dockerfile reference).
const KNOWN: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// One instruction of a Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// Its name in upper case, such as `RUN`.
    pub name: String,
    /// What stands behind the name, as written.
    pub arguments: String,
    /// Where it stands, from its name to its last argument.
    pub span: Span,
}

/// Reads a Dockerfile and says what is wrong with it. `context` is the folder that it is built in, where that is known.
pub(crate) fn read(
    source: &Arc<Source>,
    context: Option<&Path>,
    collected: &mut Collected,
) -> (Vec<Instruction>, Vec<String>) {
    // Without the end of its last line the parser takes what Docker does not.
    let text = match source.text.strip_suffix('\n') {
        Some(_) => Cow::Borrowed(source.text.as_str()),
        None => Cow::Owned(format!("{}\n", source.text)),
    };
    let parsed = match parsed(source, &text, collected) {
        Some(parsed) if !parsed.is_empty() => parsed,
        _ => return (Vec::new(), Vec::new()),
    };
    let file = File { source, text: &text, instructions: &parsed };
    let mut findings = stages::findings(&file);
    findings.extend(instructions::findings(&file));
    findings.extend(variables::findings(&file));
    findings.extend(installs::findings(&file));
    if let Some(folder) = context {
        findings.extend(copies::findings(&file, folder));
        findings.extend(context::findings(&file, folder));
    }
    collected.findings.extend(findings);
    ((0..parsed.len()).map(|at| file.instruction(at)).collect(), directives(&source.text))
}

/// Parser directives (Dockerfile reference): comments before everything else that have a name and a value.
fn directives(text: &str) -> Vec<String> {
    let is_directive = |line: &&str| {
        let named = line.strip_prefix('#').and_then(|rest| rest.split_once('='));
        named.is_some_and(|(name, _)| {
            matches!(name.trim().to_ascii_lowercase().as_str(), "syntax" | "escape" | "check")
        })
    };
    text.lines().map(str::trim).take_while(is_directive).map(str::to_owned).collect()
}

/// The instructions up to the first one that cannot be read.
fn parsed<'a>(
    source: &Arc<Source>,
    text: &'a str,
    collected: &mut Collected,
) -> Option<Vec<parser::Instruction<'a>>> {
    let reader = match parser::parse_iter(text) {
        Ok(reader) => reader,
        Err(error) => {
            collected.push(unreadable(source, &error));
            return None;
        }
    };
    let mut instructions = Vec::new();
    for instruction in reader {
        match instruction {
            // The parser takes a blank behind `AS` for a name.
            Ok(parser::Instruction::From(from))
                if from.as_.as_ref().is_some_and(|(_, name)| name.value.is_empty()) =>
            {
                let span = Span::new(source, from.from.span.start..from.image.span.end);
                let finding = Finding::new("dockerfile-parse").fact("line", span.line());
                collected.push(finding.at(&span, "no name behind `AS`"));
                return None;
            }
            Ok(instruction) => instructions.push(instruction),
            Err(error) => {
                collected.push(unreadable(source, &error));
                return None;
            }
        }
    }
    Some(instructions)
}

fn unreadable(source: &Arc<Source>, error: &parser::Error) -> Finding {
    let mut start: usize =
        source.text.split_inclusive('\n').take(error.line().max(1) - 1).map(str::len).sum();
    if start >= source.text.trim_end().len() {
        // What ends too early is shown at its last line.
        start = source.text.trim_end().rfind('\n').map_or(0, |at| at + 1);
    }
    let line = source.text[start..].lines().next().unwrap_or_default();
    let at = start + line.char_indices().nth(error.column().max(1) - 1).map_or(0, |(at, _)| at);
    let word = line.split_whitespace().next().unwrap_or_default();
    let message = error.to_string();
    let reason = message.split(" at line").next().unwrap_or_default();
    if reason.contains("unknown instruction") && !word.is_empty() {
        let from = start + line.find(word).unwrap_or_default();
        let span = Span::new(source, from..from + word.len());
        let finding = Finding::new("dockerfile-unknown-instruction").fact("instruction", word);
        let finding = finding.at(&span, "no instruction of this name");
        return match nearest(&word.to_ascii_uppercase(), KNOWN) {
            Some(meant) => finding.fix(Fix::new(format!("Write `{meant}`"), span, meant)),
            None => finding,
        };
    }
    let span = Span::new(source, at..start + line.len());
    Finding::new("dockerfile-parse").fact("line", error.line()).at(&span, reason)
}

/// A Dockerfile that was read.
struct File<'a, 'text> {
    source: &'a Arc<Source>,
    /// Its text, whose last line has an end.
    text: &'a str,
    instructions: &'a [parser::Instruction<'text>],
}

impl File<'_, '_> {
    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.source, range)
    }

    /// The instruction's name, where it stands.
    fn keyword(&self, at: usize) -> Range<usize> {
        keyword(&self.instructions[at])
    }

    /// From the name to the end of the last line that belongs to it.
    fn range(&self, at: usize) -> Range<usize> {
        let start = self.keyword(at).start;
        let end = self.instructions.get(at + 1).map_or(self.text.len(), |next| keyword(next).start);
        let mut text = self.text[start..end].trim_end();
        // Comments before the next one do not belong to it.
        while let Some((before, last)) = text.rsplit_once('\n') {
            if !last.trim_start().starts_with('#') || before.trim_end().ends_with('\\') {
                break;
            }
            text = before.trim_end();
        }
        start..start + text.len()
    }

    fn instruction(&self, at: usize) -> Instruction {
        let (keyword, range) = (self.keyword(at), self.range(at));
        Instruction {
            name: self.text[keyword.clone()].to_ascii_uppercase(),
            arguments: self.text[keyword.end..range.end].trim().to_owned(),
            span: self.span(range),
        }
    }

    /// A finding of one of BuildKit's checks.
    fn warned(&self, problem: &'static str, range: Range<usize>, label: &str) -> Finding {
        Finding::new(problem).severity(Severity::Warning).at(&self.span(range), label)
    }
}

fn keyword(instruction: &parser::Instruction<'_>) -> Range<usize> {
    use parser::Instruction as I;
    match instruction {
        I::Add(one) => one.add.span.clone(),
        I::Arg(one) => one.arg.span.clone(),
        I::Cmd(one) => one.cmd.span.clone(),
        I::Copy(one) => one.copy.span.clone(),
        I::Entrypoint(one) => one.entrypoint.span.clone(),
        I::Env(one) => one.env.span.clone(),
        I::Expose(one) => one.expose.span.clone(),
        I::From(one) => one.from.span.clone(),
        I::Healthcheck(one) => one.healthcheck.span.clone(),
        I::Label(one) => one.label.span.clone(),
        I::Maintainer(one) => one.maintainer.span.clone(),
        I::Onbuild(one) => one.onbuild.span.clone(),
        I::Run(one) => one.run.span.clone(),
        I::Shell(one) => one.shell.span.clone(),
        I::Stopsignal(one) => one.stopsignal.span.clone(),
        I::User(one) => one.user.span.clone(),
        I::Volume(one) => one.volume.span.clone(),
        I::Workdir(one) => one.workdir.span.clone(),
        // The parser may come to know more.
        _ => 0..0,
    }
}
