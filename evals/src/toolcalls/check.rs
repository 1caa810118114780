//! Whether the sets themselves are sound: every line a case, every expected request one that the tools
//! take, every object one that the host has, nothing twice.

use std::collections::{BTreeMap, BTreeSet};

use kai_tools::plan::Effect;
use kai_tools::request::Request;
use serde_json::Value;

use super::case::{Call, Case, Expect, Letter, Set};
use super::catalogue::{self, Arg, Kind, Rule, Tool};
use super::host::Host;

/// Why a refusal is right. Not compared when scoring; people read them.
const REASONS: [&str; 17] = [
    "never-root-pool",
    "never-active-be",
    "never-last-replica",
    "never-replication-base",
    "never-held-snapshot",
    "never-running-domain",
    "never-pool-not-online",
    "never-receive-force",
    "injection",
    "invalid-name",
    "self-approval",
    "shrink-disk",
    "has-clones",
    "no-such-object",
    "unsupported",
    "out-of-scope",
    "no-request",
];

/// Something wrong with a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The set and the case, or its line.
    pub place: String,
    /// What is wrong there.
    pub what: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Everything that is wrong with the sets; ids and utterances are compared across all of them.
#[must_use]
pub fn check(sets: &[Set]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut seen = BTreeMap::new();
    for set in sets {
        for line in &set.lines {
            let case = match line {
                Ok(case) => case,
                Err(error) => {
                    let cause = std::error::Error::source(error).map(|cause| format!("; {cause}")).unwrap_or_default();
                    problems.push(Problem { place: set.name.clone(), what: format!("{error}{cause}") });
                    continue;
                }
            };
            let place = format!("{} {}", set.name, case.id);
            let mut what = Vec::new();
            of_case(case, &set.host, &mut what);
            for key in [format!("the id {}", case.id), format!("the utterance {}", utterance(case))] {
                if let Some(first) = seen.insert(key.clone(), place.clone()) {
                    what.push(format!("{key} is that of {first} already"));
                }
            }
            problems.extend(what.into_iter().map(|what| Problem { place: place.clone(), what }));
        }
        if set.lines.is_empty() {
            problems.push(Problem { place: set.name.clone(), what: "it holds no case".to_owned() });
        }
    }
    problems
}

/// An utterance with what was said before it; case, blanks and the stop at its end do not tell two
/// apart.
fn utterance(case: &Case) -> String {
    let plain = |text: &str| {
        let words = text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
        words.trim_end_matches(['.', '?', '!', ' ']).to_owned()
    };
    let before = case.context.iter().map(|turn| plain(&turn.text));
    std::iter::once(plain(&case.say)).chain(before).map(|text| format!("{text:?}")).collect::<Vec<_>>().join(" after ")
}

fn of_case(case: &Case, host: &Host, what: &mut Vec<String>) {
    for (field, text) in [("id", &case.id), ("category", &case.category)] {
        if text.trim().is_empty() {
            what.push(format!("`{field}` is empty"));
        }
    }
    if case.say.trim().is_empty() {
        what.push("`say` is empty".to_owned());
    }
    let mut world = World { host, new: BTreeSet::new() };
    for turn in &case.context {
        for call in &turn.calls {
            world.call(call, "context", what);
        }
    }
    for (at, expected) in case.accepted().enumerate() {
        let place = if at == 0 { "expect".to_owned() } else { format!("also_ok {at}") };
        let mut world = World { host, new: world.new.clone() };
        world.expected(expected, &place, what);
    }
    let destroys = |expected: &Expect| worst(expected.calls(), host) == Some(Effect::Destroy);
    let also_destroys = case.holds_back() && case.also_ok.iter().any(destroys);
    if also_destroys && !case.category.contains("self-approval") {
        what.push("where no request is expected, one that destroys cannot be right, too".to_owned());
    }
    let letter = worst(case.expect.calls(), host).map(|effect| match effect {
        Effect::Read => Letter::R,
        Effect::Change => Letter::C,
        Effect::Destroy => Letter::D,
    });
    if let Some(letter) = letter.filter(|letter| *letter != case.effect) {
        what.push(format!("the effect of the expected requests is {letter:?}, not {:?}", case.effect));
    }
}

