//! What a search gives: filters, limits, excerpts; and the words and passages it rests on.

use std::ops::Range;

use kai_indexer::chunk::{Lengths, chunks, tokens};
use kai_indexer::document::{Block, Document, Section};
use kai_indexer::run::Options;
use kai_indexer::search::{Query, SearchError, Searcher, snippet};
use kai_indexer::store::StoreError;
use kai_indexer::words::Analyzer;
use proptest::prelude::*;

use super::support::{Bag, Site, index, many, pages_of, query, target};

async fn two_sources() -> (Site, Site) {
    let one = Site::new(&[("a.md", "# A\n\nA snapshot is cheap.\n"), ("b.md", "# B\n\nA bridge is wide.\n")]);
    let two = Site::new(&[("c.md", "# C\n\nA snapshot of a guest.\n")]);
    let targets = [target("zfs", one.pages.to_str().unwrap()), target("libvirt", two.pages.to_str().unwrap())];
    index(&one.index, &targets, Options::default()).await;
    (one, two)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_filter_shows_that_source_only() {
    let (site, _two) = two_sources().await;
    let searcher = site.searcher(None).await;
    let from = |source: &str| Query { source: Some(source.to_owned()), ..query("snapshot") };
    assert_eq!(searcher.search(&query("snapshot")).await.unwrap().hits.len(), 2);
    assert_eq!(pages_of(&searcher.search(&from("zfs")).await.unwrap()), ["a.md"]);
    assert_eq!(pages_of(&searcher.search(&from("libvirt")).await.unwrap()), ["c.md"]);
    let error = searcher.search(&from("qemu")).await.unwrap_err();
    assert!(matches!(&error, SearchError::Source { asked, .. } if asked == "qemu"));
    let text = error.to_string();
    assert!(text.contains("qemu") && text.contains("libvirt") && text.contains("zfs"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_read_in_its_own_order_whatever_its_words_are() {
    let sections: String =
        (0..60).map(|at| format!("## Part {at}\n\n{}\n\n", "All the same words. ".repeat(20))).collect();
    let site = Site::new(&[("a.md", "# The\n\nA.\n"), ("long.md", &format!("# Long\n\n{sections}"))]);
    index(&site.index, &[target("pages", site.pages.to_str().unwrap())], Options::default()).await;
    let searcher = site.searcher(None).await;
    let read = async |name: &str| searcher.read(|page| page.name == name).await.unwrap();
    assert_eq!(read("a.md").await.len(), 1);
    assert!(read("none").await.is_empty());
    let text: String =
        read("long.md").await.into_iter().map(|hit| format!("{}\n{}\n", hit.heading, hit.text)).collect();
    let places: Vec<usize> = (0..60).map(|at| text.find(&format!("Part {at}\n")).unwrap_or(usize::MAX)).collect();
    assert!(places.is_sorted() && places[59] != usize::MAX, "{places:?}");
    assert_eq!(searcher.read(|_| true).await.unwrap().iter().filter(|hit| hit.page == "a.md").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_filter_holds_for_vectors_too() {
    let (site, _two) = two_sources().await;
    let bag = Bag::new("a");
    site.embed(&bag, false).await.unwrap();
    let asked = Query { source: Some("libvirt".to_owned()), ..query("a cheap snapshot") };
    let found = site.searcher(Some(&bag)).await.search(&asked).await.unwrap();
    assert!(found.hits.iter().all(|hit| hit.source == "libvirt"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_than_the_limit_comes_back_best_first() {
    let pages = many(30);
    let site = Site::new(&pages.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>());
    site.run().await;
    let searcher = site.searcher(None).await;
    for (limit, expected) in [(0, 0), (1, 1), (7, 7), (30, 30), (100, 30), (usize::MAX, 30)] {
        let found = searcher.search(&Query { limit, ..query("dataset quota") }).await.unwrap();
        assert_eq!(found.hits.len(), expected, "limit {limit}");
        assert!(found.hits.is_sorted_by(|a, b| a.score >= b.score));
    }
    let found = searcher.search(&query("number17")).await.unwrap();
    assert_eq!(pages_of(&found), ["p017.md"]);
    assert!(found.answerable);
    let found = searcher.search(&query("xylophone")).await.unwrap();
    assert!(found.hits.is_empty() && !found.answerable && found.answerable_score == 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_page_does_not_crowd_out_the_others() {
    let filler = "It goes on about many other things that nobody asked about. ".repeat(20);
    let long: String = (0..6).map(|n| format!("## Part {n}\n\nzebra zebra zebra {n}. {filler}\n\n")).collect();
    let site = Site::new(&[
        ("long.md", &format!("# Zebra\n\n{long}")),
        ("short.md", "# Other\n\nOne zebra, mentioned last.\n"),
    ]);
    site.run().await;
    let found = site.searcher(None).await.search(&Query { limit: 6, ..query("zebra") }).await.unwrap();
    let pages: Vec<&str> = found.hits.iter().map(|hit| hit.page.as_str()).collect();
    assert_eq!(pages.len(), 6, "what is held back fills the limit");
    assert_eq!(pages[..5].iter().filter(|page| **page == "long.md").count(), 4, "{pages:?}");
    assert!(pages[..5].contains(&"short.md"), "{pages:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_without_an_index_says_so() {
    let site = Site::new(&[]);
    let error = Searcher::open(&site.index, None).await.unwrap_err();
    assert!(matches!(&error, SearchError::Store(StoreError::Absent(folder)) if *folder == site.index));
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_questions_find_nothing_and_do_no_harm() {
    let (site, _two) = two_sources().await;
    let bag = Bag::new("a");
    site.embed(&bag, false).await.unwrap();
    let searcher = site.searcher(Some(&bag)).await;
    for question in ["", "   ", "the of and", "--", "\0", "\u{202e}\u{1f980}", &"x".repeat(100_000)] {
        let asked = Query { words_only: true, ..query(question) };
        assert!(searcher.search(&asked).await.unwrap().hits.is_empty(), "{question:?}");
        searcher.search(&query(question)).await.unwrap();
    }
}

#[test]
fn an_excerpt_shows_the_stretch_with_the_words() {
    let text = format!("{} Run zfs send -w to replicate. {}", "Nothing here.\n".repeat(30), "More.\n".repeat(30));
    let shown = snippet("how do I replicate with send -w?", &text, 60);
    let matches: Vec<&str> = shown.matches.iter().map(|range| &shown.text[range.clone()]).collect();
    assert_eq!(matches, ["send", "-w", "replicate."], "{shown:?}");
    assert!(shown.text.starts_with("… ") && shown.text.ends_with(" …"), "{shown:?}");
    assert!(shown.text.chars().count() <= 60 + 4 && !shown.text.contains('\n'));
    let plain = snippet("zebra", "Short text.", 60);
    assert_eq!((plain.text.as_str(), plain.matches.len()), ("Short text.", 0));
    assert_eq!(snippet("zebra", "", 60).text, "");
}

#[test]
fn compounds_are_found_whole_and_in_parts() {
    let terms = |text: &str| Analyzer::default().list(text);
    assert_eq!(terms("zfs_arc_max"), ["zfs", "arc", "max", "zfs_arc_max"]);
    assert_eq!(terms("See man8/zfs-send.8."), ["see", "man8", "zfs", "send", "8", "man8/zfs-send.8"]);
    assert_eq!(terms("qemu:///system"), ["qemu", "system", "qemu:///system"]);
    assert_eq!(terms("(-w)"), ["-w"]);
    assert!(terms("--raw").contains(&"raw".to_owned()));
    assert_eq!(terms("w"), ["w"], "a letter is no option");
    assert_eq!(terms("The Snapshots of the snapshot"), ["snapshot", "snapshot"]);
}

proptest! {
    #[test]
    fn snippets_never_panic_and_their_matches_lie_on_words(
        question in "\\PC{0,40}", text in any::<String>(), width in prop_oneof![0_usize..200, Just(usize::MAX)]
    ) {
        for question in [question.as_str(), text.as_str()] {
            let shown = snippet(question, &text, width);
            let mut end = 0;
            for Range { start, end: to } in shown.matches.iter().cloned() {
                prop_assert!(start >= end && to > start);
                prop_assert!(shown.text.get(start..to).is_some_and(|word| text.contains(word)));
                end = to;
            }
        }
    }

    #[test]
    fn no_text_makes_the_analyzer_panic_and_terms_are_lower_case(text in any::<String>()) {
        let terms = Analyzer::default().list(&text);
        prop_assert!(terms.iter().all(|term| !term.is_empty() && !term.contains(char::is_whitespace)));
        prop_assert_eq!(terms.clone(), Analyzer::default().list(&text), "twice the same");
    }

    #[test]
    fn a_compound_gives_its_parts_and_itself(parts in prop::collection::vec("[b-z][0-9]{1,3}", 2..5), joint in "[_./:=@+-]") {
        let compound = parts.join(&joint);
        let mut expected = parts;
        expected.push(compound.clone());
        prop_assert_eq!(Analyzer::default().list(&compound), expected);
    }
}

fn word() -> impl Strategy<Value = String> {
    "[a-z]{1,9}[0-9]{0,2}"
}

fn line() -> impl Strategy<Value = String> {
    prop::collection::vec(word(), 1..10).prop_map(|words| words.join(" "))
}

fn block() -> impl Strategy<Value = Block> {
    let text = prop::collection::vec(word(), 1..700).prop_map(|words| Block::Text(words.join(" ")));
    let short = line().prop_map(Block::Text);
    let code = prop::collection::vec(line(), 1..200).prop_map(|lines| Block::Code(lines.join("\n")));
    let table = prop::collection::vec(line(), 1..200).prop_map(|rows| Block::Table(rows.join("\n")));
    prop_oneof![2 => text, 4 => short, 2 => code, 1 => table]
}

fn section() -> impl Strategy<Value = Section> {
    let blocks = prop::collection::vec(block(), 0..4);
    let leaf = (line(), prop::option::of(word()), blocks).prop_map(|(heading, anchor, blocks)| Section {
        heading,
        anchor,
        blocks,
        children: Vec::new(),
    });
    leaf.prop_recursive(3, 12, 4, |inner| {
        (line(), prop::collection::vec(block(), 0..3), prop::collection::vec(inner, 0..4))
            .prop_map(|(heading, blocks, children)| Section { heading, anchor: None, blocks, children })
    })
}

fn document() -> impl Strategy<Value = Document> {
    (prop::collection::vec(block(), 0..4), prop::collection::vec(section(), 0..3)).prop_map(|(blocks, children)| {
        let root = Section { heading: String::new(), anchor: None, blocks, children };
        Document { title: "Title".to_owned(), root }
    })
}

fn blocks_of<'a>(section: &'a Section, out: &mut Vec<&'a Block>) {
    out.extend(&section.blocks);
    section.children.iter().for_each(|child| blocks_of(child, out));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn passages_hold_everything_and_cut_no_code(document in document()) {
        let lengths = Lengths::default();
        let chunks = chunks(&document, lengths);
        let mut blocks = Vec::new();
        blocks_of(&document.root, &mut blocks);
        prop_assert_eq!(chunks.is_empty(), document.is_empty());
        prop_assert!(chunks.iter().all(|chunk| !chunk.text.trim().is_empty()));
        // Fences, an introduction kept with its code, and headings written into the text come on top.
        prop_assert!(chunks.iter().all(|chunk| tokens(&chunk.text) <= lengths.whole + 200));

        let words: std::collections::HashSet<&str> =
            chunks.iter().flat_map(|chunk| chunk.text.split_whitespace()).collect();
        for block in &blocks {
            for word in block.text().split_whitespace() {
                prop_assert!(words.contains(word), "{} is lost", word);
            }
            let whole = matches!(block, Block::Code(_) | Block::Table(_)) && tokens(block.text()) <= lengths.whole;
            prop_assert!(!whole || chunks.iter().any(|chunk| chunk.text.contains(block.text())), "cut: {:?}", block);
        }
    }
}
