//! What holds for every text.

use proptest::prelude::*;

use super::{printed, visible};

/// Bits of Markdown, whole and broken.
fn source() -> impl Strategy<Value = String> {
    const BITS: &[&str] = &[
        "word",
        "zfs_arc_max",
        "x",
        " ",
        "  ",
        "\n",
        "\n\n",
        "\n   ",
        "    ",
        "\t",
        "*",
        "**",
        "***",
        "_",
        "__",
        "`",
        "``",
        "```",
        "```sh\n",
        "~~~",
        "[",
        "]",
        "(",
        ")",
        "[1]",
        "[a](http://x/y)",
        "![",
        "<",
        ">",
        "<https://x>",
        "> ",
        "- ",
        "* ",
        "+ ",
        "1. ",
        "23) ",
        "# ",
        "### ",
        "---",
        "===",
        "\n---\n",
        "|",
        "| a | b |\n",
        "|---|:-:|\n",
        "| c | d |\n",
        "\\",
        "\\|",
        "&lt;",
        "&",
        "日本語",
        "。",
        "👩\u{200d}💻",
        "é",
        "e\u{301}",
        "\u{1b}[31m",
        "\r\n",
        "\u{202e}",
        "\u{7}",
        "!",
        ".",
        "/",
    ];
    let bit = prop_oneof![8 => prop::sample::select(BITS).prop_map(str::to_owned), 1 => "\\PC{0,6}"];
    prop::collection::vec(bit, 0..60).prop_map(|bits| bits.concat())
}

/// Short words in well-formed Markdown without code blocks and tables: every line can be kept narrow.
fn narrow() -> impl Strategy<Value = String> {
    let word = "[a-z]{1,8}";
    let span = prop_oneof![
        6 => word.prop_map(String::from),
        1 => word.prop_map(|word| format!("**{word}**")),
        1 => word.prop_map(|word| format!("*{word}*")),
        1 => (word, word).prop_map(|(a, b)| format!("`{a} {b}`")),
        1 => Just("[1]".to_owned()),
        1 => Just("日本語の文".to_owned()),
    ];
    let text = prop::collection::vec(span, 1..20).prop_map(|words| words.join(" "));
    let mark = prop::sample::select(&["", "- ", "  - ", "1. ", "> ", "> - ", "# ", "## "][..]);
    let line = (mark, text).prop_map(|(mark, text)| format!("{mark}{text}"));
    let end = prop::sample::select(&["\n", "\n\n"][..]);
    prop::collection::vec((line, end), 1..8).prop_map(|lines| lines.iter().map(|(a, b)| format!("{a}{b}")).collect())
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_pieces_do_not_matter(source in source(), at in prop::collection::vec(0..300usize, 0..6), width in 20..100usize) {
        let whole = printed([&source], true, width);
        let single = source.chars().map(String::from);
        prop_assert_eq!(&printed(single, true, width), &whole);
        let mut cuts: Vec<usize> = at.iter().filter_map(|at| source.char_indices().nth(*at)).map(|(at, _)| at).collect();
        cuts.extend([0, source.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| &source[cut[0]..cut[1]]);
        prop_assert_eq!(&printed(pieces, true, width), &whole);
    }

    #[test]
    fn nothing_but_text_and_colours_comes_out(source in source(), colour in any::<bool>()) {
        let out = printed([&source], colour, 60);
        let text = console::strip_ansi_codes(&out);
        prop_assert!(text.chars().all(crate::ui::clean::is_shown), "{:?}", out);
        // Only colours and attributes, and off in the end.
        for code in out.split('\u{1b}').skip(1) {
            let end = code.find(|c: char| c.is_ascii_alphabetic());
            prop_assert_eq!(end.map(|end| &code[end..=end]), Some("m"), "{:?}", out);
        }
        if let Some(last) = out.rfind('\u{1b}') {
            prop_assert!(out[last..].starts_with("\u{1b}[0m"), "{:?}", out);
        }
        prop_assert!(out.is_empty() || out.ends_with('\n'));
    }

    #[test]
    fn lines_fit(source in narrow(), width in 20..100usize) {
        let shown = visible(&source, width);
        for line in shown.lines() {
            prop_assert!(console::measure_text_width(line) <= width, "{:?} in {:?}", line, shown);
            prop_assert_eq!(line.trim_end(), line);
        }
    }

    #[test]
    fn no_word_is_lost(source in narrow(), width in 20..100usize) {
        // Numbers of items stay as they are.
        let join = |text: &str| words(text).concat();
        prop_assert_eq!(join(&visible(&source, width)), join(&source));
    }

    #[test]
    fn tables_fit_or_become_records(
        rows in prop::collection::vec(prop::collection::vec("[a-z]{1,7}( [a-z]{1,7}){0,6}", 3), 1..5),
        width in 30..100usize,
    ) {
        let line = |row: &Vec<String>| format!("| {} |\n", row.join(" | "));
        let table = format!("| x | yy | zzz |\n|---|---|---|\n{}", rows.iter().map(line).collect::<String>());
        let shown = visible(&table, width);
        for line in shown.lines() {
            prop_assert!(console::measure_text_width(line) <= width, "{:?} in {}", line, shown);
        }
        for word in rows.iter().flatten().flat_map(|cell| cell.split(' ')) {
            prop_assert!(shown.contains(word));
        }
    }

    #[test]
    fn anything_goes(source in "(\\PC|\\s|[\u{0}-\u{ff}]){0,400}", width in 0..200usize) {
        printed([&source], true, width);
        printed([&source], false, width);
    }
}

/// Texts that make a careless parser slow: the time must grow with the length only.
#[test]
fn hostile_texts_are_no_work() {
    for bit in
        ["*a", "**a *b ", "[", "[a](", "`", "``a`", "<http://", "> ", "- ", "*_", "![[", "| a ", "[*[`a](b)", "&l"]
    {
        let source = bit.repeat(10_000 / bit.len());
        assert!(printed([&source], true, 40).len() >= source.len() / 8, "{bit:?}");
    }
}
