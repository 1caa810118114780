//! A plan on one screen: what, to which objects, every command in order, what is lost, the way back.

use super::say::Say;
use super::terminal::{self, BAD, BOLD, DIM, WARN};
use crate::names::Size;
use crate::plan::{Effect, Plan, Step};

/// More lines of one kind than this are counted, not shown; `--json` shows all.
const MOST: usize = 24;

pub(super) fn show(say: &Say, plan: &Plan, digest: &str) {
    if say.json {
        let shown = serde_json::json!({ "plan": plan, "digest": digest });
        say.value(&shown);
        return;
    }
    lines(say, plan, digest).iter().for_each(|line| say.line(line));
}

/// The same on stderr, where the question stands.
pub(super) fn beside_the_question(say: &Say, plan: &Plan) {
    lines(say, plan, &plan.digest()).iter().for_each(|line| terminal::err_line(line));
}

fn lines(say: &Say, plan: &Plan, digest: &str) -> Vec<String> {
    let mut out = Vec::new();
    let effect = match plan.effect {
        Effect::Read => say.on_out(DIM, "reads"),
        Effect::Change => say.on_out(WARN, "changes"),
        Effect::Destroy => say.on_out(BAD, "DESTROYS"),
    };
    out.push(format!("{} ({effect}, on {})", say.on_out(BOLD, &capital(&plan.summary)), plan.host));
    for check in plan.checks.iter().take(MOST) {
        out.push(format!("  checked: {check}"));
    }
    for note in &plan.notes {
        out.push(format!("  {} {note}", say.on_out(WARN, "note:")));
    }
    commands(&mut out, plan);
    if !plan.losses.is_empty() {
        out.push(say.on_out(BAD, "Will be gone:"));
        for loss in plan.losses.iter().take(MOST) {
            let identity = loss.identity.as_ref().map(|identity| format!(", {identity}")).unwrap_or_default();
            let bytes =
                loss.bytes.map(|bytes| format!(" ({})", Size::from_bytes(bytes).for_people())).unwrap_or_default();
            out.push(format!("  {}{bytes}{identity}", loss.what));
        }
        if plan.losses.len() > MOST {
            out.push(format!("  and {} more; --json lists all", plan.losses.len() - MOST));
        }
    }
    match &plan.undo {
        Some(undo) => out.push(format!("Way back: {undo}")),
        None if plan.effect == Effect::Destroy => out.push(say.on_out(BAD, "There is no way back.")),
        None => out.push("Way back: none of its own".to_owned()),
    }
    out.push(say.on_out(DIM, &format!("Plan {}, digest {digest}, about {} s", plan.id, plan.seconds)));
    out
}

fn commands(out: &mut Vec<String>, plan: &Plan) {
    // Lanes that differ only in the name are shown once.
    let lanes = plan.steps.iter().map(|step| step.lane).max().unwrap_or(0);
    let shown: Vec<&Step> = plan.steps.iter().filter(|step| step.lane == 0).collect();
    for step in shown.iter().take(MOST) {
        out.push(format!("  {:>2}. {}", step.id + 1, step.action));
    }
    if shown.len() > MOST {
        out.push(format!("      and {} more; --json lists all", shown.len() - MOST));
    }
    if lanes > 0 {
        let rest: Vec<&Step> = plan.steps.iter().filter(|step| step.lane > 0).collect();
        let firsts: Vec<String> = (1..=lanes)
            .filter_map(|lane| rest.iter().find(|step| step.lane == lane))
            .map(|step| step.action.to_string())
            .collect();
        out.push(format!("      beside it, in the same way, {lanes} more:"));
        for first in firsts.iter().take(MOST) {
            out.push(format!("      {first} …"));
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

/// The command that applies the plan that was shown.
pub(super) fn how_to_apply(say: &Say, digest: &str) {
    let mut words: Vec<String> = std::env::args().filter(|word| word != "--dry-run").collect();
    if let Some(program) = words.first_mut() {
        *program = program.rsplit('/').next().unwrap_or_default().to_owned();
    }
    let line: Vec<String> = words.iter().map(|word| crate::host::quoted(word)).collect();
    say.hint(&format!("within 15 minutes: {} --confirm {digest}", line.join(" ")));
}
