//! Settings from files: they take the place of an option's default, so that the environment and the
//! command line still have the last word. One list of them for every program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::builder::Resettable;
use clap::{Arg, Command};

/// An option that a file can set: its name there, and the variable that sets it too. A program that has
/// no such option passes it over.
pub const KEYS: [(&str, &str); 11] = [
    ("data_dir", "KAI_DATA_DIR"),
    ("engine", "KAI_ENGINE"),
    ("model", "KAI_MODEL"),
    ("embedder", "KAI_EMBEDDER"),
    ("vm_root", "KAI_VM_ROOT"),
    ("executor", "KAI_EXECUTOR"),
    ("listen", "KAI_LISTEN"),
    ("socket", "KAI_SOCKET"),
    ("host_name", "KAI_HOST_NAMES"),
    ("open_index", "KAI_OPEN_INDEX"),
    ("log", "KAI_LOG_FORMAT"),
];

/// The file for all users of a machine.
const SYSTEM: &str = "/etc/kai/config.toml";

/// What files say.
#[derive(Debug, Default)]
pub struct Settings {
    /// The values, with the file that each is from.
    values: BTreeMap<String, (Vec<String>, PathBuf)>,
    /// The files that were looked for, those that count more last.
    files: Vec<PathBuf>,
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A file cannot be read.
    #[error("settings cannot be read from {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A file says something that is no setting.
    #[error("{}: {what}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// Whether it is a name that is none.
        unknown: bool,
    },
}

impl SettingsError {
    /// What to do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Wrong { unknown: true, .. } => {
                let known: Vec<&str> = KEYS.iter().map(|(known, _)| *known).collect();
                vec![format!("settings are {}", known.join(", "))]
            }
            Self::Wrong { .. } | Self::Read { .. } => Vec::new(),
        }
    }

    /// The exit status: a file that says something wrong is wrong usage.
    #[must_use]
    pub fn status(&self) -> u8 {
        match self {
            Self::Read { .. } => super::status::FAILED,
            Self::Wrong { .. } => super::status::USAGE,
        }
    }
}

impl Settings {
    /// Reads the files that there are: the machine's, then the user's own, or only the one that
    /// `KAI_CONFIG` names. `command` has the options whose values are checked.
    ///
    /// # Errors
    /// If one cannot be read, or says something that is no setting.
    pub fn load(command: &Command) -> Result<Self, SettingsError> {
        let named = std::env::var_os("KAI_CONFIG").filter(|name| !name.is_empty()).map(PathBuf::from);
        let files = match &named {
            Some(path) => vec![path.clone()],
            None => std::iter::once(PathBuf::from(SYSTEM)).chain(own_file()).collect(),
        };
        let mut settings = Self { values: BTreeMap::new(), files };
        for path in settings.files.clone() {
            match std::fs::read_to_string(&path) {
                Ok(text) => settings.take(&path, &text, command)?,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => {}
                Err(source) => return Err(SettingsError::Read { path, source }),
            }
        }
        Ok(settings)
    }

    /// What a file says of a setting, and which.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<(&[String], &Path)> {
        self.values.get(key).map(|(values, path)| (values.as_slice(), path.as_path()))
    }

    /// The files that were looked for.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    fn take(&mut self, path: &Path, text: &str, command: &Command) -> Result<(), SettingsError> {
        let wrong = |what| SettingsError::Wrong { path: path.to_owned(), what, unknown: false };
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
        for (key, value) in table {
            if !KEYS.iter().any(|(known, _)| *known == key) {
                let what = format!("{key} is no setting");
                return Err(SettingsError::Wrong { path: path.to_owned(), what, unknown: true });
            }
            let values = texts(&value).ok_or_else(|| wrong(format!("{key} is a text, or a list of texts")))?;
            check(command, &key, &values).map_err(wrong)?;
            self.values.insert(key, (values, path.to_owned()));
        }
        Ok(())
    }

    /// The command line with the files' values as defaults. A variable that is set to nothing sets nothing.
    #[must_use]
    pub fn apply(&self, command: Command) -> Command {
        let command = command.mut_args(|arg| {
            let is_empty = |name| std::env::var_os(name).is_some_and(|value| value.is_empty());
            let arg = if arg.get_env().is_some_and(is_empty) { arg.env(Resettable::Reset) } else { arg };
            match self.values.get(arg.get_id().as_str()) {
                Some((values, _)) => arg.default_values(values.clone()),
                None => arg,
            }
        });
        command.mut_subcommands(|sub| self.apply(sub))
    }
}

/// The file of whoever runs the program.
fn own_file() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || std::env::home_dir().map(|home| home.join(".config"));
    Some(named.or_else(home)?.join("kai").join("config.toml"))
}

/// Whether the option takes these values.
fn check(command: &Command, key: &str, values: &[String]) -> Result<(), String> {
    let Some(option) = option(command, key) else { return Ok(()) };
    if values.len() > 1 && option.get_value_delimiter().is_none() {
        return Err(format!("{key} is one text, not a list"));
    }
    let alone = Arg::new("value").value_parser(option.get_value_parser().clone()).allow_hyphen_values(true);
    let alone = Command::new("kai").no_binary_name(true).arg(alone);
    match values.iter().find(|value| alone.clone().try_get_matches_from([value]).is_err()) {
        None => Ok(()),
        Some(value) => {
            let possible: Vec<String> =
                option.get_possible_values().iter().map(|possible| possible.get_name().to_owned()).collect();
            let possible = if possible.is_empty() { String::new() } else { format!(": {}", possible.join(", ")) };
            Err(format!("{key} cannot be {value:?}{possible}"))
        }
    }
}

/// The option that a setting stands for.
fn option(command: &Command, key: &str) -> Option<Arg> {
    let own = command.get_arguments().find(|arg| arg.get_id() == key).cloned();
    own.or_else(|| command.get_subcommands().find_map(|sub| option(sub, key)))
}

/// The values of a setting as text.
fn texts(value: &toml::Value) -> Option<Vec<String>> {
    match value {
        toml::Value::String(text) => Some(vec![text.clone()]),
        toml::Value::Boolean(flag) => Some(vec![flag.to_string()]),
        toml::Value::Integer(number) => Some(vec![number.to_string()]),
        toml::Value::Array(items) => {
            let items: Option<Vec<Vec<String>>> = items.iter().map(texts).collect();
            items.map(|items| items.concat()).filter(|items| !items.is_empty())
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

/// What an option is where nobody says anything.
#[must_use]
pub fn default_of(command: &Command, key: &str) -> Option<String> {
    option(command, key)?.get_default_values().first().map(|value| value.to_string_lossy().into_owned())
}
