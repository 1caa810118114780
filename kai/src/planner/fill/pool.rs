//! Pools.

use serde_json::json;

use super::super::piece::Object;
use super::{Args, Filled, Task, args, ask, call, refuse};

impl Task<'_> {
    /// Pools by name; all of them for `all pools`.
    fn pools(&self) -> Vec<String> {
        let named: Vec<String> = self
            .clause
            .pieces
            .iter()
            .filter(|piece| !piece.name)
            .flat_map(|piece| &piece.objects)
            .filter_map(|object| if let Object::Pool(name) = object { Some(name.clone()) } else { None })
            .collect();
        if !named.is_empty() {
            return named;
        }
        let inventory = self.scene.inventory;
        if self.has("pool") || self.has("host") {
            // `the system pool`, `the degraded pool`
            let word =
                |word: &str| self.clause.pieces.iter().any(|piece| piece.low.split(' ').any(|part| part == word));
            let broken: Vec<String> =
                inventory.pools.iter().filter(|pool| pool.state != "ONLINE").map(|pool| pool.name.clone()).collect();
            if word("degraded") && broken.len() == 1 && !self.question {
                return broken;
            }
            let root: Vec<String> =
                inventory.pools.iter().filter(|pool| pool.root).map(|pool| pool.name.clone()).collect();
            if (word("root") || word("system") || word("boot")) && root.len() == 1 {
                return root;
            }
        }
        Vec::new()
    }
}

pub(super) fn pool_status(task: Task<'_>) -> Filled {
    let pools = task.pools();
    match pools.as_slice() {
        [one] => call("pool_status", args([("pool", json!(one))])),
        [] => match unknown_pool(task) {
            Some(word) => ask(&["pool"], format!("There is no pool {word} here. Which one is meant?")),
            None => call("pool_status", Args::new()),
        },
        several => Filled::Calls(several.iter().map(|pool| ("pool_status", args([("pool", json!(pool))]))).collect()),
    }
}

/// A word beside `pool` that names none.
fn unknown_pool(task: Task<'_>) -> Option<String> {
    let pieces = &task.clause.pieces;
    let at = pieces.iter().position(|piece| piece.is("pool") && !piece.low.ends_with('s'))?;
    let beside = [at.checked_sub(1), Some(at + 1)];
    beside
        .into_iter()
        .flatten()
        .filter_map(|at| pieces.get(at))
        .find(|piece| piece.unknown() && !task.scene.lexicon.is_plain(&piece.low))
        .map(|piece| piece.raw.clone())
}

pub(super) fn pool_scrub(task: Task<'_>) -> Filled {
    let mut pools = task.pools();
    if pools.is_empty() && (task.has("all") || task.has("both")) && !task.question {
        pools = task.scene.inventory.pools.iter().map(|pool| pool.name.clone()).collect();
    }
    if pools.is_empty()
        && let Some(pool) =
            task.scene.focus.pool.clone().filter(|_| task.clause.pieces.iter().any(|piece| piece.marks("it")))
    {
        pools.push(pool);
    }
    if pools.is_empty() {
        let candidates: Vec<String> = task.scene.inventory.pools.iter().map(|pool| pool.name.clone()).collect();
        return Filled::Ask {
            missing: vec!["pool"],
            question: format!("Which pool: {}?", candidates.join(", ")),
            candidates,
        };
    }
    let action = task.set.get("action").map_or("start", String::as_str);
    Filled::Calls(
        pools.iter().map(|pool| ("pool_scrub", args([("pool", json!(pool)), ("action", json!(action))]))).collect(),
    )
}

pub(super) fn pool_destroy(task: Task<'_>) -> Filled {
    let pools = task.pools();
    let root = pools.iter().any(|pool| task.scene.inventory.pool(pool).is_some_and(|pool| pool.root));
    if root {
        return refuse("never-root-pool", "this is the pool that the system runs from; kai never destroys it");
    }
    refuse("unsupported", "kai does not destroy pools")
}
