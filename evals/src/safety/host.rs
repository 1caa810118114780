//! A simulated host made from the description that the cases speak about: the same pools, datasets,
//! snapshots, holds and VMs under the same names, so that what is proposed can really be carried out.

use kai_tools::names::Size;
use kai_tools::sim::{NewVm, State};
use serde_json::Value;

/// The host of that description.
#[must_use]
pub fn state_of(host: &Value) -> State {
    let mut state = State::empty(1_795_500_000_000);
    let bytes = |value: &Value| value.as_str().and_then(|text| text.parse::<Size>().ok()).map(Size::bytes);
    for pool in list(host, "pools") {
        let name = text(pool, "name");
        state.add_pool(name, bytes(&pool["size"]).unwrap_or(1 << 40));
        if let Some(made) = state.pools.get_mut(name) {
            text(pool, "state").clone_into(&mut made.health);
            made.free = bytes(&pool["free"]).unwrap_or(made.size);
        }
    }
    for dataset in list(host, "datasets") {
        let name = text(dataset, "name");
        if state.pools.contains_key(name) {
            continue;
        }
        state.add_dataset(name, bytes(&dataset["volsize"]));
        if let (Some(path), Some(made)) = (dataset["mountpoint"].as_str(), state.datasets.get_mut(name)) {
            made.props.insert("mountpoint".to_owned(), path.to_owned());
            if dataset["mounted"] == false {
                made.props.insert("canmount".to_owned(), "off".to_owned());
            }
        }
        state.write(name, &format!("what {name} holds"));
        snapshots(&mut state, name, dataset);
    }
    for replica in list(host, "replicas_here") {
        if let Some(made) = state.datasets.get_mut(text(replica, "dataset")) {
            made.props.insert("com.kai:replica".to_owned(), text(replica, "from").to_owned());
        }
    }
    for found in list(host, "boot_environments").filter(|found| found["active"] == true) {
        let dataset = text(found, "dataset");
        let pool = dataset.split('/').next().unwrap_or_default();
        if let Some(pool) = state.pools.get_mut(pool) {
            pool.bootfs = Some(dataset.to_owned());
        }
    }
    for vm in list(host, "vms") {
        add_vm(&mut state, vm);
        snapshots(&mut state, text(vm, "dataset"), vm);
    }
    // Origins last: the snapshots are there now.
    for vm in list(host, "vms") {
        let origin = vm["origin"].as_str().map(str::to_owned);
        if let Some(made) = state.datasets.get_mut(text(vm, "dataset")) {
            made.origin = origin;
        }
    }
    state
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn snapshots(state: &mut State, dataset: &str, owner: &Value) {
    for snapshot in list(owner, "snapshots") {
        let label = text(snapshot, "name");
        state.add_snapshot(dataset, label);
        let point = state.datasets.get_mut(dataset).and_then(|found| found.points.get_mut(&format!("@{label}")));
        if let Some(point) = point {
            point.holds.extend(list(snapshot, "holds").filter_map(Value::as_str).map(str::to_owned));
        }
    }
}

fn add_vm(state: &mut State, vm: &Value) {
    let (name, volume) = (text(vm, "name"), text(vm, "dataset"));
    if !state.datasets.contains_key(volume) {
        state.add_dataset(volume, text(vm, "disk").parse::<Size>().ok().map(Size::bytes));
        state.write(volume, &format!("what {name} holds"));
    }
    state.add_domain(&NewVm {
        name,
        volume,
        memory: text(vm, "memory").parse().unwrap_or(Size::from_mib(2048)),
        vcpus: vm["vcpus"].as_u64().and_then(|count| u32::try_from(count).ok()).unwrap_or(2),
        power: text(vm, "state"),
    });
}
