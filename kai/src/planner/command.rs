//! Lines as a shell takes them: `kvm-clone web1 web9`, `kai op replica-failover --vm db`, and the plain
//! ones of the tools below (`zpool status tank`, `virsh reboot web1`). Nothing is run: the same requests
//! come of them as of words, or nothing where a line says more than is known here.

use kai_tools::request::tools;
use serde_json::{Value as Json, json};

use super::fill::Args;
use super::inventory::Inventory;

/// The words of a line that stand without a flag, by tool; `*` takes all that follow.
const PLACES: [(&str, &[&str]); 21] = [
    ("kvm_create", &["name"]),
    ("kvm_clone", &["source", "names*"]),
    ("kvm_power", &["vm", "action"]),
    ("kvm_snap", &["vm", "name"]),
    ("kvm_rollback", &["vm", "snapshot"]),
    ("kvm_snap_delete", &["vm", "snapshot"]),
    ("kvm_delete", &["vm"]),
    ("kvm_resize", &["vm"]),
    ("kvm_list", &["vm"]),
    ("replicate", &["vm", "to"]),
    ("replica_failover", &["vm"]),
    ("replica_failback", &["vm", "to"]),
    ("fleet_deploy", &["golden", "prefix", "count"]),
    ("golden_build", &["name", "image"]),
    ("snapshot_create", &["datasets*"]),
    ("snapshot_list", &["dataset"]),
    ("dataset_create", &["dataset"]),
    ("dataset_rollback", &["snapshot"]),
    ("pool_scrub", &["pool", "action"]),
    ("pool_status", &["pool"]),
    ("docs_read", &["page"]),
];
const LISTS: [&str; 5] = ["names", "datasets", "ports", "profiles", "allowed_ips"];
const COUNTS: [&str; 8] =
    ["count", "vcpus", "limit", "seconds", "port", "arc_percent", "listen_port", "active_threads"];
const FLAGS: [&str; 6] = ["recursive", "start", "force", "dry_run", "keep_current", "planned"];

/// What the names of tools begin with.
const FAMILIES: [&str; 16] = [
    "kvm",
    "docs",
    "host",
    "pool",
    "dataset",
    "snapshot",
    "golden",
    "fleet",
    "replica",
    "replication",
    "gpu",
    "container",
    "wireguard",
    "boot",
    "trace",
    "op",
];

type Line = Option<(String, Args)>;

fn value(key: &str, text: &str) -> Option<Json> {
    if LISTS.contains(&key) {
        return Some(json!(text.split(',').collect::<Vec<_>>()));
    }
    if COUNTS.contains(&key) {
        return text.parse::<u64>().ok().map(|number| json!(number));
    }
    match (FLAGS.contains(&key), text) {
        (true, "true" | "yes") => Some(json!(true)),
        (true, "false" | "no") => Some(json!(false)),
        (true, _) => None,
        (false, text) => Some(json!(text)),
    }
}

/// The request of a line, if it is one.
#[must_use]
pub(super) fn line(inventory: &Inventory, text: &str) -> Line {
    let text = text.trim().trim_end_matches('.');
    let text = text.strip_suffix(" please").unwrap_or(text).trim_end_matches([',', ' ']);
    if text.contains(['?', '\n', ';']) {
        return None;
    }
    // What stands in brackets is a remark.
    let text = text.split_once(" (").filter(|(_, rest)| rest.ends_with(')')).map_or(text, |(front, _)| front);
    let words: Vec<&str> = text.split_whitespace().collect();
    let (head, rest) = words.split_first()?;
    match *head {
        "kai" if rest.first() == Some(&"op") => own(inventory, rest.get(1)?, &rest[2..]),
        "zfs" => zfs(rest),
        "zpool" => zpool(rest),
        "virsh" => virsh(inventory, rest),
        "podman" | "docker" if rest.first() == Some(&"run") => run(head, &rest[1..]),
        "nvidia-smi" if rest.is_empty() => Some(("gpu_list".to_owned(), Args::new())),
        "man" => man(rest),
        head if head.contains('-') => own(inventory, head, rest),
        _ => None,
    }
}

/// A line of kai's own.
fn own(inventory: &Inventory, head: &str, words: &[&str]) -> Line {
    let name = head.replace('-', "_");
    let first = head.split('-').next().unwrap_or_default();
    if !FAMILIES.contains(&first) {
        return None;
    }
    let known = |name: &str| tools().iter().any(|tool| tool.name == name);
    let tool = if known(&name) { name } else { name.strip_prefix("kvm_").filter(|name| known(name))?.to_owned() };
    let places = PLACES.iter().find(|(known, _)| *known == tool).map_or(&[][..], |(_, places)| *places);
    let mut out = Args::new();
    let mut bare: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let Some(flag) = words[at].strip_prefix("--") else {
            if words[at].starts_with('-') {
                return None;
            }
            bare.push(words[at]);
            at += 1;
            continue;
        };
        let (key, given) = match flag.split_once('=') {
            Some((key, given)) => (key.replace('-', "_"), Some(given)),
            None => (flag.replace('-', "_"), words.get(at + 1).copied().filter(|next| !next.starts_with("--"))),
        };
        let alone = FLAGS.contains(&key.as_str()) && given.and_then(|given| value(&key, given)).is_none();
        let json = if alone { json!(true) } else { value(&key, given?)? };
        at += 1 + usize::from(!alone && !flag.contains('='));
        out.insert(key, json);
    }
    let mut bare = bare.into_iter();
    for place in places {
        if let Some(key) = place.strip_suffix('*') {
            let rest: Vec<&str> = bare.by_ref().flat_map(|word| word.split(',')).filter(|w| !w.is_empty()).collect();
            if !rest.is_empty() {
                out.insert(key.to_owned(), json!(rest));
            }
        } else if !out.contains_key(*place)
            && let Some(word) = bare.next()
        {
            let dataset = *place == "vm" && word.contains('/') && inventory.vm(word).is_none();
            let key = if dataset { "dataset" } else { place };
            out.insert(key.to_owned(), value(key, word)?);
        }
    }
    // More words than a line has places: a sentence.
    bare.next().is_none().then_some((tool, out))
}

