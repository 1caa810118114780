//! How many documents fit a model's context.
//!
//! Token counts are estimates on the high side: a prompt that is too long is refused by the server,
//! one that is a little short only loses the last passage.

use kai_prompts::{Document, document_block};

use super::Passage;
use crate::model::{Message, ToolSpec};

/// The fewest tokens of a passage that are worth sending when the rest of it does not fit.
const WORTH: usize = 120;

/// An estimate of a text's tokens: a third of its bytes. English prose has about one token for four
/// bytes, options and XML one for three.
pub(crate) fn tokens(text: &str) -> usize {
    text.len().div_ceil(3)
}

/// The same for something that was said.
pub(crate) fn of_message(message: &Message) -> usize {
    match message {
        Message::User(text) => tokens(text),
        Message::Assistant { text, calls } => {
            tokens(text)
                + calls.iter().map(|call| tokens(&call.name) + tokens(&call.arguments.to_string())).sum::<usize>()
        }
        Message::ToolResult { tool, content, .. } => tokens(tool) + tokens(content),
    }
}

/// The same for a tool that is offered.
pub(crate) fn of_tool(tool: &ToolSpec) -> usize {
    tokens(&tool.name) + tokens(&tool.description) + tokens(&tool.parameters.to_string())
}

/// The passage as the prompt shows it.
pub(crate) fn document(passage: &Passage) -> Document<'_> {
    Document { title: &passage.title, heading: &passage.heading, source: &passage.source, text: &passage.text }
}

/// What passages take in a prompt.
pub(crate) fn cost(passages: &[Passage]) -> usize {
    let block = |(index, passage)| tokens(&document_block(index + 1, &document(passage)));
    passages.iter().enumerate().map(block).sum()
}

/// The leading passages that fit into `budget` tokens; the last one may lose its tail at the end of
/// a block. Order and numbers stay as they are.
pub(crate) fn fit(passages: &[Passage], budget: usize) -> Vec<Passage> {
    let mut out = Vec::new();
    let mut left = budget;
    for (index, passage) in passages.iter().enumerate() {
        let cost = tokens(&document_block(index + 1, &document(passage)));
        if cost <= left {
            left -= cost;
            out.push(passage.clone());
            continue;
        }
        let frame = cost - tokens(&passage.text).min(cost);
        let room = left.saturating_sub(frame);
        let text = head(&passage.text, room);
        if tokens(text) >= WORTH.min(room.max(1)) && !text.is_empty() {
            out.push(Passage { text: text.to_owned(), ..passage.clone() });
        }
        break;
    }
    out
}

/// The leading blocks of a text that have at most `room` tokens.
fn head(text: &str, room: usize) -> &str {
    let mut best = 0;
    let mut in_code = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim().is_empty() && !in_code && tokens(&text[..at]) <= room {
            best = at;
        }
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        at += line.len();
    }
    text[..best].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passage(text: &str) -> Passage {
        Passage { title: "t".into(), text: text.into(), ..Passage::default() }
    }

    #[test]
    fn what_does_not_fit_is_cut_between_blocks() {
        let block = "word ".repeat(90);
        let long = format!("{block}\n\n```\n{block}\n\n{block}\n```\n\n{block}");
        let all = [passage("short"), passage(&long), passage("never reached")];
        let fitted = fit(&all, 400);
        assert_eq!(fitted.len(), 2);
        assert_eq!(fitted[1].text, block.trim_end(), "cut before the code block, not inside of it");
        assert_eq!(fit(&all, 10_000), all);
        assert_eq!(fit(&all, 3), []);
    }

    #[test]
    fn the_budget_holds() {
        let all: Vec<Passage> = (0..12).map(|i| passage(&"para graph\n\n".repeat(20 * i))).collect();
        for budget in [0, 50, 500, 5000] {
            let sent: usize =
                fit(&all, budget).iter().enumerate().map(|(i, p)| tokens(&document_block(i + 1, &document(p)))).sum();
            assert!(sent <= budget + 2, "{sent} > {budget}");
        }
    }
}
