//! Whether the examples of an entry show what it says.

use super::{Matcher, check, diagnose};
use crate::{Catalog, Diagnosed, Example, Problem};

/// What is wrong with the signatures and examples of an entry, a sentence each: every example has the problem as its
/// one root, with its facts and on its line, and no counterexample has it as a root.
pub fn prove(problem: &Problem, matcher: &Matcher, catalog: &Catalog) -> Vec<String> {
    let mut wrong = check(problem);
    for (number, example) in problem.example.iter().enumerate() {
        let told = of_example(problem, example, matcher, catalog);
        wrong.extend(told.into_iter().map(|told| format!("Example {}: {told}", number + 1)));
    }
    for (number, counterexample) in problem.counterexample.iter().enumerate() {
        let diagnosis = diagnose(counterexample.log.as_bytes(), matcher, catalog, "counterexample");
        if diagnosis.roots().iter().any(|root| root.finding.problem.as_str() == problem.id) {
            wrong.push(format!("Counterexample {} has it as a root.", number + 1));
        }
    }
    wrong
}

fn of_example(problem: &Problem, example: &Example, matcher: &Matcher, catalog: &Catalog) -> Vec<String> {
    let diagnosis = diagnose(example.log.as_bytes(), matcher, catalog, "example");
    let roots: Vec<&str> = diagnosis.roots().iter().map(|root| root.finding.problem.as_str()).collect();
    let own = |root: &&Diagnosed| root.finding.problem.as_str() == problem.id;
    // That a step failed is the consequence of a reason, if of an unknown one.
    let unknown = problem.generic && roots == ["unrecognised"];
    let others: Vec<&&str> = roots.iter().filter(|root| **root != problem.id && !unknown).collect();
    let owned = || diagnosis.findings().iter().filter(own);
    if !others.is_empty() || owned().next().is_none() {
        return vec![format!("its roots are {roots:?}.")];
    }
    let mut wrong = Vec::new();
    for (name, value) in &example.facts {
        if !owned().any(|root| root.finding.facts.get(name) == Some(value)) {
            let known: Vec<_> = owned().map(|root| &root.finding.facts).collect();
            wrong.push(format!("the fact {name} is not `{value}`: {known:?}."));
        }
    }
    if let Some(line) = example.line {
        let first =
            owned().find_map(|root| root.finding.evidence.first()).map(|evidence| evidence.span.line());
        if first != Some(line) {
            wrong.push(format!("its first evidence is on line {first:?}, not {line}."));
        }
    }
    wrong
}
