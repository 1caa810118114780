//! The commands of the chat: lines that begin with a slash.
//!
//! Pure: what was typed becomes a [`Command`] or an error that says what to type instead. Nothing
//! here carries a command out, and nothing that a model or a document writes comes here.

use std::path::PathBuf;

use super::store::{SessionName, SessionNameError};

/// What a person wants from the chat itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    /// Say what there is.
    Help,
    /// List the operations.
    Tools,
    /// List the sources of the last answer.
    Sources,
    /// Show one of them, counted from 1.
    Source(usize),
    /// Show the plan that is waiting.
    Plan,
    /// Carry out a plan: this one, or the one that is waiting.
    Apply(Option<String>),
    /// Take back an operation: this one, or the last.
    Undo(Option<String>),
    /// List what was done.
    History,
    /// Say which model answers, or choose another.
    Model(Option<String>),
    /// Say which host is worked on, or choose another.
    Host(Option<HostChoice>),
    /// Show what the next question would take along.
    Context,
    /// Save the conversation, under this name or under the one that it has.
    Save(Option<SessionName>),
    /// Go on with a saved conversation: this one, or the newest.
    Resume(Option<SessionName>),
    /// List the saved conversations.
    Sessions,
    /// Begin a new conversation.
    New,
    /// Leave.
    Quit,
}

/// A host to work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HostChoice {
    /// This machine.
    Local,
    /// A machine that is reached over ssh.
    Named(String),
    /// A simulated one, from this file.
    Simulated(PathBuf),
}

/// How one command is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spec {
    /// Its name, with the slash.
    pub(crate) name: &'static str,
    /// Other names.
    pub(crate) aliases: &'static [&'static str],
    /// Its argument, in brackets where it can be left out.
    pub(crate) argument: &'static str,
    /// What it does.
    pub(crate) about: &'static str,
}

const fn spec(name: &'static str, argument: &'static str, about: &'static str) -> Spec {
    Spec { name, aliases: &[], argument, about }
}

/// All commands, in the order of the help text.
pub(crate) const COMMANDS: &[Spec] = &[
    Spec { aliases: &["/?"], ..spec("/help", "", "this list") },
    spec("/tools", "", "the operations that kai can carry out"),
    spec("/sources", "", "the sources of the last answer"),
    spec("/source", "N", "what source N says"),
    spec("/plan", "", "the plan that is waiting"),
    spec("/apply", "[PLAN]", "carry out the plan that is waiting, or this one"),
    spec("/undo", "[OP]", "take back the last operation, or this one"),
    spec("/history", "", "what was done on this host"),
    spec("/model", "[NAME]", "which model answers; choose another"),
    spec("/host", "[NAME|local|sim FILE]", "which host is worked on; choose another"),
    spec("/context", "", "what the next question takes along"),
    spec("/save", "[NAME]", "save the conversation"),
    spec("/resume", "[NAME]", "go on with the newest conversation, or this one"),
    spec("/sessions", "", "the saved conversations"),
    spec("/new", "", "begin a new conversation"),
    Spec { aliases: &["/exit", "/q"], ..spec("/quit", "", "leave") },
];

/// A line that begins with a slash and is no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CommandError {
    /// There is no such command.
    #[error("there is no command {typed}{}", nearest.map(|name| format!("; did you mean {name}?")).unwrap_or_default())]
    Unknown {
        /// What was typed.
        typed: String,
        /// The one that looks most like it.
        nearest: Option<&'static str>,
    },
    /// The argument is missing.
    #[error("{} needs an argument: {} {}", .0.name, .0.name, .0.argument)]
    Missing(Spec),
    /// There is more than the command takes.
    #[error("{} takes {}, but {rest:?} follows", spec.name, if spec.argument.is_empty() { "no argument" } else { "one argument" })]
    TooMuch {
        /// The command.
        spec: Spec,
        /// What is too much.
        rest: String,
    },
    /// The number is none.
    #[error("{0:?} is no number of a source: they count from 1")]
    Number(String),
    /// The name is none.
    #[error(transparent)]
    Name(#[from] SessionNameError),
}

impl CommandError {
    /// What to do next.
    #[must_use]
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => {
                "/help lists the commands; begin the line with a space to ask a question that begins with a slash"
            }
            Self::Missing(_) | Self::TooMuch { .. } | Self::Number(_) | Self::Name(_) => "/help lists the commands",
        }
    }
}

