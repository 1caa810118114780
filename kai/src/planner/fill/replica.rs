//! Hourly snapshots, replication, and what happens when a host is gone.

use serde_json::json;

use super::super::piece::Object;
use super::super::values::Value;
use super::quantity::size;
use super::{Args, Filled, Task, args, ask, call};

fn period(seconds: u64) -> String {
    kai_tools::names::Period::from_seconds(seconds).to_string()
}

impl Task<'_> {
    fn time(&self) -> Option<u64> {
        self.value(|value| if let Value::Time(seconds) = value { Some(*seconds) } else { None })
    }

    /// The target of a replica: what was said, else what the job or the host's root makes of it.
    fn target(&self, key: &str, name: &str) -> Option<String> {
        let full = self.object(|object| if let Object::Target(target) = object { Some(target.clone()) } else { None });
        if full.is_some() {
            return full;
        }
        let host = self.object(|object| if let Object::Host(host) = object { Some(host.clone()) } else { None })?;
        let inventory = self.scene.inventory;
        let job = inventory.replication_jobs.iter().find(|job| {
            let replicated = if key == "vm" { &job.vm } else { &job.dataset };
            replicated.as_deref() == Some(name) && job.to.split(':').next() == Some(host.as_str())
        });
        if let Some(job) = job {
            return Some(job.to.clone());
        }
        let root = inventory
            .dr_hosts
            .iter()
            .find(|known| known.name == host)
            .map(|known| known.replica_root.as_str())
            .filter(|root| !root.is_empty());
        let leaf = if key == "vm" { name } else { name.rsplit('/').next()? };
        Some(root.map_or_else(|| host.clone(), |root| format!("{host}:{root}/{leaf}")))
    }

    /// What is to be replicated: VMs or a dataset.
    fn replicated(&self) -> Result<Vec<(&'static str, String)>, Filled> {
        let datasets: Vec<(&'static str, String)> = self
            .clause
            .pieces
            .iter()
            .filter(|piece| !piece.name)
            .flat_map(|piece| &piece.objects)
            .filter_map(|object| {
                let Object::Dataset(name) = object else { return None };
                let vm = self.scene.inventory.vms.iter().find(|vm| vm.dataset == *name);
                Some(vm.map_or_else(|| ("dataset", name.clone()), |vm| ("vm", vm.name.clone())))
            })
            .collect();
        if !datasets.is_empty() {
            return Ok(datasets);
        }
        let gone = self.object(|object| if let Object::NewDataset(name) = object { Some(name.clone()) } else { None });
        if let Some(name) = gone {
            return Err(ask(&["dataset"], format!("There is no dataset {name} here. Which one is meant?")));
        }
        if let Some(dataset) = self
            .scene
            .focus
            .dataset
            .clone()
            .filter(|_| self.clause.pieces.iter().any(|piece| piece.marks("it")) && self.scene.focus.vms.is_empty())
        {
            return Ok(vec![("dataset", dataset)]);
        }
        match self.need_vms("vm", false) {
            Ok(vms) => Ok(vms.into_iter().map(|vm| ("vm", vm)).collect()),
            Err(Filled::Ask { candidates, question, .. }) => {
                Err(Filled::Ask { missing: vec!["vm", "dataset"], candidates, question })
            }
            Err(other) => Err(other),
        }
    }
}

pub(super) fn autosnap(task: Task<'_>) -> Filled {
    let action = task.set.get("action").map_or("status", String::as_str);
    let mut out = args([("action", json!(action))]);
    let meant = task.vms();
    let mut scopes: Vec<String> = Vec::new();
    if !meant.all && !meant.names.is_empty() {
        scopes = meant.names;
    } else if !meant.unknown.is_empty()
        && !meant.all
        && !task.has("all")
        && meant.unknown.iter().any(|word| word.chars().any(|c| c.is_ascii_digit()))
    {
        return task.checked(meant, "scope", false).err().unwrap_or(Filled::Nothing);
    } else if meant.candidates.len() > 1 && !task.has("all") {
        return Filled::Ask {
            missing: vec!["scope"],
            question: format!("Which VM: {}?", meant.candidates.join(", ")),
            candidates: meant.candidates,
        };
    }
    if action == "enable"
        && let Some(seconds) = keep(task)
    {
        out.insert("keep".to_owned(), json!(period(seconds)));
    } else if action == "prune"
        && let Some(seconds) = task.time()
    {
        out.insert("keep".to_owned(), json!(period(seconds)));
    }
    if scopes.is_empty() {
        if task.has("all") && action != "status" && action != "prune" && action != "run" {
            out.insert("scope".to_owned(), json!("all"));
        }
        return call("autosnap", out);
    }
    let one = |vm: &String| {
        let mut out = out.clone();
        out.insert("scope".to_owned(), json!(vm));
        ("autosnap", out)
    };
    Filled::Calls(scopes.iter().map(one).collect())
}

