//! The words that a reader sees are the ones that a whole Markdown parser finds.

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The text of a document by pulldown-cmark, with the address of a link behind its text.
fn expected(source: &str) -> String {
    let mut out = String::new();
    let mut links = Vec::new();
    for event in Parser::new_ext(source, Options::ENABLE_TABLES) {
        match event {
            Event::Text(text) | Event::Code(text) => out.push_str(&text),
            Event::Start(Tag::Link { dest_url, .. }) => links.push(dest_url),
            Event::End(TagEnd::Link) => out.push_str(&format!(" {}", links.pop().unwrap())),
            Event::End(TagEnd::Emphasis | TagEnd::Strong) => {}
            Event::SoftBreak | Event::HardBreak | Event::End(_) => out.push(' '),
            Event::Start(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::Html(_)
            | Event::InlineHtml(_)
            | Event::FootnoteReference(_)
            | Event::Rule
            | Event::TaskListMarker(_) => {}
        }
    }
    out
}

fn letters(text: &str) -> Vec<char> {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '*' | '_' | '`')).collect()
}

fn inline() -> impl Strategy<Value = String> {
    let word = "[a-z]{1,8}";
    let plain = prop_oneof![
        8 => word.prop_map(String::from),
        2 => word.prop_map(|word| format!("`{word} *x*`")),
        1 => word.prop_map(|word| format!("snake_{word}_case")),
        1 => word.prop_map(|word| format!("[{word}](http://{word}.org)")),
        1 => Just("a \\* b \\_c\\_".to_owned()),
        1 => Just("* alone".to_owned()),
        1 => Just("a * b".to_owned()),
    ];
    let texts = prop::collection::vec(plain, 1..6).prop_map(|words| words.join(" "));
    let nested = texts.prop_recursive(3, 24, 4, |inner| {
        let marked = (inner.clone(), prop::sample::select(&["*", "**", "_", "__"][..]))
            // A star at the edge of the inside would make a longer run.
            .prop_map(|(inner, mark)| format!("x {mark}i{inner}o{mark} y"));
        prop::collection::vec(prop_oneof![marked, inner], 1..3).prop_map(|parts| parts.join(" "))
    });
    nested.prop_map(|text| format!("t {text}"))
}

fn document() -> impl Strategy<Value = String> {
    let block = prop_oneof![
        4 => inline(),
        1 => inline().prop_map(|text| format!("## {text}")),
        2 => prop::collection::vec(inline(), 1..4)
            .prop_map(|items| items.iter().map(|item| format!("- {item}\n")).collect::<String>()),
        1 => prop::collection::vec(inline(), 1..4)
            .prop_map(|items| items.iter().map(|item| format!("- {item}\n  - {item}\n\n  {item}\n")).collect::<String>()),
        1 => inline().prop_map(|text| format!("> {text}\n> {text}")),
        1 => "[a-z *_`]{0,20}".prop_map(|code| format!("~~~\n{code}\n~~~")),
        1 => (inline(), inline()).prop_map(|(a, b)| format!("| {a} | {b} |\n|---|---|\n| {b} | {a} |")),
        1 => Just("---".to_owned()),
    ];
    prop::collection::vec(block, 1..6).prop_map(|blocks| blocks.join("\n\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_same_words(source in document()) {
        // Wide enough for tables to stay tables; and what is held longest is shorter than the limit.
        prop_assume!(source.split("\n\n").all(|block| block.len() < 380));
        let (mut shown, mut expected) = (letters(&super::visible(&source, 100)), letters(&expected(&source)));
        if source.contains("\n|--") {
            // Cells that wrap stand beside each other.
            shown.sort_unstable();
            expected.sort_unstable();
        }
        prop_assert_eq!(String::from_iter(shown), String::from_iter(expected), "{}", source);
    }
}
