//! Cases for the citation checker: what a model wrote, what is shown.

use proptest::prelude::*;

use super::*;
use crate::ask::segment::Segmenter;

fn passages() -> Vec<Passage> {
    [
        ("zfs-send(8)", "-w, --raw\nFor encrypted datasets, send data exactly as it exists on disk. This allows backups without loading the key."),
        ("zpool-scrub(8)", "-p\nPause scrubbing. A paused scrub may be resumed by issuing zpool scrub again. The default is 4 threads."),
        ("zfs-list(8)", "Lists the property information for the given datasets in tabular form."),
    ]
    .iter()
    .map(|(title, text)| Passage { title: (*title).into(), text: (*text).into(), ..Passage::default() })
    .collect()
}

fn check(text: &str) -> (String, Vec<String>, Vec<String>) {
    let passages = passages();
    let mut checker = Checker::new("how do I send it raw?", &passages);
    let mut numbering = Numbering::default();
    let mut segmenter = Segmenter::default();
    let mut segments = segmenter.push(text);
    segments.extend(segmenter.finish());
    let shown = segments.into_iter().map(|segment| checker.segment(segment, &mut numbering)).collect();
    let cited = numbering.into_citations().into_iter().map(|c| c.at.title).collect();
    (shown, cited, checker.notes())
}

#[test]
fn citations_are_kept_moved_renumbered_or_removed() {
    let cases: &[(&str, &str, &[&str])] = &[
        // Right as it is, numbered by appearance.
        (
            "A paused scrub may be resumed [2]. Data is sent exactly as it exists on disk [1].",
            "A paused scrub may be resumed [1]. Data is sent exactly as it exists on disk [2].",
            &["zpool-scrub(8)", "zfs-send(8)"],
        ),
        // Points at the wrong passage.
        (
            "Encrypted data is sent exactly as it exists on disk [3].",
            "Encrypted data is sent exactly as it exists on disk [1].",
            &["zfs-send(8)"],
        ),
        // Points nowhere.
        (
            "Encrypted data is sent exactly as it exists on disk [9].",
            "Encrypted data is sent exactly as it exists on disk [1].",
            &["zfs-send(8)"],
        ),
        // Nobody says that.
        ("Bananas grow under tropical volcanoes [1].", "Bananas grow under tropical volcanoes.", &[]),
        // The number is not in the passage, whatever the words.
        ("A paused scrub resumes with 16 threads [2].", "A paused scrub resumes with 16 threads.", &[]),
        ("The default is 4 threads [2].", "The default is 4 threads [1].", &["zpool-scrub(8)"]),
        // Nor is the option.
        (
            "Send encrypted data exactly as on disk with `--verbatim` [1].",
            "Send encrypted data exactly as on disk with `--verbatim`.",
            &[],
        ),
        // Groups and ranges; doubles are dropped.
        ("A paused scrub may be resumed [2, 2][1-2].", "A paused scrub may be resumed [1].", &["zpool-scrub(8)"]),
        // In code it is no citation.
        ("Pause scrubbing with `x[2]` ok.", "Pause scrubbing with `x[2]` ok.", &[]),
        // An uncited sentence that a passage holds.
        (
            "A paused scrub may be resumed by issuing zpool scrub again.",
            "A paused scrub may be resumed by issuing zpool scrub again [1].",
            &["zpool-scrub(8)"],
        ),
        // List numbers are not claims.
        ("7. Pause scrubbing [2].", "7. Pause scrubbing [1].", &["zpool-scrub(8)"]),
    ];
    for (text, expected, titles) in cases {
        let (shown, cited, _) = check(text);
        assert_eq!(&shown, expected, "for {text:?}");
        assert_eq!(&cited, titles, "for {text:?}");
    }
}

#[test]
fn what_no_page_has_is_noted() {
    let (_, _, notes) = check(
        "Use `-w` or --verbatim.\n```sh\n$ sudo frobnicate --raw --hard\nzpool scrub -p tank\n```\n```ini\nExecStart=--weird\n```\n",
    );
    let joined = notes.join("\n");
    for named in ["`--verbatim`", "`frobnicate`", "`--hard`"] {
        assert!(joined.contains(named), "{named} in {joined}");
    }
    for fine in ["`-w`", "`--raw`", "`-p`", "zpool", "--weird"] {
        assert!(!joined.contains(fine), "{fine} in {joined}");
    }
}

#[test]
fn another_language_is_not_held_against_the_citation() {
    let passages = passages();
    let mut checker = Checker::new("Wie sende ich verschlüsselte Daten unverändert?", &passages);
    let mut numbering = Numbering::default();
    let mut show = |text: &str| checker.segment(Segment::Sentence(text.to_owned()), &mut numbering);
    assert_eq!(
        show("Mit `--raw` bleiben die Daten verschlüsselt [1]."),
        "Mit `--raw` bleiben die Daten verschlüsselt [1]."
    );
    assert_eq!(show("Mit `--frei` geht es anders [1]."), "Mit `--frei` geht es anders.");
}

proptest! {
    #[test]
    fn any_text_is_survived(text in any::<String>(), noise in "([\\[\\]0-9,\\-`.ü $#\\n]|\\[1\\]|```|--raw ){0,60}") {
        for input in [text.as_str(), noise.as_str()] {
            let (shown, cited, _) = check(input);
            // No number beyond the citations that exist.
            let (_, marks) = without_citations(&shown);
            let _ = (marks, cited);
        }
    }

    #[test]
    fn every_number_shown_exists(picks in prop::collection::vec((0usize..6, 0usize..6), 0..8)) {
        let pool = ["A paused scrub may be resumed", "Data is sent exactly as it exists on disk", "Lists property information for datasets",
            "Bananas grow under volcanoes", "Use --verbatim for encrypted datasets", "The default is 4 threads"];
        let text: String = picks.iter().map(|(s, n)| format!("{} [{n}]. ", pool[*s])).collect();
        let (shown, cited, _) = check(&text);
        let (_, marks) = without_citations(&shown);
        let mut used: Vec<usize> = marks.into_iter().flat_map(|m| m.numbers).collect();
        let mut order = used.clone();
        order.dedup();
        prop_assert!(used.iter().all(|n| *n >= 1 && *n <= cited.len()), "{shown} / {cited:?}");
        used.sort_unstable();
        used.dedup();
        prop_assert_eq!(used.len(), cited.len(), "every citation is used: {}", shown);
    }
}
