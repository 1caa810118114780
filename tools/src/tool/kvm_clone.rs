//! `kvm_clone`: one or more VMs from one snapshot, side by side.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{self, Take};
use super::guests::{self, Files};
use super::{Tool, kvm_create};
use crate::domain::{self, CloneIdentity};
use crate::facts::{DomainFacts, Facts, Scope};
use crate::host::{Command, Program};
use crate::names::{
    DatasetName, HostPath, Mac, MarkArg, Size, SnapshotLabel, SshKey, UserData, Uuid, VmName, VmPrefix,
};
use crate::plan::{Action, Condition, Content, DomainState, Effect, Identity, Plan, PlanBuilder, Reason, Refusal};
use crate::request::{Request, Situation};
use crate::seed::Seed;

/// Clone a VM: its disks from a snapshot, everything else its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Args)]
#[serde(deny_unknown_fields)]
pub struct KvmClone {
    /// The VM to clone.
    #[arg(long)]
    pub source: VmName,
    /// The clones' names, with commas between them.
    #[arg(long, value_delimiter = ',', required_unless_present = "prefix")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<VmName>,
    /// Instead of names: what they begin with; numbers follow.
    #[arg(long, requires = "count", conflicts_with = "names")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<VmPrefix>,
    /// How many.
    #[arg(long, requires = "prefix")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// The snapshot to clone: its `golden` one, else one that is taken now, if nothing is said.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<SnapshotLabel>,
    /// Start them at once.
    #[arg(long)]
    #[serde(default)]
    pub start: bool,
    /// A public key that may log in.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssh_key: Option<SshKey>,
    /// A cloud-init document.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_data: Option<UserData>,
}

/// More in one go is a mistake more often than a wish.
const MOST: u32 = 64;

impl KvmClone {
    /// The names of the clones: those given, or the prefix with the next free numbers.
    fn all_names(&self, taken: impl Fn(&VmName) -> bool) -> Result<Vec<VmName>, Refusal> {
        let names = match (&self.prefix, self.count) {
            (Some(prefix), Some(count)) => {
                if !(1..=MOST).contains(&count) {
                    return Err(Refusal::new(Reason::Invalid, format!("1 to {MOST} clones at a time, not {count}")));
                }
                let name = |number: u32| format!("{prefix}{number}").parse::<VmName>().map_err(common::invalid);
                let mut names = Vec::new();
                for number in 1..10_000 {
                    let name = name(number)?;
                    if !taken(&name) {
                        names.push(name);
                    }
                    if names.len() == count as usize {
                        break;
                    }
                }
                names
            }
            _ => self.names.clone(),
        };
        let mut seen = std::collections::BTreeSet::new();
        match names.iter().find(|name| !seen.insert((*name).clone())) {
            Some(twice) => Err(Refusal::new(Reason::Invalid, format!("{twice} is named twice"))),
            None if names.is_empty() => Err(Refusal::new(Reason::Invalid, "no name is given for the clone")),
            None if names.len() > MOST as usize => {
                Err(Refusal::new(Reason::Invalid, format!("at most {MOST} clones at a time")))
            }
            None => Ok(names),
        }
    }
}

impl Tool for KvmClone {
    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn scope(&self) -> Scope {
        let names = self.all_names(|_| false).unwrap_or_default();
        let mut files: Vec<HostPath> = names.iter().flat_map(Files::lasting).collect();
        files.extend(Files::lasting(&self.source));
        Scope { files, memory: self.start, iso_tool: true, ..guests::scope() }
    }

    fn plan(&self, request: &Request, situation: Situation<'_>) -> Result<Plan, Refusal> {
        let facts = situation.facts;
        let source = guests::domain(facts, &self.source)?;
        let volumes = guests::volumes(source)?;
        let names = self.all_names(|name| {
            facts.domain(name.as_str()).is_some()
                || volumes
                    .first()
                    .and_then(DatasetName::parent)
                    .and_then(|root| root.child(name.as_str()).ok())
                    .is_some_and(|volume| facts.dataset(&volume).is_some())
        })?;
        let shown: Vec<&str> = names.iter().map(VmName::as_str).collect();
        let plan = PlanBuilder::new(&facts.host, request.clone(), situation.made, Effect::Change);
        let mut plan = plan.about(format!("clone VM {} to {}", self.source, shown.join(", ")), shown.join(","));
        for volume in &volumes {
            common::online(facts, &volume.pool())?;
        }
        let points = self.points(&mut plan, situation, source, &volumes)?;
        for (lane, name) in (0..).zip(&names) {
            plan.lane(lane);
            let copy = Copy::of_disks(&mut plan, facts, source, name, &points)?;
            let seed = seed(&mut plan, facts, self, name, copy.uuid, &copy.files)?;
            copy.define(&mut plan, facts, source, seed)?;
            if self.start {
                guests::first_start(&mut plan, name);
            }
        }
        plan.check(format!("{} names are free as VMs, volumes and in libvirt's files", names.len()));
        if self.start {
            let each = source.domain.memory.bytes();
            let all = Size::from_bytes(each.saturating_mul(names.len() as u64));
            kvm_create::room(&mut plan, facts, all, true)?;
        }
        plan.undone_by("`kai op undo` removes the clones and their disks");
        Ok(plan.done())
    }
}

