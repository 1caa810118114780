//! `kai config`: settings, and where each comes from.

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, Subcommand};
use kai_tools::face::settings::{self, KEYS, Settings, SettingsError};
use serde_json::json;

use super::{Context, Failure, Outcome};

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self { status: error.status(), hints: error.hints(), ..Self::of(&error) }
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
pub(super) fn run(args: &ConfigArgs, config: &Settings, matches: &ArgMatches, context: &Context) -> Outcome {
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
        ui.json(&json!({ "settings": settings.collect::<Vec<_>>(), "files": config.files() }));
        return Outcome::Done;
    }
    for (key, value, from) in shown {
        ui.line(&format!("{key:<12} {value:<28} {}", ui.dim(&from)));
    }
    for path in config.files() {
        ui.status(&format!("{} {}", path.display(), if path.exists() { "was read" } else { "is not there" }));
    }
    Outcome::Done
}

/// A setting's value, and where it comes from.
fn found(key: &str, variable: &str, config: &Settings, matches: &ArgMatches, context: &Context) -> (String, String) {
    let in_use = || context.home.root().display().to_string();
    if key == "data_dir" && matches.value_source(key) == Some(ValueSource::CommandLine) {
        return (in_use(), "the command line".to_owned());
    }
    if let Some(value) = std::env::var(variable).ok().filter(|value| !value.is_empty()) {
        return (value, format!("the environment: {variable}"));
    }
    if let Some((values, path)) = config.value(key) {
        return (values.join(","), path.display().to_string());
    }
    let value = if key == "data_dir" { in_use() } else { default_of(key).unwrap_or_else(|| "-".to_owned()) };
    (value, "the default".to_owned())
}

/// What an option is where nobody says anything.
fn default_of(key: &str) -> Option<String> {
    match key {
        "listen" => Some(super::serve::DEFAULT.to_string()),
        key => settings::default_of(&<super::Cli as CommandFactory>::command(), key),
    }
}
