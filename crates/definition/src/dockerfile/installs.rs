//! conda and pip in `RUN`: whether the image can be expected to have them, and new enough.

use super::File;
use envwright_diagnosis::{Finding, Severity};
use parse_dockerfile::Instruction;
use std::ops::Range;

/// conda before 4.5.4 does not install what is packed today.
const OLDEST_CONDA: [u32; 3] = [4, 5, 4];

/// Repositories whose images have a conda, or a Python with pip.
const WITH_CONDA: [&str; 7] =
    ["miniconda", "anaconda", "miniforge", "mambaforge", "micromamba", "azureml", "conda"];
const WITH_PIP: [&str; 8] =
    ["python", "pytorch", "tensorflow", "jupyter", "azureml", "conda", "mamba", "miniforge"];
/// Plain systems, which have neither.
const PLAIN: [&str; 12] = [
    "debian",
    "ubuntu",
    "alpine",
    "busybox",
    "fedora",
    "centos",
    "rockylinux",
    "almalinux",
    "scratch",
    "distroless",
    "amazonlinux",
    "cuda",
];

pub(super) fn findings(file: &File<'_, '_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut stage = Stage::default();
    for (at, instruction) in file.instructions.iter().enumerate() {
        match instruction {
            Instruction::From(from) => {
                stage = Stage::of(&from.image.value);
                findings.extend(stage.old_conda(file, &from.image.value, from.image.span.clone()));
            }
            Instruction::Run(_) => findings.extend(stage.run(file, file.range(at))),
            // What comes from elsewhere may bring them.
            Instruction::Copy(_) | Instruction::Add(_) | Instruction::Env(_) => stage.is_plain = false,
            _ => {}
        }
    }
    findings
}

#[derive(Default)]
struct Stage {
    /// Whether the base is known to have neither conda nor pip, and nothing was added that may have brought them.
    is_plain: bool,
    has_conda: bool,
    has_pip: bool,
}

impl Stage {
    fn of(image: &str) -> Self {
        let path = image.split('@').next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        let name = name.split(':').next().unwrap_or_default().to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| path.to_lowercase().contains(word));
        Self {
            is_plain: PLAIN.contains(&name.as_str()) && !has(&WITH_PIP),
            has_conda: has(&WITH_CONDA),
            has_pip: has(&WITH_PIP),
        }
    }

    /// Sample: `continuumio/miniconda3:4.3.27`.
    fn old_conda(&self, file: &File<'_, '_>, image: &str, range: Range<usize>) -> Option<Finding> {
        let tag = image.rsplit_once(':').map(|(_, tag)| tag).filter(|tag| !tag.contains('/'))?;
        let numbers: Vec<u32> = tag.split(['.', '-']).map_while(|part| part.parse().ok()).collect();
        let is_old = self.has_conda && numbers.len() >= 2 && numbers.as_slice() < OLDEST_CONDA.as_slice();
        is_old.then(|| {
            let finding = Finding::new("conda-too-old").severity(Severity::Warning).fact("version", tag);
            finding.at(&file.span(range), "conda before 4.5.4")
        })
    }

    fn run(&mut self, file: &File<'_, '_>, range: Range<usize>) -> Vec<Finding> {
        let text = file.text[range.clone()].to_owned();
        let mut findings = Vec::new();
        let mut at = 0;
        for command in text.split(['\n', '&', ';', '|']) {
            let start = range.start + at;
            at += command.len() + 1;
            let words: Vec<&str> = command.trim().trim_end_matches('\\').split_whitespace().collect();
            let words: &[&str] = match words.first() {
                Some(first) if first.eq_ignore_ascii_case("RUN") => &words[1..],
                _ => &words,
            };
            let Some(program) = words.iter().find(|word| !word.starts_with("--") && !word.contains('='))
            else {
                continue;
            };
            let offset = command.find(program).unwrap_or_default();
            let place = start + offset..start + offset + program.len();
            findings.extend(self.command(file, program, words, place));
        }
        findings
    }

    fn command(
        &mut self,
        file: &File<'_, '_>,
        program: &str,
        words: &[&str],
        place: Range<usize>,
    ) -> Option<Finding> {
        let line = words.join(" ");
        let installs =
            words.iter().any(|word| matches!(*word, "install" | "add" | "env" | "create" | "update"));
        match program {
            "pip" | "pip3" if installs && self.is_plain && !self.has_pip => {
                self.has_pip = true;
                let finding = Finding::new("pip-command-not-found")
                    .severity(Severity::Warning)
                    .fact("command", program);
                return Some(finding.at(&file.span(place), "nothing before installs it"));
            }
            "conda" | "mamba" if installs && self.is_plain && !self.has_conda => {
                self.has_conda = true;
                let finding = Finding::new("conda-command-not-found")
                    .severity(Severity::Warning)
                    .fact("command", program);
                return Some(finding.at(&file.span(place), "nothing before installs it"));
            }
            "conda" if installs => return Self::pinned_conda(file, words, place),
            _ => {}
        }
        self.has_pip |= line.contains("pip") || line.contains("conda");
        self.has_conda |= line.contains("conda") || line.contains("mamba") || line.contains("miniforge");
        None
    }

    /// Sample: `conda install conda=4.3.1`.
    fn pinned_conda(file: &File<'_, '_>, words: &[&str], place: Range<usize>) -> Option<Finding> {
        let version = words.iter().find_map(|word| word.trim_matches(['"', '\'']).strip_prefix("conda="))?;
        let version = version.trim_start_matches('=');
        let numbers: Vec<u32> = version.split('.').map_while(|part| part.parse().ok()).collect();
        (numbers.len() >= 2 && numbers.as_slice() < OLDEST_CONDA.as_slice()).then(|| {
            let finding = Finding::new("conda-too-old").severity(Severity::Warning).fact("version", version);
            finding.at(&file.span(place), "conda before 4.5.4")
        })
    }
}
