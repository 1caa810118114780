//! `zpool list -Hp` and `zfs list -Hp`: tab-separated, exact numbers, the same since OpenZFS 0.8.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::host::Command;
use crate::names::{DatasetName, Guid, PoolName, Size};

/// A pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolFacts {
    /// Its name.
    pub name: PoolName,
    /// Its identity.
    pub guid: Guid,
    /// `ONLINE`, `DEGRADED`, `FAULTED`, `SUSPENDED`, …
    pub health: String,
    /// All of it.
    pub size: Size,
    /// What is free.
    pub free: Size,
    /// The share in use, in percent.
    pub capacity: u64,
    /// The dataset that the system boots from, if it boots from here.
    pub bootfs: Option<DatasetName>,
    /// Whether it was imported for reading only.
    pub read_only: bool,
}

impl PoolFacts {
    /// Whether it is ONLINE.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.health == "ONLINE"
    }
}

/// What a dataset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A file system.
    Filesystem,
    /// A volume (zvol).
    Volume,
    /// A snapshot.
    Snapshot,
    /// A bookmark.
    Bookmark,
}

/// A file system, volume, snapshot or bookmark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetFacts {
    /// Its full name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its identity.
    pub guid: Guid,
    /// The transaction group that it was made in: the order of snapshots within a pool.
    pub createtxg: u64,
    /// When it was made, in seconds since 1970.
    pub created: u64,
    /// What would be free if it were gone, in bytes.
    pub used: u64,
    /// What it refers to, in bytes.
    pub referenced: u64,
    /// What was written since the snapshot before, in bytes.
    pub written: u64,
    /// A volume's size, in bytes.
    pub volsize: Option<u64>,
    /// A volume's block size, in bytes.
    pub volblocksize: Option<u64>,
    /// The snapshot that it was cloned from.
    pub origin: Option<String>,
    /// What was cloned from it.
    pub clones: Vec<String>,
    /// How many hold it.
    pub holds: u64,
    /// Whether it is mounted.
    pub mounted: bool,
    /// Where it is or would be mounted.
    pub mountpoint: Option<String>,
    /// The mark of the operation of ours that made it.
    pub mark: Option<String>,
    /// Where it was replicated from, `host:dataset`, if it is a replica.
    pub replica: Option<String>,
    /// Whether nothing can be written to it.
    pub read_only: bool,
    /// Whether something is being received into it, or was until that broke off, and can be gone on
    /// with: ZFS does not say which.
    pub unfinished: bool,
}

impl DatasetFacts {
    /// Whether it is `root`, lies below it, or is a snapshot or bookmark of either.
    #[must_use]
    pub fn is_within(&self, root: &DatasetName) -> bool {
        is_within(&self.name, root)
    }
}

/// The same for any full name.
pub(crate) fn is_within(name: &str, root: &DatasetName) -> bool {
    let dataset = name.split(['@', '#']).next().and_then(|name| name.parse::<DatasetName>().ok());
    dataset.is_some_and(|dataset| dataset.is_within(root))
}

/// The mark that operations put on what they make.
pub const MARK: &str = "com.kai:op";
/// What a replica says of its source.
pub const REPLICA: &str = "com.kai:replica";

const POOL_COLUMNS: &str = "name,guid,health,size,free,capacity,bootfs,readonly";
const COLUMNS: &str = "name,type,guid,createtxg,creation,used,referenced,written,volsize,volblocksize,origin,\
clones,userrefs,mounted,mountpoint,com.kai:op,com.kai:replica,readonly,receive_resume_token";

/// Lists all pools.
pub(super) fn list_pools() -> Command {
    Command::zpool("list").arg("-Hp").arg("-o").arg(POOL_COLUMNS)
}

/// Lists datasets of all kinds.
pub(super) fn list_datasets() -> Command {
    Command::zfs("list").arg("-Hp").arg("-t").arg("filesystem,volume,snapshot,bookmark").arg("-o").arg(COLUMNS)
}

/// Output that is not what the program is known to print.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of `{command}` is not understood: {what} in {text:?}")]
pub struct ParseError {
    /// The command.
    pub command: &'static str,
    /// From 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
    /// The line, or its beginning.
    pub text: String,
}

impl ParseError {
    pub(super) fn new(command: &'static str, line: usize, what: &'static str, text: &str) -> Self {
        Self { command, line, what, text: text.chars().take(200).collect() }
    }
}

struct Row<'a> {
    command: &'static str,
    number: usize,
    text: &'a str,
    fields: Vec<&'a str>,
}

