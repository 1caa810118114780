//! Whether a condition holds on a host, now.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::facts::{self, MARK, ObserveError};
use crate::host::{Command, Host, HostError, Program};
use crate::names::{Arg, DomainArg, Guid, HostPath};
use crate::plan::{Condition, DomainState, Identity, hex};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) holds: bool,
    /// The guid of the object that the condition is about, if it has one.
    guid: Option<(String, Guid)>,
}

/// Whether all of some conditions hold.
#[derive(Debug)]
pub(super) enum All {
    /// They do; with the guids of what bears the operation's mark.
    Hold(Vec<(String, Guid)>),
    /// This one, the first, does not.
    Fails(Condition),
}

impl All {
    pub(super) fn hold(&self) -> bool {
        matches!(self, Self::Hold(_))
    }
}

/// Asks the host about each, until one does not hold.
pub(super) fn check_all(
    host: &dyn Host,
    conditions: &[Condition],
    made: &BTreeMap<String, Guid>,
) -> Result<All, ObserveError> {
    let mut guids = Vec::new();
    for condition in conditions {
        let found = check(host, condition, made)?;
        if !found.holds {
            return Ok(All::Fails(condition.clone()));
        }
        guids.extend(found.guid.filter(|_| makes(condition)));
    }
    Ok(All::Hold(guids))
}

/// Whether an object that fulfils the condition is one that the operation made.
fn makes(condition: &Condition) -> bool {
    matches!(
        condition,
        Condition::Dataset { is: Identity::Mark(_), .. } | Condition::Snapshot { is: Identity::Mark(_), .. }
    )
}

/// Firmware variables and documents are smaller.
const FILE_LIMIT: usize = 64 << 20;

/// Asks the host. `made` are the guids of what the operation has made so far.
pub(super) fn check(
    host: &dyn Host,
    condition: &Condition,
    made: &BTreeMap<String, Guid>,
) -> Result<Found, ObserveError> {
    let plain = |holds| Ok(Found { holds, guid: None });
    match condition {
        Condition::PoolOnline(pool) => {
            let command = Command::zpool("list").arg("-Hp").arg("-o").arg("health").arg(pool);
            plain(ask(host, &command, &["no such pool"])?.is_some_and(|text| text.trim() == "ONLINE"))
        }
        Condition::NoDataset(name) => plain(identity(host, name)?.is_none()),
        Condition::NoSnapshot(name) => plain(identity(host, name)?.is_none()),
        Condition::Dataset { name, is } => is_that(host, name, &name.to_string(), is, made),
        Condition::Snapshot { name, is } => is_that(host, name, &name.to_string(), is, made),
        Condition::Unused(name) => {
            let command = Command::zfs("get").arg("-Hp").arg("-o").arg("value").arg("clones,userrefs").arg(name);
            let text = ask(host, &command, &["does not exist"])?;
            let is_none = |line: &str| matches!(line.trim(), "" | "-" | "0");
            plain(text.is_some_and(|text| text.lines().all(is_none)))
        }
        Condition::Newest(name) => {
            let command = Command::zfs("list").arg("-Hp").arg("-t").arg("snapshot,bookmark").arg("-o").arg("name");
            let command = command.arg("-s").arg("createtxg").arg("-d").arg("1").arg(name.dataset());
            let text = ask(host, &command, &["does not exist"])?;
            plain(text.is_some_and(|text| text.lines().last() == Some(&name.to_string())))
        }
        Condition::Property { dataset, property, value } => {
            let command = Command::zfs("get").arg("-Hp").arg("-o").arg("value").arg(property.name()).arg(dataset);
            plain(ask(host, &command, &["does not exist"])?.is_some_and(|text| text.trim() == value))
        }
        Condition::Device(volume) => {
            let Some(node) = host.resolve(&HostPath::of_volume(volume))? else { return plain(false) };
            match host.run(&Command::new(Program::ZvolId).arg(&node)) {
                // A late link may still point at another volume's node.
                Ok(output) => plain(output.is_ok() && output.stdout.trim() == volume.as_str()),
                // Systems without udev make the nodes themselves.
                Err(HostError::Missing { .. }) => plain(true),
                Err(error) => Err(error.into()),
            }
        }
        Condition::NotOpen(volume) => plain(host.openers(&HostPath::of_volume(volume))?.is_empty()),
        Condition::NoDomain(name) => plain(uuid(host, name)?.is_none()),
        Condition::Domain { name, uuid: wanted } => plain(uuid(host, name)? == Some(wanted.to_string())),
        Condition::State { name, state } => plain(domain_state(host, name)? == Some(*state)),
        Condition::NoFile(path) => plain(host.read(path, 1)?.is_none()),
        Condition::File(path) => plain(host.read(path, 1)?.is_some()),
        Condition::FileIs { path, sha256 } => {
            let bytes = host.read(path, FILE_LIMIT)?;
            plain(bytes.is_some_and(|bytes| hex(&Sha256::digest(bytes)) == *sha256))
        }
        Condition::Scrub { pool, state } => {
            let command = Command::zpool("status").arg(pool);
            let text = ask(host, &command, &[])?.unwrap_or_default();
            plain(scrub_state(&text) == state)
        }
    }
}

