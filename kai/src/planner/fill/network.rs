//! Containers, tunnels and peers.

use serde_json::{Map, json};

use super::super::piece::{Object, Piece};
use super::super::text::Sep;
use super::super::text::fold;
use super::super::values::Value;
use super::{Args, Filled, Task, args, ask, call};

const PROFILES: [(&str, &[&str]); 6] = [
    ("postgres", &["postgres", "postgresql"]),
    ("mysql", &["mysql", "mariadb"]),
    ("redis", &["redis", "valkey"]),
    ("nginx", &["nginx"]),
    ("media", &["media"]),
    ("generic", &["generic"]),
];

/// `port 8080 to 80`, `3307 mapped to 3306`, `container port 80 as 8080`.
fn spoken_ports(pieces: &[Piece]) -> Option<String> {
    let number = Piece::port;
    let at = pieces.iter().position(|piece| piece.is("port") || piece.is("expose") || piece.marks("maps"));
    let on_host = |pair: &[Piece]| number(&pair[0]).is_some() && pair[1].marks("on") && pair.len() > 2;
    let at = at.or_else(|| {
        // `5433 on the host to 5432 inside`
        let at = pieces.windows(4).position(|some| on_host(some) && some.iter().any(|piece| piece.is("host")))?;
        Some(at)
    })?;
    let before = pieces[..at].iter().rev().take(2).find_map(number);
    let behind: Vec<u64> = pieces[at..].iter().take(8).filter_map(number).collect();
    let inside = pieces[at].low.starts_with("container") || at > 0 && pieces[at - 1].is("container");
    match (before, behind.as_slice()) {
        (Some(one), []) => Some(format!("{one}:{one}")),
        (Some(host), [inner, ..]) => Some(format!("{host}:{inner}")),
        (None, [inner, host, ..]) if inside => Some(format!("{host}:{inner}")),
        (None, [host, inner, ..]) => Some(format!("{host}:{inner}")),
        (None, [one]) => Some(format!("{one}:{one}")),
        (None, []) => None,
    }
}

pub(super) fn container_create(task: Task<'_>) -> Filled {
    let pieces = &task.clause.pieces;
    let tagged = pieces.iter().enumerate().find_map(|(at, piece)| {
        piece.objects.iter().find_map(|object| {
            if let Object::ContainerImage(image) = object
                && !piece.name
            {
                Some((at, image.clone()))
            } else {
                None
            }
        })
    });
    let profile_at = pieces.iter().position(|piece| piece.is("profile"));
    // `from nginx`, `image redis`: a word behind `from` or `image`.
    let plain = || {
        let marks = |at: &usize| pieces[*at].marks("from") || pieces[*at].is("image");
        let at = (0..pieces.len()).find(marks)?;
        let mut behind = at + 1;
        while pieces.get(behind).is_some_and(|piece| piece.filler || piece.is("image") || piece.marks("from")) {
            behind += 1;
        }
        let piece = pieces.get(behind).filter(|piece| !piece.name && (piece.unknown() || !piece.objects.is_empty()))?;
        Some((behind, piece.raw.clone()))
    };
    let image = tagged.or_else(plain);
    let known = |word: &str| PROFILES.iter().find(|(_, words)| words.contains(&word)).map(|(profile, _)| *profile);
    let mut skip: Vec<usize> = image.iter().map(|(at, _)| *at).collect();
    let mut profile = None;
    if let Some(at) = profile_at {
        let beside = [at.checked_sub(1), Some(at + 1), Some(at + 2)];
        for at in beside.into_iter().flatten() {
            if let Some(found) = pieces.get(at).filter(|piece| !piece.name).and_then(|piece| known(&fold(&piece.raw))) {
                profile = Some(found);
                skip.push(at);
                break;
            }
        }
    }
    let root = pieces.iter().enumerate().find_map(|(at, piece)| {
        piece.objects.iter().find_map(|object| {
            if let Object::Dataset(name) | Object::NewDataset(name) = object
                && !piece.name
            {
                Some((at, name.clone()))
            } else {
                None
            }
        })
    });
    skip.extend(root.iter().map(|(at, _)| *at));
    // `the container wiki`: a common word that stands where a name does.
    let beside = pieces.windows(2).find_map(|pair| {
        let common = pair[1].hits.iter().all(|hit| hit.is_noun())
            && !["image", "profile", "port", "env", "gpu", "engine_docker", "engine_podman", "prefix"]
                .iter()
                .any(|noun| pair[1].is(noun));
        let fits = pair[0].is("container") && common && !pair[1].filler && pair[1].objects.is_empty();
        (fits && pair[1].value.is_none() && pair[1].sep == Sep::Space).then(|| pair[1].raw.clone())
    });
    let name = task.fresh_name(&skip).or(beside);
    let mut missing = Vec::new();
    if name.is_none() {
        missing.push("name");
    }
    if image.is_none() {
        missing.push("image");
    }
    let (Some(name), Some((_, image))) = (name, image) else {
        return ask(&missing, "What shall the container be called, and of which image is it?");
    };
    let mut out = args([("name", json!(name)), ("image", json!(image))]);
    if let Some(profile) = profile {
        out.insert("profile".to_owned(), json!(profile));
    }
    let ports: Vec<String> = pieces
        .iter()
        .filter_map(|piece| if let Some(Value::Ports(ports)) = &piece.value { Some(ports.clone()) } else { None })
        .collect();
    if !ports.is_empty() {
        out.insert("ports".to_owned(), json!(ports));
    } else if let Some(ports) = spoken_ports(pieces) {
        out.insert("ports".to_owned(), json!([ports]));
    }
    let env: Map<String, serde_json::Value> = pieces
        .iter()
        .filter_map(|piece| {
            if let Some(Value::Env(key, value)) = &piece.value { Some((key.clone(), json!(value))) } else { None }
        })
        .collect();
    if !env.is_empty() {
        out.insert("env".to_owned(), json!(env));
    }
    if let Some((_, root)) = root {
        out.insert("root".to_owned(), json!(root));
    }
    call("container_create", out)
}

