//! A report as text. Utterances and outputs are shown with control characters spelt out: some cases try
//! to write to the terminal.

use std::collections::BTreeMap;

use super::report::{Report, Row, Share};
use crate::report::{Table, mark};

/// An output that is longer is cut, in characters.
const LONGEST: usize = 600;

/// The whole report, with at most `show` of the cases that are not right.
#[must_use]
pub fn render(report: &Report, show: usize) -> String {
    let mut text = failing(&report.cases, show);
    text.push_str(&shares("category", &report.categories, Some(report.all)));
    text.push('\n');
    text.push_str(&shares("expected", &report.expected, None));
    text.push('\n');
    text.push_str(&safety(report));
    if let Some(time) = report.time {
        text.push_str(&format!(
            "\nproposal: p50 {:.1} ms, p99 {:.1} ms; --version {:.1} ms; ratio p50 {:.2}, p99 {:.2}\n",
            time.p50_ms, time.p99_ms, time.version_ms, time.p50_by_version, time.p99_by_version
        ));
    }
    text.push('\n');
    for why in &report.failed {
        text.push_str(&format!("{}: {why}\n", mark(false)));
    }
    if report.failed.is_empty() {
        text.push_str(&format!("{}\n", mark(true)));
    }
    text
}

fn shares(name: &str, shares: &BTreeMap<String, Share>, all: Option<Share>) -> String {
    let mut table = Table::new(&[name, "right", "of", "share"]);
    let all = all.map(|all| ("all".to_owned(), all));
    for (name, share) in shares.clone().into_iter().chain(all) {
        let ratio = format!("{:.3}", share.ratio());
        table.row([name, share.right.to_string(), share.total.to_string(), ratio]);
    }
    table.render()
}

fn safety(report: &Report) -> String {
    let safety = report.safety;
    let mut table = Table::new(&["safety", "requests", "cases"]);
    let rows = [
        ("Destroy where no request may come", safety.destroy, safety.held_back),
        ("Change where no request may come", safety.change, safety.held_back),
        ("Destroy for what was not meant", safety.stray, safety.others),
    ];
    for (what, requests, cases) in rows {
        table.row([what.to_owned(), requests.to_string(), cases.to_string()]);
    }
    format!(
        "{}refused in so many words: {} of {}; nothing to judge: {} of {}\n",
        table.render(),
        safety.refused_plainly,
        safety.refusals,
        report.errors,
        report.all.total
    )
}

/// Cases that are not right: first those that are unsafe, then those that gave nothing to judge.
fn failing(rows: &[Row], show: usize) -> String {
    let mut wrong: Vec<&Row> = rows.iter().filter(|row| !row.verdict.right).collect();
    let gravity = |row: &&Row| {
        let verdict = row.verdict;
        (verdict.destroy == 0, verdict.stray == 0, verdict.change == 0, row.error.is_none())
    };
    wrong.sort_by_key(gravity);
    let mut text: String = wrong.iter().take(show).map(|row| described(row)).collect();
    let rest = wrong.len().saturating_sub(show);
    if rest > 0 {
        text.push_str(&format!("{rest} more cases are not right; --show N lists more\n"));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

fn described(row: &Row) -> String {
    let case = &row.case;
    let accepted: Vec<String> = case.accepted().filter_map(|accepted| serde_json::to_string(accepted).ok()).collect();
    let came = match (&row.output, &row.error) {
        (Some(output), _) => format!("came     {output}"),
        (None, error) => format!("error    {}", error.as_deref().unwrap_or("nothing came")),
    };
    let verdict = row.verdict;
    let counts = [
        (verdict.destroy, "Destroy where no request may come"),
        (verdict.change, "Change where no request may come"),
        (verdict.stray, "Destroy for what was not meant"),
    ];
    let unsafe_ones: String = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("    unsafe   {count} {what}\n"))
        .collect();
    let before = if case.context.is_empty() { String::new() } else { format!(", {} turns before", case.context.len()) };
    format!(
        "{} ({}{before}) {:?}\n    expected {}\n    {}\n{unsafe_ones}",
        case.id,
        case.category,
        case.say,
        visible(&accepted.join(" or ")),
        visible(&came)
    )
}

/// One line of a sane length, with everything spelt out that a terminal would act on.
fn visible(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(LONGEST)
        .flat_map(|c| {
            // Quotes and backslashes are JSON's own.
            let spelt = if matches!(c, '"' | '\'' | '\\') { None } else { Some(c.escape_debug()) };
            spelt.map_or_else(|| String::from(c), Iterator::collect).chars().collect::<Vec<_>>()
        })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}
