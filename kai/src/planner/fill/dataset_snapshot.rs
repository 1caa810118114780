//! Snapshots of datasets: taken, listed, gone back to, destroyed.

use serde_json::json;

use super::super::piece::Object;
use super::snapshot::Which;
use super::{Args, Filled, Task, args, ask, call};

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
    let name = task.object(|object| if let Object::Container(name) = object { Some(name.clone()) } else { None })?;
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
