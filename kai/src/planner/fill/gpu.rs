//! GPUs and what shares them.

use serde_json::json;

use super::super::inventory::Gpu;
use super::super::piece::{Object, Piece};
use super::super::values::Value;
use super::quantity::size;
use super::{Args, Filled, Task, args, ask, call};

impl Task<'_> {
    /// The GPU that is meant, as its index. `all` is none.
    fn gpu(&self) -> Result<Option<String>, Filled> {
        let named = self.object(|object| if let Object::Gpu(index) = object { Some(*index) } else { None });
        let list = &self.scene.inventory.gpus;
        if let Some(index) = named {
            if !list.is_empty() && !list.iter().any(|gpu| gpu.index == index) {
                let candidates: Vec<String> = list.iter().map(|gpu| format!("{} ({})", gpu.index, gpu.name)).collect();
                return Err(Filled::Ask {
                    missing: vec!["gpu"],
                    question: format!("There is no GPU {index}: {}?", candidates.join(", ")),
                    candidates,
                });
            }
            return Ok(Some(index.to_string()));
        }
        let uuid = self.value(|value| if let Value::GpuUuid(uuid) = value { Some(uuid.clone()) } else { None });
        if uuid.is_some() {
            return Ok(uuid);
        }
        let gpu_noun = self.has("gpu");
        let marks = |mark: &str| self.clause.pieces.iter().any(|piece| piece.marks(mark));
        let word = |word: &str| self.clause.pieces.iter().any(|piece| piece.low.split(' ').any(|part| part == word));
        if gpu_noun && (marks("ordinal1") || word("first") && !marks("first")) {
            return Ok(list.first().map(|gpu| gpu.index.to_string()));
        }
        if gpu_noun && (marks("ordinal2") || word("second")) {
            return Ok(list.get(1).map(|gpu| gpu.index.to_string()));
        }
        // By a word of the model: `the geforce`.
        let fits: Vec<&super::super::inventory::Gpu> = list
            .iter()
            .filter(|gpu| {
                let words: Vec<String> = gpu.name.to_lowercase().split(' ').map(str::to_owned).collect();
                self.clause.pieces.iter().any(|piece| {
                    piece.unknown() && piece.low.len() > 2 && words.contains(&piece.low) && piece.low != "nvidia"
                })
            })
            .collect();
        match fits.as_slice() {
            [one] => Ok(Some(one.index.to_string())),
            _ => Ok(None),
        }
    }
}

fn put(out: &mut Args, gpu: Option<String>) {
    if let Some(gpu) = gpu {
        out.insert("gpu".to_owned(), json!(gpu));
    }
}

pub(super) fn gpu_processes(task: Task<'_>) -> Filled {
    match task.gpu() {
        Ok(gpu) => {
            let mut out = Args::new();
            put(&mut out, gpu);
            call("gpu_processes", out)
        }
        Err(asked) => asked,
    }
}

pub(super) fn gpu_time_slice(task: Task<'_>) -> Filled {
    let mut out = Args::new();
    match task.gpu() {
        Ok(gpu) => put(&mut out, gpu),
        Err(asked) => return asked,
    }
    let lengths = [
        ("short", ["short", "shorter", "kurz", "court", "corto", "shortest"]),
        ("medium", ["medium", "mid", "mittel", "moyen", "medio", "middle"]),
        ("long", ["long", "longer", "lang", "longue", "largo", "longest"]),
        ("default", ["default", "standard", "normal", "reset", "defaults", "driver"]),
    ];
    let found = lengths.iter().find(|(_, words)| {
        task.clause.pieces.iter().any(|piece| {
            piece.low.split([' ', '-']).any(|part| {
                words.iter().any(|word| part == *word || part.len() > 4 && part.starts_with(*word) && word.len() > 3)
            })
        })
    });
    match found {
        Some((slice, _)) => {
            out.insert("slice".to_owned(), json!(slice));
        }
        None if task.has("disable") || task.has("stop") => {
            out.insert("slice".to_owned(), json!("default"));
        }
        None if task.has("enable") || task.has("start") || task.has("set") || task.has("share") => {
            return ask(&["slice"], "How long a slice: default, short, medium or long?");
        }
        None => {}
    }
    call("gpu_time_slice", out)
}

pub(super) fn gpu_mps(task: Task<'_>) -> Filled {
    let mut out = task.fixed();
    match task.gpu() {
        Ok(gpu) => put(&mut out, gpu),
        Err(asked) => return asked,
    }
    if task.set.get("action").is_some_and(|action| action == "start") {
        let percent = task.clause.pieces.iter().enumerate().find_map(|(at, piece)| match piece.value {
            Some(Value::Percent(percent)) => Some(percent),
            Some(Value::Number(number)) if task.clause.pieces.get(at + 1).is_some_and(|piece| piece.is("percent")) => {
                Some(number as u64)
            }
            Some(Value::Number(number)) if number < 1.0 && number > 0.0 => Some((number * 100.0).round() as u64),
            _ => None,
        });
        if let Some(percent) = percent.or_else(|| task.has("half").then_some(50)) {
            out.insert("active_threads".to_owned(), json!(percent));
        }
        let memory = task.value(|value| if let Value::Size(bytes) = value { Some(*bytes) } else { None });
        if let Some(bytes) = memory {
            out.insert("memory_limit".to_owned(), json!(size(bytes)));
        }
    }
    call("gpu_mps", out)
}

