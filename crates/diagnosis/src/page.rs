//! One problem's page: what `envwright explain ID` prints, and what stands in the reference.

use crate::{Facts, Problem, template, wrap::beside};
use std::fmt::Write as _;

/// The page of a problem.
#[derive(Debug, Clone)]
pub struct Page<'a> {
    problem: &'a Problem,
    variants: Vec<&'a str>,
}

impl<'a> Page<'a> {
    pub(crate) fn new(problem: &'a Problem, variants: Vec<&'a str>) -> Self {
        Self { problem, variants }
    }

    /// The problem's title with words in place of facts, as a heading.
    pub fn title(&self) -> String {
        let title = words(&self.problem.title);
        let mut letters = title.chars();
        letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
    }

    /// For a terminal of `width` columns.
    pub fn text(&self, width: usize) -> String {
        let width = width.max(40);
        let problem = self.problem;
        let mut out = format!("{}\n", problem.id);
        out += &beside("", 0, 0, &self.title(), width);
        out += "\n";
        out += &beside("", 0, 0, &self.summary(), width);
        out += "\nWhat can be behind it\n";
        for cause in &problem.cause {
            out += &beside("  -", 3, 4, &words(&cause.text), width);
        }
        out += "\nWhat to do\n";
        for (index, remedy) in problem.remedy.iter().enumerate() {
            let number = format!("  {}.", index + 1);
            out += &beside(&number, number.len(), 5, &words(&remedy.title), width);
            for command in &remedy.command {
                let _ = writeln!(out, "       $ {}", template::command(command, &Facts::default()));
            }
        }
        for (heading, ids) in self.relations() {
            let _ = write!(out, "\n{heading}\n{}", beside("", 0, 2, &ids.join(", "), width));
        }
        if !problem.reference.is_empty() {
            out += "\nTo read\n";
            for reference in &problem.reference {
                let _ = writeln!(out, "  {}: {}", reference.title, reference.url);
            }
        }
        out
    }

    /// For the book; links to other problems are `<id>.md`.
    pub fn markdown(&self) -> String {
        let problem = self.problem;
        let mut out = format!(
            "# {}\n\n**{}.** {}\n\n## What can be behind it\n\n",
            problem.id,
            self.title(),
            self.summary()
        );
        for cause in &problem.cause {
            let _ = writeln!(out, "- {}", words(&cause.text));
        }
        out += "\n## What to do\n\n";
        for (index, remedy) in problem.remedy.iter().enumerate() {
            let _ = writeln!(out, "{}. {}", index + 1, words(&remedy.title));
            if !remedy.command.is_empty() {
                let commands = remedy.command.iter().map(|c| template::command(c, &Facts::default()));
                let lines: Vec<String> = commands.map(|command| format!("   {command}\n")).collect();
                let _ = write!(out, "\n   ```sh\n{}   ```\n", lines.concat());
            }
        }
        for (heading, ids) in self.relations() {
            let links: Vec<String> = ids.iter().map(|id| format!("[{id}]({id}.md)")).collect();
            let _ = write!(out, "\n## {heading}\n\n{}\n", links.join(", "));
        }
        if !problem.reference.is_empty() {
            out += "\n## To read\n\n";
            for reference in &problem.reference {
                let _ = writeln!(out, "- [{}]({})", reference.title, reference.url);
            }
        }
        out
    }

    /// Stage, fault and exit code in a sentence or two.
    fn summary(&self) -> String {
        let problem = self.problem;
        let again = if problem.transient { " The same build can succeed if tried again." } else { "" };
        let (stage, fault, code) = (problem.stage, problem.fault, problem.fault.exit_code());
        format!("Stage: {stage}. At fault: {fault}. Exit code: {code}.{again}")
    }

    /// Other problems that belong to this one.
    fn relations(&self) -> Vec<(&'static str, Vec<&str>)> {
        let explains = self.problem.explains.iter().map(String::as_str).collect();
        let parent = self.problem.parent.iter().map(String::as_str).collect();
        let all =
            [("A variant of", parent), ("Its variants", self.variants.clone()), ("Can lead to", explains)];
        all.into_iter().filter(|(_, ids): &(_, Vec<&str>)| !ids.is_empty()).collect()
    }
}

/// A template with words in place of facts.
fn words(template: &str) -> String {
    template::text(template, &Facts::default())
}

#[cfg(test)]
mod tests {
    use crate::Catalog;

    #[test]
    fn every_problem_has_a_page_in_both_forms() {
        let catalog = Catalog::builtin();
        for problem in catalog.problems() {
            let page = catalog.page(&problem.id).unwrap();
            let text = page.text(80);
            assert!(text.starts_with(&format!("{}\n", problem.id)));
            assert!(
                text.lines().all(|l| l.chars().count() <= 80 || l.contains('$') || l.contains("http")),
                "{text}"
            );
            let markdown = page.markdown();
            assert!(markdown.starts_with(&format!("# {}\n\n**", problem.id)));
            assert!(markdown.ends_with('\n') && !markdown.contains("\n\n\n"), "{markdown}");
        }
        assert!(catalog.page("unheard-of").is_none());
    }

    #[test]
    fn a_page_names_its_variants_and_what_it_leads_to() {
        let catalog = Catalog::builtin();
        let markdown = catalog.page("store-io").unwrap().markdown();
        assert!(markdown.contains("## Its variants\n\n[disk-full](disk-full.md)"), "{markdown}");
    }
}
