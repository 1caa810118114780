//! What the Tab key knows of a host: its names, and those of its journal.

use kai_tools::facts::{Facts, Kind};
use kai_tools::operator::Operator;
use kai_tools::request::tools;

use crate::chat::complete::Names;
use crate::turn::scope;

/// Everything that can be named now. What cannot be read is not offered.
pub(super) fn of(operator: &Operator) -> Names {
    let facts = operator.observe(&scope()).unwrap_or_default();
    let operations = operator.history().unwrap_or_default();
    let operations = operations.iter().rev().map(|operation| operation.id.clone()).collect();
    Names { operations, ..of_host(&facts) }
}

/// Everything on a host that can be named in a sentence.
fn of_host(facts: &Facts) -> Names {
    let named = |wanted: &dyn Fn(Kind) -> bool| {
        facts.datasets.iter().filter(|found| wanted(found.kind)).map(|found| found.name.clone()).collect::<Vec<_>>()
    };
    let snapshots_of_vms = facts.domains.iter().flat_map(|found| {
        let volume = found.volumes().into_iter().next();
        let snapshots = volume.map(|volume| facts.snapshots(&volume)).unwrap_or_default();
        snapshots
            .into_iter()
            .filter_map(|snapshot| Some(format!("{}@{}", found.domain.name, snapshot.name.split_once('@')?.1)))
            .collect::<Vec<_>>()
    });
    Names {
        tools: tools().iter().filter(|tool| tool.available).map(|tool| tool.name.to_owned()).collect(),
        machines: facts.domains.iter().map(|found| found.domain.name.clone()).collect(),
        snapshots: snapshots_of_vms.chain(named(&|kind| kind == Kind::Snapshot)).collect(),
        datasets: named(&|kind| matches!(kind, Kind::Filesystem | Kind::Volume)),
        pools: facts.pools.iter().map(|pool| pool.name.to_string()).collect(),
        ..Names::default()
    }
}
