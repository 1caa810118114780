//! Runs that are stopped, killed or get in one another's way, and files that someone damaged.

use kai_indexer::run::{self, Cancel, Event, Options, RunError};
use kai_indexer::search::{SearchError, Searcher};
use kai_indexer::store::{PageRow, PassageRow, Reader, StoreError, Writer};

use super::support::{Bag, Site, many, pages_of, query};

const OLD: [(&str, &str); 2] =
    [("pool.md", "# Pools\n\nA mirror keeps two copies.\n"), ("vm.md", "# Guests\n\nA guest boots from a volume.\n")];

fn site_of_many(count: usize) -> Site {
    let pages = many(count);
    Site::new(&pages.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>())
}

async fn stray_page(writer: &mut Writer) {
    let (id, passage) = writer.next_ids(1);
    let text = "An unfinished thought about zebras.".to_owned();
    let page = PageRow {
        id,
        source: "docs".to_owned(),
        name: "stray.md".to_owned(),
        title: "Stray".to_owned(),
        url: "file:///stray.md".to_owned(),
        stamp: String::new(),
        hash: String::new(),
        passages: 1,
    };
    let row = PassageRow {
        id: passage,
        page_id: id,
        place: 0,
        source: page.source.clone(),
        page: page.name.clone(),
        title: page.title.clone(),
        heading: String::new(),
        url: page.url.clone(),
        key: PassageRow::key_of("Stray", "", &text),
        text,
    };
    writer.add(&[page], &[row]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_leaves_the_index_before_it() {
    let site = Site::new(&OLD);
    site.run().await;
    let before = Reader::manifest_of(&site.index).unwrap();
    {
        let mut writer = Writer::open(&site.index).await.unwrap();
        let first = writer.pages().await.unwrap()[0].id;
        writer.remove(&[first], true).await.unwrap();
        stray_page(&mut writer).await;
    }
    assert_eq!(Reader::manifest_of(&site.index).unwrap(), before);
    assert_eq!(site.finds("mirror copies").await, ["pool.md"]);
    assert!(site.finds("zebras").await.is_empty());

    let writer = Writer::open(&site.index).await.unwrap();
    let mut names: Vec<String> = writer.pages().await.unwrap().into_iter().map(|page| page.name).collect();
    names.sort();
    assert_eq!(names, ["pool.md", "vm.md"], "the next run starts from what was published");
    assert_eq!(site.finds("mirror copies").await, ["pool.md"]);
    drop(writer);
    assert_eq!(site.run().await.unchanged, 2);
    assert_eq!(site.finds("guest volume").await, ["vm.md"]);
}

/// Old versions are pruned after a while: the manifest must name the version that stays.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_killed_run_the_manifest_names_the_newest_versions() {
    let site = Site::new(&OLD);
    site.run().await;
    let before = Reader::manifest_of(&site.index).unwrap().unwrap();
    {
        let mut writer = Writer::open(&site.index).await.unwrap();
        stray_page(&mut writer).await;
    }
    drop(Writer::open(&site.index).await.unwrap());
    let after = Reader::manifest_of(&site.index).unwrap().unwrap();
    assert!(after.pages_version > before.pages_version, "{after:?}");
    assert!(after.passages_version > before.passages_version, "{after:?}");
    assert_eq!((after.pages, after.passages, &after.sources), (before.pages, before.passages, &before.sources));
    drop(Writer::open(&site.index).await.unwrap());
    assert_eq!(Reader::manifest_of(&site.index).unwrap().unwrap(), after, "and then nothing is left to mend");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_first_run_leaves_no_index() {
    let site = Site::new(&OLD);
    let mut writer = Writer::open(&site.index).await.unwrap();
    stray_page(&mut writer).await;
    drop(writer);
    assert!(matches!(Reader::open(&site.index).await, Err(StoreError::Absent(_))));
    let report = site.run().await;
    assert_eq!((report.added, report.pages), (2, 2));
    assert!(site.finds("zebras").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_one_writer_at_a_time() {
    let site = Site::new(&OLD);
    let first = Writer::open(&site.index).await.unwrap();
    assert!(Reader::is_being_written(&site.index));
    let second = Writer::open(&site.index).await;
    let Err(StoreError::Locked { folder, holder }) = second else { panic!("{second:?}") };
    assert_eq!((folder, holder), (site.index.clone(), std::process::id().to_string()));
    assert!(matches!(Writer::open_or_start_over(&site.index).await, Err(StoreError::Locked { .. })));
    drop(first);
    assert!(!Reader::is_being_written(&site.index));
    Writer::open(&site.index).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_searcher_answers_across_publications_and_refreshes_when_asked() {
    let site = Site::new(&OLD);
    site.run().await;
    let searcher = site.searcher(None).await;
    site.write("pool.md", "# Pools\n\nA raidz keeps parity.\n");
    site.run().await;
    let found = searcher.search(&query("mirror copies")).await.unwrap();
    assert_eq!(pages_of(&found), ["pool.md"]);
    assert!(found.hits[0].text.contains("two copies"));
    searcher.refresh().await.unwrap();
    assert!(searcher.search(&query("mirror")).await.unwrap().hits.is_empty());
    assert_eq!(pages_of(&searcher.search(&query("parity")).await.unwrap()), ["pool.md"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_publishes_nothing_and_the_next_one_does_it_all() {
    let site = Site::new(&OLD);
    site.run().await;
    site.write("late.md", "# Late\n\nA page about zebras.\n");
    let mut writer = Writer::open(&site.index).await.unwrap();
    let cancel = Cancel::default();
    let observer = |event: Event| {
        if event == Event::Page {
            cancel.request()
        }
    };
    let stopped = run::words(&mut writer, &[site.target()], Options::default(), &cancel, &observer).await;
    assert!(matches!(stopped, Err(RunError::Cancelled)), "{stopped:?}");
    drop(writer);
    assert!(site.finds("zebras").await.is_empty());
    assert_eq!(site.finds("mirror").await, ["pool.md"]);
    assert_eq!(site.run().await.added, 1);
    assert_eq!(site.finds("zebras").await, ["late.md"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_embedder_keeps_what_it_had_made() {
    let site = site_of_many(150);
    let bag = Bag::new("a");
    site.run().await;
    bag.fail_after(100);
    assert!(matches!(site.embed(&bag, false).await, Err(RunError::Embed(_))));
    let made = bag.take_count();
    assert!(made > 0 && made <= 100, "{made}");
    let share = site.searcher(Some(&bag)).await.vector_share().await;
    assert!((share - made as f32 / 150.0).abs() < 1e-6, "{share} after {made}");

    bag.recover();
    let report = site.embed(&bag, false).await.unwrap();
    assert_eq!((report.kept, report.embedded, bag.take_count()), (made, 150 - made, 150 - made));
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_embedding_keeps_what_it_had_made() {
    let site = site_of_many(150);
    let bag = Bag::new("a");
    site.run().await;
    let mut writer = Writer::open(&site.index).await.unwrap();
    let cancel = Cancel::default();
    let observer = |event: Event| {
        if matches!(event, Event::Embedded { .. }) {
            cancel.request()
        }
    };
    let stopped = run::vectors(&mut writer, bag.as_ref(), false, &cancel, &observer).await;
    assert!(matches!(stopped, Err(RunError::Cancelled)), "{stopped:?}");
    drop(writer);
    let made = bag.take_count();
    assert!(made > 0 && made < 150, "{made}");
    assert_eq!(site.embed(&bag, false).await.unwrap().kept, made);
    assert_eq!(bag.take_count(), 150 - made);
}

#[tokio::test(flavor = "multi_thread")]
async fn vectors_for_an_index_that_was_never_published_are_none() {
    let site = Site::new(&OLD);
    let bag = Bag::new("a");
    let report = site.embed(&bag, false).await.unwrap();
    assert_eq!((report.kept, report.embedded), (0, 0));
    assert_eq!(site.run().await.added, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_manifest_is_named_and_can_be_started_over() {
    let site = Site::new(&OLD);
    site.run().await;
    let path = site.index.join("manifest.json");
    let good = std::fs::read_to_string(&path).unwrap();
    for bad in ["", "{", "[]", &good[..good.len() / 2], &good.replacen("\"format\": 1", "\"format\": 99", 1)] {
        std::fs::write(&path, bad).unwrap();
        let error = Writer::open(&site.index).await.unwrap_err();
        assert!(matches!(error, StoreError::Manifest { .. }), "{error:?}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        let error = Searcher::open(&site.index, None).await.unwrap_err();
        assert!(matches!(error, SearchError::Store(StoreError::Manifest { .. })), "{error:?}");
    }
    let mut writer = Writer::open_or_start_over(&site.index).await.unwrap();
    let report =
        run::words(&mut writer, &[site.target()], Options::default(), &Cancel::default(), &|_| {}).await.unwrap();
    assert_eq!(report.added, 2);
    assert_eq!(site.finds("mirror").await, ["pool.md"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_table_is_named_and_can_be_started_over() {
    for table in ["pages", "passages", "words"] {
        let site = Site::new(&OLD);
        site.run().await;
        std::fs::remove_dir_all(site.index.join("store").join(format!("{table}.lance"))).unwrap();
        let error = Searcher::open(&site.index, None).await.unwrap_err();
        assert!(error.to_string().contains(table), "{table}: {error}");
        let error = Writer::open(&site.index).await.unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{table}: {error:?}");
        assert!(error.to_string().contains(table) && error.to_string().contains("--rebuild"), "{error}");
        drop(Writer::open_or_start_over(&site.index).await.unwrap());
        assert_eq!(site.run().await.added, 2);
        assert_eq!(site.finds("mirror").await, ["pool.md"], "{table}");
    }
}
