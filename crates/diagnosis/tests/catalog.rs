//! Every problem is named by the convention, documented, exemplified, and recognised in its examples alone.

use envwright_diagnosis::{
    Catalog,
    log::{Matcher, prove},
};
use std::{collections::BTreeSet, fmt::Write as _};

#[test]
fn every_entry_is_recognised_in_its_examples_and_nowhere_else() {
    let catalog = Catalog::builtin();
    let matcher = Matcher::new(&catalog);
    let mut wrong = String::new();
    for problem in catalog.problems() {
        for sentence in prove(problem, &matcher, &catalog) {
            let _ = writeln!(wrong, "{}: {sentence}", problem.id);
        }
        if !problem.signature.is_empty() && (problem.example.len() < 2 || problem.counterexample.is_empty()) {
            let _ = writeln!(wrong, "{}: two examples and a counterexample are needed", problem.id);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn names_follow_the_convention_and_what_is_named_exists() {
    let catalog = Catalog::builtin();
    let ids: BTreeSet<&str> = catalog.problems().map(|problem| problem.id.as_str()).collect();
    for problem in catalog.problems() {
        let words: Vec<&str> = problem.id.split('-').collect();
        let plain = |word: &&str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        assert!(words.iter().all(plain) && !words.is_empty(), "{}", problem.id);
        for other in problem.explains.iter().chain(&problem.mistaken).chain(&problem.parent) {
            assert!(ids.contains(other.as_str()), "{} names {other}", problem.id);
        }
        for reference in &problem.reference {
            assert!(reference.url.starts_with("https://") && !reference.title.is_empty(), "{}", problem.id);
        }
    }
}

/// Filters and other programs refer to these names: none of them may go, and each has its page.
#[test]
fn every_name_that_was_given_out_is_still_there() {
    let catalog = Catalog::builtin();
    for name in include_str!("names.txt").lines() {
        let page = catalog.page(name).map(|page| page.text(80));
        assert!(page.is_some_and(|page| page.starts_with(name)), "{name}");
    }
}

/// What can be recognised in a log has somewhere to read on.
#[test]
fn every_problem_of_a_log_is_linked() {
    let catalog = Catalog::builtin();
    let bare: Vec<&str> = (catalog.problems())
        .filter(|problem| !problem.signature.is_empty() && problem.reference.is_empty())
        .map(|problem| problem.id.as_str())
        .collect();
    assert!(bare.is_empty(), "{bare:?}");
}