pub(super) fn gpu_mig(task: Task<'_>) -> Filled {
    let mut out = task.fixed();
    let action = task.set.get("action").map_or("list", String::as_str);
    match task.gpu() {
        Ok(Some(gpu)) => put(&mut out, Some(gpu)),
        Ok(None) if task.scene.inventory.gpus.len() == 1 => {
            put(&mut out, task.scene.inventory.gpus.first().map(|gpu| gpu.index.to_string()))
        }
        Ok(None) => {
            if task.has("all") && action == "list" {
                return call("gpu_list", Args::new());
            }
            let candidates: Vec<String> =
                task.scene.inventory.gpus.iter().map(|gpu| format!("{} ({})", gpu.index, gpu.name)).collect();
            return Filled::Ask {
                missing: vec!["gpu"],
                question: format!("Which GPU: {}?", candidates.join(", ")),
                candidates,
            };
        }
        Err(asked) => return asked,
    }
    if action == "create" {
        let whole = |card: &Gpu| card.mig == "not supported";
        let index = |card: &Gpu| out.get("gpu").and_then(|gpu| gpu.as_str()) == Some(card.index.to_string().as_str());
        if task.scene.inventory.gpus.iter().any(|card| whole(card) && index(card)) {
            return super::refuse("unsupported", "this GPU cannot be split: it has no MIG");
        }
        let pieces = &task.clause.pieces;
        let mut profiles: Vec<String> = Vec::new();
        for (at, piece) in pieces.iter().enumerate() {
            let Some(Value::Mig(profile)) = &piece.value else { continue };
            let count = |piece: &Piece| {
                if let Some(Value::Number(number)) = piece.value
                    && (1.0..=16.0).contains(&number)
                {
                    Some(number as usize)
                } else {
                    None
                }
            };
            let times = at.checked_sub(1).and_then(|at| count(&pieces[at]));
            // `1g.10gb x3`
            let behind = pieces.get(at + 1).filter(|piece| piece.raw.starts_with('x')).and_then(count);
            let spread = (profiles.is_empty()
                && pieces.iter().filter(|piece| matches!(piece.value, Some(Value::Mig(_)))).count() == 1)
                .then(|| pieces[..at].iter().rev().find_map(count))
                .flatten();
            for _ in 0..times.or(behind).or(spread).unwrap_or(1) {
                profiles.push(profile.clone());
            }
        }
        if profiles.is_empty() {
            return ask(&["profiles"], "With which profiles, for example 1g.10gb?");
        }
        out.insert("profiles".to_owned(), json!(profiles));
    }
    call("gpu_mig", out)
}

pub(super) fn gpu_share_run(task: Task<'_>) -> Filled {
    let pieces = &task.clause.pieces;
    let image =
        task.object(|object| if let Object::ContainerImage(image) = object { Some(image.clone()) } else { None });
    let Some(image) = image else { return ask(&["image"], "Of which container image?") };
    let mut out = args([("image", json!(image))]);
    match task.gpu() {
        Ok(gpu) => put(&mut out, gpu),
        Err(asked) => return asked,
    }
    let port = pieces.iter().position(|piece| piece.is("port")).and_then(|at| {
        pieces.iter().enumerate().skip(at + 1).find_map(|(at, piece)| {
            if let Some(Value::Number(number)) = piece.value
                && number >= 1.0
            {
                Some((at, number as u64))
            } else {
                None
            }
        })
    });
    let others = pieces.iter().enumerate().filter(|(at, _)| port.is_none_or(|(place, _)| place != *at));
    let count = others.map(|(_, piece)| piece).find_map(Piece::whole);
    if let Some(count) = count {
        out.insert("count".to_owned(), json!(count));
    }
    if let Some((_, port)) = port {
        out.insert("port".to_owned(), json!(port));
    }
    if task.has("engine_docker") {
        out.insert("engine".to_owned(), json!("docker"));
    }
    let prefix = pieces
        .iter()
        .position(|piece| piece.is("prefix"))
        .and_then(|at| pieces.iter().skip(at + 1).find(|piece| piece.name || piece.unknown()))
        .or_else(|| task.clause.names().next());
    if let Some(prefix) = prefix {
        out.insert("name_prefix".to_owned(), json!(prefix.raw));
    }
    call("gpu_share_run", out)
}
