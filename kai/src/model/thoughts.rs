//! Reasoning that a server leaves in the text: `<think>…</think>` before the answer.
//!
//! Servers that know their model send it apart; where they do not, this keeps it out of the answer.
//! Some models are sent the opening tag with the question, and their reply begins behind it.
//! Only at the beginning: later such a tag is part of what is written about.

const TAGS: [(&str, &str); 2] = [("<think>", "</think>"), ("<thinking>", "</thinking>")];

/// Models whose template opens the reasoning, by parts of their names.
const OPENED: [&str; 5] = ["deepseek-r1", "qwq", "thinking", "reasoning", "magistral"];

/// A piece of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Of the reasoning.
    Thought(String),
    /// Of the answer.
    Text(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum At {
    /// Nothing but the beginning of a tag was seen, if anything.
    #[default]
    Start,
    /// In the reasoning that ends with this tag.
    Inside(&'static str),
    /// Between reasoning and answer.
    Gap,
    /// In the answer.
    Answer,
}

/// Tells reasoning and answer apart.
#[derive(Debug, Default)]
pub(super) struct Thoughts {
    held: String,
    at: At,
    /// Something was thought: blanks are part of it from now on.
    thought: bool,
    /// The reply may begin within the reasoning.
    opened: bool,
    /// What was taken for reasoning although no tag opened it: the answer, if none closes it.
    unclosed: Option<String>,
}

impl Thoughts {
    /// Of a reply of that model.
    pub(super) fn of(model: &str) -> Self {
        let model = model.to_lowercase();
        Self { opened: OPENED.iter().any(|part| model.contains(part)), ..Self::default() }
    }

    /// The server sends reasoning apart: what comes as text is text.
    pub(super) fn apart(&mut self) {
        self.opened = false;
    }

    /// Takes the next text and returns what is known of it.
    pub(super) fn push(&mut self, text: &str) -> Vec<Piece> {
        let mut out = Vec::new();
        if self.at == At::Answer {
            out.push(Piece::Text(text.to_owned()));
            return out;
        }
        self.held.push_str(text);
        if self.at == At::Start && !self.start() {
            return out;
        }
        if let At::Inside(close) = self.at {
            let (thought, ended) = match self.held.find(close) {
                Some(at) => (at, true),
                None => (safe(&self.held, close), false),
            };
            let thought: String = self.held.drain(..thought).collect();
            if let Some(all) = &mut self.unclosed {
                all.push_str(&thought);
            }
            self.thought |= !thought.trim().is_empty();
            if self.thought && !thought.is_empty() {
                out.push(Piece::Thought(thought));
            }
            if !ended {
                return out;
            }
            self.held.drain(..close.len());
            self.unclosed = None;
            self.at = At::Gap;
        }
        if self.at == At::Gap {
            let blank = self.held.len() - self.held.trim_start().len();
            self.held.drain(..blank);
        }
        if !self.held.is_empty() {
            self.at = At::Answer;
            out.push(Piece::Text(std::mem::take(&mut self.held)));
        }
        out
    }

    /// The end: what was held back is what it seemed to be.
    pub(super) fn finish(&mut self) -> Option<Piece> {
        let held = std::mem::take(&mut self.held);
        if let Some(all) = self.unclosed.take() {
            return Some(Piece::Text(all + &held)).filter(|piece| *piece != Piece::Text(String::new()));
        }
        match self.at {
            _ if held.is_empty() => None,
            At::Inside(_) => Some(Piece::Thought(held)),
            At::Start | At::Gap | At::Answer => Some(Piece::Text(held)),
        }
    }

    /// Whether it is known how the reply begins.
    fn start(&mut self) -> bool {
        let begun = self.held.trim_start();
        for (open, close) in TAGS {
            if let Some(rest) = begun.strip_prefix(open) {
                self.held = rest.to_owned();
                self.at = At::Inside(close);
                return true;
            }
        }
        if TAGS.iter().any(|(open, _)| open.starts_with(begun)) {
            return false;
        }
        if self.opened {
            self.unclosed = Some(String::new());
            self.at = At::Inside(TAGS[0].1);
        } else {
            self.at = At::Answer;
        }
        true
    }
}

/// How much of the text cannot be the beginning of this tag.
fn safe(text: &str, tag: &str) -> usize {
    let longest = tag.len().min(text.len() + 1) - 1;
    let part = (1..=longest).rev().find(|n| tag.get(..*n).is_some_and(|head| text.ends_with(head))).unwrap_or(0);
    text.len() - part
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reasoning and the answer of a reply of that model, however the text is cut.
    fn check_of(model: &str, text: &str, thought: &str, answer: &str) {
        let chars: Vec<String> = text.chars().map(String::from).collect();
        for cut in 0..=chars.len() {
            for chunks in [vec![chars[..cut].concat(), chars[cut..].concat()], chars.clone()] {
                let mut thoughts = Thoughts::of(model);
                let mut pieces: Vec<Piece> = chunks.iter().flat_map(|chunk| thoughts.push(chunk)).collect();
                pieces.extend(thoughts.finish());
                let (mut thinking, mut said) = (String::new(), String::new());
                for piece in pieces {
                    match piece {
                        Piece::Thought(text) => thinking.push_str(&text),
                        Piece::Text(text) => said.push_str(&text),
                    }
                }
                assert_eq!((thinking.trim(), said.as_str()), (thought, answer), "{text:?} cut at {cut}");
            }
        }
    }

    fn check(text: &str, thought: &str, answer: &str) {
        check_of("qwen3:4b", text, thought, answer);
    }

    #[test]
    fn reasoning_before_the_answer_is_told_apart() {
        check("plain <think>x</think>", "", "plain <think>x</think>");
        check("<think>why</think>\n\nbecause", "why", "because");
        check("\n<think>\nwhy < </thin</think>a", "why < </thin", "a");
        check("<thinking>größe</thinking> ß", "größe", "ß");
        check("<think>\n\n</think>\n\nyes", "", "yes");
        check("<think>never closed", "never closed", "");
        check("<thi", "", "<thi");
        check("<table>", "", "<table>");
        check("", "", "");
    }

    fn opened(text: &str, thought: &str, answer: &str) {
        check_of("DeepSeek-R1:8b", text, thought, answer);
    }

    #[test]
    fn reasoning_that_the_question_opened_is_no_answer() {
        opened("hmm, so\n</think>\n\nyes", "hmm, so", "yes");
        opened("<think>hmm</think>yes", "hmm", "yes");
        // Nothing closes it: it was the answer.
        opened("simply yes", "simply yes", "simply yes");
        opened("", "", "");
        let mut thoughts = Thoughts::of("deepseek-r1");
        thoughts.apart();
        assert_eq!(thoughts.push("yes"), [Piece::Text("yes".to_owned())]);
    }
}
