//! Pools, datasets and their snapshots.

use serde_json::json;

use super::super::piece::Object;
use super::super::values::Value;
use super::quantity::size;
use super::snapshot::Which;
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
            .filter_map(|object| match object {
                Object::Pool(name) => Some(name.clone()),
                _ => None,
            })
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

    /// Datasets that are there, in order. A pool's name stands for its root.
    fn datasets(&self) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for piece in self.clause.pieces.iter().filter(|piece| !piece.name) {
            let found = piece.objects.iter().find_map(|object| match object {
                Object::Dataset(name) | Object::Pool(name) => Some(name.clone()),
                Object::Snapshot(left, _) if self.scene.inventory.dataset(left).is_some() => Some(left.clone()),
                _ => None,
            });
            if let Some(name) = found.filter(|name| !out.contains(name)) {
                out.push(name);
            }
        }
        if out.is_empty() {
            out = self.datasets_by_leaf();
        }
        if out.is_empty()
            && let Some(dataset) = self
                .scene
                .focus
                .dataset
                .clone()
                .filter(|_| self.clause.pieces.iter().any(|piece| piece.marks("it") || piece.marks("them")))
        {
            out.push(dataset);
        }
        out
    }

    /// `the photos dataset`: the last part of a name, where only one has it.
    fn datasets_by_leaf(&self) -> Vec<String> {
        if !(self.has("dataset") || self.has("volume")) || self.question {
            return Vec::new();
        }
        let inventory = self.scene.inventory;
        let mut out = Vec::new();
        for piece in self.clause.pieces.iter().filter(|piece| !piece.name && !piece.filler && piece.value.is_none()) {
            let fits: Vec<&str> = inventory
                .datasets
                .iter()
                .filter(|dataset| {
                    dataset.name.rsplit('/').next() == Some(piece.low.as_str()) && dataset.name.contains('/')
                })
                .map(|dataset| dataset.name.as_str())
                .collect();
            if let [one] = fits.as_slice() {
                out.push((*one).to_owned());
            }
        }
        out
    }

    /// A name of a dataset that is not there.
    fn new_dataset(&self) -> Option<String> {
        self.object(|object| match object {
            Object::NewDataset(name) => Some(name.clone()),
            _ => None,
        })
        .or_else(|| self.clause.names().find(|piece| piece.raw.contains('/')).map(|piece| piece.raw.clone()))
    }

    fn recursive(&self) -> bool {
        self.has("recursive")
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

pub(super) fn dataset_list(task: Task<'_>) -> Filled {
    let mut out = Args::new();
    let volumes = task.has("volume") || task.set.get("kind").is_some_and(|kind| kind == "volume");
    let kind = if task.has("bookmark") {
        Some("bookmark")
    } else if volumes && !task.has("dataset") {
        Some("volume")
    } else if task.has("snapshot") {
        Some("snapshot")
    } else if task.clause.pieces.iter().any(|piece| {
        [
            "filesystem",
            "file system",
            "dateisystem",
            "systemes de fichiers",
            "sistemas de",
            "ファイルシステム",
            "bestandssyst",
        ]
        .iter()
        .any(|word| piece.low.replace(' ', "").contains(&word.replace(' ', "")))
    }) {
        Some("filesystem")
    } else {
        None
    };
    if let Some(root) = task.datasets().first() {
        out.insert("root".to_owned(), json!(root));
    } else if let Some(name) = task.new_dataset() {
        return ask(&["root"], format!("There is no dataset {name} here. Which one is meant?"));
    }
    if let Some(kind) = kind {
        out.insert("kind".to_owned(), json!(kind));
    }
    call("dataset_list", out)
}

const COMPRESSIONS: [&str; 7] = ["lz4", "zstd", "gzip", "lzjb", "zle", "off", "on"];

pub(super) fn dataset_create(task: Task<'_>) -> Filled {
    let claimed = task.new_dataset();
    let Some(name) = claimed else {
        if let Some(name) = task.datasets().first() {
            if let Some(leaf) = task.fresh_name(&[]).filter(|leaf| !leaf.contains('/')) {
                // `a dataset called scans under tank`
                return finish(task, &format!("{name}/{leaf}"));
            }
            return ask(&["dataset"], format!("{name} is there already. What shall the new dataset be called?"));
        }
        return ask(&["dataset"], "What shall the dataset be called, with its pool (tank/data)?");
    };
    finish(task, &name)
}

fn finish(task: Task<'_>, name: &str) -> Filled {
    let mut out = args([("dataset", json!(name.trim_end_matches('/')))]);
    let given = task.quantities(&["quota", "recordsize", "volblocksize"]);
    for one in &given {
        let key = if one.what == "quota" { "quota" } else { "recordsize" };
        if let Value::Size(bytes) = one.value {
            out.insert(key.to_owned(), json!(size(bytes)));
        }
    }
    for (_, bytes) in task.loose_sizes(&given) {
        // A record is at most 16M; what is larger can only be a quota.
        let key = if bytes > 16 << 20 { "quota" } else { "recordsize" };
        out.entry(key.to_owned()).or_insert_with(|| json!(size(bytes)));
    }
    let compression = task.clause.pieces.iter().find_map(|piece| {
        let low = piece.low.as_str();
        let head = low.split('-').next().unwrap_or_default();
        let near =
            COMPRESSIONS.contains(&low) || (COMPRESSIONS.contains(&head) && low.len() > head.len() && head.len() > 2);
        let plain = matches!(low, "on" | "off");
        (near && (!plain || task.has("compression") && plain && low == "off")).then(|| low.to_owned())
    });
    let without = task.has("compression")
        && compression.is_none()
        && task.clause.pieces.iter().any(|piece| piece.marks("without"));
    if without {
        out.insert("compression".to_owned(), json!("off"));
    }
    if let Some(compression) = compression {
        out.insert("compression".to_owned(), json!(compression));
    }
    let mountpoint = task.value(|value| match value {
        Value::Path(path) => Some(path.clone()),
        _ => None,
    });
    if let Some(path) = mountpoint {
        out.insert("mountpoint".to_owned(), json!(path));
    }
    call("dataset_create", out)
}

pub(super) fn dataset_destroy(task: Task<'_>) -> Filled {
    let datasets = task.datasets();
    if let Some(name) = task.new_dataset() {
        return ask(&["dataset"], format!("There is no dataset {name} here. Which one is meant?"));
    }
    if datasets.is_empty() {
        return ask(&["dataset"], "Which dataset is meant? Give its full name.");
    }
    let one = |name: &String| {
        let mut out = args([("dataset", json!(name))]);
        if task.recursive() {
            out.insert("recursive".to_owned(), json!(true));
        }
        ("dataset_destroy", out)
    };
    Filled::Calls(datasets.iter().map(one).collect())
}

pub(super) fn snapshot_create(task: Task<'_>) -> Filled {
    let datasets = task.datasets();
    if let Some(name) = task.new_dataset() {
        return ask(&["datasets"], format!("There is no dataset {name} here. Which one is meant?"));
    }
    if datasets.is_empty() {
        return ask(&["datasets"], "Of which datasets? Give their full names.");
    }
    let mut out = args([("datasets", json!(datasets))]);
    if let Some(label) = task.label() {
        out.insert("name".to_owned(), json!(label));
    }
    if task.recursive() {
        out.insert("recursive".to_owned(), json!(true));
    }
    call("snapshot_create", out)
}

pub(super) fn snapshot_list(task: Task<'_>) -> Filled {
    let volume_of =
        |name: &str| task.scene.inventory.vms.iter().find(|vm| vm.dataset == name).map(|vm| vm.name.clone());
    if let Some(dataset) = task.datasets().first() {
        if let Some(vm) = volume_of(dataset) {
            return call("snapshot_list", args([("vm", json!(vm))]));
        }
        return call("snapshot_list", args([("dataset", json!(dataset))]));
    }
    if let Some(name) = task.new_dataset() {
        return ask(&["dataset"], format!("There is no dataset {name} here. Which one is meant?"));
    }
    let meant = task.vms();
    match meant.names.as_slice() {
        [one] => call("snapshot_list", args([("vm", json!(one))])),
        [] if meant.candidates.is_empty() => match container_dataset(task) {
            Some(dataset) => call("snapshot_list", args([("dataset", json!(dataset))])),
            None => call("snapshot_list", Args::new()),
        },
        [] => task.checked(meant, "vm", false).err().unwrap_or(Filled::Nothing),
        _ if meant.all => call("snapshot_list", Args::new()),
        several => Filled::Calls(several.iter().map(|vm| ("snapshot_list", args([("vm", json!(vm))]))).collect()),
    }
}

fn container_dataset(task: Task<'_>) -> Option<String> {
    let name = task.object(|object| match object {
        Object::Container(name) => Some(name.clone()),
        _ => None,
    })?;
    task.scene
        .inventory
        .containers
        .iter()
        .find(|container| container.name == name)
        .map(|container| container.dataset.clone())
        .filter(|dataset| !dataset.is_empty())
}

/// `dataset@name` of what the clause means.
fn full_snapshot(task: Task<'_>, destroys: bool) -> Result<Vec<String>, Filled> {
    let inventory = task.scene.inventory;
    let mut full: Vec<String> = Vec::new();
    for piece in task.clause.pieces.iter().filter(|piece| !piece.name) {
        for object in &piece.objects {
            if let Object::Snapshot(left, right) = object {
                if !inventory.snapshots(left).iter().any(|snapshot| snapshot.name == *right)
                    && inventory.dataset(left).is_some()
                {
                    let candidates: Vec<String> =
                        inventory.snapshots(left).iter().map(|snapshot| format!("{left}@{}", snapshot.name)).collect();
                    return Err(Filled::Ask {
                        missing: vec!["snapshot"],
                        question: format!("There is no snapshot {left}@{right}. Which one is meant?"),
                        candidates,
                    });
                }
                if inventory.dataset(left).is_none() && super::super::judge::valid_dataset(left) {
                    return Err(ask(
                        &["snapshot"],
                        format!("There is no dataset {left} here. Which snapshot is meant?"),
                    ));
                }
                full.push(format!("{left}@{right}"));
            }
        }
    }
    if !full.is_empty() {
        return Ok(full);
    }
    let datasets = task.datasets();
    let [dataset] = datasets.as_slice() else {
        if let Some(name) = task.new_dataset() {
            return Err(ask(&["snapshot", "dataset"], format!("There is no dataset {name} here.")));
        }
        // A name that only one dataset has.
        let owners: Vec<String> = inventory
            .datasets
            .iter()
            .flat_map(|dataset| dataset.snapshots.iter().map(move |snapshot| (dataset, snapshot)))
            .filter(|(_, snapshot)| {
                task.clause.pieces.iter().any(|piece| {
                    piece.raw == snapshot.name || piece.objects.contains(&Object::At(snapshot.name.clone()))
                })
            })
            .map(|(dataset, snapshot)| format!("{}@{}", dataset.name, snapshot.name))
            .collect();
        return match owners.as_slice() {
            [one] if !destroys => Ok(vec![one.clone()]),
            _ => Err(Filled::Ask {
                missing: vec!["snapshot"],
                question: "Which snapshot? Give its full name, dataset@name.".to_owned(),
                candidates: owners,
            }),
        };
    };
    let list = inventory.snapshots(dataset);
    match task.snapshot(list, destroys) {
        Which::Name(name) => Ok(vec![format!("{dataset}@{name}")]),
        Which::Ask(_) | Which::Unsaid => {
            let candidates: Vec<String> = list.iter().map(|snapshot| format!("{dataset}@{}", snapshot.name)).collect();
            Err(Filled::Ask {
                missing: vec!["snapshot"],
                question: format!("Which snapshot of {dataset}: {}?", candidates.join(", ")),
                candidates,
            })
        }
    }
}

pub(super) fn snapshot_destroy(task: Task<'_>) -> Filled {
    match full_snapshot(task, true) {
        Ok(names) => {
            Filled::Calls(names.iter().map(|name| ("snapshot_destroy", args([("snapshot", json!(name))]))).collect())
        }
        Err(asked) => asked,
    }
}

pub(super) fn dataset_rollback(task: Task<'_>) -> Filled {
    match full_snapshot(task, false) {
        Ok(names) => {
            let one = |name: &String| {
                let mut out = args([("snapshot", json!(name))]);
                if !task.keeps_current() {
                    out.insert("keep_current".to_owned(), json!(false));
                }
                ("dataset_rollback", out)
            };
            Filled::Calls(names.iter().map(one).collect())
        }
        Err(asked) => asked,
    }
}
