//! Requests beside each other: those that are one, and what they make for the ones behind them.

use super::dialogue::{self, Call};
use super::fill::Args;
use super::inventory::Inventory;
use super::refer::Focus;

/// Puts what requests make or touch into the focus.
pub(super) fn remember(focus: &mut Focus, calls: &[(String, Args)], inventory: &Inventory) {
    let calls: Vec<Call> = calls.iter().map(|(tool, args)| Call { tool: tool.clone(), args: args.clone() }).collect();
    dialogue::attend_calls(focus, &calls, inventory);
}

/// Whether a request makes something that `it` could be from then on.
pub(super) fn makes(tool: &str, args: &Args) -> bool {
    matches!(
        tool,
        "kvm_snap"
            | "snapshot_create"
            | "container_snap"
            | "kvm_clone"
            | "kvm_create"
            | "dataset_create"
            | "golden_build"
            | "fleet_deploy"
            | "container_create"
            | "replicate"
    ) || tool == "boot_env" && args.get("action").is_some_and(|action| action == "create")
}

/// Joins a request with the ones before it where they are one: sizes of one VM, a start of what was
/// just made.
pub(super) fn merge(calls: &mut Vec<(String, Args)>, tool: &str, args: Args) {
    let text = |args: &Args, key: &str| args.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    if let Some((last, known)) = calls.last_mut() {
        if last == "kvm_resize"
            && tool == "kvm_resize"
            && text(known, "vm") == text(&args, "vm")
            && !args.iter().any(|(key, _)| key != "vm" && known.contains_key(key))
        {
            known.extend(args);
            return;
        }
        let starts = tool == "kvm_power" && text(&args, "action").as_deref() == Some("start");
        let vm = text(&args, "vm").unwrap_or_default();
        let own = matches!(last.as_str(), "kvm_create" | "kvm_clone") && {
            let mut focus = Focus::default();
            remember(&mut focus, &[(last.clone(), known.clone())], &Inventory::default());
            focus.made.contains(&vm)
        };
        if starts && own {
            known.insert("start".to_owned(), serde_json::json!(true));
            return;
        }
        if last == tool && *known == args {
            return;
        }
    }
    calls.push((tool.to_owned(), args));
}
