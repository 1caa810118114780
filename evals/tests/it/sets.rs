//! Question sets: what is read, what is refused, and that our own ones are sound.

use std::collections::BTreeSet;
use std::path::PathBuf;

use kai_evals::set::{Gold, SetError, load, parse};
use proptest::prelude::*;

fn gold(source: Option<&str>, page: &str) -> Gold {
    Gold { page: page.to_owned(), section: None, source: source.map(str::to_owned) }
}

#[test]
fn a_page_is_known_by_the_end_of_its_path() {
    let send = gold(None, "man8/zfs-send.8.gz");
    assert!(send.is("openzfs", "man8/zfs-send.8.gz"));
    assert!(send.is("pages", "zfsutils-linux/usr/share/man/man8/zfs-send.8.gz"));
    assert!(!send.is("pages", "xman8/zfs-send.8.gz"));
    assert!(!send.is("pages", "zfs-send.8.gz"));
    assert!(!send.is("pages", "man8/zfs-send.8.gz/more"));
}

#[test]
fn a_source_narrows_when_it_is_given() {
    let readme = gold(Some("sanoid"), "README.md.gz");
    assert!(readme.is("sanoid", "README.md.gz"));
    assert!(!readme.is("podman", "README.md.gz"));
}

#[test]
fn fields_that_scoring_ignores_are_kept() {
    let set = r#"{"id":"a","question":"why","gold":[],"category":"why","must":[],"corpus":"debian","typo":false}"#;
    let questions = parse("s", set).expect("a question");
    assert!(!questions[0].is_answerable());
    assert_eq!(questions[0].notes["corpus"], "debian");
}

#[test]
fn a_bad_line_is_named() {
    let good = r#"{"id":"a","question":"why","category":"why"}"#;
    let cases = [
        (format!("{good}\n\n{{\"id\":"), "s, line 3: not a question"),
        (r#"{"id":"a","question":" ","category":"c"}"#.into(), "s, line 1: `question` is empty"),
        (r#"{"id":"a","question":"q","category":"c","gold":[{"page":""}]}"#.into(), "s, line 1: `page` is empty"),
        (r#"{"id":"a","question":"q","category":"c","gold":[{"pgae":"x"}]}"#.into(), "s, line 1: not a question"),
        (r#"{"id":"a","question":"q","category":"c","must":["("]}"#.into(), "s, line 1: `must` holds"),
        ("\n\n".into(), "s holds no questions"),
    ];
    for (text, wanted) in cases {
        let error = parse("s", &text).expect_err(&text).to_string();
        assert!(error.contains(wanted), "{error}\nlacks {wanted}");
    }
}

#[test]
fn two_files_may_not_share_an_id() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.jsonl");
    std::fs::write(&file, r#"{"id":"a","question":"q","category":"c"}"#).expect("written");
    assert!(matches!(load(&[file.clone(), file]), Err(SetError::Twice { id }) if id == "a"));
    let missing = PathBuf::from("no/such/set.jsonl");
    assert!(matches!(load(std::slice::from_ref(&missing)), Err(SetError::Read { path, .. }) if path == missing));
}

#[test]
fn our_own_questions_are_sound() {
    let questions = load(&[]).expect("our own sets parse");
    let (yes, no): (Vec<_>, Vec<_>) = questions.iter().partition(|q| q.is_answerable());
    assert!(yes.len() >= 48, "{} answerable questions", yes.len());
    assert!(no.len() >= 12, "{} unanswerable questions", no.len());
    for question in &yes {
        assert!(!question.must.is_empty(), "{} asks for no fact", question.id);
    }
    for question in &no {
        assert_eq!(question.category, "unanswerable", "{}", question.id);
    }
    let different: BTreeSet<_> = questions.iter().map(|q| q.text.to_lowercase()).collect();
    assert_eq!(different.len(), questions.len());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = parse("s", &text);
    }

    #[test]
    fn what_was_written_is_read_back(id in "[a-z0-9]{1,8}", question in "\\PC{1,60}", page in "[a-z./-]{1,30}", must in "[a-z]{1,9}") {
        prop_assume!(!question.trim().is_empty());
        let line = serde_json::json!({"id": id, "question": question, "category": "c", "gold": [{"page": page}], "must": [must]});
        let read = parse("s", &line.to_string()).expect("a question");
        prop_assert_eq!(&read[0].text, &question);
        prop_assert_eq!(&read[0].gold[0].page, &page);
        prop_assert!(read[0].must[0].is_match(&must));
    }
}
