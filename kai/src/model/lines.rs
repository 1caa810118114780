//! Bytes in, lines out.
//!
//! A chunk of bytes may end anywhere, inside a character or between CR and LF too, so lines are put
//! together as bytes and read as UTF-8 only when they are whole. Nothing here knows what they say.

/// No line of an answer is this long; a server that sends one is not speaking this protocol.
pub(super) const MAX_LINE: usize = 4 << 20;

/// What came together.
#[derive(Debug)]
pub(super) enum Line {
    /// A line without its end, which is LF, CR or both.
    Whole(Vec<u8>),
    /// A line that is too long; its beginning. Nothing comes after it.
    TooLong(Vec<u8>),
}

/// Puts lines together.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pending: Vec<u8>,
    after_cr: bool,
    stopped: bool,
}

impl Lines {
    /// Takes the next bytes and hands out the lines that they complete.
    pub(super) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Line)) {
        let mut rest = bytes;
        while !self.stopped && !rest.is_empty() {
            if std::mem::take(&mut self.after_cr) && rest.first() == Some(&b'\n') {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let Some(at) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                self.pending.extend_from_slice(rest);
                self.check(&mut each);
                return;
            };
            let (line, after) = rest.split_at(at);
            self.pending.extend_from_slice(line);
            self.after_cr = after.first() == Some(&b'\r');
            rest = after.get(1..).unwrap_or_default();
            self.check(&mut each);
            if !self.stopped {
                each(Line::Whole(std::mem::take(&mut self.pending)));
            }
        }
    }

    /// The end of the bytes: what is left may be a last line without its end.
    pub(super) fn finish(&mut self, mut each: impl FnMut(Line)) {
        if !self.stopped && !self.pending.is_empty() {
            each(Line::Whole(std::mem::take(&mut self.pending)));
        }
        self.stopped = true;
    }

    fn check(&mut self, each: &mut impl FnMut(Line)) {
        if self.pending.len() > MAX_LINE {
            self.stopped = true;
            each(Line::TooLong(std::mem::take(&mut self.pending)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut out = Vec::new();
        let mut each = |line| {
            out.push(match line {
                Line::Whole(line) => String::from_utf8(line).unwrap(),
                Line::TooLong(_) => "too long".to_owned(),
            });
        };
        for chunk in chunks {
            lines.push(chunk, &mut each);
        }
        lines.finish(&mut each);
        out
    }

    #[test]
    fn every_kind_of_line_end_however_it_is_cut() {
        let text = "a\nb\r\nc\rd\n\n\r\n\re\u{e4}\r\nlast";
        let expected = ["a", "b", "c", "d", "", "", "", "e\u{e4}", "last"];
        let bytes = text.as_bytes();
        for cut in 0..=bytes.len() {
            assert_eq!(lines(&[&bytes[..cut], &bytes[cut..]]), expected, "cut at {cut}");
        }
        assert_eq!(lines(&bytes.chunks(1).collect::<Vec<_>>()), expected);
    }

    #[test]
    fn a_line_that_is_too_long_ends_it_all() {
        let mut text = vec![b'x'; MAX_LINE + 1];
        text.extend_from_slice(b"\nnext\n");
        assert_eq!(lines(&[&text]), ["too long"]);
        assert_eq!(lines(&text.chunks(100_000).collect::<Vec<_>>()), ["too long"]);
    }
}