/// `scanning`, `paused` or `none`, from `zpool status`.
fn scrub_state(status: &str) -> &'static str {
    let scan = status.lines().find_map(|line| line.trim().strip_prefix("scan:")).unwrap_or_default().trim();
    if scan.starts_with("scrub in progress") {
        "scanning"
    } else if scan.starts_with("scrub paused") {
        "paused"
    } else {
        "none"
    }
}

/// The command's output; `None` if it failed with one of those complaints.
fn ask(host: &dyn Host, command: &Command, absent: &[&str]) -> Result<Option<String>, ObserveError> {
    let output = host.run(command)?;
    if output.is_ok() {
        return Ok(Some(output.stdout));
    }
    if absent.iter().any(|text| output.stderr.contains(text)) {
        return Ok(None);
    }
    Err(facts::failed(command, &output))
}

/// Guid and mark of a dataset or snapshot.
fn identity(host: &dyn Host, name: impl Arg) -> Result<Option<(Guid, Option<String>)>, ObserveError> {
    let command =
        Command::zfs("get").arg("-Hp").arg("-o").arg("property,value,source").arg("guid,com.kai:op").arg(name);
    let Some(text) = ask(host, &command, &["does not exist"])? else { return Ok(None) };
    let mut guid = None;
    let mut mark = None;
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields.as_slice() {
            ["guid", value, _] => guid = value.parse().ok(),
            // What is inherited was put on something else.
            [property, value, "local"] if *property == MARK => mark = Some((*value).to_owned()),
            _ => {}
        }
    }
    let said = || format!("it gave no guid: {text:?}");
    let guid = guid.ok_or_else(|| ObserveError::Failed { command: command.to_string(), said: said() })?;
    Ok(Some((guid, mark)))
}

fn is_that(
    host: &dyn Host,
    name: impl Arg,
    text: &str,
    is: &Identity,
    made: &BTreeMap<String, Guid>,
) -> Result<Found, ObserveError> {
    let Some((guid, mark)) = identity(host, name)? else { return Ok(Found { holds: false, guid: None }) };
    let holds = match is {
        Identity::Guid(wanted) => guid == *wanted,
        Identity::Mark(wanted) => {
            mark.as_ref() == Some(wanted) && made.get(text).is_none_or(|recorded| *recorded == guid)
        }
    };
    Ok(Found { holds, guid: Some((text.to_owned(), guid)) })
}

const NO_DOMAIN: [&str; 2] = ["failed to get domain", "Domain not found"];

fn uuid(host: &dyn Host, name: &str) -> Result<Option<String>, ObserveError> {
    let text = ask(host, &Command::virsh("domuuid").arg(DomainArg(name)), &NO_DOMAIN)?;
    Ok(text.map(|text| text.trim().to_owned()))
}

fn domain_state(host: &dyn Host, name: &str) -> Result<Option<DomainState>, ObserveError> {
    let text = ask(host, &Command::virsh("domstate").arg(DomainArg(name)), &NO_DOMAIN)?;
    Ok(text.map(|text| facts::domain_state(&text)))
}
