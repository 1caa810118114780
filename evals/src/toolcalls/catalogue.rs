//! What the scorer knows of the catalogue: of every argument what it holds, whether the tool needs it
//! and what it is if it is left out.
//!
//! Written down here once more on purpose: a default that changes by accident in the tools must not
//! change what counts as right. A test holds the names against the tools' own schemas. Effects are the
//! one thing that is asked of the tools.

use kai_tools::plan::Effect;
use kai_tools::request::Request;
use serde_json::{Map, Value, json};

use super::case::Call;
use super::host::Host;
use super::normal;

/// What an argument holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text that is taken as it is, an enum's value too.
    Text,
    /// A whole number.
    Count,
    /// Yes or no.
    Flag,
    /// A size, or a size a second.
    Size,
    /// A length of time.
    Period,
    /// Several texts, in any order.
    List,
    /// Texts by name.
    Map,
    /// A GPU by index, UUID or model.
    Gpu,
    /// A snapshot's short name.
    Label,
    /// A snapshot with its dataset.
    Snapshot,
    /// A VM of the host.
    Vm,
    /// A name for a VM that is to be made.
    NewVm,
    /// A pool of the host.
    Pool,
    /// A dataset of the host.
    Dataset,
    /// A name for a dataset that is to be made.
    NewDataset,
}

/// One argument of a tool.
#[derive(Debug, Clone, Copy)]
pub struct Arg {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether the tool has no meaning without it.
    pub required: bool,
    /// What it is if it is left out.
    pub default: Option<&'static str>,
}

/// How many of a tool's groups of arguments are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Exactly one.
    One,
    /// At least one.
    Some,
    /// One or none.
    AtMostOne,
}

/// One tool.
#[derive(Debug, Clone, Copy)]
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// Its arguments.
    pub args: &'static [Arg],
    /// Arguments that stand for each other: each group is given whole or not at all.
    pub groups: Option<(Rule, &'static [&'static [&'static str]])>,
}

const fn must(name: &'static str, kind: Kind) -> Arg {
    Arg { name, kind, required: true, default: None }
}

const fn may(name: &'static str, kind: Kind) -> Arg {
    Arg { name, kind, required: false, default: None }
}

const fn or(name: &'static str, kind: Kind, default: &'static str) -> Arg {
    Arg { name, kind, required: false, default: Some(default) }
}

const fn tool(name: &'static str, args: &'static [Arg]) -> Tool {
    Tool { name, args, groups: None }
}

impl Tool {
    const fn with(self, rule: Rule, groups: &'static [&'static [&'static str]]) -> Self {
        Self { groups: Some((rule, groups)), ..self }
    }

    /// The argument of that name.
    #[must_use]
    pub fn arg(&self, name: &str) -> Option<&'static Arg> {
        self.args.iter().find(|arg| arg.name == name)
    }
}

use Kind::{
    Count, Dataset, Flag, Gpu, Label, List, Map as Pairs, NewDataset, NewVm, Period, Pool, Size, Snapshot, Text, Vm,
};

/// Every tool.
pub const TOOLS: &[Tool] = &[
    tool("docs_search", &[must("query", Text), or("limit", Count, "8"), may("source", Text)]),
    tool("docs_read", &[must("page", Text), may("heading", Text)]),
    tool("host_health", &[]),
    tool("host_tune", &[or("arc_percent", Count, "50"), or("profile", Text, "hypervisor")]),
    tool("pool_status", &[may("pool", Pool)]),
    tool("pool_scrub", &[must("pool", Pool), or("action", Text, "start")]),
    tool("dataset_list", &[may("root", Dataset), or("kind", Text, "all")]),
    tool(
        "dataset_create",
        &[
            must("dataset", NewDataset),
            may("mountpoint", Text),
            may("recordsize", Size),
            may("compression", Text),
            may("quota", Size),
        ],
    ),
    tool("dataset_destroy", &[must("dataset", Dataset), or("recursive", Flag, "false")]),
    tool("snapshot_create", &[must("datasets", List), may("name", Text), or("recursive", Flag, "false")]),
    tool("snapshot_list", &[may("dataset", Dataset), may("vm", Vm)]).with(Rule::AtMostOne, &[&["vm"], &["dataset"]]),
    tool("snapshot_destroy", &[must("snapshot", Snapshot)]),
    tool("dataset_rollback", &[must("snapshot", Snapshot), or("keep_current", Flag, "true")]),
    tool("kvm_list", &[may("vm", Vm)]),
    tool(
        "kvm_create",
        &[
            must("name", NewVm),
            or("memory", Size, "2G"),
            or("vcpus", Count, "2"),
            or("disk", Size, "20G"),
            may("image", Text),
            may("iso", Text),
            may("bridge", Text),
            may("os_variant", Text),
            or("volblocksize", Size, "16K"),
            or("start", Flag, "false"),
        ],
    ),
    tool(
        "kvm_clone",
        &[
            must("source", Vm),
            may("names", List),
            may("prefix", Text),
            may("count", Count),
            may("snapshot", Label),
            or("start", Flag, "false"),
            may("ssh_key", Text),
            may("user_data", Text),
        ],
    )
    .with(Rule::One, &[&["names"], &["prefix", "count"]]),
    tool("kvm_power", &[must("vm", Vm), must("action", Text)]),
    tool("kvm_resize", &[must("vm", Vm), may("memory", Size), may("vcpus", Count), may("disk", Size)])
        .with(Rule::Some, &[&["memory"], &["vcpus"], &["disk"]]),
    tool("kvm_snap", &[must("vm", Vm), may("name", Text), or("freeze", Text, "auto")]),
    tool("kvm_rollback", &[must("vm", Vm), may("snapshot", Label), or("keep_current", Flag, "true")]),
    tool("kvm_snap_delete", &[must("vm", Vm), must("snapshot", Label)]),
    tool("kvm_delete", &[must("vm", Vm), or("force", Flag, "false")]),
    tool(
        "golden_build",
        &[must("name", NewVm), must("image", Text), may("sha256", Text), may("disk", Size), or("seal", Flag, "true")],
    ),
    tool("golden_list", &[]),
    tool(
        "fleet_deploy",
        &[
            must("golden", Vm),
            must("prefix", Text),
            must("count", Count),
            may("memory", Size),
            may("vcpus", Count),
            may("ssh_key", Text),
            may("network", Text),
        ],
    ),
    tool("autosnap", &[must("action", Text), or("scope", Text, "all"), or("keep", Period, "48h")]),
    tool(
        "replicate",
        &[
            may("vm", Vm),
            may("dataset", Dataset),
            must("to", Text),
            may("bandwidth", Size),
            or("raw", Text, "auto"),
            or("dry_run", Flag, "false"),
        ],
    )
    .with(Rule::One, &[&["vm"], &["dataset"]]),
    tool("replication_status", &[may("vm", Vm)]),
    tool("replication_schedule", &[may("vm", Vm), may("dataset", Dataset), must("to", Text), must("every", Period)])
        .with(Rule::One, &[&["vm"], &["dataset"]]),
    tool("replica_failover", &[must("vm", Vm), or("planned", Flag, "true")]),
    tool("replica_failback", &[must("vm", Vm), must("to", Text)]),
    tool("gpu_list", &[]),
    tool("gpu_processes", &[may("gpu", Gpu)]),
    tool("gpu_cdi", &[or("action", Text, "status")]),
    tool("gpu_time_slice", &[may("gpu", Gpu), or("slice", Text, "default")]),
    tool("gpu_mps", &[must("action", Text), may("gpu", Gpu), may("active_threads", Count), may("memory_limit", Size)]),
    tool("gpu_mig", &[or("action", Text, "list"), must("gpu", Gpu), may("profiles", List)]),
    tool(
        "gpu_share_run",
        &[
            must("image", Text),
            or("count", Count, "2"),
            or("gpu", Gpu, "all"),
            or("engine", Text, "podman"),
            may("name_prefix", Text),
            may("port", Count),
        ],
    ),
    tool("container_list", &[]),
    tool(
        "container_create",
        &[
            must("name", Text),
            must("image", Text),
            or("profile", Text, "generic"),
            may("ports", List),
            may("env", Pairs),
            may("root", Dataset),
        ],
    ),
    tool("container_snap", &[may("names", List), or("all", Flag, "false"), may("name", Text)])
        .with(Rule::One, &[&["names"], &["all"]]),
    tool("wireguard_status", &[may("interface", Text)]),
    tool("wireguard_setup", &[must("interface", Text), must("address", Text), or("listen_port", Count, "51820")]),
    tool(
        "wireguard_peer",
        &[
            must("interface", Text),
            must("action", Text),
            must("public_key", Text),
            may("endpoint", Text),
            may("allowed_ips", List),
        ],
    ),
    tool("boot_env", &[or("action", Text, "list"), may("name", Text)]),
    tool("trace_tcp", &[or("seconds", Count, "10"), may("port", Count)]),
    tool("op_history", &[or("limit", Count, "20")]),
    tool("op_undo", &[must("op", Text)]),
];

/// The tool of that name.
#[must_use]
pub(super) fn find(name: &str) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.name == name)
}

