//! About how long a plan takes: one table of what each thing costs, added up as it will run.
//!
//! The figures are those of the lab (`evals/lab/README.md`), whose hosts are emulated, with nothing else
//! running: about 0.1 s for a command of `zfs` or `zpool` that changes something, a device link 0.2 to
//! 0.4 s after its volume, 0.1 to 0.3 s for a command of `virsh`. One clone takes 1.74 s there without
//! planning. A host of today is faster, a busy or full one slower; starting a guest costs a tenth of
//! what it costs in emulation (14 s). Data moves at 200 MB/s, what one disk or 10 GbE gives at least.

use super::{Action, Condition, Step};
use crate::host::{Command, Program};

/// What lanes gain by running side by side: four clones in one command took 2.2 times one, because ZFS
/// writes one transaction group after the other.
const GAIN: u64 = 2;
/// A week; what takes longer is no matter of seconds.
const MOST_SECONDS: u64 = 7 * 24 * 3600;

/// Bytes a second.
const THROUGHPUT: u64 = 200_000_000;

/// Two lines of the journal, each on the disk before anything goes on.
const JOURNAL: u64 = 10;

/// What it costs to look whether something holds, in milliseconds.
fn look(condition: &Condition) -> u64 {
    match condition {
        Condition::PoolOnline(_)
        | Condition::NoDataset(_)
        | Condition::Dataset { .. }
        | Condition::NoSnapshot(_)
        | Condition::Snapshot { .. }
        | Condition::Unused(_)
        | Condition::Newest(_)
        | Condition::Property { .. }
        | Condition::Scrub { .. } => 30,
        Condition::NoDomain(_) | Condition::Domain { .. } | Condition::State { .. } => 60,
        Condition::NotOpen(_) | Condition::Device(_) => 20,
        Condition::NoFile(_) | Condition::File(_) | Condition::FileIs { .. } => 1,
    }
}

/// What a command costs, in milliseconds, beside the data that it moves.
fn run(command: &Command) -> u64 {
    let verb = |at: usize| command.arguments().get(at).map_or("", String::as_str);
    match command.program() {
        Program::Zfs => match verb(0) {
            // A transaction group has to be written.
            "create" | "clone" | "rename" | "promote" | "rollback" | "destroy" => 150,
            _ => 100,
        },
        Program::Zpool => 100,
        Program::Virsh => match verb(3) {
            "start" => 1400,
            // QEMU is given time to end well.
            "destroy" => 500,
            "define" | "undefine" => 200,
            "domfsfreeze" => 500,
            _ => 100,
        },
        Program::QemuImg => 100,
        Program::Xorriso | Program::Genisoimage | Program::Mkisofs => 150,
        Program::ZvolId | Program::Udevadm => 20,
        Program::OsinfoQuery | Program::VirtInstall => 1000,
    }
}

/// What is waited for until it holds, in milliseconds.
fn wait(condition: &Condition) -> u64 {
    match condition {
        Condition::Device(_) => 300,
        // QEMU lets go of its disks at once, udev a moment later.
        Condition::NotOpen(_) => 100,
        // A guest that shuts down ends its services first.
        Condition::State { .. } => 30_000,
        Condition::PoolOnline(_)
        | Condition::NoDataset(_)
        | Condition::Dataset { .. }
        | Condition::NoSnapshot(_)
        | Condition::Snapshot { .. }
        | Condition::Unused(_)
        | Condition::Newest(_)
        | Condition::Property { .. }
        | Condition::NoDomain(_)
        | Condition::Domain { .. }
        | Condition::NoFile(_)
        | Condition::File(_)
        | Condition::FileIs { .. }
        | Condition::Scrub { .. } => 1000,
    }
}

/// What a step costs that moves so many bytes, in milliseconds.
fn step(step: &Step, bytes: u64) -> u64 {
    let action = match &step.action {
        Action::Run(command) => run(command),
        // Who was just let go of is busy for a moment, and is tried again after half a second.
        Action::RunWhileBusy(command) => run(command) + 250,
        Action::Create { .. } | Action::Copy { .. } => 20,
        Action::Remove { .. } => 5,
        Action::Await { condition, .. } => wait(condition),
    };
    let looks: u64 = step.requires.iter().chain(&step.ensures).map(look).sum();
    let moves = bytes / (THROUGHPUT / 1000);
    JOURNAL + action + looks + moves
}

/// About how many seconds the steps take, at least one. `moved` says how many bytes a step moves.
#[must_use]
pub(crate) fn seconds(steps: &[Step], moved: impl Fn(usize) -> u64) -> u32 {
    use std::collections::BTreeMap;
    let mut stages: BTreeMap<u16, BTreeMap<u16, u64>> = BTreeMap::new();
    for one in steps {
        let cost = step(one, moved(one.id));
        *stages.entry(one.stage).or_default().entry(one.lane).or_default() += cost;
    }
    let stage = |lanes: &BTreeMap<u16, u64>| {
        let longest = lanes.values().copied().max().unwrap_or(0);
        longest.max(lanes.values().sum::<u64>() / GAIN)
    };
    let all: u64 = stages.values().map(stage).sum();
    u32::try_from(all.div_ceil(1000).clamp(1, MOST_SECONDS)).unwrap_or(u32::MAX)
}
