//! `zfs`: which subcommand, and what all of them share.

mod destroy;
mod list;
mod make;
mod props;
mod set;
mod shape;

use super::state::State;
use super::{Answer, Complaint, json};

const BUSY: &str = "dataset is busy";

pub(super) fn run(state: &mut State, args: &[&str]) -> Answer {
    let Some((verb, rest)) = args.split_first() else { return usage("missing command") };
    match *verb {
        "list" => list::list(state, rest),
        "get" => list::get(state, rest),
        "holds" => list::holds(state, rest),
        "version" => version(state, rest),
        "create" => make::create(state, rest),
        "clone" => make::clone(state, rest),
        "snapshot" => make::snapshot(state, rest),
        "destroy" => destroy::destroy(state, rest),
        "rename" => shape::rename(state, rest),
        "promote" => shape::promote(state, rest),
        "rollback" => shape::rollback(state, rest),
        "set" => set::set(state, rest),
        "hold" => set::hold(state, rest),
        "release" => set::release(state, rest),
        "bookmark" => set::bookmark(state, rest),
        other => usage(&format!("unrecognized command '{other}'")),
    }
}

fn parent(name: &str) -> Option<&str> {
    name.rsplit_once('/').map(|(parent, _)| parent)
}

fn pool(name: &str) -> &str {
    name.split(['/', '@', '#']).next().unwrap_or_default()
}

fn done() -> Answer {
    Ok(String::new())
}

fn version(state: &State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, &state.flags(""), "")?;
    let (programs, module) = (format!("zfs-{}-1", state.version), format!("zfs-kmod-{}-1", state.version));
    if !parsed.has('j') {
        return Ok(format!("{programs}\n{module}\n"));
    }
    let both = serde_json::json!({ "userland": programs, "kernel": module });
    Ok(json::output("zfs version", ("zfs_version", both.as_object().cloned().unwrap_or_default()), &[]))
}

/// What the real programs exit with when they do not understand.
pub(super) fn usage(what: &str) -> Answer {
    Err(Complaint::new(2, format!("{what}\nusage: zfs command args ...\n")))
}

pub(super) fn fail(text: impl Into<String>) -> Answer {
    let mut text = text.into();
    text.push('\n');
    Err(Complaint::new(1, text))
}

/// Options and operands: flags without a value, flags with one, and the rest.
pub(super) struct Parsed<'a> {
    pub(super) flags: Vec<char>,
    pub(super) values: Vec<(char, &'a str)>,
    pub(super) operands: Vec<&'a str>,
}

impl<'a> Parsed<'a> {
    /// Reads short options as getopt does; `flags` take no value, `valued` take one.
    pub(super) fn new(args: &[&'a str], flags: &str, valued: &str) -> Result<Self, Complaint> {
        let mut parsed = Self { flags: Vec::new(), values: Vec::new(), operands: Vec::new() };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let Some(letters) = arg.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
                parsed.operands.push(arg);
                parsed.operands.extend(args.by_ref());
                break;
            };
            for (at, letter) in letters.char_indices() {
                if flags.contains(letter) {
                    parsed.flags.push(letter);
                } else if valued.contains(letter) {
                    let rest = &letters[at + letter.len_utf8()..];
                    let value = if rest.is_empty() { args.next().copied() } else { Some(rest) };
                    let missing = || Complaint::new(2, format!("missing argument for '{letter}' option\n"));
                    parsed.values.push((letter, value.ok_or_else(missing)?));
                    break;
                } else {
                    return Err(Complaint::new(2, format!("invalid option '{letter}'\nusage:\n")));
                }
            }
        }
        Ok(parsed)
    }

    pub(super) fn has(&self, flag: char) -> bool {
        self.flags.contains(&flag)
    }

    pub(super) fn value(&self, option: char) -> Option<&'a str> {
        self.values.iter().rev().find(|(letter, _)| *letter == option).map(|(_, value)| *value)
    }

    /// The properties of `-o KEY=VALUE`.
    pub(super) fn properties(&self) -> Vec<(String, String)> {
        let pairs = self.values.iter().filter(|(letter, _)| *letter == 'o');
        pairs.filter_map(|(_, pair)| pair.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
    }
}
