//! A stream of Markdown cut into sentences and code, while it arrives.
//!
//! Lossless: the segments together are the text. Where it is cut depends on the text alone, never
//! on how it was split on the way. No meaning is judged here.

/// A piece that can be checked by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    /// One sentence or line, with the citations and the blanks behind it.
    Sentence(String),
    /// One line of a code block, or one of its fences.
    Code(String),
}

/// Cuts a stream.
#[derive(Debug, Default)]
pub(crate) struct Segmenter {
    buffer: String,
    /// Whether the buffer begins at the beginning of a line.
    mid_line: bool,
    /// Length of the open fence.
    fence: Option<usize>,
}

impl Segmenter {
    /// Takes the next piece and returns what is complete.
    pub(crate) fn push(&mut self, text: &str) -> Vec<Segment> {
        self.buffer.push_str(text);
        self.drain(false)
    }

    /// The end of the text: what is left.
    pub(crate) fn finish(&mut self) -> Vec<Segment> {
        self.drain(true)
    }

    /// What is left, and the end of a code block that was left open: it would swallow what follows.
    pub(crate) fn close(&mut self) -> Vec<Segment> {
        let mut out = self.finish();
        if let Some(ticks) = self.fence {
            let line_end = if self.mid_line { "\n" } else { "" };
            self.buffer = format!("{line_end}{}\n", "`".repeat(ticks));
            out.extend(self.finish());
        }
        out
    }

    fn drain(&mut self, ended: bool) -> Vec<Segment> {
        let mut out = Vec::new();
        while let Some((length, code)) = self.next(ended) {
            let rest = self.buffer.split_off(length);
            let piece = std::mem::replace(&mut self.buffer, rest);
            self.mid_line = !piece.ends_with('\n');
            if code {
                self.toggle(&piece);
                out.push(Segment::Code(piece));
            } else {
                out.push(Segment::Sentence(piece));
            }
        }
        out
    }

    fn toggle(&mut self, line: &str) {
        let ticks = ticks(line);
        match self.fence {
            Some(open) if ticks >= open && line.trim().len() == ticks => self.fence = None,
            Some(_) => {}
            None => self.fence = Some(ticks),
        }
    }

    /// Length of the next segment in bytes, and whether it is code; `None` if more text is needed.
    fn next(&self, ended: bool) -> Option<(usize, bool)> {
        if self.buffer.is_empty() {
            return None;
        }
        let (line, whole) = match self.buffer.find('\n') {
            Some(at) => (&self.buffer[..=at], true),
            None => (self.buffer.as_str(), ended),
        };
        if self.fence.is_some() {
            return whole.then_some((line.len(), true));
        }
        if !self.mid_line {
            let start = line.trim_start();
            if start.starts_with("```") {
                return whole.then_some((line.len(), true));
            }
            if !whole && start.len() < 3 && start.bytes().all(|b| b == b'`') {
                return None;
            }
        }
        match sentence_end(line, whole) {
            Cut::At(end) => Some((end, false)),
            Cut::None if whole => Some((line.len(), false)),
            Cut::None | Cut::Unknown => None,
        }
    }
}

/// Backticks at the beginning of a line.
fn ticks(line: &str) -> usize {
    line.trim_start().bytes().take_while(|b| *b == b'`').count()
}

enum Cut {
    At(usize),
    None,
    Unknown,
}

/// The end of the first sentence of a line, the citations and blanks behind it included, if
/// something follows it on the line.
fn sentence_end(line: &str, whole: bool) -> Cut {
    let mut at = 0;
    while let Some(c) = line[at..].chars().next() {
        let next = at + c.len_utf8();
        if c == '`' {
            // A full stop inside of inline code ends nothing.
            match line[next..].find('`') {
                Some(close) => at = next + close + 1,
                None if whole => at = next,
                None => return Cut::Unknown,
            }
            continue;
        }
        if matches!(c, '.' | '!' | '?') && !is_ordinal(&line[..at]) {
            match after_stop(line, next) {
                Cut::At(end) => return Cut::At(end),
                Cut::Unknown if !whole => return Cut::Unknown,
                Cut::Unknown | Cut::None => {}
            }
        }
        at = next;
    }
    Cut::None
}

