//! Verdicts on answers, worked out by hand.

use kai_evals::answers::{Reply, Verdict, judge, render, report};
use kai_evals::metrics::Estimate;
use kai_evals::set::{Question, parse};

fn question(json: &str) -> Question {
    parse("test", json).expect("a question").remove(0)
}

fn reply(text: &str, pages: &[&str], grounded: bool) -> Reply {
    Reply {
        text: text.into(),
        citations: pages.iter().map(|page| ("pages".to_owned(), (*page).to_owned())).collect(),
        grounded,
        engine: "built-in".into(),
        took_ms: 4.0,
    }
}

const ASKED: &str =
    r#"{"id":"q","question":"how","category":"howto","gold":[{"page":"a.8"}],"must":["-n\\b","dry run"]}"#;
const NOBODY_KNOWS: &str = r#"{"id":"u","question":"how","category":"unanswerable"}"#;

#[test]
fn an_answer_must_hold_every_fact() {
    let q = question(ASKED);
    assert_eq!(judge(&q, &reply("-n is a dry run [1]", &["man/a.8"], true)).facts, Some(true));
    assert_eq!(judge(&q, &reply("it is a dry run [1]", &["man/a.8"], true)).facts, Some(false));
    assert_eq!(judge(&question(NOBODY_KNOWS), &reply("-n", &[], true)).facts, None);
}

#[test]
fn a_refusal_earns_nothing_for_words_that_it_happens_to_hold() {
    let verdict = judge(&question(ASKED), &reply("nearest: -n, dry run", &["a.8"], false));
    assert_eq!((verdict.facts, verdict.cites_gold, verdict.refused), (Some(false), Some(false), true));
}

#[test]
fn citations_are_counted_against_gold_pages() {
    let verdict = judge(&question(ASKED), &reply("[1] [2]", &["b.8", "x/a.8"], true));
    assert_eq!((verdict.cites_gold, verdict.citations_gold, verdict.citations), (Some(true), Some(0.5), 2));
    let without = judge(&question(ASKED), &reply("so", &[], true));
    assert_eq!((without.cites_gold, without.citations_gold), (Some(false), None));
}

#[test]
fn a_report_adds_both_kinds_up() {
    let (q, u) = (question(ASKED), question(NOBODY_KNOWS));
    let verdicts: Vec<Verdict> = vec![
        judge(&q, &reply("-n is a dry run", &["a.8"], true)),
        judge(&q, &reply("no idea", &[], false)),
        judge(&u, &reply("not covered", &[], false)),
        judge(&u, &reply("surely", &["b.8"], true)),
    ];
    let report = report(verdicts, false);
    let value = |estimate: Option<Estimate>| estimate.map(|e| e.value);
    assert_eq!(value(report.all.facts), Some(0.5));
    assert_eq!(value(report.all.cites_gold), Some(0.5));
    assert_eq!(value(report.all.citations_gold), Some(1.0));
    assert_eq!(value(report.all.wrongly_refused), Some(0.5));
    assert_eq!(value(report.all.rightly_refused), Some(0.5));
    assert_eq!(report.categories["howto"].answerable, 2);
    let text = render(&report);
    assert!(text.starts_with("answered by: built-in\n"), "{text}");
    assert!(text.contains("answer holds every fact"), "{text}");
}
