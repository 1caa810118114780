//! Pools, datasets and snapshots.

use super::{name_type, text_type};

/// The most that a full name may have, `@snapshot` included.
const LONGEST: usize = 255;
/// The kernel's limit on the depth of a dataset.
const DEEPEST: usize = 50;

/// A pool: begins with a letter; `[A-Za-z0-9_.: -]` after it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolName(String);

/// A file system or volume with its pool: `tank/vms/web1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatasetName(String);

/// What stands behind the `@`. `@name` is read as `name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotLabel(String);

/// What a replication job is called: what ZFS takes as a part of a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobName(String);

/// `dataset@label`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotName {
    dataset: DatasetName,
    label: SnapshotLabel,
}

name_type!(PoolName, "pool name", "A ZFS pool");
name_type!(DatasetName, "dataset name", "A ZFS dataset with its pool: tank/vms/web1");
name_type!(SnapshotLabel, "snapshot name", "A snapshot's name, without the dataset: before-update");
name_type!(JobName, "job name", "A replication job's name");
text_type!(SnapshotName, "snapshot name", "A snapshot with its dataset: tank/data@before-update");

fn is_component(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("a part of it is empty");
    }
    if text == "." || text == ".." {
        return Err("`.` and `..` are no names");
    }
    if text.starts_with('-') {
        return Err("a name does not begin with a dash");
    }
    if text.starts_with(' ') || text.ends_with(' ') {
        return Err("a name neither begins nor ends with a space");
    }
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'-' | b' ')) {
        return Err("letters, digits and _ . : - are allowed");
    }
    Ok(())
}

impl PoolName {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        is_component(text)?;
        if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err("a pool's name begins with a letter");
        }
        if text.len() > 239 {
            return Err("at most 239 bytes");
        }
        let reserved = ["mirror", "raidz", "draid", "spare"];
        if reserved.iter().any(|word| text.starts_with(word)) || text == "log" {
            return Err("ZFS keeps names like mirror, raidz, draid, spare and log for itself");
        }
        Ok(Self(text.to_owned()))
    }
}

impl DatasetName {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        if text.len() > LONGEST {
            return Err("at most 255 bytes");
        }
        if text.contains(['@', '#']) {
            return Err("this names a snapshot or bookmark, not a dataset");
        }
        let mut parts = text.split('/');
        PoolName::check(parts.next().unwrap_or_default())?;
        for part in parts {
            is_component(part)?;
        }
        if text.split('/').count() > DEEPEST {
            return Err("at most 50 levels");
        }
        Ok(Self(text.to_owned()))
    }

    /// The pool that it lies in.
    #[must_use]
    pub fn pool(&self) -> PoolName {
        PoolName(self.0.split('/').next().unwrap_or_default().to_owned())
    }

    /// The dataset above it; none for a pool's root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.to_owned()))
    }

    /// The last part of the name.
    #[must_use]
    pub fn leaf(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Whether it is `root` or lies below it.
    #[must_use]
    pub fn is_within(&self, root: &Self) -> bool {
        self.0.strip_prefix(root.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The dataset of that name below this one.
    ///
    /// # Errors
    /// If the whole is no dataset name.
    pub fn child(&self, name: &str) -> Result<Self, super::NameError> {
        format!("{}/{name}", self.0).parse()
    }

    /// The same name with something added to its last part.
    ///
    /// # Errors
    /// If the whole is no dataset name.
    pub fn with_suffix(&self, suffix: &str) -> Result<Self, super::NameError> {
        format!("{}{suffix}", self.0).parse()
    }

    /// A snapshot of it.
    #[must_use]
    pub fn at(&self, label: &SnapshotLabel) -> SnapshotName {
        SnapshotName { dataset: self.clone(), label: label.clone() }
    }

    /// Whether kai would create something of that name: no space and no colon, which tools around
    /// ZFS trip over.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        !self.0.contains([' ', ':'])
    }
}

impl From<&PoolName> for DatasetName {
    fn from(pool: &PoolName) -> Self {
        Self(pool.0.clone())
    }
}

impl SnapshotLabel {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        let text = text.strip_prefix('@').unwrap_or(text);
        is_component(text)?;
        if text.len() > 200 {
            return Err("at most 200 bytes");
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether kai would create a snapshot of that name.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        !self.0.contains([' ', ':'])
    }
}

impl JobName {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        is_component(text)?;
        if text.len() > 200 {
            return Err("at most 200 bytes");
        }
        Ok(Self(text.to_owned()))
    }
}

impl SnapshotName {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        let Some((dataset, label)) = text.split_once('@') else {
            return Err("a snapshot is named dataset@name");
        };
        if text.len() > LONGEST {
            return Err("at most 255 bytes");
        }
        if label.starts_with('@') {
            return Err("one @ only");
        }
        Ok(Self { dataset: DatasetName::check(dataset)?, label: SnapshotLabel::check(label)? })
    }

    fn text(&self) -> String {
        format!("{}@{}", self.dataset.0, self.label.0)
    }

    /// The dataset that it is of.
    #[must_use]
    pub fn dataset(&self) -> &DatasetName {
        &self.dataset
    }

    /// What stands behind the `@`.
    #[must_use]
    pub fn label(&self) -> &SnapshotLabel {
        &self.label
    }
}
