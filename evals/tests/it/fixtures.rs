//! The whole way over the small corpus in `fixtures/`: pages to index to search to figures.

use std::path::{Path, PathBuf};

use kai::library::{EmbedderChoice, Home};
use kai_evals::answers;
use kai_evals::retrieval::{self, Mode};
use kai_evals::set::{self, Question};
use kai_evals::target::{Index, TargetError};
use kai_indexer::run::{Cancel, Options, Target, words};
use kai_indexer::source::Location;
use kai_indexer::store::{SourceKind, Writer};

fn fixtures(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn questions() -> Vec<Question> {
    set::load(&[fixtures("questions.jsonl")]).expect("the fixture questions parse")
}

/// Indexes the fixture pages by words under `data_dir`.
async fn indexed(data_dir: &Path) -> Index {
    let home = Home::find(Some(data_dir)).expect("a named folder");
    let mut writer = Writer::open(&home.index()).await.expect("a new index");
    let location = Location::parse(&fixtures("pages").display().to_string()).expect("the pages are there");
    let target = Target { name: "fixtures".into(), kind: SourceKind::Folder, location };
    let report = words(&mut writer, &[target], Options::default(), &Cancel::default(), &|_| {}).await;
    assert_eq!(report.expect("indexed").problems, []);
    drop(writer);
    Index::open(data_dir, &EmbedderChoice::None).await.expect("the index opens")
}

#[test]
fn every_fact_of_the_fixture_questions_stands_on_its_page() {
    for question in questions() {
        let pages: Vec<String> = question
            .gold
            .iter()
            .map(|gold| std::fs::read_to_string(fixtures("pages").join(&gold.page)).expect(&gold.page))
            .map(|text| text.replace("&lt;", "<").replace("\\-", "-"))
            .collect();
        for fact in &question.must {
            assert!(pages.iter().any(|page| fact.is_match(page)), "{}: {fact}", question.id);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_alone_find_most_of_the_fixture_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    let index = indexed(folder.path()).await;
    let questions = questions();
    let outcomes = retrieval::run(&index, &questions, Mode::Words).await.expect("every search succeeds");
    let text = retrieval::per_question(&outcomes);
    let report = retrieval::report(Mode::Words, outcomes, false);
    assert_eq!(report.ranked_by.iter().copied().collect::<Vec<_>>(), ["words"]);
    let value = |estimate: Option<kai_evals::metrics::Estimate>| estimate.expect("measured").value;
    assert!(value(report.all.recall_5) >= 0.85, "{text}");
    assert!(value(report.all.facts_5) >= 0.7, "{text}");
    assert!(value(report.covered.auc) >= 0.7, "{text}");

    let verdicts = answers::run(&index, &questions).await.expect("every search succeeds");
    let report = answers::report(verdicts, false);
    assert!(value(report.all.cites_gold) >= 0.5, "{}", answers::render(&report));
    assert!(value(report.all.facts) >= 0.3, "{}", answers::render(&report));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_without_index_is_named_with_the_command_that_makes_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = Index::open(folder.path(), &EmbedderChoice::None).await.expect_err("there is no index");
    assert!(matches!(error, TargetError::Open { .. }));
    let text = error.to_string();
    assert!(text.contains(&folder.path().display().to_string()) && text.contains("index PAGES"), "{text}");
}
