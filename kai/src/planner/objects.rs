//! What a token can name: everything on the host that bears its name, and what only a name can look like.

use super::inventory::Inventory;

/// Something that the host has, or that only a name of that form can be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Object {
    /// A VM.
    Vm(String),
    /// A VM of another host whose replica lies here.
    Replica(String),
    /// A container.
    Container(String),
    /// A file system or volume.
    Dataset(String),
    /// A name of a dataset that is not there; its pool is.
    NewDataset(String),
    /// `dataset@name` or `vm@name`.
    Snapshot(String, String),
    /// `@name`.
    At(String),
    /// A pool.
    Pool(String),
    /// A WireGuard interface.
    Interface(String),
    /// A name like one that is not there: `wg7`.
    NewInterface(String),
    /// A peer: interface, name, key.
    Peer(String, String, String),
    /// A boot environment.
    BootEnv(String),
    /// A bridge.
    Bridge(String),
    /// A host for replicas.
    Host(String),
    /// `host:dataset`.
    Target(String),
    /// An operation in the journal.
    Op(String),
    /// A GPU by its number.
    Gpu(u32),
    /// A disk image that is there.
    Image(String),
    /// An installation medium that is there.
    Iso(String),
    /// A container image: `redis:7`.
    ContainerImage(String),
}

impl Object {
    /// Whether something can be done to it: not a place, a medium or a direction.
    pub(super) fn acted_on(&self) -> bool {
        !matches!(
            self,
            Self::Bridge(_)
                | Self::Host(_)
                | Self::Target(_)
                | Self::Image(_)
                | Self::Iso(_)
                | Self::ContainerImage(_)
                | Self::NewInterface(_)
        )
    }

    /// The VM, here or elsewhere, that it names by itself.
    pub(super) fn vm(&self) -> Option<&str> {
        if let Self::Vm(name) | Self::Replica(name) = self { Some(name) } else { None }
    }

    /// What has the snapshot that it names: a VM or a dataset.
    pub(super) fn owner(&self) -> Option<&str> {
        if let Self::Snapshot(owner, _) = self { Some(owner) } else { None }
    }

    /// The short name of the snapshot that it names.
    pub(super) fn snapshot(&self) -> Option<&str> {
        if let Self::At(name) | Self::Snapshot(_, name) = self { Some(name) } else { None }
    }

    /// Its name on the host, if it has one that is looked up without regard to capitals.
    pub(super) fn label(&self) -> Option<&str> {
        match self {
            Self::Vm(name) | Self::Replica(name) | Self::Container(name) | Self::Pool(name) | Self::BootEnv(name) => {
                Some(name)
            }
            Self::Dataset(_)
            | Self::NewDataset(_)
            | Self::Snapshot(..)
            | Self::At(_)
            | Self::Interface(_)
            | Self::NewInterface(_)
            | Self::Peer(..)
            | Self::Bridge(_)
            | Self::Host(_)
            | Self::Target(_)
            | Self::Op(_)
            | Self::Gpu(_)
            | Self::Image(_)
            | Self::Iso(_)
            | Self::ContainerImage(_) => None,
        }
    }
}