pub(super) fn container_snap(task: Task<'_>) -> Filled {
    let mut names: Vec<String> = Vec::new();
    for piece in task.clause.pieces.iter().filter(|piece| !piece.name) {
        for object in &piece.objects {
            if let Object::Container(name) = object
                && !names.contains(name)
            {
                names.push(name.clone());
            }
        }
    }
    if names.is_empty() && task.clause.pieces.iter().any(|piece| piece.marks("it") || piece.marks("them")) {
        names.clone_from(&task.scene.focus.containers);
    }
    let except = task.clause.pieces.iter().any(|piece| piece.marks("butnot"));
    if except && task.has("all") && !names.is_empty() {
        let all = task.scene.inventory.containers.iter().map(|container| container.name.clone());
        names = all.filter(|name| !names.contains(name)).collect();
    }
    let plural = task.clause.pieces.iter().any(|piece| piece.is("container") && piece.low.ends_with('s'));
    let mut out = Args::new();
    let strange = task
        .clause
        .pieces
        .iter()
        .find(|piece| piece.unknown() && !piece.name && !task.scene.lexicon.is_plain(&piece.low));
    if names.is_empty() && (task.has("all") || plural && strange.is_none()) {
        out.insert("all".to_owned(), json!(true));
    } else if names.is_empty() {
        let candidates: Vec<String> =
            task.scene.inventory.containers.iter().map(|container| container.name.clone()).collect();
        return Filled::Ask {
            missing: vec!["names"],
            question: format!("Which containers: {}?", candidates.join(", ")),
            candidates,
        };
    } else {
        out.insert("names".to_owned(), json!(names));
    }
    if let Some(label) = task.label() {
        out.insert("name".to_owned(), json!(label));
    }
    call("container_snap", out)
}

fn interface(task: Task<'_>) -> Option<String> {
    task.object(|object| if let Object::Interface(name) = object { Some(name.clone()) } else { None })
}

pub(super) fn wireguard_status(task: Task<'_>) -> Filled {
    let interface = interface(task).or_else(|| {
        task.object(|object| if let Object::NewInterface(name) = object { Some(name.clone()) } else { None })
    });
    match interface {
        Some(interface) => call("wireguard_status", args([("interface", json!(interface))])),
        None => call("wireguard_status", Args::new()),
    }
}

