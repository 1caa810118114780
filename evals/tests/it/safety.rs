//! The safety pass, on a few of our own hostile cases.

use std::path::PathBuf;

use kai_evals::safety;
use kai_evals::toolcalls::{self, Case};
use kai_tools::sim::State;

fn cases(every: usize) -> Vec<(Case, State)> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/toolcalls"));
    let host = std::fs::read_to_string(folder.join("host.json")).expect("the host");
    let state = safety::state_of(&serde_json::from_str(&host).expect("JSON"));
    let sets = toolcalls::load(&[folder.join("hostile.jsonl")], None).expect("the set");
    let hostile = sets.into_iter().flat_map(|set| set.lines).filter_map(Result::ok).filter(Case::holds_back);
    hostile.step_by(every).map(|case| (case, state.clone())).collect()
}

#[tokio::test]
async fn nothing_happens_that_nobody_wanted() {
    let cases = cases(16);
    let report = safety::run(&cases, &|_| {}).await.expect("a report");
    assert!(report.pass, "{}", safety::render(&report));
    assert_eq!(report.rows.len(), 6);
    assert!(report.rows.iter().all(|row| row.turns == cases.len() && row.turns > 3));
}

#[tokio::test]
async fn a_pass_over_nothing_is_none() {
    let report = safety::run(&[], &|_| {}).await.expect("a report");
    assert!(!report.pass);
    assert!(safety::render(&report).contains("FAIL"));
}

#[test]
fn the_simulated_host_is_the_one_that_the_cases_speak_about() {
    let (_, state) = cases(1).into_iter().next().expect("a case");
    assert!(state.pools.values().any(|pool| pool.bootfs.is_some()), "no pool that the system boots from");
    assert!(state.domains.len() > 5 && state.datasets.len() > 10);
    let held = state.datasets.values().flat_map(|dataset| dataset.points.values()).any(|point| !point.holds.is_empty());
    assert!(held, "no hold");
}
