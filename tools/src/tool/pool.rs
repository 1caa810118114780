//! `pool_status` and `pool_scrub`.

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Table, Tool};
use crate::facts::{Facts, Scope};
use crate::host::Command;
use crate::names::PoolName;
use crate::plan::{Condition, Effect, Plan, PlanBuilder, Reason, Refusal};
use crate::request::{Request, Situation};

/// Health, size and free space of pools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Args)]
#[serde(deny_unknown_fields)]
pub struct PoolStatus {
    /// Only this pool.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<PoolName>,
}

/// What to do with a scrub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum ScrubAction {
    /// Begin one, or go on with a paused one.
    #[default]
    Start,
    /// Halt it; it goes on from there later.
    Pause,
    /// End it.
    Stop,
}

/// Check every block of a pool against its checksum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Args)]
#[serde(deny_unknown_fields)]
pub struct PoolScrub {
    /// The pool.
    #[arg(long)]
    pub pool: PoolName,
    /// Start, pause or stop.
    #[arg(long, value_enum, default_value_t)]
    #[serde(default)]
    pub action: ScrubAction,
}

impl Tool for PoolStatus {
    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn scope(&self) -> Scope {
        Scope { pools: true, ..Scope::default() }
    }

    fn read(&self, facts: &Facts) -> Result<Option<Table>, Refusal> {
        let mut table = Table::new(&["pool", "health", "size", "free", "used_percent"]);
        for pool in facts.pools.iter().filter(|pool| self.pool.as_ref().is_none_or(|name| *name == pool.name)) {
            let (size, free) = (pool.size.bytes(), pool.free.bytes());
            table.row(vec![json!(pool.name), json!(pool.health), json!(size), json!(free), json!(pool.capacity)]);
            if !pool.is_online() {
                table.notes.push(format!("{} is {}: `zpool status {0}` says why", pool.name, pool.health));
            }
            if pool.capacity >= 80 {
                table.notes.push(format!("{} is {} % full; ZFS slows down from about 80 %", pool.name, pool.capacity));
            }
        }
        match &self.pool {
            Some(pool) if table.rows.is_empty() => {
                Err(Refusal::new(Reason::Unknown, format!("there is no pool {pool}")))
            }
            Some(_) | None => Ok(Some(table)),
        }
    }
}

impl Tool for PoolScrub {
    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn scope(&self) -> Scope {
        Scope { pools: true, ..Scope::default() }
    }

    fn plan(&self, request: &Request, situation: Situation<'_>) -> Result<Plan, Refusal> {
        let facts = situation.facts;
        let pool = &self.pool;
        let found =
            facts.pool(pool).ok_or_else(|| Refusal::new(Reason::Unknown, format!("there is no pool {pool}")))?;
        let (verb, option, state) = match self.action {
            ScrubAction::Start => ("start", None, None),
            ScrubAction::Pause => ("pause", Some("-p"), Some("paused")),
            ScrubAction::Stop => ("stop", Some("-s"), Some("none")),
        };
        let plan = PlanBuilder::new(&facts.host, request.clone(), situation.made, Effect::Change);
        let mut plan = plan.about(format!("{verb} the scrub of pool {pool}"), pool);
        plan.check(format!("pool {pool} is {}", found.health));
        let mut command = Command::zpool("scrub");
        if let Some(option) = option {
            command = command.arg(option);
        }
        let step = plan.run(format!("{verb} the scrub"), command.arg(pool)).repeatable();
        if let Some(state) = state {
            step.ensures(Condition::Scrub { pool: pool.clone(), state: state.to_owned() });
        } else {
            plan.note("a scrub runs in the background, for hours on large pools; `zpool status` shows how far it is");
        }
        plan.undone_by(match self.action {
            ScrubAction::Start => "`kai op pool-scrub` with --action stop",
            ScrubAction::Pause | ScrubAction::Stop => "`kai op pool-scrub` with --action start",
        });
        Ok(plan.done())
    }
}
