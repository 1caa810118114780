//! `kvm_snap`: pause, snapshot, resume.

use std::time::Duration;

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{self, Take};
use super::{Tool, guests};
use crate::facts::{Facts, Scope};
use crate::names::{SnapshotLabel, VmName};
use crate::plan::{Action, DomainState, Effect, Plan, PlanBuilder, Reason, Refusal};
use crate::request::{Request, Situation};

/// Whether the guest's file systems are quiesced by its agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Freeze {
    /// If the guest has an agent that is connected; else only the pause: the snapshot is as after a
    /// power cut then, which file systems are made for.
    #[default]
    Auto,
    /// By the guest agent; there is no snapshot without it.
    Yes,
    /// No: only the pause.
    No,
}

/// Take a snapshot of a VM's disks, all at the same moment; a running VM is paused for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Args)]
#[serde(deny_unknown_fields)]
pub struct KvmSnap {
    /// The VM.
    #[arg(long)]
    pub vm: VmName,
    /// The snapshot's name; one with the time if nothing is said.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<SnapshotLabel>,
    /// Whether the guest agent quiesces the file systems first.
    #[arg(long, value_enum, default_value_t)]
    #[serde(default)]
    pub freeze: Freeze,
}

/// A paused guest waits no longer than this for its snapshot.
const PAUSE: Duration = Duration::from_secs(60);
/// An agent that has not frozen, or thawed, everything by then hangs.
const AGENT: Duration = Duration::from_secs(20);

impl Tool for KvmSnap {
    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn scope(&self) -> Scope {
        let agents = if self.freeze == Freeze::No { Vec::new() } else { vec![self.vm.clone()] };
        Scope { agents, ..guests::scope() }
    }

    fn plan(&self, request: &Request, situation: Situation<'_>) -> Result<Plan, Refusal> {
        let facts = situation.facts;
        let domain = guests::domain(facts, &self.vm)?;
        let volumes = guests::volumes(domain)?;
        let label = common::label(self.name.as_ref(), situation.made)?;
        for volume in &volumes {
            common::online(facts, &volume.pool())?;
        }
        if volumes.iter().any(|volume| volume.pool() != volumes[0].pool()) {
            return Err(Refusal::new(
                Reason::Invalid,
                format!("the disks of {} are on different pools: one snapshot cannot span them", self.vm),
            ));
        }
        let running = match domain.state {
            DomainState::Running => true,
            DomainState::ShutOff | DomainState::Paused => false,
            DomainState::Other => {
                return Err(Refusal::new(Reason::State, format!("VM {} is neither running nor shut off", self.vm))
                    .hint("wait until it has come up or gone down"));
            }
        };
        let plan = PlanBuilder::new(&facts.host, request.clone(), situation.made, Effect::Change);
        let mut plan = plan.about(format!("take snapshot {label} of VM {}", self.vm), &label);
        plan.check(match volumes.len() {
            1 => format!("the name {label} is free on its disk"),
            several => format!("the name {label} is free on its {several} disks"),
        });
        let freeze = self.freezes(facts, domain.state)?;
        let thaw = || guests::virsh("domfsthaw", domain).within(AGENT);
        let mut frozen = None;
        if freeze {
            let step = plan
                .run("let the guest quiesce its file systems", guests::virsh("domfsfreeze", domain).within(AGENT))
                .requires(guests::same(domain))
                .requires(guests::state(domain, DomainState::Running))
                .repeatable()
                .undo_at_once(
                    Action::Run(thaw()),
                    vec![guests::same(domain), guests::state(domain, DomainState::Running)],
                    vec![],
                );
            if self.freeze == Freeze::Auto {
                frozen = Some(step.optional());
                plan.note(
                    "if the guest does not manage to quiesce, the snapshot is taken as after a power cut, and said so",
                );
            }
        }
        if running {
            if !freeze {
                plan.note("the snapshot is as after a power cut: the guest is paused for it, not shut down");
            }
            plan.run("pause the guest", guests::virsh("suspend", domain))
                .requires(guests::same(domain))
                .requires(guests::state(domain, DomainState::Running))
                .ensures(guests::state(domain, DomainState::Paused))
                .undo_at_once(
                    Action::Run(guests::virsh("resume", domain)),
                    vec![guests::same(domain), guests::state(domain, DomainState::Paused)],
                    vec![guests::state(domain, DomainState::Running)],
                );
        }
        let take = Take {
            reason: "take the snapshot",
            datasets: &volumes,
            label: &label,
            recursive: false,
            within: Some(PAUSE),
        };
        take.plan(&mut plan, facts)?;
        if running {
            plan.run("let the guest go on", guests::virsh("resume", domain))
                .requires(guests::same(domain))
                .ensures(guests::state(domain, DomainState::Running));
        }
        if freeze {
            plan.run("let the guest write again", thaw()).requires(guests::same(domain)).repeatable().only_with(frozen);
        }
        for volume in &volumes {
            plan.report("snapshot", volume.at(&label));
        }
        plan.undone_by("`kai op undo` destroys the snapshot");
        Ok(plan.done())
    }
}

impl KvmSnap {
    /// Whether the agent is asked to freeze the guest.
    fn freezes(&self, facts: &Facts, state: DomainState) -> Result<bool, Refusal> {
        let connected = facts.agents.get(&self.vm) == Some(&true);
        match (self.freeze, state) {
            (Freeze::No, _) | (_, DomainState::ShutOff) => Ok(false),
            (Freeze::Auto, DomainState::Running) => Ok(connected),
            (Freeze::Yes, DomainState::Running) if connected => Ok(true),
            (Freeze::Yes, DomainState::Running) => {
                Err(Refusal::new(Reason::State, format!("VM {} has no guest agent that is connected", self.vm)).hint(
                    "install and start qemu-guest-agent in it, or take the snapshot without insisting on a freeze",
                ))
            }
            (Freeze::Yes, _) => {
                Err(Refusal::new(Reason::State, format!("VM {} is {state}: its agent does not answer", self.vm))
                    .hint("resume it first, or take the snapshot without insisting on a freeze"))
            }
            (Freeze::Auto, _) => Ok(false),
        }
    }
}