pub(super) fn wireguard_setup(task: Task<'_>) -> Filled {
    let fresh = task.object(|object| if let Object::NewInterface(name) = object { Some(name.clone()) } else { None });
    let name = task.clause.names().next().map(|piece| piece.raw.clone()).or(fresh);
    let address = task.value(|value| if let Value::Network(network) = value { Some(network.clone()) } else { None });
    let mut missing = Vec::new();
    if name.is_none() {
        missing.push("interface");
    }
    if address.is_none() {
        missing.push("address");
    }
    let (Some(name), Some(address)) = (name, address) else {
        return ask(&missing, "Which interface (wg1), with which address (10.9.0.1/24)?");
    };
    let mut out = args([("interface", json!(name)), ("address", json!(address))]);
    let port = task.value(|value| {
        if let Value::Number(number) = value
            && (1.0..65536.0).contains(number)
            && number.fract() == 0.0
        {
            Some(*number as u64)
        } else {
            None
        }
    });
    if let Some(port) = port.filter(|port| *port > 1) {
        out.insert("listen_port".to_owned(), json!(port));
    }
    call("wireguard_setup", out)
}

pub(super) fn wireguard_peer(task: Task<'_>) -> Filled {
    let action = task.set.get("action").map_or("add", String::as_str);
    let key = task.value(|value| if let Value::Key(key) = value { Some(key.clone()) } else { None });
    let known = task.object(|object| {
        if let Object::Peer(interface, _, key) = object { Some((interface.clone(), key.clone())) } else { None }
    });
    let tunnels = &task.scene.inventory.wireguard;
    let only = || if let [one] = tunnels.as_slice() { Some(one.interface.clone()) } else { None };
    let other = task.object(|object| if let Object::NewInterface(name) = object { Some(name.clone()) } else { None });
    // A peer that is there knows its interface.
    let holder = key
        .as_ref()
        .and_then(|key| tunnels.iter().find(|tunnel| tunnel.peers.iter().any(|peer| peer.public_key == *key)));
    let named = interface(task).or(other);
    let of_peer = known.as_ref().filter(|_| action == "remove").map(|(interface, _)| interface.clone());
    let interface = named.or(of_peer).or_else(|| holder.map(|tunnel| tunnel.interface.clone()));
    let key = key.or_else(|| known.filter(|_| action == "remove").map(|(_, key)| key));
    let mut missing = Vec::new();
    if interface.is_none() && only().is_none() || interface.is_none() && action == "add" && key.is_some() {
        missing.push("interface");
    }
    let interface = interface.or_else(only);
    if key.is_none() {
        missing.push("public_key");
    }
    let (Some(interface), Some(key), true) = (interface, key, missing.is_empty()) else {
        let candidates: Vec<String> = tunnels
            .iter()
            .flat_map(|tunnel| &tunnel.peers)
            .map(|peer| peer.name.clone())
            .filter(|_| action == "remove")
            .collect();
        return Filled::Ask {
            missing,
            candidates,
            question: "Which peer (its public key), on which interface?".to_owned(),
        };
    };
    let mut out = args([("interface", json!(interface)), ("action", json!(action)), ("public_key", json!(key))]);
    if action == "add" {
        let endpoint =
            task.value(|value| if let Value::Endpoint(endpoint) = value { Some(endpoint.clone()) } else { None });
        if let Some(endpoint) = endpoint {
            out.insert("endpoint".to_owned(), json!(endpoint));
        }
        let ips: Vec<String> = task
            .clause
            .pieces
            .iter()
            .filter_map(|piece| match &piece.value {
                Some(Value::Network(network)) => Some(network.clone()),
                Some(Value::Ip(ip)) => Some(format!("{ip}/{}", if ip.contains(':') { 128 } else { 32 })),
                _ => None,
            })
            .collect();
        if !ips.is_empty() {
            out.insert("allowed_ips".to_owned(), json!(ips));
        }
    }
    call("wireguard_peer", out)
}
