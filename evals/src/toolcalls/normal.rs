//! One spelling for every request, so that two which mean the same are equal.
//!
//! Sizes become bytes (binary units), durations seconds, a GPU its index, `pool/vm@s` the short name
//! where a VM's snapshot is named, lists sorted, queries and pages bare words. What equals its default
//! is left out. Numbers and yes/no are not touched: `"2"` is no 2.

use std::collections::BTreeMap;

use serde_json::Value;

use super::case::Call;
use super::catalogue::{self, Arg, Kind};
use super::host::Host;

/// Words of a query that say nothing about what is looked for.
const FILLER: [&str; 8] = ["a", "an", "the", "on", "about", "of", "for", "in"];

/// The tools that look something up in the documents, and nothing else.
pub(super) const DOCS: [&str; 2] = ["docs_search", "docs_read"];

/// A request in its one spelling.
#[derive(Debug, Clone, PartialEq)]
pub struct Normal {
    /// The tool.
    pub tool: String,
    /// The arguments that say something.
    pub args: BTreeMap<String, Value>,
}

impl Normal {
    /// The one spelling of a request to a host.
    #[must_use]
    pub fn of(call: &Call, host: &Host) -> Self {
        let said = call.args.iter().filter(|(_, given)| !is_nothing(given));
        let mut args: BTreeMap<String, Value> = said
            .map(|(name, given)| (name.clone(), value(&call.tool, name, given, host)))
            .filter(|(name, value)| !goes_without_saying(&call.tool, name, value, host))
            .collect();
        if call.tool == "kvm_clone" && args.get("snapshot").and_then(Value::as_str) == Some("golden") {
            let source = args.get("source").and_then(Value::as_str).and_then(|source| host.vm(source));
            if source.is_some_and(|vm| vm.golden) {
                args.remove("snapshot");
            }
        }
        Self { tool: call.tool.clone(), args }
    }