/// Whether some tool cannot do without an argument of that name. A question that asks for such a one
/// where it is not missing is a wrong question; one that asks for more than is needed is only polite.
#[must_use]
pub(super) fn needed(name: &str) -> bool {
    TOOLS.iter().any(|tool| {
        let one_of = |(rule, groups): (Rule, &[&[&str]])| rule == Rule::One && groups.concat().contains(&name);
        tool.arg(name).is_some_and(|arg| arg.required) || tool.groups.is_some_and(one_of)
    })
}

/// What a request does to a host, by the tools' own word; nothing if they do not take it.
///
/// What is right apart from its spelling (a GPU by model, a size as a number) is understood.
#[must_use]
pub fn effect(call: &Call, host: &Host) -> Option<Effect> {
    let read = |args: &Map<String, Value>| Request::from_call(&call.tool, Value::Object(args.clone())).ok();
    read(&call.args).or_else(|| read(&respelt(call, host))).map(|request| request.effect())
}

/// The same arguments, sizes in bytes, durations in seconds and GPUs by index.
fn respelt(call: &Call, host: &Host) -> Map<String, Value> {
    let kind = |name: &str| find(&call.tool).and_then(|tool| tool.arg(name)).map(|arg| arg.kind);
    let one = |name: &str, value: &Value| {
        let unit = match kind(name) {
            Some(Kind::Size | Kind::Gpu) => "",
            Some(Kind::Period) => "s",
            _ => return value.clone(),
        };
        let value = normal::value(&call.tool, name, value, host);
        if let Value::Number(number) = value { json!(format!("{number}{unit}")) } else { value }
    };
    let given = call.args.iter().filter(|(_, value)| !value.is_null());
    given.map(|(name, value)| (name.clone(), one(name, value))).collect()
}