/// The objects that a token names, most particular first.
#[must_use]
pub(super) fn objects(inventory: &Inventory, raw: &str) -> Vec<Object> {
    let mut out = Vec::new();
    let lower = raw.to_ascii_lowercase();
    // Capitals at the beginning of a sentence, or throughout, are no part of a name.
    let plain = raw == lower || raw.chars().skip(1).all(|c| !c.is_uppercase()) || !raw.chars().any(char::is_lowercase);
    let same = |name: &str| !name.is_empty() && (name == raw || plain && name == lower);
    if let Some((left, right)) = raw.split_once('@')
        && !raw.contains("://")
    {
        if left.is_empty() {
            out.push(Object::At(right.to_owned()));
        } else {
            out.push(Object::Snapshot(left.to_owned(), right.to_owned()));
        }
        return out;
    }
    if let Some(vm) = inventory.vms.iter().find(|vm| same(&vm.name)) {
        out.push(Object::Vm(vm.name.clone()));
    }
    if let Some(replica) = inventory.replicas_here.iter().find(|replica| same(&replica.vm)) {
        out.push(Object::Replica(replica.vm.clone()));
    }
    if let Some(container) = inventory.containers.iter().find(|container| same(&container.name)) {
        out.push(Object::Container(container.name.clone()));
    }
    if let Some(pool) = inventory.pools.iter().find(|pool| same(&pool.name)) {
        out.push(Object::Pool(pool.name.clone()));
    }
    let trimmed = raw.trim_end_matches('/');
    if trimmed.contains('/') {
        if inventory.dataset(trimmed).is_some() {
            out.push(Object::Dataset(trimmed.to_owned()));
        } else if inventory.pool_of(trimmed).is_some() && !trimmed.contains(':') {
            out.push(Object::NewDataset(trimmed.to_owned()));
        }
    }
    for tunnel in &inventory.wireguard {
        if same(&tunnel.interface) {
            out.push(Object::Interface(tunnel.interface.clone()));
        }
        for peer in &tunnel.peers {
            if same(&peer.name) || super::text::fold(&peer.name) == super::text::fold(raw) || peer.public_key == raw {
                out.push(Object::Peer(tunnel.interface.clone(), peer.name.clone(), peer.public_key.clone()));
            }
        }
    }
    let numbered =
        lower.strip_prefix("wg").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == '-'));
    if numbered && out.is_empty() {
        out.push(Object::NewInterface(raw.to_owned()));
    }
    if let Some(found) = inventory.boot_environments.iter().find(|found| same(&found.name) || found.dataset == raw) {
        out.push(Object::BootEnv(found.name.clone()));
    }
    if let Some(bridge) = inventory.bridges.iter().find(|bridge| same(bridge)) {
        out.push(Object::Bridge(bridge.clone()));
    }
    let hosts = inventory.dr_hosts.iter().map(|host| host.name.as_str());
    let sources = inventory.replicas_here.iter().filter_map(|replica| replica.from.split(':').next());
    let mut hosts: Vec<&str> = hosts.chain(sources).collect();
    hosts.dedup();
    if let Some(host) = hosts.iter().find(|host| same(host) || host.split('.').next() == Some(lower.as_str())) {
        out.push(Object::Host((*host).to_owned()));
    }
    if let Some((host, dataset)) = raw.split_once(':')
        && dataset.starts_with(|c: char| c.is_ascii_alphabetic())
        && !raw.contains("://")
        && (dataset.contains('/') || hosts.contains(&host))
        && !host.contains('/')
    {
        out.push(Object::Target(raw.to_owned()));
    }
    let op = lower.strip_prefix("op-").is_some_and(|rest| !rest.is_empty());
    if op || inventory.journal.iter().any(|entry| same(&entry.op)) {
        out.push(Object::Op(lower.clone()));
    }
    for gpu in &inventory.gpus {
        let model = gpu.name.to_ascii_lowercase();
        let word =
            lower.len() >= 3 && lower.chars().any(|c| c.is_ascii_digit()) && model.split(' ').any(|part| part == lower);
        let digits = lower.len() >= 4
            && lower.bytes().all(|b| b.is_ascii_digit())
            && model.split(|c: char| !c.is_ascii_digit()).any(|part| part == lower);
        let joined = lower.len() >= 5 && model.replace(' ', "").ends_with(&lower);
        if word || digits || joined || gpu.uuid.eq_ignore_ascii_case(raw) {
            out.push(Object::Gpu(gpu.index));
        }
    }
    let file = |path: &String| path == raw || (raw.len() > 6 && path.rsplit('/').next() == Some(raw));
    if let Some(path) = inventory.images.iter().find(|path| file(path)) {
        out.push(Object::Image(path.clone()));
    }
    if let Some(path) = inventory.isos.iter().find(|path| file(path)) {
        out.push(Object::Iso(path.clone()));
    }
    if out.is_empty() && container_image(raw) {
        out.push(Object::ContainerImage(raw.to_owned()));
    }
    out
}

/// Whether a token can only be an image of containers.
fn container_image(raw: &str) -> bool {
    if !raw.is_ascii() || raw.starts_with('/') || raw.starts_with('-') || raw.contains("://") || raw.contains("..") {
        return false;
    }
    let allowed = raw.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-/:@".contains(&b));
    let tagged = raw.rsplit_once(':').is_some_and(|(name, tag)| {
        !tag.contains('/') && !tag.is_empty() && name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.len() > 1
    });
    let path = raw.contains('/')
        && raw.split('/').all(|part| !part.is_empty())
        && raw.starts_with(|c: char| c.is_ascii_alphabetic());
    allowed && (tagged || path) && !raw.ends_with(':')
}