/// How long they are kept: a time that is not how often they are taken.
fn keep(task: Task<'_>) -> Option<u64> {
    let pieces = &task.clause.pieces;
    let times: Vec<(usize, u64)> = pieces
        .iter()
        .enumerate()
        .filter_map(|(at, piece)| if let Some(Value::Time(seconds)) = piece.value { Some((at, seconds)) } else { None })
        .collect();
    let often = |at: usize| {
        at > 0 && (pieces[at - 1].marks("every") || pieces[at - 1].low == "every")
            || pieces[at].low.ends_with("ly")
            || pieces[at].low.starts_with("every")
    };
    times.iter().rev().find(|(at, _)| !often(*at)).map(|(_, seconds)| *seconds)
}

pub(super) fn replicate(task: Task<'_>) -> Filled {
    let what = match task.replicated() {
        Ok(what) => what,
        Err(asked) => return asked,
    };
    let mut calls = Vec::new();
    for (key, name) in what {
        let Some(to) = task.target(key, &name) else {
            let candidates: Vec<String> = task.scene.inventory.dr_hosts.iter().map(|host| host.name.clone()).collect();
            return Filled::Ask {
                missing: vec!["to"],
                question: format!("Where to: {}?", candidates.join(", ")),
                candidates,
            };
        };
        let mut out = args([(key, json!(name)), ("to", json!(to))]);
        let rate =
            task.value(|value| if let Value::Rate(bytes) | Value::Size(bytes) = value { Some(*bytes) } else { None });
        if let Some(rate) = rate {
            out.insert("bandwidth".to_owned(), json!(size(rate)));
        }
        if task.has("noraw")
            || task.has("raw") && task.clause.pieces.iter().any(|piece| piece.marks("not") || piece.marks("without"))
        {
            out.insert("raw".to_owned(), json!("no"));
        } else if task.has("raw") {
            out.insert("raw".to_owned(), json!("yes"));
        }
        if task.has("dry") {
            out.insert("dry_run".to_owned(), json!(true));
        }
        calls.push(("replicate", out));
    }
    Filled::Calls(calls)
}

pub(super) fn replication_schedule(task: Task<'_>) -> Filled {
    let what = match task.replicated() {
        Ok(what) => what,
        Err(asked) => return asked,
    };
    let mut calls = Vec::new();
    for (key, name) in what {
        let mut missing = Vec::new();
        let to = task.target(key, &name);
        if to.is_none() {
            missing.push("to");
        }
        let every = task.time();
        if every.is_none() {
            missing.push("every");
        }
        let (Some(to), Some(every)) = (to, every) else {
            return ask(&missing, "Where to, and how often?");
        };
        calls.push((
            "replication_schedule",
            args([(key, json!(name)), ("to", json!(to)), ("every", json!(period(every)))]),
        ));
    }
    Filled::Calls(calls)
}

pub(super) fn replication_status(task: Task<'_>) -> Filled {
    // `what replicas do we have`, and a VM that is described as one.
    let pieces = &task.clause.pieces;
    let named = pieces.iter().any(|piece| !piece.objects.is_empty() || piece.unknown() || piece.name);
    let replicas = |piece: &super::super::piece::Piece| piece.is("replication") && piece.low.ends_with('s');
    if task.question && !named && pieces.iter().filter(|piece| piece.describes).all(replicas) {
        return call("replication_status", Args::new());
    }
    let meant = task.vms();
    match meant.names.as_slice() {
        [one] => call("replication_status", args([("vm", json!(one))])),
        [] if !meant.unknown.is_empty()
            && meant.unknown.iter().any(|word| word.chars().any(|c| c.is_ascii_digit())) =>
        {
            task.checked(meant, "vm", false).err().unwrap_or(Filled::Nothing)
        }
        [] if meant.candidates.len() > 1 && !task.question => {
            task.checked(meant, "vm", false).err().unwrap_or(Filled::Nothing)
        }
        [] => call("replication_status", Args::new()),
        _ if meant.all => call("replication_status", Args::new()),
        several => Filled::Calls(several.iter().map(|vm| ("replication_status", args([("vm", json!(vm))]))).collect()),
    }
}

pub(super) fn replica_failover(task: Task<'_>) -> Filled {
    match task.need_vms("vm", true) {
        Ok(vms) => {
            let planned = !task.has("unplanned");
            let one = |vm: &String| {
                let mut out = args([("vm", json!(vm))]);
                if !planned {
                    out.insert("planned".to_owned(), json!(false));
                }
                ("replica_failover", out)
            };
            Filled::Calls(vms.iter().map(one).collect())
        }
        Err(asked) => asked,
    }
}

pub(super) fn replica_failback(task: Task<'_>) -> Filled {
    let vms = match task.need_vms("vm", true) {
        Ok(vms) => vms,
        Err(asked) => return asked,
    };
    let full = task.object(|object| if let Object::Target(target) = object { Some(target.clone()) } else { None });
    let host = task.object(|object| if let Object::Host(host) = object { Some(host.clone()) } else { None });
    let Some(to) = full.or(host) else {
        let candidates: Vec<String> =
            vms.iter().filter_map(|vm| task.scene.inventory.replica(vm)).map(|replica| replica.from.clone()).collect();
        return Filled::Ask {
            missing: vec!["to"],
            question: format!("Back to which host: {}?", candidates.join(", ")),
            candidates,
        };
    };
    Filled::Calls(vms.iter().map(|vm| ("replica_failback", args([("vm", json!(vm)), ("to", json!(to))]))).collect())
}
