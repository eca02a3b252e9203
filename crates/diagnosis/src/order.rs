//! From findings to causes: which finding explains which, and in which order they are shown.

use crate::{Catalog, Fault, Finding, Problem};
use std::cmp::Reverse;

/// Sorts findings: by fault (definition before machine before network), specific before generic, earlier before
/// later in the text, more facts before fewer.
pub(crate) fn sort(findings: &mut [Finding], catalog: &Catalog) {
    let mut names: Vec<String> = Vec::new();
    for evidence in findings.iter().flat_map(|finding| &finding.evidence) {
        if !names.contains(&evidence.span.source().name) {
            names.push(evidence.span.source().name.clone());
        }
    }
    findings.sort_by_cached_key(|finding| {
        let fault = catalog.get(finding.problem.as_str()).map_or(Fault::Envwright, |problem| problem.fault);
        let depth = catalog.ancestry(&finding.problem).len();
        let place = finding.evidence.first().map_or((usize::MAX, 0), |evidence| {
            let name = &evidence.span.source().name;
            (names.iter().position(|known| known == name).unwrap_or(usize::MAX), evidence.span.range().start)
        });
        (fault, Reverse(depth), place, Reverse(finding.facts.iter().count()))
    });
}

/// For each finding, the findings that it explains.
pub(crate) fn edges(findings: &[Finding], catalog: &Catalog) -> Vec<Vec<usize>> {
    let explained = |cause: &Finding| {
        let others = findings.iter().enumerate();
        others.filter(|(_, effect)| explains(cause, effect, catalog)).map(|(index, _)| index).collect()
    };
    findings.iter().map(explained).collect()
}

/// Findings that nothing explains, and one of each circle of findings that explain each other.
pub(crate) fn roots(edges: &[Vec<usize>]) -> Vec<usize> {
    let caused = |index: usize| edges.iter().any(|effects| effects.contains(&index));
    let mut roots: Vec<usize> = (0..edges.len()).filter(|index| !caused(*index)).collect();
    let mut reached = vec![false; edges.len()];
    for root in &roots {
        reach(*root, edges, &mut reached);
    }
    for index in 0..edges.len() {
        if !reached[index] {
            roots.push(index);
            reach(index, edges, &mut reached);
        }
    }
    roots.sort_unstable();
    roots
}

fn reach(index: usize, edges: &[Vec<usize>], reached: &mut [bool]) {
    if std::mem::replace(&mut reached[index], true) {
        return;
    }
    for effect in &edges[index] {
        reach(*effect, edges, reached);
    }
}

/// Whether the catalog says that one causes the other, about the same package where both name one. A
/// variant explains what its parent explains, and the parent itself.
fn explains(cause: &Finding, effect: &Finding, catalog: &Catalog) -> bool {
    if cause.problem == effect.problem {
        return false;
    }
    let generic =
        |finding: &Finding| catalog.get(finding.problem.as_str()).is_some_and(|problem| problem.generic);
    if generic(effect) && !generic(cause) {
        return true;
    }
    let packages = (cause.facts.get("package"), effect.facts.get("package"));
    if matches!(packages, (Some(one), Some(other)) if one != other) {
        return false;
    }
    let causes = catalog.ancestry(&cause.problem);
    if causes.contains(&effect.problem.as_str()) {
        return true;
    }
    let effects = catalog.ancestry(&effect.problem);
    let known: Vec<&Problem> = causes.iter().filter_map(|id| catalog.get(id)).collect();
    let named = |ids: &[String]| ids.iter().any(|id| effects.contains(&id.as_str()));
    // Our own errors are told apart already, and a tool that knows which versions there are has reached the index.
    let mistaken = effect.tool.is_some() && effect.facts.get("available").is_none();
    known.iter().any(|problem| named(&problem.explains) || mistaken && named(&problem.mistaken))
}