/// The command in a line; `None` if the line is a question.
///
/// A path is no command: `/etc/fstab has no entry` is a question.
///
/// # Errors
/// If the line looks like a command and is none.
pub(crate) fn parse(line: &str) -> Option<Result<Command, CommandError>> {
    let line = line.trim_end();
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    if !line.starts_with('/') || name[1..].contains('/') || name.len() > 40 {
        return None;
    }
    let lower = name.to_lowercase();
    let found = COMMANDS.iter().find(|spec| spec.name == lower || spec.aliases.contains(&lower.as_str()));
    Some(match found {
        Some(spec) => arguments(*spec, rest.trim_start()),
        None => Err(CommandError::Unknown { typed: name.to_owned(), nearest: nearest(&lower) }),
    })
}

fn arguments(spec: Spec, rest: &str) -> Result<Command, CommandError> {
    // A file name may have spaces in it.
    let simulated = rest.strip_prefix("sim ").map(str::trim).filter(|file| !file.is_empty());
    if let ("/host", Some(file)) = (spec.name, simulated) {
        return Ok(Command::Host(Some(HostChoice::Simulated(PathBuf::from(file)))));
    }
    let mut words = rest.split_whitespace();
    let argument = if spec.argument.is_empty() { None } else { words.next() };
    if let Some(more) = words.next() {
        let rest = std::iter::once(more).chain(words).collect::<Vec<_>>().join(" ");
        return Err(CommandError::TooMuch { spec, rest });
    }
    let text = || argument.map(str::to_owned);
    let name = || argument.map(str::parse::<SessionName>).transpose();
    Ok(match spec.name {
        "/help" => Command::Help,
        "/tools" => Command::Tools,
        "/sources" => Command::Sources,
        "/source" => {
            let number = argument.ok_or(CommandError::Missing(spec))?;
            let parsed = number.trim_matches(['[', ']']).parse().ok().filter(|number| *number > 0);
            Command::Source(parsed.ok_or_else(|| CommandError::Number(number.to_owned()))?)
        }
        "/plan" => Command::Plan,
        "/apply" => Command::Apply(text()),
        "/undo" => Command::Undo(text()),
        "/history" => Command::History,
        "/model" => Command::Model(text()),
        "/host" => match argument {
            None => Command::Host(None),
            Some("local") => Command::Host(Some(HostChoice::Local)),
            Some("sim") => return Err(CommandError::Missing(Spec { name: "/host sim", argument: "FILE", ..spec })),
            Some(name) => Command::Host(Some(HostChoice::Named(name.to_owned()))),
        },
        "/context" => Command::Context,
        "/save" => Command::Save(name()?),
        "/resume" => Command::Resume(name()?),
        "/sessions" => Command::Sessions,
        "/new" => Command::New,
        "/quit" => Command::Quit,
        other => return Err(CommandError::Unknown { typed: other.to_owned(), nearest: None }),
    })
}

/// The command that takes the fewest changes, if that is not many.
fn nearest(typed: &str) -> Option<&'static str> {
    let names = COMMANDS.iter().flat_map(|spec| {
        std::iter::once((spec.name, spec.name)).chain(spec.aliases.iter().map(|alias| (*alias, spec.name)))
    });
    // One-letter names are near to everything.
    let names = names.filter(|(name, _)| name.len() > 2);
    let scored = names.map(|(name, shown)| {
        let begins = typed.len() > 2 && name.starts_with(typed);
        (if begins { 0 } else { distance(typed, name) }, shown)
    });
    let most = (typed.len().saturating_sub(1) / 2).clamp(1, 3);
    scored.min_by_key(|(score, _)| *score).filter(|(score, _)| *score <= most).map(|(_, name)| name)
}

/// Letters to insert, remove, replace or swap with the next one (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    rows[a.len()][b.len()]
}

/// The list of commands for a terminal of this width: a line each where that is wide enough, else the
/// explanation below the command.
#[must_use]
pub(crate) fn help(width: usize) -> String {
    let left = |spec: &Spec| format!("{} {}", spec.name, spec.argument).trim_end().to_owned();
    let longest = |length: fn(&Spec) -> usize| COMMANDS.iter().map(length).max().unwrap_or(0);
    let column = longest(|spec| spec.name.len() + spec.argument.len()) + 3;
    let one_line = column + longest(|spec| spec.about.len()) <= width;
    let mut out = String::new();
    for spec in COMMANDS {
        if !out.is_empty() {
            out.push('\n');
        }
        let also = if spec.aliases.is_empty() { String::new() } else { format!(" (also {})", spec.aliases.join(", ")) };
        let (left, about) = (left(spec), format!("{}{also}", spec.about));
        if one_line {
            out.push_str(&format!("{left:column$}{about}"));
        } else {
            out.push_str(&format!("{left}\n  {about}"));
        }
    }
    out
}

#[cfg(test)]
#[path = "commands_tests.rs"]
mod tests;
