//! How a piece of text looks: a set of attributes and the escape codes that stand for it.

use std::ops::BitOr;

use anstyle::{AnsiColor, Color, Style};

/// A set of attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Look(u8);

impl Look {
    pub(super) const PLAIN: Self = Self(0);
    pub(super) const BOLD: Self = Self(1);
    pub(super) const ITALIC: Self = Self(2);
    /// A heading of the first level, an address.
    pub(super) const UNDERLINE: Self = Self(4);
    /// Lines and bars, which are no text.
    pub(super) const DIM: Self = Self(8);
    pub(super) const CODE: Self = Self(16);
    /// A citation.
    pub(super) const CITE: Self = Self(32);

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The codes that begin it.
    pub(super) fn style(self) -> Style {
        let mut style = Style::new();
        for (look, set) in [
            (Self::BOLD, Style::bold as fn(Style) -> Style),
            (Self::ITALIC, Style::italic),
            (Self::UNDERLINE, Style::underline),
            (Self::DIM, Style::dimmed),
        ] {
            if self.has(look) {
                style = set(style);
            }
        }
        if self.has(Self::CITE) {
            style = style.fg_color(Some(Color::Ansi(AnsiColor::Green)));
        } else if self.has(Self::CODE) {
            style = style.fg_color(Some(Color::Ansi(AnsiColor::Cyan)));
        }
        style
    }
}

impl BitOr for Look {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A piece of text of one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) look: Look,
}

impl Piece {
    pub(super) fn new(text: impl Into<String>, look: Look) -> Self {
        Self { text: text.into(), look }
    }

    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self::new(text, Look::PLAIN)
    }
}
