//! What may reach a terminal: text without control characters.
//!
//! Models and documents are not trusted with the terminal. An escape sequence can move the cursor,
//! retitle the window or write to the clipboard, and a bidirectional override can show a command in
//! another order than it runs in. Everything that a model, a document or a pipe has written comes
//! through here before it is printed. Nothing here knows Markdown or colours.

/// The longest string sequence (a window title, a hyperlink) that is taken for one. A terminal
/// would wait for its end for ever; text that follows a broken one is not lost here.
const STRING_LIMIT: usize = 2048;

/// Takes escape sequences and control characters out of a stream.
#[derive(Debug, Default)]
pub struct Cleaner {
    state: State,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// Behind ESC.
    Escape,
    /// In a control sequence: `ESC [ 3 1 m`.
    Control,
    /// In a string sequence, so many characters long by now: `ESC ] 0 ; title BEL`.
    String(usize),
    /// Behind ESC in a string sequence.
    StringEscape,
}

impl Cleaner {
    /// The next character: itself if it may be shown. A tab and a line end may.
    pub fn next(&mut self, c: char) -> Option<char> {
        let (state, shown) = match (self.state, c) {
            // A line end ends whatever was going on.
            (_, '\n') => (State::Text, true),
            (State::Text | State::Escape | State::Control, '\u{1b}') => (State::Escape, false),
            (State::Text | State::Control, '\u{9b}') | (State::Escape, '[') => (State::Control, false),
            (State::Text, '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}') | (State::Escape, ']' | 'P' | 'X' | '^' | '_') => {
                (State::String(0), false)
            }
            (State::Text, _) => (State::Text, is_shown(c)),
            // ESC ( B and the like; anything else behind ESC is two characters long.
            (State::Escape, ' '..='/') => (State::Escape, false),
            (State::Escape, '0'..='~') => (State::Text, false),
            (State::Control, ' '..='?') => (State::Control, false),
            (State::Control, '@'..='~') => (State::Text, false),
            (State::Escape | State::Control, _) => (State::Text, is_shown(c)),
            (State::String(_), '\u{7}' | '\u{9c}') => (State::Text, false),
            (State::String(_) | State::StringEscape, '\u{1b}') => (State::StringEscape, false),
            (State::String(length), _) if length < STRING_LIMIT => (State::String(length + 1), false),
            (State::String(_), _) => (State::Text, is_shown(c)),
            (State::StringEscape, '[') => (State::Control, false),
            (State::StringEscape, _) => (State::Text, false),
        };
        self.state = state;
        shown.then_some(c)
    }

    /// What may be shown of a piece of the stream.
    pub fn push(&mut self, text: &str) -> String {
        text.chars().filter_map(|c| self.next(c)).collect()
    }
}

/// What may be shown of a whole text. Tabs and line ends stay.
#[must_use]
pub fn clean(text: &str) -> String {
    Cleaner::default().push(text)
}

/// What may be shown of a text that has to stay on one line: a name, a title.
#[must_use]
pub fn clean_line(text: &str) -> String {
    clean(text).replace(['\n', '\t'], " ")
}

/// What may be shown of a text that has colours of ours in it: bold, dimmed and four colours stay, and
/// nothing else that a terminal would obey.
#[must_use]
pub fn styled(text: &str) -> String {
    const OURS: [&str; 7] = ["0", "1", "2", "31", "32", "33", "36"];
    let mut out = String::with_capacity(text.len());
    let mut cleaner = Cleaner::default();
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        let (before, sequence) = rest.split_at(at);
        out.push_str(&cleaner.push(before));
        let body = &sequence[2..];
        let ours = OURS.iter().find(|code| body.strip_prefix(**code).is_some_and(|rest| rest.starts_with('m')));
        match ours.filter(|_| matches!(cleaner.state, State::Text)) {
            Some(code) => {
                let end = 2 + code.len() + 1;
                out.push_str(&sequence[..end]);
                rest = &sequence[end..];
            }
            None => {
                out.push_str(&cleaner.push(&sequence[..2]));
                rest = body;
            }
        }
    }
    out.push_str(&cleaner.push(rest));
    out
}

