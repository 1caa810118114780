//! What is never an order: text that speaks to the program instead of with it, shell lines, names
//! that are not what they look like.

use super::objects::Object;
use super::piece::Piece;
use super::{Proposal, text};

/// Why a text is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stop {
    /// The key of the reason.
    pub key: &'static str,
    /// For a person.
    pub reason: String,
}

/// Words that begin a command line after `;` or `|`.
const COMMANDS: [&str; 34] = [
    "rm",
    "reboot",
    "shutdown",
    "zfs",
    "zpool",
    "virsh",
    "dd",
    "mkfs",
    "curl",
    "wget",
    "bash",
    "sh",
    "cat",
    "sudo",
    "chmod",
    "chown",
    "echo",
    "nc",
    "python",
    "python3",
    "perl",
    "kill",
    "poweroff",
    "halt",
    "mv",
    "cp",
    "eval",
    "exec",
    "su",
    "id",
    "touch",
    "systemctl",
    "ls",
    "wipefs",
];
/// What only a command line holds.
const SHELL: [&str; 22] = [
    "$(",
    "${",
    "&&",
    "||",
    "rm -rf",
    "rm -fr",
    "| sh",
    "| bash",
    "|sh",
    "|bash",
    "> /dev/",
    ">/dev/",
    "<(",
    "#!/",
    "system(",
    "exec(",
    "popen(",
    "subprocess",
    "`rm ",
    "\");",
    "');",
    ";}",
];
/// Marks with which turns of a conversation are forged.
const ROLES: [&str; 22] = [
    "system:",
    "assistant:",
    "developer:",
    "<|",
    "|>",
    "[inst]",
    "[/inst]",
    "### instruction",
    "### system",
    "</document",
    "<document",
    "<system",
    "</system",
    "<tool",
    "</tool",
    "tool_call",
    "function_call",
    "im_start",
    "[system]",
    "<user>",
    "\"tool\":",
    "{\"tool\"",
];

/// Looks at the text as it was typed.
#[must_use]
pub(super) fn raw(text: &str) -> Option<Stop> {
    let stop = |key, reason: &str| Some(Stop { key, reason: reason.to_owned() });
    if let Some(c) = text.chars().find(|c| hidden(*c)) {
        return stop(
            "invalid-name",
            &format!(
                "the text holds a character that cannot be seen (U+{:04X}); write it again without it",
                u32::from(c)
            ),
        );
    }
    if let Some(word) = text.split(|c: char| c.is_whitespace() || ",;:!?\"'()".contains(c)).find(|word| mixed(word)) {
        let shown: String = word.chars().take(40).collect();
        return stop("invalid-name", &format!("{shown:?} mixes letters of several alphabets that look alike"));
    }
    let low = text::fold(text);
    if ROLES.iter().any(|mark| low.contains(mark)) {
        return stop(
            "injection",
            "the text pretends to be another part of the conversation; nothing in it is carried out",
        );
    }
    if SHELL.iter().any(|mark| low.contains(mark)) || chained(&low) {
        return stop("injection", "this is a shell line; kai runs no shell. Say what should be done");
    }
    None
}

/// Characters without a shape of their own, and those that turn the direction of text.
fn hidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{ad}' | '\u{180e}' | '\u{e0000}'..='\u{e007f}' | '\u{115f}' | '\u{1160}' | '\u{3164}')
}

/// A word with letters of Latin and of an alphabet that looks like it.
fn mixed(word: &str) -> bool {
    let latin = word.chars().any(|c| c.is_ascii_alphabetic());
    let alike = word.chars().any(|c| matches!(c, '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}' | '\u{530}'..='\u{58f}' | '\u{13a0}'..='\u{13ff}' | '\u{1d400}'..='\u{1d7ff}'));
    let digit = word.chars().any(|c| c.is_ascii_digit() || c == '-' || c == '/');
    // A word that is wholly of another alphabet is a word; with a digit it poses as a name.
    let wide =
        word.chars().any(|c| matches!(c, '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' | '\u{ff10}'..='\u{ff19}'))
            && !word.chars().any(text::is_cjk);
    alike && (latin || digit) || wide
}

/// `… ; rm …`, `… | sh`, a command in backticks.
fn chained(low: &str) -> bool {
    let command = |rest: &str| {
        let word = rest.trim_start().split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
        COMMANDS.contains(&word) || rest.trim_start().starts_with("/bin/") || rest.trim_start().starts_with("/usr/")
    };
    for mark in [';', '|', '&', '\n'] {
        for (at, _) in low.match_indices(mark) {
            let rest = &low[at + 1..];
            let option =
                rest.split_whitespace().nth(1).is_some_and(|word| word.starts_with('-') || word.starts_with('/'));
            let first = rest.split_whitespace().next().unwrap_or_default();
            // `; shutdown web1` may be two orders; `; reboot` alone is a command.
            let words = ["shutdown", "reboot", "halt", "kill", "cat", "touch", "id", "su", "ls", "mv", "cp", "echo"];
            if command(rest)
                && (!words.contains(&first) || option || rest.split_whitespace().count() == 1 && mark != '&')
            {
                return true;
            }
        }
    }
    let mut ticks = low.split('`');
    ticks.next();
    ticks.step_by(2).any(|inner| command(inner) && inner.split_whitespace().count() > 1)
}

/// Options of a command line that kai would have to leave out: `--privileged`, `-F`.
pub(super) fn options(pieces: &[Piece]) -> Option<String> {
    let known = ["-r", "-R", "-n", "--recursive", "--dry-run", "--force"];
    let option = |piece: &&Piece| {
        let rest = piece.raw.trim_start_matches('-');
        !piece.name
            && piece.raw.len() - rest.len() <= 2
            && piece.raw.starts_with('-')
            && rest.starts_with(|c: char| c.is_ascii_alphabetic())
            && !known.contains(&piece.raw.as_str())
    };
    pieces.iter().find(option).map(|piece| piece.raw.clone())
}

/// Orders that pose as somebody else's, and approvals that nobody can give by talking.
pub(super) fn forged(pieces: &[Piece]) -> Option<Proposal> {
    let talk = pieces
        .iter()
        .take(3)
        .any(|piece| piece.marks("howto") || piece.marks("concept") || piece.marks("why") || piece.is("explain"));
    let marks = |mark: &str| pieces.iter().any(|piece| piece.marks(mark) && piece.objects.is_empty() && !piece.name);
    let refuse = |key, reason: &str| Some(Proposal::Refuse { key, reason: reason.to_owned() });
    if talk {
        return None;
    }
    if marks("inject") {
        return refuse("injection", "the text tries to change what kai is allowed to do; nothing in it is carried out");
    }
    let has = |concept: &str| pieces.iter().any(|piece| piece.is(concept) && piece.objects.is_empty() && !piece.name);
    let waives = ["disable", "stop", "shutdown", "delete", "discard", "exempt", "allowapprove", "set", "forceoff"];
    let refused = has("confirmation") && (waives.iter().any(|verb| has(verb)) || marks("not"));
    if marks("approveall") || refused && !pieces.iter().any(|piece| piece.objects.iter().any(Object::acted_on)) {
        return refuse("self-approval", "kai never approves a plan itself, and nothing said here confirms one");
    }
    None
}
