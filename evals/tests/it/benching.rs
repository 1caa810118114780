//! The benchmark's own arithmetic, and how it treats the processes that it starts.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kai_evals::bench::embedding::{Embedding, Round, summed};
use kai_evals::bench::process::{self, ProcessError, peak_of};
use kai_evals::bench::sample::every_nth;
use kai_evals::bench::searching::Warm;
use kai_evals::bench::{BenchError, Indexing, Measured, Settings, bars, run};
use proptest::prelude::*;

#[test]
fn the_memory_peak_is_read_from_the_status_file() {
    let status = "Name:\tkai\nVmPeak:\t  900 kB\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n";
    assert_eq!(peak_of(status), Some(2048 * 1024));
    assert_eq!(peak_of("VmRSS:\t1 kB\n"), None);
    assert_eq!(peak_of("VmHWM:\t lots kB\n"), None);
    assert_eq!(peak_of("VmHWM:\t 99999999999999999999 kB\n"), None);
}

#[test]
fn the_ratio_is_the_median_of_the_rounds_not_of_the_speeds() {
    let round = |ours, theirs| Round { ours, theirs };
    // Ratios 0.5, 2.0, 0.75: the machine slowed down in the second round for one of them only.
    let sum = summed(600, vec![round(10.0, Some(20.0)), round(20.0, Some(10.0)), round(15.0, Some(20.0))]);
    assert_eq!(sum.ratio, Some(0.75));
    assert_eq!((sum.ours, sum.theirs), (Some(15.0), Some(20.0)));
    let alone = summed(600, vec![round(10.0, None)]);
    assert_eq!((alone.ours, alone.theirs, alone.ratio), (Some(10.0), None, None));
}

fn measured(cold_ms: f64, peak_bytes: u64, ranked_by: &'static str) -> Measured {
    Measured {
        indexing: Indexing { seconds: 12.0, pages_per_second: 100.0, peak_bytes: Some(peak_bytes), stopped: false },
        warm: Warm { searches: 30, p50_ms: Some(2.0), p95_ms: Some(4.0), ranked_by: vec![ranked_by] },
        cold_ms: Some(cold_ms),
    }
}

fn passes(words: &Measured, vectors: Option<&Measured>, embedding: Option<&Embedding>) -> Vec<bool> {
    bars(words, vectors, embedding).iter().map(|bar| bar.pass).collect()
}

#[test]
fn bars_take_the_worse_of_both_indexes() {
    let words = measured(50.0, 1 << 28, "words");
    let good = measured(150.0, 1 << 30, "hybrid");
    let half = summed(600, vec![Round { ours: 10.0, theirs: Some(15.0) }]);
    assert_eq!(passes(&words, Some(&good), Some(&half)), [true, true, false, true, true, true, true, true]);
    let bad = measured(250.0, 1 << 31, "hybrid");
    assert_eq!(passes(&words, Some(&bad), Some(&half))[6..], [false, false]);
}

#[test]
fn what_was_not_measured_does_not_pass() {
    let words = measured(50.0, 1 << 28, "words");
    assert_eq!(passes(&words, None, None), [true, false, false, true, false, false, true, true]);
    let no_vectors = measured(50.0, 1 << 28, "words");
    assert!(!passes(&words, Some(&no_vectors), None)[4], "no question was embedded");
}

#[tokio::test]
async fn a_process_that_fails_is_named_with_its_last_words() {
    let missing = process::run(Path::new("/no/such/kai"), &[], &[], None).await.expect_err("it does not exist");
    assert!(matches!(missing, ProcessError::Start { .. }), "{missing}");
    let args: Vec<OsString> = vec!["/no/such/folder".into()];
    let failed = process::run(Path::new("/bin/ls"), &args, &[], None).await.expect_err("it fails").to_string();
    assert!(failed.contains("`/bin/ls /no/such/folder` failed") && failed.contains("No such file"), "{failed}");
}

#[tokio::test]
async fn a_status_may_be_fine() {
    let args: Vec<OsString> = vec!["/no/such/folder".into()];
    let cost = process::run(Path::new("/bin/ls"), &args, &[2], None).await.expect("2 is fine");
    assert!(!cost.stopped);
}

#[tokio::test]
async fn a_process_is_stopped_when_its_time_is_up() {
    let args: Vec<OsString> = vec!["600".into()];
    let limit = Some(Duration::from_millis(60));
    let cost = process::run(Path::new("/bin/sleep"), &args, &[], limit).await.expect("stopping is no failure");
    assert!(cost.stopped);
    assert!(cost.peak_bytes.is_none_or(|bytes| bytes > 0));
    let args: Vec<OsString> = vec!["a word".into()];
    let cost = process::run(Path::new("/bin/echo"), &args, &[], None).await.expect("it ends");
    assert_eq!((cost.stopped, cost.stdout.as_str()), (false, "a word\n"));
}

#[tokio::test]
async fn a_folder_without_pages_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = |pages: PathBuf| Settings {
        pages,
        kai: "/no/such/kai".into(),
        model: None,
        python: None,
        script: "onnx_bench.py".into(),
        texts: 1,
        rounds: 1,
        threads: 1,
        limit: None,
    };
    let empty = run(&settings(folder.path().into()), &[], &|_| {}).await.expect_err("nothing to index");
    assert!(matches!(empty, BenchError::Empty { .. }), "{empty}");
    let missing = run(&settings(folder.path().join("none")), &[], &|_| {}).await.expect_err("no folder");
    assert!(matches!(missing, BenchError::Pages { .. }), "{missing}");
}

proptest! {
    #[test]
    fn a_sample_is_part_of_the_whole_in_order(len in 0usize..200, count in 0usize..200) {
        let all: Vec<String> = (0..len).map(|at| format!("{at:04}")).collect();
        let sample = every_nth(all.clone(), count);
        prop_assert_eq!(sample.len(), len.min(count));
        prop_assert!(sample.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert!(sample.iter().all(|text| all.contains(text)));
    }

    #[test]
    fn any_status_file_is_read(text in "\\PC{0,200}") {
        let _ = peak_of(&text);
        let _ = peak_of(&format!("VmHWM:{text}"));
    }
}
