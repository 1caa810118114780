//! `op_history` and `op_undo`: what was done before. They concern the journal and not the host; the
//! session, which has the journal open, carries them out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Tool;
use crate::facts::Scope;
use crate::names::OperationId;
use crate::plan::Effect;

/// What was done before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpHistory {
    /// So many operations, the latest.
    #[serde(default = "twenty")]
    pub limit: u32,
}

fn twenty() -> u32 {
    20
}

/// Take an operation back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpUndo {
    /// Its id, the beginning of it, or `last`.
    pub op: OperationId,
}

impl Tool for OpHistory {
    const ONLY_READS: bool = true;

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn scope(&self) -> Scope {
        Scope::default()
    }
}

impl Tool for OpUndo {
    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn scope(&self) -> Scope {
        Scope { pools: true, all_datasets: true, ..Scope::default() }
    }
}