impl<'a> Row<'a> {
    fn error(&self, what: &'static str) -> ParseError {
        ParseError::new(self.command, self.number, what, self.text)
    }

    fn get(&self, at: usize) -> &'a str {
        self.fields.get(at).copied().unwrap_or_default()
    }

    fn number(&self, at: usize, what: &'static str) -> Result<u64, ParseError> {
        self.optional(at, what)?.ok_or_else(|| self.error(what))
    }

    fn optional(&self, at: usize, what: &'static str) -> Result<Option<u64>, ParseError> {
        match self.get(at) {
            "-" => Ok(None),
            text => text.parse().map(Some).map_err(|_| self.error(what)),
        }
    }

    fn switch(&self, at: usize) -> Result<bool, ParseError> {
        match self.get(at) {
            "on" => Ok(true),
            "off" | "-" => Ok(false),
            _ => Err(self.error("neither read-only nor not")),
        }
    }

    fn text(&self, at: usize) -> Option<&'a str> {
        Some(self.get(at)).filter(|text| *text != "-" && !text.is_empty())
    }
}

fn rows<'a>(
    command: &'static str,
    columns: &'static str,
    text: &'a str,
) -> impl Iterator<Item = Result<Row<'a>, ParseError>> {
    let wanted = columns.split(',').count();
    text.lines().enumerate().map(move |(at, line)| {
        let row = Row { command, number: at + 1, text: line, fields: line.split('\t').collect() };
        if row.fields.len() == wanted { Ok(row) } else { Err(row.error("another number of columns")) }
    })
}

/// Reads the output of `zpool list -Hp` with the columns that kai asks for.
///
/// # Errors
/// If a line is not understood.
pub fn parse_pools(text: &str) -> Result<Vec<PoolFacts>, ParseError> {
    let pool = |row: Row<'_>| {
        Ok(PoolFacts {
            name: row.get(0).parse().map_err(|_| row.error("no pool name"))?,
            guid: row.get(1).parse().map_err(|_| row.error("no guid"))?,
            health: row.get(2).to_owned(),
            // A suspended pool has no figures.
            size: Size::from_bytes(row.optional(3, "no size")?.unwrap_or(0)),
            free: Size::from_bytes(row.optional(4, "no free space")?.unwrap_or(0)),
            capacity: match row.text(5) {
                None => 0,
                Some(text) => text.trim_end_matches('%').parse().map_err(|_| row.error("no capacity"))?,
            },
            bootfs: row.text(6).map(str::parse).transpose().map_err(|_| row.error("no dataset name"))?,
            read_only: row.switch(7)?,
        })
    };
    rows("zpool list", POOL_COLUMNS, text).map(|row| row.and_then(pool)).collect()
}

/// Reads the output of `zfs list -Hp` with the columns that kai asks for.
///
/// # Errors
/// If a line is not understood.
pub fn parse_datasets(text: &str) -> Result<Vec<DatasetFacts>, ParseError> {
    let dataset = |row: Row<'_>| {
        let kind = match row.get(1) {
            "filesystem" => Kind::Filesystem,
            "volume" => Kind::Volume,
            "snapshot" => Kind::Snapshot,
            "bookmark" => Kind::Bookmark,
            _ => return Err(row.error("an unknown type")),
        };
        if row.get(0).is_empty() {
            return Err(row.error("no name"));
        }
        Ok(DatasetFacts {
            name: row.get(0).to_owned(),
            kind,
            guid: row.get(2).parse().map_err(|_| row.error("no guid"))?,
            createtxg: row.number(3, "no createtxg")?,
            created: row.number(4, "no creation time")?,
            used: row.optional(5, "no used space")?.unwrap_or(0),
            referenced: row.optional(6, "no referenced space")?.unwrap_or(0),
            written: row.optional(7, "no written space")?.unwrap_or(0),
            volsize: row.optional(8, "no volsize")?,
            volblocksize: row.optional(9, "no volblocksize")?,
            origin: row.text(10).map(str::to_owned),
            clones: row.text(11).map(|list| list.split(',').map(str::to_owned).collect()).unwrap_or_default(),
            holds: row.optional(12, "no userrefs")?.unwrap_or(0),
            mounted: row.get(13) == "yes",
            mountpoint: row.text(14).map(str::to_owned),
            mark: row.text(15).map(str::to_owned),
            replica: row.text(16).map(str::to_owned),
            read_only: row.switch(17)?,
            unfinished: row.text(18).is_some(),
        })
    };
    rows("zfs list", COLUMNS, text).map(|row| row.and_then(dataset)).collect()
}