    /// What it acts on: the tool and its object, without the flags.
    #[must_use]
    pub fn target(&self) -> (&str, [Option<String>; 5]) {
        let object = |name: &str| self.args.get(name).map(spoken);
        (&self.tool, ["vm", "dataset", "snapshot", "name", "gpu"].map(object))
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(values) => values.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Whether leaving it out would mean the same.
fn goes_without_saying(tool: &str, name: &str, value: &Value, host: &Host) -> bool {
    let Some(arg) = argument(tool, name) else { return false };
    // No GPU named and all of them are the same request, whatever the default.
    let every_gpu = arg.kind == Kind::Gpu && *value == "all";
    every_gpu || default(tool, arg, host).is_some_and(|default| default == *value)
}

fn default(tool: &str, arg: &Arg, host: &Host) -> Option<Value> {
    let text = arg.default?;
    if arg.kind == Kind::Flag {
        return Some(Value::Bool(text == "true"));
    }
    if arg.kind == Kind::Count {
        return text.parse::<u64>().ok().map(Value::from);
    }
    Some(value(tool, arg.name, &Value::from(text), host))
}

fn argument(tool: &str, name: &str) -> Option<&'static Arg> {
    catalogue::find(tool)?.arg(name)
}

/// The one spelling of an argument's value; what cannot be read stays as it is.
#[must_use]
pub(super) fn value(tool: &str, name: &str, given: &Value, host: &Host) -> Value {
    let Some(arg) = argument(tool, name) else { return given.clone() };
    let read = match (arg.kind, given) {
        (Kind::Size, _) => bytes(&spoken(given)).map(whole),
        (Kind::Period, _) => seconds(&spoken(given)).map(whole),
        (Kind::Gpu, _) => gpu(&spoken(given), host).map(Value::from),
        (Kind::List, Value::Array(values)) => {
            let mut texts: Vec<String> = values.iter().map(spoken).collect();
            texts.sort();
            Some(Value::from(texts))
        }
        (Kind::Label, Value::String(text)) => text.rsplit('@').next().map(Value::from),
        (Kind::Text, _) if (tool, name) == ("docs_read", "page") => Some(Value::from(page(&spoken(given)))),
        (Kind::Text | Kind::Count, Value::String(text)) if DOCS.contains(&tool) => {
            let filler: &[&str] = if name == "query" { &FILLER } else { &[] };
            Some(Value::from(words(text, filler)))
        }
        _ => None,
    };
    read.unwrap_or_else(|| given.clone())
}

/// A value as it would be said.
fn spoken(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Null => "None".to_owned(),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// A whole number, as an integer if it fits.
fn whole(number: f64) -> Value {
    // 2^64 is the first that does not fit.
    if number < 18_446_744_073_709_551_616.0 { Value::from(number as u64) } else { Value::from(number) }
}

/// A decimal number at the beginning, and what follows it.
fn number(text: &str) -> Option<(f64, &str)> {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let mut end = digits(text);
    if let Some(fraction) = text.get(end..).and_then(|rest| rest.strip_prefix('.')) {
        let more = digits(fraction);
        end += if more > 0 && end > 0 { 1 + more } else { 0 };
    }
    let (number, rest) = text.split_at(end);
    let number = number.parse::<f64>().ok().filter(|number| number.is_finite())?;
    Some((number, rest))
}

/// Bytes: `80G`, `80 GiB`, `1.5tb`, `100MB/s`, `512`. Units are binary however they are written.
#[must_use]
pub fn bytes(text: &str) -> Option<f64> {
    let (number, unit) = number(text.trim())?;
    let unit = unit.trim_start().to_ascii_lowercase();
    let unit = unit.strip_suffix("/s").unwrap_or(&unit);
    let power = unit.chars().next().and_then(|letter| "bkmgtpez".find(letter));
    let rest = if power.is_some() { unit.get(1..)? } else { unit };
    let scale = 1024_f64.powi(i32::try_from(power.unwrap_or(0)).ok()?);
    matches!(rest, "" | "b" | "ib").then(|| (number * scale).round_ties_even()).filter(|bytes| bytes.is_finite())
}

/// Seconds: `48h`, `1d12h`, `90 m`, `2w`.
#[must_use]
pub fn seconds(text: &str) -> Option<f64> {
    let text = text.trim().replace(' ', "");
    let mut rest = text.as_str();
    let mut total = 0.0;
    while !rest.is_empty() {
        let (number, after) = number(rest)?;
        let mut letters = after.chars();
        let unit = match letters.next()?.to_ascii_lowercase() {
            's' => 1.0,
            'm' => 60.0,
            'h' => 3_600.0,
            'd' => 86_400.0,
            'w' => 604_800.0,
            _ => return None,
        };
        total += number * unit;
        rest = letters.as_str();
    }
    (!text.is_empty() && f64::is_finite(total)).then(|| total.round_ties_even())
}

/// The index of a GPU, as text; `all` stays.
fn gpu(text: &str, host: &Host) -> Option<String> {
    if text.trim().eq_ignore_ascii_case("all") {
        return Some("all".to_owned());
    }
    host.gpu(text).map(|gpu| gpu.index.to_string())
}

/// The name of a page: `zfs-send(8)`, `zfs-send.8` and `zfs-send` are one.
fn page(text: &str) -> String {
    let words = words(text, &[]);
    match words.rsplit_once('.') {
        Some((name, section)) if is_section(section) => name.to_owned(),
        Some(_) | None => words,
    }
}

/// The words of a text in small letters, without punctuation and without those in `drop`.
fn words(text: &str, drop: &[&str]) -> String {
    let text = sections_dotted(&folded(text));
    let words = text.split(|c: char| !is_word(c) && c != '.');
    words.filter(|word| !word.is_empty() && !drop.contains(word)).collect::<Vec<_>>().join(" ")
}

/// Small letters; the two whose small letters are not how they compare are seen to.
fn folded(text: &str) -> String {
    text.to_lowercase().replace(['ß', 'ẞ'], "ss").replace('ς', "σ")
}

/// `zfs-send(8)` as `zfs-send.8`.
fn sections_dotted(text: &str) -> String {
    let mut dotted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('(') {
        dotted.push_str(before);
        rest = match after.split_once(')') {
            Some((section, behind)) if is_section(section) => {
                dotted.push('.');
                dotted.push_str(section);
                behind
            }
            Some(_) | None => {
                dotted.push('(');
                after
            }
        };
    }
    dotted.push_str(rest);
    dotted
}

/// A section of the manual: `8`, `3pm`.
fn is_section(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(is_word)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
