//! VMs that are made new, and the images that they are made from.

use serde_json::json;

use super::super::lexicon::Form;
use super::super::piece::Object;
use super::super::piece::Piece;
use super::super::text::Sep;
use super::super::values::Value;
use super::quantity::{Given, size};
use super::{Args, Filled, Task, args, ask, call};

/// What a VM is to have, for a new one or a changed one.
pub(super) fn put(args: &mut Args, given: &[Given]) {
    for given in given {
        match (given.what, &given.value) {
            ("memory" | "disk" | "volblocksize", Value::Size(bytes)) => {
                args.insert(given.what.to_owned(), json!(size(*bytes)));
            }
            ("vcpu", Value::Number(number)) => {
                args.insert("vcpus".to_owned(), json!(*number as u64));
            }
            _ => {}
        }
    }
}

/// Whether what is made is to be started, and whether that was said.
pub(super) fn start(task: Task<'_>) -> Option<bool> {
    let pieces = &task.clause.pieces;
    // `but never boot them`
    let never = pieces.windows(3).any(|some| some[0].marks("not") && some[1..].iter().any(|piece| piece.is("start")));
    if task.has("stopat") || never {
        return Some(false);
    }
    let head = pieces.iter().position(|piece| piece.orders());
    let later = pieces
        .iter()
        .enumerate()
        .any(|(at, piece)| Some(at) != head && piece.is("start") && piece.orders() && !piece.is("deploy"));
    // `…, booted`, `…, running at once`
    let up = |at: usize| {
        let piece = &pieces[at];
        let begins = piece.sep > Sep::Space || at > 0 && pieces[at - 1].sep > Sep::Space && pieces[at - 1].filler;
        let booted = piece.is("start") && piece.verbs().all(|hit| hit.form == Form::Past);
        let live =
            piece.is("running") && pieces.get(at + 1).is_none_or(|next| next.is("everynow") || next.sep > Sep::Space);
        piece.objects.is_empty() && begins && (booted || live)
    };
    (later || (1..pieces.len()).any(up)).then_some(true)
}

fn file(task: Task<'_>, iso: bool) -> Option<String> {
    let object = task.object(|object| {
        if let Object::Iso(path) = object {
            Some(path.clone()).filter(|_| iso)
        } else if let Object::Image(path) = object {
            Some(path.clone()).filter(|_| !iso)
        } else {
            None
        }
    });
    object.or_else(|| {
        task.value(|value| {
            let (Value::Path(path) | Value::Url(path)) = value else { return None };
            (path.ends_with(".iso") == iso).then(|| path.clone())
        })
    })
}

/// A path in the clause that the host's list of images or media holds in another spelling: a
/// description like `the debian iso`.
fn described_file(task: Task<'_>, list: &[String]) -> Option<String> {
    let words: Vec<&str> = task
        .clause
        .pieces
        .iter()
        .filter(|piece| !piece.name && !piece.filler && piece.value.is_none() && piece.low.len() > 2)
        .flat_map(|piece| piece.low.split(' '))
        .filter(|word| !matches!(*word, "iso" | "image" | "cloud" | "installer" | "the" | "server"))
        .collect();
    let fits: Vec<&String> = list
        .iter()
        .filter(|path| {
            let name = path.rsplit('/').next().unwrap_or_default().to_lowercase();
            words.iter().any(|word| {
                let word = match *word {
                    "windows" => "win",
                    word => word,
                };
                name.starts_with(word) || name.split(['-', '.', '_']).any(|part| part == word)
            })
        })
        .collect();
    if let [one] = fits.as_slice() { Some((*one).clone()) } else { None }
}

pub(super) fn bridge(task: Task<'_>) -> Option<String> {
    task.object(|object| if let Object::Bridge(name) = object { Some(name.clone()) } else { None })
}

pub(super) fn ssh_key(task: Task<'_>) -> Option<String> {
    let key = task.value(|value| if let Value::SshKey(key) = value { Some(key.clone()) } else { None });
    key.or_else(|| path(task, &[".pub"]))
}

/// What cloud-init is given.
pub(super) fn user_data(task: Task<'_>) -> Option<String> {
    path(task, &[".yaml", ".yml"])
}

/// A path that ends so.
fn path(task: Task<'_>, ends: &[&str]) -> Option<String> {
    let fits = |path: &str| ends.iter().any(|end| path.ends_with(end));
    task.value(|value| if let Value::Path(path) = value { Some(path.clone()).filter(|path| fits(path)) } else { None })
}

