//! Verdicts on single questions and on runs, worked out by hand.

use std::time::Duration;

use kai_evals::retrieval::{Mode, Outcome, judge, report};
use kai_evals::set::{Question, parse};
use kai_evals::target::{Answered, Passage};

fn question(json: &str) -> Question {
    parse("test", json).expect("a question").remove(0)
}

fn passage(page: &str, text: &str) -> Passage {
    Passage {
        source: "pages".into(),
        page: page.into(),
        title: "A title".into(),
        heading: "A heading".into(),
        text: text.into(),
    }
}

fn served(passages: Vec<Passage>, answerable: bool, score: f64) -> Answered {
    Answered { passages, answerable, answerable_score: score, mode: "words", took: Duration::from_millis(2) }
}

fn verdict(question: &Question, passages: Vec<Passage>) -> Outcome {
    let ranked = passages.clone();
    judge(question, &served(passages, true, 0.9), &ranked)
}

const TWO_GOLD: &str = r#"{"id":"q","question":"how","category":"howto","gold":[{"page":"a.8"},{"page":"b.8"},{"page":"b.8","section":"S"}],"must":["-n\\b","dry run"]}"#;

#[test]
fn pages_are_ranked_once_each_and_gold_sections_of_one_page_are_one() {
    // Pages in order: x, a, y, b. Gold at ranks 2 and 4 of 2.
    let outcome = verdict(
        &question(TWO_GOLD),
        vec![
            passage("x", ""),
            passage("x", ""),
            passage("man/a.8", ""),
            passage("x", ""),
            passage("y", ""),
            passage("b.8", ""),
        ],
    );
    assert_eq!(outcome.recall_1, Some(false));
    assert_eq!(outcome.recall_5, Some(true));
    assert_eq!(outcome.reciprocal_rank, Some(0.5));
    // (1/log2(3) + 1/log2(5)) / (1 + 1/log2(3))
    let wanted = (0.630_929_753_571_457_4 + 0.430_676_558_073_393_1) / 1.630_929_753_571_457_4;
    assert!((outcome.ndcg.expect("answerable") - wanted).abs() < 1e-9, "{outcome:?}");
}

#[test]
fn one_gold_entry_found_in_two_places_counts_once() {
    let one = question(r#"{"id":"q","question":"how","category":"c","gold":[{"page":"a.8"}]}"#);
    let outcome = verdict(&one, vec![passage("x", ""), passage("m/a.8", ""), passage("n/a.8", "")]);
    let wanted = 0.630_929_753_571_457_4;
    assert!((outcome.ndcg.expect("answerable") - wanted).abs() < 1e-9, "{outcome:?}");
    assert_eq!(outcome.facts_5, None, "no facts were asked for");
}

#[test]
fn facts_must_stand_in_gold_passages_within_the_cut() {
    let q = question(TWO_GOLD);
    let both = verdict(&q, vec![passage("a.8", "use -n for"), passage("b.8", "a dry run")]);
    assert_eq!(both.facts_5, Some(true));
    let elsewhere = verdict(&q, vec![passage("a.8", "use -n for"), passage("x", "a dry run")]);
    assert_eq!(elsewhere.facts_5, Some(false));
    let mut late: Vec<_> = (0..5).map(|_| passage("x", "")).collect();
    late.push(passage("a.8", "-n: dry run"));
    let late = verdict(&q, late);
    assert_eq!((late.facts_5, late.facts_8), (Some(false), Some(true)));
}

#[test]
fn headings_count_only_where_the_measure_says_so() {
    let q = question(r#"{"id":"q","question":"how","category":"c","gold":[{"page":"a"}],"must":["A heading"]}"#);
    let outcome = verdict(&q, vec![passage("a", "text")]);
    assert_eq!(outcome.facts_5, Some(false));
    assert_eq!(outcome.facts_5_with_headings, Some(true));
}

#[test]
fn questions_without_answer_are_scored_on_that_alone() {
    let none = question(r#"{"id":"u","question":"how","category":"unanswerable"}"#);
    let outcome = judge(&none, &served(vec![passage("a", "")], false, 0.1), &[]);
    assert_eq!((outcome.recall_5, outcome.ndcg, outcome.facts_5), (None, None, None));
    assert!(!outcome.answerable && !outcome.flagged_answerable);
}

fn run() -> Vec<Outcome> {
    let q = question(TWO_GOLD);
    let mut other = question(r#"{"id":"e","question":"why","category":"error","gold":[{"page":"z"}],"must":["x"]}"#);
    other.category = "error".into();
    let none = question(r#"{"id":"u","question":"how","category":"unanswerable"}"#);
    vec![
        verdict(&q, vec![passage("a.8", "-n: dry run"), passage("b.8", "")]),
        verdict(&other, vec![passage("x", "")]),
        judge(&none, &served(Vec::new(), true, 0.2), &[]),
    ]
}

#[test]
fn a_report_adds_up_over_all_and_by_category() {
    let report = report(Mode::Auto, run(), false);
    let value = |estimate: Option<kai_evals::metrics::Estimate>| estimate.map(|e| e.value);
    assert_eq!(value(report.all.recall_5), Some(0.5));
    assert_eq!(value(report.all.ndcg_10), Some(0.5));
    assert_eq!(value(report.categories["howto"].facts_5), Some(1.0));
    assert_eq!(value(report.categories["error"].facts_5), Some(0.0));
    assert!(!report.categories.contains_key("unanswerable"));
    assert_eq!(value(report.covered.auc), Some(1.0));
    assert_eq!(value(report.covered.kept), Some(1.0));
    assert_eq!(value(report.covered.refused), Some(0.0));
    assert_eq!(value(report.covered.accuracy), Some(2.0 / 3.0));
    assert_eq!(report.latency.map(|l| (l.p50_ms, l.p95_ms)), Some((2.0, 2.0)));
}

#[test]
fn bars_follow_the_mode_and_pass_only_when_reached() {
    let missed = report(Mode::Auto, run(), false);
    assert_eq!(missed.bars.iter().map(|bar| bar.pass).collect::<Vec<_>>(), [false, false, false]);
    let words = report(Mode::Words, run(), false);
    // R@1 0.5 and facts@5 0.5 reach 0.412 and 0.500; R@5, MRR and nDCG of 0.5 miss.
    assert_eq!(words.bars.iter().map(|bar| bar.pass).collect::<Vec<_>>(), [true, false, false, false, true]);
    let nothing = report(Mode::Words, Vec::new(), false);
    assert!(nothing.bars.iter().all(|bar| !bar.pass), "what was not measured does not pass");
}
