//! What `-j` prints since OpenZFS 2.3 (`zfs_json_schema`, `zprop_nvlist_one_property`): with `-p`, every
//! number as a text.

use serde_json::{Map, Value, json};

use super::state::State;

impl State {
    /// Whether its OpenZFS knows `-j`.
    pub(super) fn has_json(&self) -> bool {
        let mut numbers = self.version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        (numbers.next(), numbers.next()) >= (Some(2), Some(3))
    }

    /// The short options of a command that may know `-j`.
    pub(super) fn flags(&self, flags: &str) -> String {
        if self.has_json() { format!("{flags}j") } else { flags.to_owned() }
    }
}

/// The whole output of a command: its things by name, and more.
pub(super) fn output(command: &str, things: (&str, Map<String, Value>), more: &[(&str, Value)]) -> String {
    let version = json!({ "command": command, "vers_major": 0, "vers_minor": 1 });
    let mut all = Map::from_iter([("output_version".to_owned(), version)]);
    all.insert(things.0.to_owned(), Value::Object(things.1));
    all.extend(more.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    format!("{}\n", Value::Object(all))
}

/// A property with where it comes from, as `zfs get` names that: `-`, `local`, `default`,
/// `inherited from tank`.
pub(super) fn property(value: &str, source: &str) -> Value {
    let (kind, data) = match source {
        "-" => ("NONE", "-"),
        "local" => ("LOCAL", "-"),
        "default" => ("DEFAULT", "-"),
        other => ("INHERITED", other.strip_prefix("inherited from ").unwrap_or(other)),
    };
    json!({ "value": value, "source": { "type": kind, "data": data } })
}
