//! A turn as Markdown, for programs that can show nothing but text.

use serde_json::Value;

use super::stream::Told;

/// More rows than this are counted.
const ROWS: usize = 50;

/// What is to be written for an event; nothing for most.
pub(super) fn text(told: &Told) -> Option<String> {
    let data = &told.data;
    let said = |field: &str| data[field].as_str().map(str::to_owned);
    match told.name {
        "token" => said("text"),
        "note" => said("text").map(|text| format!("_{text}_\n\n")),
        "refused" => said("message").map(|text| format!("{text}\n\n{}", lines(&data["hints"], "- "))),
        "asks" => said("text").map(|text| format!("{text}\n\n{}", lines(&data["candidates"], "- "))),
        "problem" => said("detail").map(|text| format!("\n\n{text}\n")),
        "found" => Some(table(&data["rows"])),
        "plan" => Some(plan(data)),
        "done" => sources(&data["citations"]),
        _ => None,
    }
}

fn lines(items: &Value, mark: &str) -> String {
    let items = items.as_array().into_iter().flatten().filter_map(Value::as_str);
    items.map(|item| format!("{mark}{item}\n")).collect()
}

/// What the numbers in brackets stand for.
fn sources(citations: &Value) -> Option<String> {
    let source = |citation: &Value| {
        let part = |name: &str| citation[name].as_str().unwrap_or_default().to_owned();
        let heading = Some(part("heading")).filter(|heading| !heading.is_empty());
        let heading = heading.map(|heading| format!(" › {heading}")).unwrap_or_default();
        format!("[{}] {}{heading} ({})\n", citation["number"], part("title"), part("page"))
    };
    let sources: String = citations.as_array().into_iter().flatten().map(source).collect();
    Some(if sources.is_empty() { "\n".to_owned() } else { format!("\n\n{sources}") })
}

/// A plan, and who has the say.
fn plan(data: &Value) -> String {
    let plan = &data["plan"];
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let losses = plan["losses"].as_array().into_iter().flatten().map(|loss| format!("- {}\n", word(&loss["what"])));
    let losses: String = losses.collect();
    let losses = if losses.is_empty() { losses } else { format!("Will be gone:\n{losses}\n") };
    format!(
        "**{}** ({}). Nothing has been done: plan {} waits to be approved by a person, at the service's page or \
         with `kai op apply {}`.\n\n```\n{}```\n\n{losses}",
        word(&plan["summary"]),
        word(&plan["effect"]),
        word(&data["id"]),
        word(&data["id"]),
        lines(&data["commands"], ""),
    )
}

/// Rows of the same fields.
fn table(rows: &Value) -> String {
    let rows: Vec<&Value> = rows.as_array().into_iter().flatten().collect();
    let Some(first) = rows.first().and_then(|row| row.as_object()) else { return "Nothing was found.\n\n".to_owned() };
    let columns: Vec<&String> = first.keys().collect();
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut out = row(columns.iter().map(|column| (*column).clone()).collect());
    out.push_str(&row(columns.iter().map(|_| "---".to_owned()).collect()));
    for found in rows.iter().take(ROWS) {
        out.push_str(&row(columns.iter().map(|column| cell(&found[column.as_str()])).collect()));
    }
    if rows.len() > ROWS {
        out.push_str(&format!("\nand {} more\n", rows.len() - ROWS));
    }
    out.push('\n');
    out
}

/// One value; what would end a cell is taken out of it.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => other.to_string(),
    };
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_plan_says_that_nothing_was_done_and_what_will_be_gone() {
        let data = json!({
            "id": "3f2a9c", "digest": "d".repeat(64), "commands": ["zfs destroy tank/vms/web1"],
            "plan": { "summary": "delete web1", "effect": "destroy", "losses": [{ "what": "tank/vms/web1" }] },
        });
        let text = text(&Told::new("plan", data)).unwrap();
        for part in ["delete web1", "Nothing has been done", "kai op apply 3f2a9c", "zfs destroy", "Will be gone"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        // Whoever reads along could use it.
        assert!(!text.contains("dddd"));
    }

    #[test]
    fn a_cell_cannot_end_its_row() {
        let text = table(&json!([{ "name": "a|b\nc", "n": 1 }]));
        assert_eq!(text.lines().count(), 4);
        assert!(text.contains("a\\|b c"));
    }
}
