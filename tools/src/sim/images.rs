//! `qemu-img`, the programs that make ISO images, and udev's helper.

use super::state::State;
use super::{Answer, Complaint};
use crate::host::Program;

/// Whether a volume's device is there.
pub(super) fn device(state: &State, volume: &str) -> bool {
    state.datasets.get(volume).is_some_and(|found| found.volsize.is_some() && found.device_at <= state.clock)
}

fn volume_of(path: &str) -> Option<&str> {
    path.strip_prefix("/dev/zvol/")
}

/// The node that a volume's link points at.
pub(super) fn node(state: &State, volume: &str) -> Option<String> {
    let mut volumes: Vec<(&String, u64)> = state
        .datasets
        .iter()
        .filter(|(_, found)| found.volsize.is_some())
        .map(|(name, found)| (name, found.txg))
        .collect();
    volumes.sort_by_key(|(_, txg)| *txg);
    let at = volumes.iter().position(|(name, _)| *name == volume)?;
    device(state, volume).then(|| format!("/dev/zd{}", 16 * at))
}

/// It takes the node itself, not a link to it.
pub(super) fn zvol_id(state: &State, args: &[&str]) -> Answer {
    let [path] = args else { return Err(Complaint::new(1, "usage: zvol_id /dev/zdX\n")) };
    let volume = state.datasets.keys().find(|name| node(state, name).as_deref() == Some(path));
    match volume {
        Some(volume) => Ok(format!("{volume}\n")),
        None => Err(Complaint::new(1, "usage: zvol_id /dev/zdX\n")),
    }
}

/// `image FORMAT BYTES` describes an image.
fn image<'a>(state: &'a State, path: &str) -> Option<(&'a str, u64)> {
    let text = state.files.get(path)?;
    let mut words = text.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some("image"), Some(format), Some(size)) => Some((format, size.parse().ok()?)),
        _ => Some(("raw", text.len() as u64)),
    }
}

pub(super) fn qemu_img(state: &mut State, args: &[&str]) -> Answer {
    let absent = |path: &str| {
        let text = format!("qemu-img: Could not open '{path}': Could not open '{path}': No such file or directory\n");
        Err(Complaint::new(1, text))
    };
    match args {
        ["info", "--output=json", path] => match image(state, path) {
            Some((format, size)) => {
                let info =
                    serde_json::json!({ "virtual-size": size, "filename": path, "format": format, "actual-size": 1 });
                Ok(format!("{info:#}\n"))
            }
            None => absent(path),
        },
        ["convert", "-n", "-O", "raw", "-t", "none", "-W", from, to] => {
            let Some((_, size)) = image(state, from) else { return absent(from) };
            let text = state.files.get(*from).cloned().unwrap_or_default();
            let target = volume_of(to).filter(|volume| device(state, volume)).map(str::to_owned);
            let Some(found) = target.and_then(|volume| state.datasets.get_mut(&volume)) else { return absent(to) };
            if found.volsize.is_none_or(|volsize| size > volsize) {
                return Err(Complaint::new(1, "qemu-img: error while writing: No space left on device\n"));
            }
            found.content = text;
            found.written += size / 4;
            found.referenced += size / 4;
            Ok(String::new())
        }
        _ => Err(Complaint::new(1, "qemu-img: unrecognized option\n")),
    }
}

pub(super) fn iso(state: &mut State, program: Program, args: &[&str]) -> Answer {
    if args == ["--version"] {
        return Ok(format!("{} 1.5.4\n", program.name()));
    }
    let args = if program == Program::Xorriso { args.strip_prefix(&["-as", "mkisofs"]).unwrap_or(&[]) } else { args };
    let ["-quiet", "-output", output, "-volid", label, "-joliet", "-rock", "-graft-points", inputs @ ..] = args else {
        return Err(Complaint::new(5, format!("{} : FAILURE : unknown option\n", program.name())));
    };
    let mut text = format!("iso9660 {label}\n");
    for input in inputs {
        let (name, input) = input.split_once('=').unwrap_or((input, input));
        let Some(content) = state.files.get(input) else {
            return Err(Complaint::new(
                5,
                format!(
                    "{} : FAILURE : Cannot determine attributes of source file '{input}' : No such file or directory\n",
                    program.name()
                ),
            ));
        };
        text.push_str(&format!("--- {name}\n{content}"));
    }
    state.files.insert((*output).to_owned(), text);
    Ok(String::new())
}
