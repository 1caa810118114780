//! A plan that takes a finished operation back, made from what its journal entry says it made.

use std::collections::BTreeMap;

use crate::facts::{DatasetFacts, Facts};
use crate::host::Program;
use crate::journal::{Operation, Outcome, StepState};
use crate::names::{Guid, Stamp};
use crate::plan::{Action, Condition, Effect, Identity, Loss, Plan, Reason, Refusal, Step, When};

/// The plan that undoes an operation. It destroys only what the operation made, by guid; if that
/// has been written to since, the plan is a [`Effect::Destroy`].
///
/// # Errors
/// If the operation has not ended, was undone before, or has no way back.
pub fn plan(operation: &Operation, facts: &Facts, made: Stamp) -> Result<Plan, Refusal> {
    let id = &operation.id;
    if let Some(by) = &operation.reversed_by {
        return Err(Refusal::new(Reason::Nothing, format!("operation {id} was undone already, by {by}")));
    }
    match operation.outcome {
        _ if operation.running => {
            return Err(Refusal::new(Reason::State, format!("operation {id} is running"))
                .hint("wait until it has ended, or stop it: what it has done is taken back then"));
        }
        Some(Outcome::Done) => {}
        Some(Outcome::TakenBack) => {
            return Err(Refusal::new(Reason::Nothing, format!("operation {id} failed and was taken back already")));
        }
        Some(Outcome::Left) | None => {
            return Err(Refusal::new(Reason::State, format!("operation {id} has not ended"))
                .hint(format!("`kai op resume {id}` goes on with it, `kai op undo {id}` takes it back")));
        }
    }
    let mut steps = Vec::new();
    let mut losses = Vec::new();
    let mut effect = Effect::Change;
    let done = operation.plan.steps.iter().rev().filter(|step| operation.steps.get(step.id) == Some(&StepState::Done));
    for step in done {
        for undo in step.undo.iter().filter(|undo| matches!(undo.when, When::Always | When::Done)) {
            if let Some(lost) = destroyed(&undo.action).and_then(|name| facts.datasets.iter().find(|d| d.name == *name))
            {
                if is_used(lost) {
                    effect = Effect::Destroy;
                }
                losses.push(Loss {
                    what: lost.name.clone(),
                    identity: Some(format!("guid {}", lost.guid)),
                    bytes: Some(lost.used),
                });
            }
            steps.push(Step {
                id: steps.len(),
                stage: 0,
                lane: 0,
                action: undo.action.clone(),
                reason: format!("take back: {}", step.reason),
                requires: resolved(&undo.requires, &operation.made),
                ensures: undo.ensures.clone(),
                undo: Vec::new(),
                repeatable: false,
                optional: false,
                only_with: None,
            });
        }
    }
    nothing_depends(&losses, facts)?;
    if steps.is_empty() {
        let refusal = Refusal::new(Reason::Nothing, format!("operation {id} has no way back"));
        return Err(match &operation.plan.undo {
            Some(how) => refusal.hint(how.clone()),
            None => refusal,
        });
    }
    Ok(Plan {
        id: Plan::id_of(&format!("undo {id} {}", facts.host), &operation.plan.request, made),
        host: facts.host.clone(),
        made,
        request: operation.plan.request.clone(),
        effect,
        summary: format!("undo operation {id}: {}", operation.plan.summary),
        object: operation.plan.object.clone(),
        checks: vec![format!("operation {id} ended well and was not undone yet")],
        notes: Vec::new(),
        losses,
        undo: None,
        seconds: crate::plan::seconds(&steps, |_| 0),
        steps,
        report: Vec::new(),
    })
}

/// What has come to depend on something since keeps it: it is said before the first step, and not
/// found by ZFS half way.
fn nothing_depends(losses: &[Loss], facts: &Facts) -> Result<(), Refusal> {
    let goes = |name: &str| losses.iter().any(|loss| loss.what == name);
    for lost in facts.datasets.iter().filter(|found| goes(&found.name)) {
        let below = facts.datasets.iter().filter(|found| {
            let rest = found.name.strip_prefix(&lost.name);
            rest.is_some_and(|rest| rest.starts_with(['/', '@']))
        });
        let clones = lost.clones.iter().map(String::as_str);
        let stays: Vec<&str> =
            below.map(|found| found.name.as_str()).chain(clones).filter(|name| !goes(name)).collect();
        if !stays.is_empty() {
            return Err(Refusal::new(
                Reason::InUse,
                format!("{} cannot go: {} has come since and needs it", lost.name, stays.join(", ")),
            )
            .hint("undo the later operations first; `kai op history` lists them"));
        }
    }
    Ok(())
}

/// What the operation made is known by the guid that was recorded.
fn resolved(conditions: &[Condition], made: &BTreeMap<String, Guid>) -> Vec<Condition> {
    let identity = |name: &str, is: &Identity| match is {
        Identity::Mark(_) => made.get(name).map_or_else(|| is.clone(), |guid| Identity::Guid(*guid)),
        Identity::Guid(_) => is.clone(),
    };
    let mut conditions = conditions.to_vec();
    for condition in &mut conditions {
        if let Condition::Dataset { name, is } = condition {
            *is = identity(name.as_str(), is);
        } else if let Condition::Snapshot { name, is } = condition {
            *is = identity(&name.to_string(), is);
        }
    }
    conditions
}

/// The object that the action destroys.
fn destroyed(action: &Action) -> Option<&String> {
    let (Action::Run(command) | Action::RunWhileBusy(command)) = action else { return None };
    let destroys =
        command.program() == Program::Zfs && command.arguments().first().is_some_and(|verb| verb == "destroy");
    destroys.then(|| command.arguments().last()).flatten()
}

/// A clone or volume to which something was written, and every file system: nobody can tell from
/// outside whether it is still empty.
fn is_used(dataset: &DatasetFacts) -> bool {
    use crate::facts::Kind;
    match dataset.kind {
        Kind::Filesystem => true,
        // An empty volume's own bookkeeping.
        Kind::Volume => dataset.written > 128 << 10,
        Kind::Snapshot | Kind::Bookmark => false,
    }
}
