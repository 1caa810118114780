//! Settings from files: they take the place of an option's default, so that the environment and the
//! command line still have the last word. `kai config show` says where each one came from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::builder::Resettable;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, CommandFactory, Subcommand};
use serde_json::json;

use super::{Context, Failure, Outcome};

/// An option that a file can set: its name there, and the variable that sets it too.
const KEYS: [(&str, &str); 11] = [
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
pub(super) struct Config {
    /// The values, with the file that each is from.
    values: BTreeMap<String, (Vec<String>, PathBuf)>,
    /// The files that were looked for, those that count more last.
    files: Vec<PathBuf>,
}

impl Config {
    /// Reads the files that there are: the machine's, then the user's own, or only the one that
    /// `KAI_CONFIG` names.
    ///
    /// # Errors
    /// If one cannot be read, or says something that is no setting.
    pub(super) fn load() -> Result<Self, Failure> {
        let named = std::env::var_os("KAI_CONFIG").filter(|name| !name.is_empty()).map(PathBuf::from);
        let files = match &named {
            Some(path) => vec![path.clone()],
            None => {
                let own = dirs::config_dir().map(|folder| folder.join("kai").join("config.toml"));
                std::iter::once(PathBuf::from(SYSTEM)).chain(own).collect()
            }
        };
        let mut config = Self { values: BTreeMap::new(), files };
        for path in config.files.clone() {
            match std::fs::read_to_string(&path) {
                Ok(text) => config.take(&path, &text)?,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => {}
                Err(error) => {
                    return Err(
                        Failure::new(format!("settings cannot be read from {}", path.display())).because(&error)
                    );
                }
            }
        }
        Ok(config)
    }

    fn take(&mut self, path: &Path, text: &str) -> Result<(), Failure> {
        let bad = |what: String| Failure { status: 2, ..Failure::new(format!("{}: {what}", path.display())) };
        let command = <super::Cli as CommandFactory>::command();
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| bad(error.to_string()))?;
        for (key, value) in table {
            if !KEYS.iter().any(|(known, _)| *known == key) {
                let known: Vec<&str> = KEYS.iter().map(|(known, _)| *known).collect();
                return Err(bad(format!("{key} is no setting")).hint(format!("settings are {}", known.join(", "))));
            }
            let values = texts(&value).ok_or_else(|| bad(format!("{key} is a text, or a list of texts")))?;
            check(&command, &key, &values).map_err(bad)?;
            self.values.insert(key, (values, path.to_owned()));
        }
        Ok(())
    }

    /// The command line with the files' values as defaults. A variable that is set to nothing sets nothing.
    pub(super) fn apply(&self, command: Command) -> Command {
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

/// Settings, and where they come from.
///
/// A setting is taken from the command line, else from the environment, else from ~/.config/kai/config.toml,
/// else from /etc/kai/config.toml. KAI_CONFIG names another file, which is read alone.
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
A file is TOML, every setting named as its option, with _ for -:
  engine = \"ollama\"
  model = \"llama3.2:3b\"
  vm_root = \"tank/vms\"
  listen = [\"127.0.0.1:8400\"]

Addresses and keys of model servers stay in the environment: OLLAMA_HOST, KAI_OPENAI_URL, KAI_OPENAI_KEY."
)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Every setting, its value, and where that comes from.
    Show,
}

/// Shows the settings; `matches` is what the command line said.
pub(super) fn run(args: &ConfigArgs, config: &Config, matches: &ArgMatches, context: &Context) -> Outcome {
    let ConfigCommand::Show = args.command;
    let ui = &context.ui;
    let shown: Vec<(&str, String, String)> = KEYS
        .iter()
        .map(|(key, variable)| {
            let (value, from) = found(key, variable, config, matches, context);
            (*key, value, from)
        })
        .collect();
    if ui.wants_json() {
        let settings = shown.iter().map(|(key, value, from)| json!({ "name": key, "value": value, "from": from }));
        ui.json(&json!({ "settings": settings.collect::<Vec<_>>(), "files": config.files }));
        return Outcome::Done;
    }
    for (key, value, from) in shown {
        ui.line(&format!("{key:<12} {value:<28} {}", ui.dim(&from)));
    }
    for path in &config.files {
        ui.status(&format!("{} {}", path.display(), if path.exists() { "was read" } else { "is not there" }));
    }
    Outcome::Done
}

/// A setting's value, and where it comes from.
fn found(key: &str, variable: &str, config: &Config, matches: &ArgMatches, context: &Context) -> (String, String) {
    let in_use = || context.home.root().display().to_string();
    if key == "data_dir" && matches.value_source(key) == Some(ValueSource::CommandLine) {
        return (in_use(), "the command line".to_owned());
    }
    if let Some(value) = std::env::var(variable).ok().filter(|value| !value.is_empty()) {
        return (value, format!("the environment: {variable}"));
    }
    if let Some((values, path)) = config.values.get(key) {
        return (values.join(","), path.display().to_string());
    }
    let value = if key == "data_dir" { in_use() } else { default_of(key).unwrap_or_else(|| "-".to_owned()) };
    (value, "the default".to_owned())
}

/// What an option is where nobody says anything.
fn default_of(key: &str) -> Option<String> {
    match key {
        "listen" => Some(super::serve::DEFAULT.to_string()),
        key => {
            let option = option(&<super::Cli as CommandFactory>::command(), key)?;
            option.get_default_values().first().map(|value| value.to_string_lossy().into_owned())
        }
    }
}