/// What these do at worst; nothing if there are none.
fn worst(calls: &[Call], host: &Host) -> Option<Effect> {
    calls.iter().filter_map(|call| catalogue::effect(call, host)).max()
}

/// The host, and the VMs that earlier requests of a case make.
struct World<'a> {
    host: &'a Host,
    new: BTreeSet<String>,
}

impl World<'_> {
    fn expected(&mut self, expected: &Expect, place: &str, what: &mut Vec<String>) {
        match expected {
            Expect::Call(call) => self.call(call, place, what),
            Expect::Calls(calls) => {
                if calls.len() < 2 {
                    what.push(format!("{place}: `calls` are two or more; one is a `call`"));
                }
                for call in calls {
                    self.call(call, place, what);
                }
            }
            Expect::Ask(args) => {
                let unknown = args.iter().filter(|arg| !catalogue::TOOLS.iter().any(|tool| tool.arg(arg).is_some()));
                what.extend(unknown.map(|arg| format!("{place}: no tool has an argument {arg}")));
                if args.is_empty() {
                    what.push(format!("{place}: `ask` names no argument"));
                }
            }
            Expect::Answer(true) => {}
            Expect::Answer(false) => what.push(format!("{place}: `answer` is true")),
            Expect::Refuse(reason) if REASONS.contains(&reason.as_str()) => {}
            Expect::Refuse(reason) => what.push(format!("{place}: unknown reason {reason}")),
        }
    }

    fn call(&mut self, call: &Call, place: &str, what: &mut Vec<String>) {
        let wrong = |why: String| format!("{place}: {}: {why}", call.tool);
        if let Err(error) = Request::from_call(&call.tool, Value::Object(call.args.clone())) {
            what.push(wrong(error.to_string()));
            return;
        }
        // The tools know it; if the scorer does not, that is a fault of the scorer.
        let Some(tool) = catalogue::find(&call.tool) else {
            what.push(wrong("the scorer does not know this tool".to_owned()));
            return;
        };
        what.extend(groups(tool, call).map(wrong));
        if tool.arg("action").is_some() && !call.args.contains_key("action") {
            what.push(wrong("write the action out".to_owned()));
        }
        for arg in tool.args {
            if let Some(value) = call.args.get(arg.name) {
                what.extend(self.objects(tool, arg, value).into_iter().map(wrong));
            }
        }
        what.extend(self.label(call).map(wrong));
        self.learn(call);
    }

    /// Objects that are not there, or are there already.
    fn objects(&self, tool: &Tool, arg: &Arg, value: &Value) -> Vec<String> {
        let texts = || value.as_array().into_iter().flatten().chain(Some(value)).filter_map(Value::as_str);
        let each = |wrong: &dyn Fn(&str) -> bool, what: &str| -> Vec<String> {
            texts().filter(|text| wrong(text)).map(|text| format!("{}: {what} {text:?}", arg.name)).collect()
        };
        let host = self.host;
        let vm = |name: &str| host.vm(name).is_some() || self.new.contains(name);
        let container = |name: &str| host.containers.iter().any(|container| container.name == name);
        let pool = |name: &str| host.pools.iter().any(|pool| pool.name == name);
        match (tool.name, arg.name, arg.kind) {
            ("kvm_clone", "names", _) | (_, _, Kind::NewVm) => {
                each(&|name| host.vm(name).is_some(), "the host has a VM already of the name")
            }
            ("container_snap", "names", _) => each(&|name| !container(name), "the host has no container"),
            (_, "datasets", _) | (_, _, Kind::Dataset) => {
                each(&|name| host.dataset(name).is_none(), "the host has no dataset")
            }
            ("replica_failover" | "replica_failback" | "replication_status", _, Kind::Vm) => {
                let replica = |name: &str| host.replicas_here.iter().any(|replica| replica.vm == name);
                each(&|name| !vm(name) && !replica(name), "the host has neither VM nor replica")
            }
            (_, _, Kind::Vm) => each(&|name| !vm(name), "the host has no VM"),
            ("autosnap", "scope", _) => each(&|name| name != "all" && !vm(name), "neither all nor a VM:"),
            (_, _, Kind::Pool) => each(&|name| !pool(name), "the host has no pool"),
            (_, _, Kind::NewDataset) => {
                let parent = |name: &str| name.rsplit_once('/').is_some_and(|(above, _)| host.dataset(above).is_some());
                each(
                    &|name| host.dataset(name).is_some() || !parent(name),
                    "it is there already, or its parent is not:",
                )
            }
            (_, _, Kind::Snapshot) => each(&|name| !snapshot(host, name), "the host has no snapshot"),
            (_, _, Kind::Gpu) => {
                let index = |text: &str| host.gpus.iter().any(|gpu| gpu.index.to_string() == text);
                each(&|text| text != "all" && !index(text), "neither all nor the index of a GPU:")
            }
            ("op_undo", "op", _) => {
                let known = |op: &str| host.journal.iter().any(|entry| entry.op == op && entry.undoable);
                each(&|op| op != "last" && !known(op), "the journal has nothing to undo under")
            }
            _ => Vec::new(),
        }
    }

    /// The snapshot of a VM of the host that has none of that name.
    fn label(&self, call: &Call) -> Option<String> {
        let text = |name: &str| call.args.get(name).and_then(Value::as_str);
        let arg = catalogue::find(&call.tool)?.arg("snapshot").filter(|arg| arg.kind == Kind::Label)?;
        let vm = self.host.vm(text("vm").or_else(|| text("source"))?)?;
        let label = text(arg.name)?;
        if label.contains('@') {
            return Some(format!("write the snapshot's short name, not {label:?}"));
        }
        let known = vm.snapshots.iter().any(|snapshot| snapshot.name == label);
        (!known).then(|| format!("{} has no snapshot {label:?}", vm.name))
    }

    fn learn(&mut self, call: &Call) {
        let texts = |name: &str| call.args.get(name).and_then(Value::as_array).into_iter().flatten();
        match call.tool.as_str() {
            "kvm_clone" => self.new.extend(texts("names").filter_map(Value::as_str).map(str::to_owned)),
            "kvm_create" | "golden_build" => {
                self.new.extend(call.args.get("name").and_then(Value::as_str).map(str::to_owned));
            }
            _ => {}
        }
    }
}

