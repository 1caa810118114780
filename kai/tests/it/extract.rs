//! The built-in engine: what it shows stands in the passages, word for word.

use kai::{
    ask::{Engines, Passage, Question, Setting, ask},
    extract::extract,
};
use proptest::prelude::*;

fn passage(title: &str, heading: &str, text: &str) -> Passage {
    Passage {
        page: format!("{title}.html"),
        title: title.into(),
        heading: heading.into(),
        text: text.into(),
        ..Passage::default()
    }
}

fn host_pages() -> Vec<Passage> {
    vec![
        passage(
            "Copies",
            "Options",
            "A copy of a guest gets a new name.\n\n-n, --name NAME\nThe name of the copy. It must not exist yet.\n\n--mac ADDRESS\nThe network address of the copy. Without it, a random one is made up.\n\n--keep\nLeaves the copy's disks in place when a later step fails.",
        ),
        passage(
            "Copies",
            "Examples",
            "To copy a guest with a fresh network address:\n\n```\nguest-copy --name web2 --mac auto web1\n\nguest-start web2\n```\n\nThis takes a few seconds.",
        ),
        passage(
            "Cache size",
            "",
            "The cache takes half of the memory. Its limit is the parameter cache_limit_max, in bytes. It can be changed while the host runs.\n\nunit | meaning\nk | 1,024 bytes\nM | 1,024 k",
        ),
        passage(
            "People",
            "AUTHORS",
            "The network address copy guest was written by many people who like a fresh network address.",
        ),
    ]
}

#[test]
fn answers_hold_what_answers_the_question() {
    let pages = host_pages();
    for (question, wanted) in [
        (
            "how do I copy a guest with a fresh network address",
            "guest-copy --name web2 --mac auto web1\n\nguest-start web2",
        ),
        ("which option gives the copy another network address?", "--mac ADDRESS"),
        ("limit the memory that the cache takes", "cache_limit_max"),
        ("what is cache_limit_max", "in bytes"),
        ("how many bytes is one M unit", "M | 1,024 k"),
    ] {
        let parts = extract(question, &pages);
        let text: String = parts.iter().map(|p| format!("{}\n{}\n", p.head, p.tail)).collect();
        assert!(text.contains(wanted), "{question}: {text}");
        assert!(!text.contains("many people"), "lists of authors answer nothing: {text}");
    }
}

#[test]
fn code_stays_whole_and_in_fences() {
    let parts = extract("copy a guest with a fresh network address", &host_pages());
    let code = parts.iter().find(|p| p.tail.starts_with("```")).expect("a code block");
    assert_eq!(code.tail, "```\nguest-copy --name web2 --mac auto web1\n\nguest-start web2\n```");
    assert_eq!(code.head, "To copy a guest with a fresh network address:");
}

#[test]
fn nothing_in_common_is_no_answer() {
    assert_eq!(extract("zylinderkopfdichtung", &host_pages()), []);
    assert_eq!(extract("", &host_pages()), []);
    assert_eq!(extract("copy", &[]), []);
}

#[tokio::test]
async fn every_piece_is_cited_and_numbers_are_in_order() {
    let question = Question {
        text: "copy a guest with a fresh network address".into(),
        passages: host_pages(),
        answerable: true,
        answerable_score: 1.0,
        notes: Vec::new(),
    };
    let answer = ask(&question, Setting::default(), &Engines::BuiltIn, &mut |_| {}).await;
    let numbers: Vec<usize> = answer.citations.iter().map(|c| c.number).collect();
    assert_eq!(numbers, (1..=answer.citations.len()).collect::<Vec<_>>());
    let mut at = 0;
    for number in numbers {
        let found = answer.text[at..].find(&format!("[{number}]")).expect("in order of appearance");
        at += found;
    }
    for citation in &answer.citations {
        let quote = citation.quote.as_deref().expect("a quote");
        assert!(host_pages().iter().any(|p| p.title == citation.at.title && p.text.contains(quote)), "{quote}");
    }
}

/// The words of a text, in order, without Markdown around them.
fn plain(text: &str) -> String {
    text.replace(['`', '|'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

proptest! {
    #[test]
    fn whatever_the_passages_every_sentence_stands_in_one(
        texts in prop::collection::vec("([a-zA-Zä.:!? |\\-_=\\n]|\\n\\n|```\\n|zfs send |--raw |pool\\. ){0,60}", 0..5),
        question in "(zfs|send|raw|pool|how|what| |[a-z?`-]){0,10}",
    ) {
        let pages: Vec<Passage> = texts.iter().map(|text| passage("zfs", "pool", text)).collect();
        for part in extract(&question, &pages) {
            let source = plain(&pages[part.passage].text);
            let mut shown = vec![part.quote.clone()];
            // A term and its explanation, left-out text between them.
            shown.extend(part.head.split('…').flat_map(|piece| piece.split("`: ")).map(str::to_owned));
            shown.extend(part.tail.lines().filter(|line| !line.starts_with("|---")).map(str::to_owned));
            for piece in shown {
                prop_assert!(source.contains(&plain(&piece)), "{:?} not in {:?}", piece, source);
            }
        }
    }

    #[test]
    fn any_text_is_survived(texts in prop::collection::vec(any::<String>(), 0..4), question in any::<String>()) {
        let pages: Vec<Passage> = texts.iter().map(|text| passage(text, text, text)).collect();
        let _ = extract(&question, &pages);
    }
}
