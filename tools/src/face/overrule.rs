//! The command line against the environment: what is said there wins, also where the two contradict one
//! another. `--host` is not refused because `KAI_SIM` is set.

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::builder::{Resettable, ValueParser};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, Id};

/// The command, without the variables of options that exclude something said in `words`.
#[must_use]
pub fn overrule(command: Command, words: &[OsString]) -> Command {
    // What an option's value is does not matter here; a value may be a file that can be read only once.
    let alone = unread(deaf(command.clone(), &|_| true)).ignore_errors(true);
    let Ok(matches) = alone.try_get_matches_from(words) else { return command };
    let said = said(&matches);
    let mut rivals = BTreeSet::new();
    excluded(&command, &said, &mut rivals);
    deaf(command, &|id| rivals.contains(id))
}

/// The options that the words hold, at whatever level.
fn said(matches: &ArgMatches) -> BTreeSet<Id> {
    // Options for all subcommands are passed up to where they are not defined: only here they are known.
    let known = matches.ids().filter(|id| matches.try_contains_id(id.as_str()).is_ok());
    let here = known.filter(|id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine));
    let below = matches.subcommand().map(|(_, matches)| said(matches));
    here.cloned().chain(below.into_iter().flatten()).collect()
}

/// The options that exclude one of those, whichever of the two says so, and were not said themselves.
fn excluded(command: &Command, said: &BTreeSet<Id>, rivals: &mut BTreeSet<Id>) {
    for option in command.get_arguments() {
        for other in command.get_arg_conflicts_with(option) {
            for (one, other) in [(option, other), (other, option)] {
                if said.contains(one.get_id()) && !said.contains(other.get_id()) {
                    rivals.insert(other.get_id().clone());
                }
            }
        }
    }
    command.get_subcommands().for_each(|command| excluded(command, said, rivals));
}

/// The command, where those options hear nothing of the environment.
fn deaf(command: Command, which: &dyn Fn(&Id) -> bool) -> Command {
    let command =
        command.mut_args(|option| if which(option.get_id()) { option.env(Resettable::Reset) } else { option });
    command.mut_subcommands(|command| deaf(command, which))
}

/// The command, with every value as it was written.
fn unread(command: Command) -> Command {
    let takes_values = |option: &Arg| matches!(option.get_action(), ArgAction::Set | ArgAction::Append);
    let command = command
        .mut_args(|option| if takes_values(&option) { option.value_parser(ValueParser::os_string()) } else { option });
    command.mut_subcommands(unread)
}
