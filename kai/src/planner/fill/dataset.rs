//! Datasets: listed, made, destroyed.

use serde_json::json;

use super::super::piece::Object;
use super::super::values::Value;
use super::quantity::size;
use super::{Args, Filled, Task, args, ask, call};

impl Task<'_> {
    /// Datasets that are there, in order. A pool's name stands for its root.
    pub(super) fn datasets(&self) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for piece in self.clause.pieces.iter().filter(|piece| !piece.name) {
            let owner = |name: &&str| self.scene.inventory.dataset(name).is_some();
            let found = piece.objects.iter().find_map(|object| {
                if let Object::Dataset(name) | Object::Pool(name) = object {
                    Some(name.clone())
                } else if let Object::NewDataset(name) = object {
                    Some(name.clone()).filter(|name| self.scene.focus.made.contains(name))
                } else {
                    object.owner().filter(owner).map(str::to_owned)
                }
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
    pub(super) fn new_dataset(&self) -> Option<String> {
        self.object(|object| {
            if let Object::NewDataset(name) = object
                && !self.scene.focus.made.contains(name)
            {
                Some(name.clone())
            } else {
                None
            }
        })
        .or_else(|| self.clause.names().find(|piece| piece.raw.contains('/')).map(|piece| piece.raw.clone()))
    }

    pub(super) fn recursive(&self) -> bool {
        self.option("recursive") == Some(true)
    }
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
        (near && (!plain || task.has("compression") && low == "off")).then(|| low.to_owned())
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
    let mountpoint = task.value(|value| if let Value::Path(path) = value { Some(path.clone()) } else { None });
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