/// Whether a character can do no harm and hide nothing.
///
/// Not shown: C0 but for tab and line end, DEL, C1; bidirectional marks, embeddings, overrides and
/// isolates; characters without width that can hide text (the joiners of emoji and of Indic scripts
/// stay); line and paragraph separators; the tag characters, which spell invisible ASCII.
#[must_use]
pub fn is_shown(c: char) -> bool {
    match c {
        '\n' | '\t' => true,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' => false,
        '\u{ad}' | '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2065}' | '\u{feff}' => false,
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(input: &str, expected: &str) {
        assert_eq!(clean(input), expected, "{input:?}");
    }

    #[test]
    fn sequences_go_and_text_stays() {
        check("a\tb\nc", "a\tb\nc");
        check("\u{1b}[31mred\u{1b}[0m", "red");
        check("\u{9b}31mred", "red");
        check("\u{1b}]0;title\u{7}text", "text");
        check("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link");
        check("\u{1b}P1$r\u{9c}text", "text");
        check("\u{1b}(Btext\u{1b}7\u{1b}=x", "textx");
        check("a\r\nb\rc\u{8}\u{7}\u{7f}", "a\nbc");
    }

    #[test]
    fn a_broken_sequence_ends_with_the_line() {
        check("\u{1b}]0;title\nnext", "\nnext");
        check("\u{1b}[31\nnext", "\nnext");
        check("end\u{1b}", "end");
        check("\u{1b}é", "é");
        let long = format!("\u{1b}]{}", "x".repeat(STRING_LIMIT + 10));
        assert_eq!(clean(&long).len(), 10);
    }

    #[test]
    fn what_hides_or_reorders_text_goes() {
        check("rm \u{202e}fdp.exe\u{202c} \u{2066}x\u{2069}", "rm fdp.exe x");
        check("a\u{200b}b\u{feff}c\u{e0041}d\u{ad}", "abcd");
        check("👩\u{200d}💻 日本語 e\u{301}", "👩\u{200d}💻 日本語 e\u{301}");
    }

    #[test]
    fn only_colours_of_ours_get_through() {
        assert_eq!(styled("\u{1b}[1mbold\u{1b}[0m \u{1b}[31mred"), "\u{1b}[1mbold\u{1b}[0m \u{1b}[31mred");
        assert_eq!(styled("\u{1b}[8mhidden \u{1b}[2Jgone \u{1b}[1;31mx"), "hidden gone x");
        assert_eq!(styled("a\u{1b}]52;c;\u{1b}[1mx\u{7}b"), "axb");
        assert_eq!(styled("\u{1b}"), "");
        assert_eq!(styled("\u{1b}["), "");
    }

    #[test]
    fn one_line_stays_one() {
        assert_eq!(clean_line("a\tb\nc\u{1b}[2J"), "a b c");
    }

    proptest! {
        #[test]
        fn nothing_harmful_is_left(text in "(\\PC|[\u{0}-\u{9f}]|\u{1b}[\\[\\]P]|\u{202e}){0,200}") {
            let shown = clean(&text);
            prop_assert!(shown.chars().all(|c| is_shown(c) && (!c.is_control() || c == '\n' || c == '\t')));
            prop_assert_eq!(clean(&shown), shown);
        }

        #[test]
        fn the_pieces_do_not_matter(text in "(\\PC|[\u{0}-\u{9f}]|\u{1b}[\\[\\]P]){0,100}", at in 0..100usize) {
            let at = text.char_indices().nth(at).map_or(text.len(), |(at, _)| at);
            let mut cleaner = Cleaner::default();
            let pieces = cleaner.push(&text[..at]) + &cleaner.push(&text[at..]);
            prop_assert_eq!(pieces, clean(&text));
        }
    }
}
