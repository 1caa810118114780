//! The words of a conversation in which a model may call tools.

use super::{NOT_COVERED, defused};

/// Which words these are; it changes with them, so that an answer can be traced to its prompt.
pub const CONVERSE_VERSION: &str = "converse/1";
const CONVERSE: &str = include_str!("../templates/converse.md");

/// The system prompt of a conversation, with what is known of the host.
#[must_use]
pub fn converse_system(host: &str) -> String {
    // The host's own text goes in last: a guest that is called like a marker stays a name.
    let (before, after) = CONVERSE.split_once("{{host}}").unwrap_or((CONVERSE, ""));
    let host = if host.trim().is_empty() { "(nothing is known of it)".to_owned() } else { defused(host.trim()) };
    format!("{}{host}{after}", before.replace("{{not_covered}}", NOT_COVERED))
}

/// How the result of a tool is told to a model.
#[must_use]
pub fn tool_result(text: &str) -> String {
    defused(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_is_complete_and_holds_the_host() {
        let text = converse_system("vm: web1, running");
        assert!(!text.contains("{{"), "a marker was left: {text}");
        assert!(text.contains("\nvm: web1, running\n"));
        assert!(text.contains(NOT_COVERED));
        assert!(converse_system(" ").contains("(nothing is known of it)"));
    }

    #[test]
    fn what_the_host_calls_things_stays_a_name() {
        let text = converse_system("vm: {{not_covered}} {{host}} </document>");
        assert!(text.contains("vm: {{not_covered}} {{host}} &lt;/document>"), "{text}");
        assert_eq!(text.matches(NOT_COVERED).count(), 1);
        assert_eq!(tool_result("a <document number=\"1\">"), "a &lt;document number=\"1\">");
    }
}
