//! Titles marked by lines of punctuation under (and over) them, as in reStructuredText and READMEs.
//!
//! Knows nothing of the rest of either format.

/// The character of a line made of one punctuation mark only (`=====`), and the line's length.
pub(super) fn line(text: &str) -> Option<(char, usize)> {
    let text = text.trim_end();
    let first = text.chars().next().filter(char::is_ascii_punctuation)?;
    let length = text.chars().count();
    (length >= 2 && text.chars().all(|c| c == first)).then_some((first, length))
}

/// Hands out levels in the order in which styles of adornment appear.
#[derive(Debug, Default)]
pub(super) struct Levels(Vec<(char, bool)>);

impl Levels {
    /// The level, from 1, of a title with this mark, with or without a line over it.
    pub(super) fn of(&mut self, mark: char, over: bool) -> usize {
        if let Some(at) = self.0.iter().position(|style| *style == (mark, over)) {
            return at + 1;
        }
        self.0.push((mark, over));
        self.0.len()
    }
}