/// A volume of the source, the snapshot that is cloned, and its identity.
struct Point {
    volume: DatasetName,
    snapshot: crate::names::SnapshotName,
    is: Identity,
    used: u64,
}

impl KvmClone {
    /// The snapshots to clone from; taken in a stage of their own if there are none.
    fn points(
        &self,
        plan: &mut PlanBuilder,
        situation: Situation<'_>,
        source: &DomainFacts,
        volumes: &[DatasetName],
    ) -> Result<Vec<Point>, Refusal> {
        let facts = situation.facts;
        let golden: SnapshotLabel = "golden".parse().map_err(common::invalid)?;
        let all_have = |label: &SnapshotLabel| volumes.iter().all(|volume| facts.snapshot(&volume.at(label)).is_some());
        let label = match &self.snapshot {
            Some(label) => Some(label.clone()),
            None if all_have(&golden) => Some(golden),
            None => None,
        };
        let mut points = Vec::new();
        if let Some(label) = label {
            for volume in volumes {
                let snapshot = volume.at(&label);
                let found = common::snapshot(facts, &snapshot)?;
                plan.check(format!("{snapshot} is there, guid {}", found.guid));
                points.push(Point {
                    volume: volume.clone(),
                    snapshot,
                    is: Identity::Guid(found.guid),
                    used: found.referenced,
                });
            }
            return Ok(points);
        }
        let label: SnapshotLabel = common::stamped("kai-clone", situation.made).parse().map_err(common::invalid)?;
        let mark = plan.mark();
        if source.state != DomainState::ShutOff {
            plan.note(format!("VM {} is {}: the clones start as after a power cut", self.source, source.state));
        }
        let reason = "take a snapshot to clone from";
        Take { reason, datasets: volumes, label: &label, recursive: false, within: None }.plan(plan, facts)?;
        for volume in volumes {
            let is = Identity::Mark(mark.clone());
            points.push(Point { volume: volume.clone(), snapshot: volume.at(&label), is, used: 0 });
        }
        plan.next_stage();
        Ok(points)
    }
}

/// One clone in the making.
struct Copy<'a> {
    name: &'a VmName,
    uuid: Uuid,
    files: Files,
    /// Its volumes, in the order of the source's.
    volumes: Vec<DatasetName>,
    /// What they are cloned from.
    points: &'a [Point],
    nvram: Option<HostPath>,
}

impl<'a> Copy<'a> {
    /// Clones the disks and the firmware variables.
    fn of_disks(
        plan: &mut PlanBuilder,
        facts: &Facts,
        source: &DomainFacts,
        name: &'a VmName,
        points: &'a [Point],
    ) -> Result<Self, Refusal> {
        let mark = plan.mark();
        let files = Files::of(name, &mark)?;
        let uuid = Uuid::derived(&["domain", &facts.host, &mark, name.as_str()]);
        let mut volumes = Vec::new();
        for (at, point) in points.iter().enumerate() {
            let leaf = if at == 0 { name.to_string() } else { format!("{name}-disk{}", at + 1) };
            let root = point
                .volume
                .parent()
                .ok_or_else(|| Refusal::new(Reason::Invalid, format!("{} is a whole pool", point.volume)))?;
            let volume = root.child(&leaf).map_err(common::invalid)?;
            guests::free(facts, name, &volume)?;
            let mut command = Command::zfs("clone").arg("-o").pair("com.kai:op", MarkArg::of(&mark));
            if let Identity::Guid(guid) = &point.is {
                command = command.arg("-o").pair("com.kai:origin", *guid);
            }
            let command = command.arg("-o").pair("com.kai:vm", uuid).arg(&point.snapshot).arg(&volume);
            let ours = Condition::Dataset { name: volume.clone(), is: Identity::Mark(mark.clone()) };
            plan.run(format!("clone the disk of {name}"), command)
                .requires(Condition::Snapshot { name: point.snapshot.clone(), is: point.is.clone() })
                .ensures(ours.clone())
                .undo(common::destroy(&volume), vec![ours], vec![Condition::NoDataset(volume.clone())]);
            let shared = Size::from_bytes(point.used).for_people();
            plan.report("disk", format!("{volume} from {} ({shared} shared)", point.snapshot));
            volumes.push(volume);
        }
        let nvram = nvram(plan, facts, source, &files);
        Ok(Self { name, uuid, files, volumes, points, nvram })
    }

