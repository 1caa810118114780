//! A folder's pages into an index, again and again: what is read, replaced, removed, embedded.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use kai_indexer::run::{self, Cancel, Event, Options, RunError};
use kai_indexer::search::{Mode, SearchError, Searcher};
use kai_indexer::store::{Reader, Writer};

use super::support::{Bag, Site, index, many, pages_of, query, target};

const PAGES: [(&str, &str); 5] = [
    (
        "send.html",
        "<html><head><title>Sending</title></head><body><h1>Sending</h1><h2 id=\"raw\">Raw streams</h2>\
      <p>An encrypted dataset is replicated as ciphertext.</p></body></html>",
    ),
    ("guide/scrub.md", "# Scrub\n\nA scrub reads every block and verifies its checksum.\n"),
    (
        "man8/zhack.8",
        ".TH ZHACK 8 2024\n.SH NAME\nzhack \\- a debugging tool\n.SH DESCRIPTION\nManipulates leaked labels.\n",
    ),
    ("guest.rst", "Guests\n======\n\nA domain migrates between hypervisors.\n"),
    ("notes.txt", "Bridges connect taps to the physical network.\n"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_first_run_makes_every_format_searchable() {
    let site = Site::new(&PAGES);
    let report = site.run().await;
    assert_eq!((report.added, report.pages, report.problems.as_slice()), (5, 5, &[][..]));
    assert!(report.passages >= 5, "{report:?}");

    for (question, page) in [
        ("ciphertext replicated", "send.html"),
        ("verify checksum", "guide/scrub.md"),
        ("leaked labels", "man8/zhack.8"),
        ("domain migration hypervisor", "guest.rst"),
        ("which bridge connects taps", "notes.txt"),
    ] {
        let found = site.searcher(None).await.search(&query(question)).await.unwrap();
        let best = found.hits.first().unwrap_or_else(|| panic!("nothing for {question}"));
        assert_eq!(best.page, page, "{question}");
        assert_eq!(best.source, "docs");
        let file = url::Url::from_file_path(site.pages.join(page)).unwrap();
        assert_eq!(best.url.split('#').next().unwrap(), file.as_str());
        assert_eq!(found.mode, Mode::Words);
    }
    let found = site.searcher(None).await.search(&query("ciphertext")).await.unwrap();
    assert_eq!((found.hits[0].title.as_str(), found.hits[0].heading.as_str()), ("Sending", "Raw streams"));
    assert!(found.hits[0].url.ends_with("send.html#raw"), "{}", found.hits[0].url);
    let manifest = Reader::manifest_of(&site.index).unwrap().unwrap();
    assert_eq!((manifest.pages, manifest.sources[0].pages), (5, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_over_unchanged_pages_writes_no_passage() {
    let site = Site::new(&PAGES);
    site.run().await;
    let before = Reader::manifest_of(&site.index).unwrap().unwrap();
    let report = site.run().await;
    assert_eq!((report.unchanged, report.added, report.changed, report.removed), (5, 0, 0, 0));
    let after = Reader::manifest_of(&site.index).unwrap().unwrap();
    assert_eq!(after.passages_version, before.passages_version);
    assert_eq!((after.pages_version, after.words_version), (before.pages_version, before.words_version));
    assert_eq!(after.next_passage, before.next_passage);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_touched_file_with_the_same_bytes_is_unchanged() {
    let site = Site::new(&PAGES);
    site.run().await;
    let before = ids(&site).await;
    let later = SystemTime::now() + Duration::from_secs(1000);
    let file = std::fs::File::options().write(true).open(site.pages.join("notes.txt")).unwrap();
    file.set_modified(later).unwrap();
    let report = site.run().await;
    assert_eq!((report.unchanged, report.changed), (5, 0));
    assert_eq!(ids(&site).await, before, "no passage was cut anew");
    assert_eq!(site.finds("bridges taps").await, ["notes.txt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_vanished_and_renamed_pages_are_followed() {
    let site = Site::new(&PAGES);
    site.run().await;
    let before = ids(&site).await;
    site.write("notes.txt", "Routers forward frames between segments of a larger site.\n");
    site.remove("guest.rst");
    std::fs::rename(site.pages.join("guide/scrub.md"), site.pages.join("guide/verify.md")).unwrap();
    let report = site.run().await;
    assert_eq!((report.changed, report.added, report.removed, report.unchanged), (1, 1, 2, 2), "{report:?}");
    assert_eq!(report.pages, 4);

    assert!(site.finds("bridges taps").await.is_empty(), "the old text is gone");
    assert_eq!(site.finds("routers frames").await, ["notes.txt"]);
    assert!(site.finds("hypervisors").await.is_empty());
    assert_eq!(site.finds("checksum").await, ["guide/verify.md"]);
    let after = ids(&site).await;
    assert_eq!(after["send.html"], before["send.html"]);
    assert_ne!(after["notes.txt"], before["notes.txt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rereading_replaces_every_page_by_itself() {
    let site = Site::new(&PAGES);
    let first = site.run().await;
    let report = site.run_with(Options { reread: true, ..Options::default() }).await;
    assert_eq!((report.changed, report.unchanged), (5, 0));
    assert_eq!((report.pages, report.passages), (first.pages, first.passages));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_forgotten_with_its_pages_only() {
    let (one, two) = (Site::new(&PAGES[..2]), Site::new(&PAGES[3..]));
    let targets = [target("one", one.pages.to_str().unwrap()), target("two", two.pages.to_str().unwrap())];
    index(&one.index, &targets, Options::default()).await;
    let mut writer = Writer::open(&one.index).await.unwrap();
    assert_eq!(run::forget(&mut writer, "three").await.unwrap(), None);
    assert_eq!(run::forget(&mut writer, "two").await.unwrap(), Some(2));
    assert!(one.finds("hypervisors").await.is_empty());
    assert_eq!(one.finds("checksum").await, ["guide/scrub.md"]);
    let manifest = Reader::manifest_of(&one.index).unwrap().unwrap();
    assert_eq!(manifest.sources.iter().map(|source| source.name.as_str()).collect::<Vec<_>>(), ["one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mode_says_how_far_the_vectors_are() {
    let site = Site::new(&PAGES);
    let bag = Bag::new("a");
    site.run().await;
    let mode = async |question: &str| site.searcher(Some(&bag)).await.search(&query(question)).await.unwrap().mode;
    assert_eq!(mode("checksum").await, Mode::Words);

    let report = site.embed(&bag, false).await.unwrap();
    assert_eq!(mode("checksum").await, Mode::Hybrid);
    assert_eq!((report.kept, report.embedded), (0, bag_texts(&site).await));

    site.write("new.md", "# New\n\nA page that came later.\n");
    site.run().await;
    assert_eq!(mode("checksum").await, Mode::Partial);
    let found = site.searcher(Some(&bag)).await.search(&query("came later")).await.unwrap();
    assert_eq!(found.hits[0].page, "new.md", "a passage without a vector is found by words");

    let words_only = kai_indexer::search::Query { words_only: true, ..query("checksum") };
    assert_eq!(site.searcher(Some(&bag)).await.search(&words_only).await.unwrap().mode, Mode::Words);
}

/// Whoever serves an index looks at its manifest, and opens it again when that is another one.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_it_open_is_told_when_the_vectors_are_there() {
    let site = Site::new(&PAGES);
    site.run().await;
    let manifest = || Reader::manifest_of(&site.index).unwrap().unwrap();
    let seen = std::sync::Mutex::new(Vec::new());
    let hear = |event: Event| {
        if let Event::Missing { .. } = event {
            seen.lock().unwrap().push(manifest());
        }
    };
    let mut writer = Writer::open(&site.index).await.unwrap();
    run::vectors(&mut writer, Bag::new("a").as_ref(), false, &Cancel::default(), &hear).await.unwrap();
    let before = seen.lock().unwrap().pop().unwrap();
    assert_eq!(before.embedder, manifest().embedder);
    assert_ne!(before, manifest(), "it was announced before, and none was there");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_a_vector_is_never_embedded_again() {
    let site = Site::new(&PAGES);
    let bag = Bag::new("a");
    site.run().await;
    site.embed(&bag, false).await.unwrap();
    let all = bag.take_count();
    assert_eq!(all, bag_texts(&site).await);

    site.embed(&bag, false).await.unwrap();
    assert_eq!(bag.take_count(), 0);
    // A moved page and a second copy of a text have their vectors already.
    std::fs::rename(site.pages.join("notes.txt"), site.pages.join("moved.md")).unwrap();
    std::fs::write(site.pages.join("moved.md"), "# Notes\n\nBridges, changed.\n").unwrap();
    std::fs::copy(site.pages.join("guide/scrub.md"), site.pages.join("copy.md")).unwrap();
    site.run_with(Options { reread: true, ..Options::default() }).await;
    let report = site.embed(&bag, false).await.unwrap();
    assert_eq!((bag.take_count(), report.embedded), (1, 1));
    assert_eq!(site.searcher(Some(&bag)).await.vector_share().await, 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embedder_that_does_not_answer_costs_the_vectors_only() {
    let site = Site::new(&PAGES);
    let bag = Bag::new("a");
    site.run().await;
    site.embed(&bag, false).await.unwrap();
    bag.fail_after(0);
    let found = site.searcher(Some(&bag)).await.search(&query("checksum")).await.unwrap();
    assert_eq!((found.mode, pages_of(&found)), (Mode::Words, vec!["guide/scrub.md".to_owned()]));
    assert!(found.problem.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_embedder_needs_to_be_asked_for() {
    let site = Site::new(&PAGES);
    let (old, new) = (Bag::new("old"), Bag::new("new"));
    site.run().await;
    site.embed(&old, false).await.unwrap();

    let refused = site.embed(&new, false).await;
    let Err(RunError::Embedder { made_with, asked }) = refused else { panic!("{refused:?}") };
    assert_eq!((made_with.name.as_str(), asked.name.as_str()), ("bag:old", "bag:new"));
    let refused = Searcher::open(&site.index, Some(new.clone())).await;
    assert!(matches!(refused, Err(SearchError::Embedder { .. })), "{refused:?}");

    // Until the last new vector exists, the old ones are searched.
    new.fail_after(0);
    assert!(matches!(site.embed(&new, true).await, Err(RunError::Embed(_))));
    assert_eq!(site.searcher(Some(&old)).await.search(&query("checksum")).await.unwrap().mode, Mode::Hybrid);
    new.recover();
    // An interrupted rebuild goes on without being asked for again.
    site.embed(&new, false).await.unwrap();
    assert_eq!(site.searcher(Some(&new)).await.search(&query("checksum")).await.unwrap().mode, Mode::Hybrid);
    assert!(matches!(Searcher::open(&site.index, Some(old.clone())).await, Err(SearchError::Embedder { .. })));
    let reader = site.reader().await;
    let id = |bag: &std::sync::Arc<Bag>| kai_indexer::embed::Embedder::id(bag.as_ref()).clone();
    assert_eq!(run::with_vectors(&reader, &id(&old)).await.unwrap(), 0, "dropped");
    assert_eq!(run::with_vectors(&reader, &id(&new)).await.unwrap(), bag_texts(&site).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_tells_what_it_does() {
    let pages = many(3);
    let site = Site::new(&pages.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect::<Vec<_>>());
    let events = std::sync::Mutex::new(Vec::new());
    let mut writer = Writer::open(&site.index).await.unwrap();
    let observer = |event: Event| events.lock().unwrap().push(event);
    run::words(&mut writer, &[site.target()], Options::default(), &Cancel::default(), &observer).await.unwrap();
    let events = events.into_inner().unwrap();
    assert_eq!(events[0], Event::Listing { source: "docs".to_owned() });
    assert_eq!(events[1], Event::Listed { pages: 3 });
    assert_eq!(events.iter().filter(|event| **event == Event::Page).count(), 3);
    assert_eq!(events.last(), Some(&Event::Publishing));
}

/// Passages of the index; in these tests no two have the same text.
async fn bag_texts(site: &Site) -> usize {
    site.reader().await.heads().await.unwrap().len()
}

/// The ids of each page's passages.
async fn ids(site: &Site) -> BTreeMap<String, Vec<u32>> {
    let reader = site.reader().await;
    let names: BTreeMap<u32, String> =
        reader.pages().await.unwrap().into_iter().map(|page| (page.id, page.name)).collect();
    let mut out: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for head in reader.heads().await.unwrap() {
        out.entry(names[&head.page_id].clone()).or_default().push(head.id);
    }
    out
}