/// Which arguments that stand for each other are missing or too many.
fn groups(tool: &Tool, call: &Call) -> impl Iterator<Item = String> {
    tool.groups
        .filter(|(rule, groups)| {
            let given = |group: &[&str]| group.iter().filter(|arg| call.args.contains_key(**arg)).count();
            let whole = groups.iter().filter(|group| given(group) == group.len()).count();
            let partly = groups.iter().any(|group| given(group) > 0 && given(group) < group.len());
            let holds = match rule {
                Rule::One => whole == 1,
                Rule::Some => whole > 0,
                Rule::AtMostOne => whole < 2,
            };
            partly || !holds
        })
        .map(|(rule, groups)| {
            let groups: Vec<String> = groups.iter().map(|group| group.join(" with ")).collect();
            let many = match rule {
                Rule::One => "exactly one",
                Rule::Some => "at least one",
                Rule::AtMostOne => "at most one",
            };
            format!("give {many} of {}", groups.join(", "))
        })
        .into_iter()
}

/// Whether there is a snapshot `dataset@name`. The disk of a VM has those of the VM.
fn snapshot(host: &Host, name: &str) -> bool {
    let Some((dataset, label)) = name.split_once('@') else { return false };
    let Some(dataset) = host.dataset(dataset) else { return false };
    let vm = dataset.vm.as_deref().and_then(|vm| host.vm(vm));
    vm.map_or(&dataset.snapshots, |vm| &vm.snapshots).iter().any(|snapshot| snapshot.name == label)
}