    /// Makes a VM of it.
    fn define(
        self,
        plan: &mut PlanBuilder,
        facts: &Facts,
        source: &DomainFacts,
        seed: Option<HostPath>,
    ) -> Result<(), Refusal> {
        let Self { name, uuid, files, volumes, points, nvram } = self;
        let mark = plan.mark();
        let macs: Vec<Mac> = (0..source.domain.macs.len())
            .map(|at| kvm_create::free_mac(facts, &[&facts.host, &mark, name.as_str(), &at.to_string()]))
            .collect();
        for mac in &macs {
            plan.report("mac", format!("{name} {mac}"));
        }
        let devices = points.iter().zip(&volumes);
        let identity = CloneIdentity {
            name: name.clone(),
            uuid,
            macs,
            volumes: devices.map(|(of, to)| (HostPath::of_volume(&of.volume), HostPath::of_volume(to))).collect(),
            nvram,
            seed,
            log: files.log.clone(),
            memory: None,
            vcpus: None,
            mark,
        };
        let xml = domain::clone(&source.xml, &identity).map_err(|error| {
            Refusal::new(Reason::Invalid, error.to_string()).hint("take it out of the source first")
        })?;
        guests::define(plan, name, uuid, xml, &files);
        // A new volume's device comes late, and only a start needs it.
        for volume in &volumes {
            kvm_create::device(plan, volume);
        }
        plan.report("vm", format!("{name} {uuid}"));
        Ok(())
    }
}

/// The clone's own firmware variables: a copy of the source's, if the source has been started ever.
fn nvram(plan: &mut PlanBuilder, facts: &Facts, source: &DomainFacts, files: &Files) -> Option<HostPath> {
    if !source.domain.uefi {
        return None;
    }
    let from = source.domain.nvram.as_ref()?;
    let name = source.domain.name.parse::<VmName>().ok()?;
    let usual = Files::of(&name, "0").ok()?.nvram;
    // Only what was observed is copied; libvirt makes the file at the first start otherwise.
    if *from == usual && facts.files.get(&usual) == Some(&true) {
        let copied = Condition::File(files.nvram.clone());
        plan.step("copy its firmware variables", Action::Copy { from: from.clone(), to: files.nvram.clone() })
            .requires(Condition::NoFile(files.nvram.clone()))
            .ensures(copied.clone())
            .undo_on_failure(
                Action::Remove { path: files.nvram.clone() },
                vec![copied],
                vec![Condition::NoFile(files.nvram.clone())],
            );
    }
    Some(files.nvram.clone())
}

/// The clone's cloud-init seed: host name and instance of its own.
fn seed(
    plan: &mut PlanBuilder,
    facts: &Facts,
    tool: &KvmClone,
    name: &VmName,
    uuid: Uuid,
    files: &Files,
) -> Result<Option<HostPath>, Refusal> {
    if tool.user_data.as_ref().is_some_and(UserData::is_stand_in) {
        return Err(Refusal::new(
            Reason::Invalid,
            "the cloud-init document is not here, only what stands in its place",
        )
        .hint("ask for it again, with the document"));
    }
    let Some(program) = facts.iso_tool else {
        if tool.ssh_key.is_some() || tool.user_data.is_some() {
            return Err(Refusal::new(Reason::Unknown, "there is no program to make a cloud-init seed with")
                .hint("install xorriso (or genisoimage)"));
        }
        plan.note("xorriso is not installed: the clones get no cloud-init seed and keep the source's host name");
        return Ok(None);
    };
    let seed =
        Seed { instance: uuid, hostname: name.clone(), key: tool.ssh_key.clone(), user_data: tool.user_data.clone() };
    let documents = [(&files.user_data, seed.user_data()), (&files.meta_data, seed.meta_data())];
    for (path, text) in &documents {
        let content = Content::new(text.as_str());
        let written = Condition::FileIs { path: (*path).clone(), sha256: content.sha256().to_owned() };
        plan.step("write its cloud-init seed", Action::Create { path: (*path).clone(), content, mode: 0o600 })
            .requires(Condition::NoFile((*path).clone()))
            .ensures(written.clone())
            .undo_on_failure(
                Action::Remove { path: (*path).clone() },
                vec![written],
                vec![Condition::NoFile((*path).clone())],
            );
    }
    let mut command = Command::new(program);
    if program == Program::Xorriso {
        command = command.arg("-as").arg("mkisofs");
    }
    let command = command
        .arg("-quiet")
        .arg("-output")
        .arg(&files.seed)
        .arg("-volid")
        .arg("CIDATA")
        .arg("-joliet")
        .arg("-rock")
        .arg("-graft-points")
        .pair("user-data", &files.user_data)
        .pair("meta-data", &files.meta_data);
    let made = Condition::File(files.seed.clone());
    let free = Condition::NoFile(files.seed.clone());
    plan.run("pack the seed", command).requires(free).ensures(made.clone()).repeatable().undo(
        Action::Remove { path: files.seed.clone() },
        vec![made],
        vec![Condition::NoFile(files.seed.clone())],
    );
    for (path, _) in documents {
        plan.step("clear up", Action::Remove { path: path.clone() }).repeatable();
    }
    Ok(Some(files.seed.clone()))
}