fn zfs(words: &[&str]) -> Line {
    let (verb, rest) = words.split_first()?;
    if *verb == "list" && rest.is_empty() {
        return Some(("dataset_list".to_owned(), Args::new()));
    }
    let mut out = Args::new();
    let mut bare: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < rest.len() {
        match rest[at] {
            "-r" => {
                out.insert("recursive".to_owned(), json!(true));
            }
            "-o" => {
                at += 1;
                let (key, value) = rest.get(at)?.split_once('=')?;
                if !["compression", "mountpoint", "recordsize", "quota"].contains(&key) {
                    return None;
                }
                out.insert(key.to_owned(), json!(value));
            }
            word if word.starts_with('-') => return None,
            word => bare.push(word),
        }
        at += 1;
    }
    match (*verb, bare.as_slice()) {
        ("snapshot" | "snap", [_, ..]) => {
            let pairs: Vec<(&str, &str)> = bare.iter().map(|word| word.split_once('@')).collect::<Option<_>>()?;
            let name = pairs.first()?.1;
            if pairs.iter().any(|(_, other)| *other != name) {
                return None;
            }
            out.insert("datasets".to_owned(), json!(pairs.iter().map(|(dataset, _)| dataset).collect::<Vec<_>>()));
            out.insert("name".to_owned(), json!(name));
            Some(("snapshot_create".to_owned(), out))
        }
        ("create", [dataset]) if !out.contains_key("recursive") => {
            out.insert("dataset".to_owned(), json!(dataset));
            Some(("dataset_create".to_owned(), out))
        }
        ("rollback", [snapshot]) if out.is_empty() && snapshot.contains('@') => {
            out.insert("snapshot".to_owned(), json!(snapshot));
            Some(("dataset_rollback".to_owned(), out))
        }
        _ => None,
    }
}

fn zpool(words: &[&str]) -> Line {
    let mut out = Args::new();
    let (tool, action, pool) = match words {
        ["status" | "list"] => return Some(("pool_status".to_owned(), out)),
        ["status" | "list", pool] => ("pool_status", None, pool),
        ["scrub", pool] => ("pool_scrub", Some("start"), pool),
        ["scrub", "-s", pool] => ("pool_scrub", Some("stop"), pool),
        ["scrub", "-p", pool] => ("pool_scrub", Some("pause"), pool),
        _ => return None,
    };
    if pool.starts_with('-') {
        return None;
    }
    out.insert("pool".to_owned(), json!(pool));
    if let Some(action) = action {
        out.insert("action".to_owned(), json!(action));
    }
    Some((tool.to_owned(), out))
}

fn virsh(inventory: &Inventory, words: &[&str]) -> Line {
    if matches!(words, ["list"] | ["list", "--all"]) {
        return Some(("kvm_list".to_owned(), Args::new()));
    }
    let [verb, vm] = words else { return None };
    inventory.vm(vm)?;
    let action = match *verb {
        "start" | "shutdown" | "reboot" | "suspend" | "resume" => verb,
        // It takes the power away, and destroys nothing.
        "destroy" => "force_off",
        _ => return None,
    };
    let mut out = Args::new();
    out.insert("vm".to_owned(), json!(vm));
    out.insert("action".to_owned(), json!(action));
    Some(("kvm_power".to_owned(), out))
}

/// `podman run -d --name web -p 8080:80 docker.io/library/nginx:1, profile nginx`
fn run(engine: &str, words: &[&str]) -> Line {
    let mut out = Args::new();
    let (mut ports, mut env) = (Vec::new(), serde_json::Map::new());
    let mut at = 0;
    while at < words.len() {
        let next = words.get(at + 1).map(|word| word.trim_end_matches(','));
        match words[at] {
            "-d" => {}
            "--name" => {
                out.insert("name".to_owned(), json!(next?));
                at += 1;
            }
            "-p" => {
                ports.push(next?.to_owned());
                at += 1;
            }
            "-e" => {
                let (key, value) = next?.split_once('=')?;
                env.insert(key.to_owned(), json!(value));
                at += 1;
            }
            "profile" if out.contains_key("image") => {
                out.insert("profile".to_owned(), json!(next?));
                at += 1;
            }
            word if word.starts_with('-') || out.contains_key("image") => return None,
            word => {
                out.insert("image".to_owned(), json!(word.trim_end_matches(',')));
            }
        }
        at += 1;
    }
    if !ports.is_empty() {
        out.insert("ports".to_owned(), json!(ports));
    }
    if !env.is_empty() {
        out.insert("env".to_owned(), Json::Object(env));
    }
    let whole = engine == "podman" && out.contains_key("name") && out.contains_key("image");
    whole.then_some(("container_create".to_owned(), out))
}

fn man(words: &[&str]) -> Line {
    let page = match words {
        [page] => (*page).to_owned(),
        [section, page] if section.bytes().all(|b| b.is_ascii_digit()) => format!("{page}.{section}"),
        _ => return None,
    };
    let shaped = page.len() > 1 && page.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.()".contains(&b));
    let page = page.replace('(', ".").replace(')', "");
    let mut out = Args::new();
    out.insert("page".to_owned(), json!(page));
    shaped.then_some(("docs_read".to_owned(), out))
}
