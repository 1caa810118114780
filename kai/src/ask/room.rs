//! What of a conversation is sent when not all of it fits: older results of tools are shortened first,
//! then what was said before is left out, then documents, then what the latest calls returned.
//!
//! Estimates only; when the server counts otherwise, the caller asks again with less room.

use super::{Passage, budget};
use crate::model::Message;

/// The share of the room that documents keep while there are older results to shorten.
const DOCUMENTS: (usize, usize) = (1, 2);
/// So many bytes of a result that was shortened are left.
const STUB: usize = 240;
const CUT: &str = " … (cut off here)";

/// What is sent beside the rules, the question and the tools.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sent {
    /// What was said before.
    pub(super) history: Vec<Message>,
    /// The documents.
    pub(super) passages: Vec<Passage>,
    /// Calls and what came of them.
    pub(super) called: Vec<Message>,
    /// All of it, in tokens.
    pub(super) cost: usize,
}

/// What fits into so many tokens; `None` if not even the latest call does.
pub(super) fn lay_out(room: usize, history: &[Message], passages: &[Passage], called: &[Message]) -> Option<Sent> {
    let (mut history, mut called) = (history.to_vec(), called.to_vec());
    let wanted = budget::cost(passages).min(room * DOCUMENTS.0 / DOCUMENTS.1);
    let over = |history: &[Message], called: &[Message]| (said(history) + said(called) + wanted).saturating_sub(room);
    let latest = called.iter().rposition(|message| matches!(message, Message::Assistant { .. })).unwrap_or(0);
    for at in 0..latest {
        if over(&history, &called) == 0 {
            break;
        }
        called.get_mut(at).into_iter().for_each(|message| shorten(message, STUB));
    }
    let mut left_out = 0;
    while left_out < history.len() && over(&history[left_out..], &called) > 0 {
        left_out += 1;
    }
    history.drain(..left_out);
    // Rounds that lie back are left out whole: a result without its call is refused by servers.
    let mut latest = latest;
    while said(&history) + said(&called) > room && latest > 0 {
        let next = called.iter().skip(1).position(|message| matches!(message, Message::Assistant { .. }));
        let round = next.map_or(latest, |at| at + 1);
        called.drain(..round);
        latest -= round;
    }
    let mut keep = called.iter().map(content).max().unwrap_or(0);
    while said(&called) > room && keep > STUB {
        keep /= 2;
        called.iter_mut().for_each(|message| shorten(message, keep.max(STUB)));
    }
    let rest = said(&history) + said(&called);
    let passages = budget::fit(passages, room.checked_sub(rest)?);
    let cost = rest + budget::cost(&passages);
    Some(Sent { history, passages, called, cost })
}

/// What messages take, in tokens.
fn said(messages: &[Message]) -> usize {
    messages.iter().map(budget::of_message).sum()
}

/// The length of a result.
fn content(message: &Message) -> usize {
    match message {
        Message::ToolResult { content, .. } => content.len(),
        Message::User(_) | Message::Assistant { .. } => 0,
    }
}

/// The beginning of a result, in bytes. Everything else stays as it is.
fn shorten(message: &mut Message, bytes: usize) {
    if let Message::ToolResult { content, .. } = message
        && content.len() > bytes + CUT.len()
    {
        content.truncate((0..=bytes).rev().find(|at| content.is_char_boundary(*at)).unwrap_or(0));
        content.push_str(CUT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ToolCall;

    fn call(result: usize) -> [Message; 2] {
        let made = ToolCall { id: None, name: "kvm_list".into(), arguments: serde_json::json!({}) };
        let content = "ü".repeat(result / 2);
        [
            Message::Assistant { text: String::new(), calls: vec![made] },
            Message::ToolResult { id: None, tool: "kvm_list".into(), content },
        ]
    }

    fn passages(count: usize) -> Vec<Passage> {
        vec![Passage { title: "t".into(), text: "word ".repeat(120), ..Passage::default() }; count]
    }

    fn lengths(sent: &Sent) -> Vec<usize> {
        sent.called.iter().map(content).filter(|length| *length > 0).collect()
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let (history, passages, called) = ([Message::User("before".into())], passages(3), call(900));
        let sent = lay_out(4000, &history, &passages, &called).unwrap();
        assert_eq!((&sent.history[..], &sent.passages, &sent.called[..]), (&history[..], &passages, &called[..]));
        assert!(sent.cost > 900 && sent.cost < 1100, "{}", sent.cost);
    }

    #[test]
    fn older_results_give_way_first_then_what_was_said_then_documents() {
        let history = vec![Message::User("x".repeat(600)), Message::User("y".repeat(300))];
        let called: Vec<Message> = [call(3000), call(3000), call(3000)].concat();
        let sent = lay_out(4000, &history, &passages(4), &called).unwrap();
        assert_eq!((lengths(&sent).len(), sent.history.len(), sent.passages.len()), (3, 2, 4));
        assert!(lengths(&sent)[0] < 300 && lengths(&sent)[1..] == [3000, 3000], "{:?}", lengths(&sent));

        let sent = lay_out(2000, &history, &passages(4), &called).unwrap();
        assert!(lengths(&sent)[1] < 300 && lengths(&sent)[2] == 3000, "{:?}", lengths(&sent));
        assert!(sent.history.len() < 2 && !sent.passages.is_empty(), "{sent:?}");

        let sent = lay_out(1100, &history, &passages(4), &called).unwrap();
        assert_eq!((sent.history.len(), sent.passages.len()), (0, 0));
        assert_eq!(*lengths(&sent).last().unwrap(), 3000);
    }

    #[test]
    fn the_room_is_kept_or_nothing_is_sent() {
        let history = vec![Message::User("x".repeat(600)); 3];
        let called: Vec<Message> = (0..6).flat_map(|_| call(5000)).collect();
        for room in [0, 50, 120, 300, 700, 1500, 4000, 20_000] {
            let sent = lay_out(room, &history, &passages(6), &called);
            assert!(sent.as_ref().is_none_or(|sent| sent.cost <= room), "{room}: {sent:?}");
            assert_eq!(sent.is_some(), room > 50 + 60, "{room}");
            let first = sent.and_then(|sent| sent.called.into_iter().next());
            assert!(first.is_none_or(|first| matches!(first, Message::Assistant { .. })), "no result without its call");
        }
    }
}