pub(super) fn kvm_create(task: Task<'_>) -> Filled {
    let mut out = Args::new();
    let skip: Vec<usize> = skip_os(task).into_iter().collect();
    let several = task.clause.names().map(|piece| piece.raw.clone()).collect::<Vec<_>>();
    let name = task.fresh_name(&skip);
    let taken = task.object(|object| if let Object::Vm(name) = object { Some(name.clone()) } else { None });
    let Some(name) = name else {
        if let Some(taken) = taken {
            return ask(&["name"], format!("There is a VM {taken} already. What shall the new one be called?"));
        }
        return ask(&["name"], "What shall the VM be called?");
    };
    if task.scene.inventory.vm(&name).is_some() {
        return ask(&["name"], format!("There is a VM {name} already. What shall the new one be called?"));
    }
    out.insert("name".to_owned(), json!(name));
    let given = task.quantities(&["memory", "disk", "vcpu", "volblocksize"]);
    put(&mut out, &given);
    let mut loose: Vec<u64> = task.loose_sizes(&given).into_iter().map(|(_, bytes)| bytes).collect();
    loose.sort_unstable();
    match loose.as_slice() {
        [one] if !out.contains_key("disk") && out.contains_key("memory") => {
            out.insert("disk".to_owned(), json!(size(*one)));
        }
        [one] if !out.contains_key("memory") && out.contains_key("disk") => {
            out.insert("memory".to_owned(), json!(size(*one)));
        }
        // `three cores, 6 GB`: what is small is memory.
        [one] if out.contains_key("vcpus") && *one <= 64 << 30 || *one <= 16 << 30 => {
            out.insert("memory".to_owned(), json!(size(*one)));
        }
        [one] => {
            out.insert("disk".to_owned(), json!(size(*one)));
        }
        [small, large] if !out.contains_key("memory") && !out.contains_key("disk") => {
            out.insert("memory".to_owned(), json!(size(*small)));
            out.insert("disk".to_owned(), json!(size(*large)));
        }
        _ => {}
    }
    if let Some(iso) =
        file(task, true).or_else(|| task.has("iso").then(|| described_file(task, &task.scene.inventory.isos)).flatten())
    {
        out.insert("iso".to_owned(), json!(iso));
    }
    if let Some(image) = file(task, false)
        .or_else(|| task.has("image").then(|| described_file(task, &task.scene.inventory.images)).flatten())
    {
        out.insert("image".to_owned(), json!(image));
    }
    if let Some(bridge) = bridge(task) {
        out.insert("bridge".to_owned(), json!(bridge));
    }
    if let Some(os) = os_variant(task) {
        out.insert("os_variant".to_owned(), json!(os));
    }
    if let Some(start) = start(task) {
        out.insert("start".to_owned(), json!(start));
    }
    // `a vm called z1 and a vm called z2`
    let one = |name: &String| {
        let mut out = out.clone();
        out.insert("name".to_owned(), json!(name));
        ("kvm_create", out)
    };
    if several.len() > 1 {
        return Filled::Calls(several.iter().map(one).collect());
    }
    call("kvm_create", out)
}

/// `os variant debian13`
fn os_variant(task: Task<'_>) -> Option<String> {
    skip_os(task).and_then(|at| task.clause.pieces.get(at)).map(|piece| piece.raw.to_lowercase())
}

fn skip_os(task: Task<'_>) -> Option<usize> {
    let pieces = &task.clause.pieces;
    let at = pieces.iter().position(|piece| piece.is("os") && !piece.name)?;
    let behind = pieces.iter().enumerate().skip(at + 1).find(|(_, piece)| !piece.filler && !piece.marks("to"));
    behind.filter(|(place, piece)| *place <= at + 3 && piece.named_like()).map(|(place, _)| place)
}

/// Whether a golden image is not to be sealed: `without sealing`, `skip the sealing`, `unsealed`.
#[must_use]
pub(in super::super) fn unsealed(pieces: &[Piece]) -> bool {
    let left = |piece: &Piece| {
        piece.objects.is_empty()
            && (["not", "without", "butnot"].iter().any(|mark| piece.marks(mark)) || piece.is("exempt"))
            || piece.low == "no"
    };
    let seal = pieces.iter().any(|piece| piece.is("seal") && !piece.name);
    seal && pieces.iter().any(left) || pieces.iter().any(|piece| piece.low.contains("unseal") && !piece.name)
}

pub(super) fn golden_build(task: Task<'_>) -> Filled {
    let image = file(task, false)
        .or_else(|| task.object(|object| if let Object::Iso(path) = object { Some(path.clone()) } else { None }));
    let image =
        image.or_else(|| (task.has("image")).then(|| described_file(task, &task.scene.inventory.images)).flatten());
    let name = task.fresh_name(&[]);
    let mut missing = Vec::new();
    if name.is_none() {
        missing.push("name");
    }
    if image.is_none() {
        missing.push("image");
    }
    let (Some(name), Some(image)) = (name, image) else {
        return ask(&missing, "Which cloud image (a path or an address), and what shall the golden image be called?");
    };
    if task.scene.inventory.vm(&name).is_some() {
        return ask(&["name"], format!("There is a VM {name} already. What shall the golden image be called?"));
    }
    let mut out = args([("name", json!(name)), ("image", json!(image))]);
    let given = task.quantities(&["disk"]);
    put(&mut out, &given);
    if let (false, [(_, bytes)]) = (out.contains_key("disk"), task.loose_sizes(&given).as_slice()) {
        out.insert("disk".to_owned(), json!(size(*bytes)));
    }
    let sha = task.value(|value| if let Value::Sha(sum) = value { Some(sum.clone()) } else { None });
    if let Some(sha) = sha {
        out.insert("sha256".to_owned(), json!(sha));
    }
    if unsealed(&task.clause.pieces) {
        out.insert("seal".to_owned(), json!(false));
    }
    call("golden_build", out)
}
