//! The smallest set of the user's own requirements that still has no solution.

use super::{requirement::Item, resolve::attempt, session::Session};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use uv_resolver::ResolveError;

/// Kept for putting the answer into words.
const RESERVE: Duration = Duration::from_millis(500);

/// Leaves out one item after the other for good when the rest still has no solution. What was read stays
/// in memory, so an attempt costs little. Ends early, with a larger set, when the time is nearly over.
pub(super) async fn minimal<'s>(session: &'s Session<'_>, deadline: Instant) -> Vec<&'s Item> {
    let mut kept: Vec<&Item> = session.items.iter().collect();
    let end = deadline.checked_sub(RESERVE).unwrap_or(deadline);
    // Constraints first, then the last requirements: what was written first is the likelier intent.
    let mut order: Vec<&Item> = session.items.iter().rev().collect();
    order.sort_by_key(|item| !item.constraint);
    for candidate in order {
        let rest: Vec<&Item> = kept.iter().copied().filter(|item| !std::ptr::eq(*item, candidate)).collect();
        match timeout_at(end, attempt(session, &rest)).await {
            Ok(Err(ResolveError::NoSolution(_) | ResolveError::ConflictingUrls { .. })) => kept = rest,
            Ok(_) => {}
            Err(_) => break,
        }
    }
    kept
}