/// `1` before the stop: the number of a list item, or an abbreviation's letters.
fn is_ordinal(before: &str) -> bool {
    let before = before.trim_start();
    before.bytes().all(|b| b.is_ascii_digit() || b == b'*' || b == b'-')
        || ["e.g", "i.e", "vs", "cf", "etc"]
            .iter()
            .any(|known| before.strip_suffix(known).is_some_and(|head| !head.ends_with(char::is_alphanumeric)))
}

fn after_stop(line: &str, stop: usize) -> Cut {
    let mut end = stop;
    while let Some(c) = line[end..].chars().next() {
        if matches!(c, ')' | '"' | '\'' | '”' | '’' | '*' | '_') {
            end += c.len_utf8();
        } else {
            break;
        }
    }
    loop {
        let rest = &line[end..];
        let tail = rest.trim_start_matches(' ');
        if tail.is_empty() {
            return Cut::Unknown;
        }
        if tail.starts_with('[') {
            match tail.find(']') {
                Some(close)
                    if tail[1..close].chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | ' ' | '-' | '–')) =>
                {
                    end += rest.len() - tail.len() + close + 1;
                    continue;
                }
                Some(_) => {}
                None if tail.len() < 24 => return Cut::Unknown,
                None => {}
            }
        }
        let next = tail.chars().next();
        return if rest.len() != tail.len()
            && next.is_some_and(|c| !c.is_lowercase() && !matches!(c, ',' | ';' | '\n' | '\r'))
        {
            Cut::At(end + rest.len() - tail.len())
        } else {
            Cut::None
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(pieces: &[&str]) -> Vec<Segment> {
        let mut segmenter = Segmenter::default();
        let mut out: Vec<Segment> = pieces.iter().flat_map(|piece| segmenter.push(piece)).collect();
        out.extend(segmenter.finish());
        out
    }

    #[test]
    fn sentences_keep_their_citations() {
        let text =
            "Use `zfs. Send` it [1]. Then wait.[2] [3] See e.g. Zpool 2.1 now\n1. Do it. \n```\nls. Pwd\n```\nEnd";
        let sentence = |s: &str| Segment::Sentence(s.to_owned());
        let code = |s: &str| Segment::Code(s.to_owned());
        assert_eq!(
            cut(&[text]),
            [
                sentence("Use `zfs. Send` it [1]. "),
                sentence("Then wait.[2] [3] "),
                sentence("See e.g. Zpool 2.1 now\n"),
                sentence("1. Do it. \n"),
                code("```\n"),
                code("ls. Pwd\n"),
                code("```\n"),
                sentence("End"),
            ]
        );
    }

    #[test]
    fn an_open_block_is_closed() {
        for (text, expected) in [
            ("Do:\n```sh\nls", "Do:\n```sh\nls\n```\n"),
            ("````\n```\n", "````\n```\n````\n"),
            ("```", "```\n```\n"),
            ("```\nls\n``", "```\nls\n``\n```\n"),
            ("```\nls\n```", "```\nls\n```"),
            ("`ls", "`ls"),
        ] {
            let mut segmenter = Segmenter::default();
            let mut segments = segmenter.push(text);
            segments.extend(segmenter.close());
            let shown: String = segments
                .into_iter()
                .map(|s| match s {
                    Segment::Sentence(t) | Segment::Code(t) => t,
                })
                .collect();
            assert_eq!(shown, expected, "{text:?}");
            assert_eq!(segmenter.close(), [], "once");
        }
    }

    proptest! {
        #[test]
        fn cuts_do_not_depend_on_chunks(
            text in "([A-Za-z .!?`\\[\\]0-9\\n]|```|\\. |ü|\\[1\\]){0,80}",
            seed in prop::collection::vec(0usize..7, 0..80),
        ) {
            let whole = cut(&[&text]);
            let mut pieces = Vec::new();
            let mut rest = text.as_str();
            for step in seed {
                let at = rest.char_indices().nth(step).map_or(rest.len(), |(at, _)| at);
                let (head, tail) = rest.split_at(at);
                pieces.push(head);
                rest = tail;
            }
            pieces.push(rest);
            prop_assert_eq!(&whole, &cut(&pieces));
            let joined: String = whole.into_iter().map(|s| match s { Segment::Sentence(t) | Segment::Code(t) => t }).collect();
            prop_assert_eq!(joined, text);
        }
    }
}
