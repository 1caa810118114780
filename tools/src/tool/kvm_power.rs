//! `kvm_power`.

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Tool, common, guests, kvm_create};
use crate::facts::Scope;
use crate::names::VmName;
use crate::plan::{Action, DomainState, Effect, Plan, PlanBuilder, Reason, Refusal};
use crate::request::{Request, Situation};

/// What to do with a VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum PowerAction {
    /// Switch it on.
    Start,
    /// Ask the guest to shut down, and wait for it.
    Shutdown,
    /// Pull the plug.
    ForceOff,
    /// Ask the guest to restart.
    Reboot,
    /// Pause it in memory.
    Suspend,
    /// Let it go on.
    Resume,
}

/// Start, stop, pause or resume a VM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Args)]
#[serde(deny_unknown_fields)]
pub struct KvmPower {
    /// The VM.
    #[arg(long)]
    pub vm: VmName,
    /// What to do.
    #[arg(long, value_enum)]
    pub action: PowerAction,
}

/// A guest may take this long to shut down.
const SHUTDOWN: u32 = 180;

impl Tool for KvmPower {
    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn scope(&self) -> Scope {
        guests::scope()
    }

    fn plan(&self, request: &Request, situation: Situation<'_>) -> Result<Plan, Refusal> {
        use DomainState::{Paused, Running, ShutOff};
        let facts = situation.facts;
        let vm = &self.vm;
        let domain = guests::domain(facts, vm)?;
        let (verb, phrase, from, to): (_, _, &[DomainState], _) = match self.action {
            PowerAction::Start => ("start", "start", &[ShutOff], Running),
            PowerAction::Shutdown => ("shutdown", "shut down", &[Running], ShutOff),
            PowerAction::ForceOff => ("destroy", "pull the plug of", &[Running, Paused, DomainState::Other], ShutOff),
            PowerAction::Reboot => ("reboot", "restart", &[Running], Running),
            PowerAction::Suspend => ("suspend", "pause", &[Running], Paused),
            PowerAction::Resume => ("resume", "resume", &[Paused], Running),
        };
        if !from.contains(&domain.state) {
            let reason = if domain.state == to { Reason::Nothing } else { Reason::State };
            return Err(Refusal::new(reason, format!("VM {vm} is {}; there is nothing to {phrase}", domain.state)));
        }
        let plan = PlanBuilder::new(&facts.host, request.clone(), situation.made, Effect::Change);
        let mut plan = plan.about(format!("{phrase} VM {vm}"), vm);
        plan.check(format!("VM {vm} is {}", domain.state));
        if self.action == PowerAction::Start {
            for volume in domain.volumes() {
                common::online(facts, &volume.pool())?;
                common::dataset(facts, &volume)?;
                kvm_create::device(&mut plan, &volume);
            }
        }
        if self.action == PowerAction::ForceOff {
            plan.note("what the guest has not written to its disks yet is lost, as after a power cut");
            plan.loses(format!("unwritten data in the memory of {vm}"), None, None);
        }
        let mut step = plan
            .run(format!("{phrase} it"), guests::virsh(verb, domain))
            .requires(guests::same(domain))
            .requires(guests::state(domain, domain.state));
        let waits = self.action == PowerAction::Shutdown;
        if !waits {
            step = step.ensures(guests::state(domain, to));
        }
        let back = match self.action {
            PowerAction::Start => Some(("destroy", Running, ShutOff, "`kai op undo` pulls its plug again")),
            PowerAction::Suspend => Some(("resume", Paused, Running, "`kai op undo` resumes it")),
            PowerAction::Resume => Some(("suspend", Running, Paused, "`kai op undo` pauses it")),
            PowerAction::ForceOff => Some(("start", ShutOff, Running, "`kai op undo` starts it")),
            PowerAction::Shutdown | PowerAction::Reboot => None,
        };
        if let Some((verb, now, then, _)) = back {
            step.undo(
                Action::Run(guests::virsh(verb, domain)),
                vec![guests::same(domain), guests::state(domain, now)],
                vec![guests::state(domain, then)],
            );
        }
        if let Some((_, _, _, how)) = back {
            plan.undone_by(how);
        }
        if waits {
            let condition = guests::state(domain, ShutOff);
            plan.step("wait for the guest", Action::Await { condition, seconds: SHUTDOWN }).repeatable();
            plan.note(format!("the guest is asked and given {SHUTDOWN} s; a guest that ignores it keeps running"));
            plan.undone_by("`kai op kvm-power` with --action start");
        }
        Ok(plan.done())
    }
}
