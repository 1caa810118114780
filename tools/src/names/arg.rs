//! What may stand on a command line.

use super::{
    BridgeName, Compression, DatasetName, Guid, HostPath, Mac, OsVariant, PoolName, Size, SnapshotLabel, SnapshotName,
    Uuid, VmName, VolBlockSize,
};

mod sealed {
    pub trait Sealed {}
}

/// A value that may become (part of) an argument: words of this program, and checked types. It is
/// sealed, so that no other text gets there.
pub trait Arg: sealed::Sealed {
    /// The argument's text.
    fn arg(&self) -> String;
}

macro_rules! by_display {
    ($($name:ty),*) => {
        $(
            impl sealed::Sealed for $name {}
            impl Arg for $name {
                fn arg(&self) -> String {
                    self.to_string()
                }
            }
        )*
    };
}
by_display!(
    BridgeName,
    Compression,
    DatasetName,
    Guid,
    HostPath,
    Mac,
    OsVariant,
    PoolName,
    SnapshotLabel,
    SnapshotName,
    Uuid,
    VmName,
    u64,
    u32
);

/// Sizes go to programs in bytes.
impl sealed::Sealed for Size {}
impl Arg for Size {
    fn arg(&self) -> String {
        self.bytes().to_string()
    }
}
impl sealed::Sealed for VolBlockSize {}
impl Arg for VolBlockSize {
    fn arg(&self) -> String {
        self.bytes().to_string()
    }
}
impl sealed::Sealed for &'static str {}
impl Arg for &'static str {
    fn arg(&self) -> String {
        (*self).to_owned()
    }
}
/// The name of a domain that libvirt itself has listed: it goes back to libvirt and nowhere else.
/// A name with a dash in front cannot be told from an option, and is given as the empty name, which
/// no domain has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DomainArg<'a>(pub(crate) &'a str);
impl sealed::Sealed for DomainArg<'_> {}
impl Arg for DomainArg<'_> {
    fn arg(&self) -> String {
        if self.0.starts_with('-') || self.0.contains(char::is_control) { String::new() } else { self.0.to_owned() }
    }
}
/// The mark of an operation: hexadecimal digits, and nothing else.
#[derive(Debug, Clone)]
pub(crate) struct MarkArg(String);
impl MarkArg {
    pub(crate) fn of(mark: &str) -> Self {
        Self(mark.chars().filter(char::is_ascii_hexdigit).collect())
    }
}
impl sealed::Sealed for MarkArg {}
impl Arg for MarkArg {
    fn arg(&self) -> String {
        self.0.clone()
    }
}
/// A size as libvirt's commands take it: `1073741824B`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BytesArg(pub(crate) Size);
impl sealed::Sealed for BytesArg {}
impl Arg for BytesArg {
    fn arg(&self) -> String {
        format!("{}B", self.0.bytes())
    }
}
/// A size in KiB, libvirt's unit where none is given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KibArg(pub(crate) Size);
impl sealed::Sealed for KibArg {}
impl Arg for KibArg {
    fn arg(&self) -> String {
        self.0.kib().to_string()
    }
}
impl<T: sealed::Sealed> sealed::Sealed for &T {}
impl<T: Arg> Arg for &T {
    fn arg(&self) -> String {
        T::arg(self)
    }
}
