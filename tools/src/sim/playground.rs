//! The host that `kai --sim FILE` begins with: something of everything, to try operations on.

use super::state::{State, Vm};
use crate::domain::{Hypervisor, NewDomain, create};
use crate::names::{Mac, Size, Uuid, VmName};

const GIB: u64 = 1 << 30;

/// A VM to add to a simulated host.
#[derive(Debug, Clone, Copy)]
pub struct NewVm<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its disk.
    pub volume: &'a str,
    /// Its memory.
    pub memory: Size,
    /// Its processors.
    pub vcpus: u32,
    /// `running`, `paused` or `shut off`.
    pub power: &'a str,
}

impl State {
    /// Two pools, three VMs (one a clone of another, which is running), some file systems.
    #[must_use]
    pub fn playground(clock: u64) -> Self {
        let mut state = Self::empty(clock);
        state.add_pool("rpool", 460 * GIB);
        state.add_dataset("rpool/ROOT", None);
        state.add_dataset("rpool/ROOT/debian", None);
        if let Some(root) = state.datasets.get_mut("rpool/ROOT/debian") {
            root.props.insert("mountpoint".to_owned(), "/".to_owned());
        }
        if let Some(pool) = state.pools.get_mut("rpool") {
            pool.bootfs = Some("rpool/ROOT/debian".to_owned());
            pool.free = 410 * GIB;
        }
        state.add_pool("tank", 4096 * GIB);
        for name in ["tank/vms", "tank/data", "tank/media"] {
            state.add_dataset(name, None);
        }
        state.write("tank/data", "reports of October");
        state.add_snapshot("tank/data", "october");
        state.write("tank/data", "reports of November");
        state.add_snapshot("tank/data", "november");
        state.add_vm("golden", 20 * GIB, "shut off");
        state.write("tank/vms/golden", "a sealed Debian 12");
        state.add_snapshot("tank/vms/golden", "golden");
        if let Some(point) = state.point_mut("tank/vms/golden@golden") {
            point.holds.insert("kai:golden".to_owned());
        }
        state.add_vm("web1", 20 * GIB, "shut off");
        let golden = state.point("tank/vms/golden@golden").map(|point| (point.content.clone(), point.referenced));
        if let (Some(web1), Some((content, referenced))) = (state.datasets.get_mut("tank/vms/web1"), golden) {
            web1.origin = Some("tank/vms/golden@golden".to_owned());
            (web1.content, web1.referenced, web1.written) = (content, referenced, 0);
        }
        state.add_snapshot("tank/vms/web1", "before-update");
        state.write("tank/vms/web1", "web1 after the update");
        state.add_snapshot("tank/vms/web1", "after-update");
        if let Some(vm) = state.domains.get_mut("web1") {
            "running".clone_into(&mut vm.state);
            vm.id = 1;
        }
        state.add_vm("db1", 40 * GIB, "shut off");
        state.write("tank/vms/db1", "a database");
        let files = [
            (
                "/proc/meminfo",
                "MemTotal:       65000000 kB\nMemFree:        30000000 kB\nMemAvailable:   48000000 kB\n",
            ),
            ("/srv/iso/debian-12.iso", "an installation medium"),
            ("/srv/images/debian-12.qcow2", "image qcow2 2147483648"),
        ];
        state.files.extend(files.map(|(path, text)| (path.to_owned(), text.to_owned())));
        state
    }

    /// Adds a UEFI VM with a volume below `tank/vms`.
    pub fn add_vm(&mut self, name: &str, volsize: u64, power: &str) {
        let volume = format!("tank/vms/{name}");
        self.add_dataset(&volume, Some(volsize));
        self.add_domain(&NewVm { name, volume: &volume, memory: Size::from_mib(2048), vcpus: 2, power });
    }

    /// Adds a UEFI VM on a volume that is there. A name that no VM can have adds none.
    pub fn add_domain(&mut self, vm: &NewVm<'_>) {
        let name = vm.name;
        let nvram = format!("/var/lib/libvirt/qemu/nvram/{name}_VARS.fd");
        self.files.insert(nvram.clone(), format!("firmware variables of {name}"));
        let parsed = (
            name.parse::<VmName>(),
            vm.volume.parse(),
            nvram.parse(),
            format!("/var/log/libvirt/qemu/{name}-console.log").parse(),
        );
        let (Ok(vm_name), Ok(volume), Ok(nvram), Ok(log)) = parsed else { return };
        let xml = create(&NewDomain {
            name: vm_name,
            uuid: Uuid::derived(&["simulated", name]),
            memory: vm.memory,
            vcpus: vm.vcpus,
            volume,
            mac: Mac::derived(&["simulated", name]),
            bridge: None,
            iso: None,
            seed: None,
            nvram: Some(nvram),
            os_variant: None,
            hypervisor: Hypervisor::Kvm,
            log,
            mark: "simulated".to_owned(),
        });
        self.domains.insert(name.to_owned(), Vm { state: vm.power.to_owned(), ..Vm::off(xml) });
    }
}
