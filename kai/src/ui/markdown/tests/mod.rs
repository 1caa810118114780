//! The renderer: cases as data, and properties over arbitrary and over well-formed texts.

mod cases;
mod oracle;
mod properties;

use super::{Markdown, Style};

/// What is printed for the pieces of a text.
fn printed(pieces: impl IntoIterator<Item = impl AsRef<str>>, colour: bool, width: usize) -> String {
    let mut markdown = Markdown::new(Style { colour, width });
    let mut out: String = pieces.into_iter().map(|piece| markdown.push(piece.as_ref())).collect();
    out.push_str(&markdown.finish());
    out
}

/// The same, with short names for the escape codes: `<b>` and `</>`.
fn tagged(source: &str, width: usize) -> String {
    let mut out = printed([source], true, width);
    for (code, tag) in [
        ("\x1b[0m", "</>"),
        ("\x1b[1m", "<b>"),
        ("\x1b[2m", "<d>"),
        ("\x1b[3m", "<i>"),
        ("\x1b[4m", "<u>"),
        ("\x1b[36m", "<c>"),
        ("\x1b[32m", "<n>"),
    ] {
        out = out.replace(code, tag);
    }
    assert!(!out.contains('\x1b'), "an escape code without a name: {out:?}");
    out
}

/// What a reader sees.
fn visible(source: &str, width: usize) -> String {
    console::strip_ansi_codes(&printed([source], true, width)).into_owned()
}
