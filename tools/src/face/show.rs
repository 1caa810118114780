//! What was found, what goes on, and how it ended.

use serde_json::Value;

use super::say::Say;
use super::terminal::{self, BAD, BOLD, DIM, GOOD, WARN};
use crate::execute::{Progress, Report};
use crate::journal::Outcome;
use crate::names::Size;
use crate::tool::Table;

/// Columns that hold bytes.
const BYTES: [&str; 8] = ["size", "free", "used", "referenced", "volsize", "memory", "disk", "written"];

pub(super) fn table(say: &Say, table: &Table) {
    if say.json {
        return say.value(&serde_json::json!({ "rows": table.json(), "notes": table.notes }));
    }
    let cell = |column: &str, value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) if BYTES.contains(&column) => {
            number.as_u64().map_or_else(|| number.to_string(), |bytes| Size::from_bytes(bytes).for_people())
        }
        Value::Array(items) => {
            let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            if items.is_empty() { "-".to_owned() } else { items.join(",") }
        }
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    };
    let rows: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| table.columns.iter().zip(row).map(|(column, value)| cell(column, value)).collect())
        .collect();
    let width = |at: usize| {
        let longest = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0);
        longest.max(table.columns.get(at).map_or(0, |column| column.len()))
    };
    let shown = fitting((0..table.columns.len()).map(width), terminal::width());
    let line = |cells: &[String]| {
        let padded: Vec<String> =
            cells.iter().take(shown).enumerate().map(|(at, cell)| format!("{cell:<0$}", width(at))).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let head: Vec<String> = table.columns.iter().map(|column| column.to_uppercase().replace('_', " ")).collect();
    say.line(&say.on_out(BOLD, &line(&head)));
    for row in &rows {
        say.line(&line(row));
    }
    if let Some(left_out) = head.get(shown..).filter(|left_out| !left_out.is_empty()) {
        let text = format!("too narrow for {}: --json has them", left_out.join(", "));
        say.plain_status(&say.on_err(DIM, &text));
    }
    for note in &table.notes {
        say.plain_status(&format!("{} {note}", say.on_err(WARN, "note:")));
    }
}

/// How many columns stand beside each other in that width; two always do.
fn fitting(widths: impl Iterator<Item = usize>, most: Option<usize>) -> usize {
    let Some(most) = most else { return usize::MAX };
    let mut end = 0;
    let fits = widths.take_while(|width| {
        end += width;
        let fits = end <= most;
        end += 2;
        fits
    });
    fits.count().max(2)
}

pub(super) fn progress(say: &Say, progress: &Progress<'_>) {
    match progress {
        Progress::Begin(step) => say.status(&format!("  {:>2}. {} …", step.id + 1, step.reason)),
        Progress::Done(step, took) => {
            let text = format!("  {:>2}. {}, {:.2} s", step.id + 1, step.action, took.as_secs_f64());
            say.plain_status(&format!("{} {text}", say.on_err(GOOD, "done")));
        }
        Progress::Failed(step, error) => {
            say.plain_status(&format!("{}  {:>2}. {}: {error}", say.on_err(BAD, "failed"), step.id + 1, step.action));
        }
        Progress::Undone(step, part) => {
            if let Some(undo) = step.undo.get(*part) {
                say.plain_status(&format!("{} {}", say.on_err(WARN, "taken back:"), undo.action));
            }
        }
        Progress::NotUndone(step, part, why) => {
            if let Some(undo) = step.undo.get(*part) {
                say.plain_status(&format!("{} {}: {why}", say.on_err(BAD, "not taken back:"), undo.action));
            }
        }
    }
}

pub(super) fn report(say: &Say, done: &Report, lines: &[(String, String)]) {
    if say.json {
        let pairs: Vec<Value> = lines.iter().map(|(key, value)| serde_json::json!([key, value])).collect();
        say.value(&serde_json::json!({
            "op": done.op, "outcome": done.outcome, "error": done.error, "left": done.left,
            "made": done.made, "report": pairs, "seconds": done.took.as_secs_f64(),
        }));
    }
    match done.outcome {
        Outcome::Done => {
            if !say.json {
                for (key, value) in lines {
                    say.line(&format!("{key}: {value}"));
                }
            }
            say.status(&format!("done in {:.2} s, operation {}", done.took.as_secs_f64(), done.op));
        }
        Outcome::TakenBack => {
            say.error(&format!("{}; what was done before was taken back", done.error.clone().unwrap_or_default()));
        }
        Outcome::Left => {
            say.error(&format!("{}; not everything could be taken back", done.error.clone().unwrap_or_default()));
            for left in &done.left {
                say.plain_status(&format!("  {} {left}", say.on_err(DIM, "left:")));
            }
            say.hint(&format!("`kai op undo {}` tries again when the cause is gone", done.op));
        }
    }
    done.hints.iter().for_each(|hint| say.hint(hint));
}
