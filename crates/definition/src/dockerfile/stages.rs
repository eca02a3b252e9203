//! Stages: how they are named, and which ones are asked for.

use super::{File, variables};
use envwright_diagnosis::{Finding, Fix, nearest};
use parse_dockerfile::{Flag, FromInstruction, Instruction};
use std::collections::BTreeMap;

pub(super) fn findings(file: &File<'_, '_>) -> Vec<Finding> {
    let mut names: Vec<String> = Vec::new();
    let mut count = 0_usize;
    let mut globals: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut findings = Vec::new();
    for instruction in file.instructions {
        match instruction {
            Instruction::Arg(arg) if count == 0 => {
                globals.extend(variables::declared(&arg.arguments.value));
            }
            Instruction::From(from) => {
                findings.extend(naming(file, from, &names));
                findings.extend(platform(file, from));
                findings.extend(image(file, from, &globals, &names));
                names.push(from.as_.as_ref().map(|(_, name)| name.value.to_lowercase()).unwrap_or_default());
                count += 1;
            }
            Instruction::Copy(copy) => findings.extend(copied_from(file, &copy.options, &names)),
            _ => {}
        }
    }
    if count == 0 {
        let finding = Finding::new("dockerfile-parse").fact("line", 1);
        findings.push(finding.at(&file.span(0..0), "no `FROM` in the whole file"));
    }
    findings
}

fn naming(file: &File<'_, '_>, from: &FromInstruction<'_>, earlier: &[String]) -> Vec<Finding> {
    let Some((keyword, name)) = &from.as_ else { return Vec::new() };
    let mut findings = Vec::new();
    let text = &file.text;
    let (from_word, as_word) = (&text[from.from.span.clone()], &text[keyword.span.clone()]);
    let is_upper = |word: &str| word.chars().all(|c| c.is_ascii_uppercase());
    if is_upper(from_word) != is_upper(as_word) {
        let meant = if is_upper(from_word) { "AS" } else { "as" };
        let finding =
            file.warned("dockerfile-from-as-casing", keyword.span.clone(), "cased otherwise than `FROM`");
        findings.push(finding.fix(Fix::new(
            format!("Write `{meant}`"),
            file.span(keyword.span.clone()),
            meant,
        )));
    }
    let lower = name.value.to_lowercase();
    if lower != *name.value {
        let finding =
            file.warned("dockerfile-stage-name-casing", name.span.clone(), "upper case in a stage's name");
        findings.push(finding.fact("name", &name.value));
    }
    if earlier.contains(&lower) {
        let finding = Finding::new("dockerfile-duplicate-stage-name").fact("name", &name.value);
        findings.push(finding.at(&file.span(name.span.clone()), "an earlier stage has this name"));
    }
    if matches!(lower.as_str(), "scratch" | "context") {
        let finding = Finding::new("dockerfile-reserved-stage-name").fact("name", &name.value);
        findings.push(finding.at(&file.span(name.span.clone()), "kept for Docker's own use"));
    }
    findings
}

fn platform(file: &File<'_, '_>, from: &FromInstruction<'_>) -> Option<Finding> {
    let flag = from.options.iter().find(|flag| flag.name.value == "platform")?;
    let value = flag.value.as_ref()?;
    if matches!(&*value.value, "$TARGETPLATFORM" | "${TARGETPLATFORM}") {
        return Some(file.warned("dockerfile-redundant-target-platform", flag.span(), "that is the default"));
    }
    let names_it = from.as_.as_ref().is_some_and(|(_, name)| {
        value
            .value
            .split('/')
            .any(|part| !part.is_empty() && name.value.to_lowercase().contains(&part.to_lowercase()))
    });
    let is_constant = !value.value.contains('$') && !names_it;
    is_constant.then(|| {
        let finding = file.warned("dockerfile-from-platform-const", flag.span(), "always this platform");
        finding.fact("platform", &value.value)
    })
}

/// Arguments in an image's name must be declared before the first stage, with a value that gives a name.
fn image(
    file: &File<'_, '_>,
    from: &FromInstruction<'_>,
    globals: &BTreeMap<String, Option<String>>,
    earlier: &[String],
) -> Vec<Finding> {
    let image = &from.image;
    let mut findings = Vec::new();
    let mut is_known = true;
    for used in variables::used(&image.value) {
        if variables::PLATFORM.contains(&used.name.as_str()) || used.has_default {
            continue;
        }
        match globals.get(&used.name) {
            None => {
                is_known = false;
                let finding = file.warned(
                    "dockerfile-undefined-arg-in-from",
                    image.span.clone(),
                    "not declared before",
                );
                let finding = finding.fact("name", &used.name);
                findings.push(match nearest(&used.name, globals.keys().map(String::as_str)) {
                    Some(meant) => finding.fact("nearest", meant),
                    None => finding,
                });
            }
            Some(None) => {
                is_known = false;
                let finding = file.warned(
                    "dockerfile-invalid-default-arg-in-from",
                    image.span.clone(),
                    "without a default",
                );
                findings.push(finding.fact("name", &used.name));
            }
            Some(Some(_)) => {}
        }
    }
    let expanded = variables::expanded(&image.value, globals);
    let is_stage = earlier.contains(&expanded.to_lowercase());
    if is_known && !is_stage && (expanded.is_empty() || expanded.starts_with(':') || expanded.ends_with(':'))
    {
        let finding = file.warned(
            "dockerfile-invalid-default-arg-in-from",
            image.span.clone(),
            "gives no image's name",
        );
        findings.push(finding.fact("name", &expanded));
    }
    findings
}

/// `--from` names an earlier stage, its number, or an image.
fn copied_from(file: &File<'_, '_>, options: &[Flag<'_>], earlier: &[String]) -> Option<Finding> {
    let flag = options.iter().find(|flag| flag.name.value == "from")?;
    let value = flag.value.as_ref()?;
    let (name, earlier) = (value.value.to_lowercase(), &earlier[..earlier.len().saturating_sub(1)]);
    let wrong = match name.parse::<usize>() {
        Ok(number) => number >= earlier.len(),
        // An image has a tag, a digest or a folder; a bare name can be one, so that only a slip is told.
        Err(_) if name.contains(['/', ':', '@', '$']) || earlier.contains(&name) => false,
        Err(_) => return misspelled(file, value, &name, earlier),
    };
    wrong.then(|| {
        let finding = Finding::new("dockerfile-stage-not-found").fact("name", &value.value);
        finding.at(&file.span(value.span.clone()), "no stage before has this number")
    })
}

fn misspelled(
    file: &File<'_, '_>,
    value: &parse_dockerfile::UnescapedString<'_>,
    name: &str,
    earlier: &[String],
) -> Option<Finding> {
    let meant = nearest(name, earlier.iter().map(String::as_str).filter(|stage| !stage.is_empty()))?;
    let span = file.span(value.span.clone());
    let finding = Finding::new("dockerfile-stage-not-found")
        .fact("name", &value.value)
        .at(&span, "no stage of this name");
    Some(finding.fix(Fix::new(format!("Write `{meant}`"), span, meant)))
}
