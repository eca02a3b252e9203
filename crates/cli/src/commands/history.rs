//! `envwright history`.

use super::table;
use crate::{failure::Failure, terminal::Terminal};
use envwright_builder::Summary;
use envwright_store::Home;

pub(crate) fn run(home: &Home, terminal: &Terminal) -> Result<(), Failure> {
    let builds = envwright_builder::history(home)?;
    if terminal.json {
        return Ok(terminal.print_json(&builds)?);
    }
    if builds.is_empty() {
        terminal.say("no builds yet\n");
        return Ok(());
    }
    let mut rows = vec![["BUILD", "STATE", "SECONDS", "RESULT"].map(str::to_owned).to_vec()];
    rows.extend(builds.iter().map(row));
    Ok(terminal.print(&table(&rows))?)
}

fn row(build: &Summary) -> Vec<String> {
    let result = build.problem.as_ref().or(build.image.as_ref()).cloned().unwrap_or_default();
    let seconds = if build.state == "running" { String::new() } else { format!("{:.1}", build.seconds) };
    vec![build.build.clone(), build.state.clone(), seconds, result]
}
