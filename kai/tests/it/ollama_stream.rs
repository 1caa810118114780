//! The reader of Ollama's answer stream, over every way to split it.

use kai::model::ollama::stream::{Reader, StreamEvent};
use proptest::prelude::*;

fn read(chunks: &[&[u8]]) -> Vec<StreamEvent> {
    let mut reader = Reader::default();
    let mut out: Vec<StreamEvent> = chunks.iter().flat_map(|chunk| reader.push(chunk)).collect();
    out.extend(reader.finish());
    out
}

/// One line of the protocol, or of something else.
fn any_line() -> impl Strategy<Value = String> {
    let text = "[ -~äß漢🦀\\\\\"]{0,12}";
    prop_oneof![
        8 => text.prop_map(|t| serde_json::json!({"message": {"role": "assistant", "content": t}, "done": false}).to_string()),
        2 => text.prop_map(|t| serde_json::json!({"message": {"content": "", "thinking": t}}).to_string()),
        1 => text.prop_map(|t| serde_json::json!({"error": t}).to_string()),
        1 => (any::<Option<u64>>(), any::<bool>()).prop_map(|(n, r)| serde_json::json!({"done": true, "done_reason": if r { Some("stop") } else { None }, "eval_count": n}).to_string()),
        1 => Just(String::new()),
        1 => text.prop_map(|t| format!("{t}{{")),
        1 => Just("{\"done\":false}".to_owned()),
    ]
}

proptest! {
    #[test]
    fn events_do_not_depend_on_chunks(
        lines in prop::collection::vec(any_line(), 0..12),
        cuts in prop::collection::vec(0usize..400, 0..20),
        crlf in any::<bool>(),
        last_break in any::<bool>(),
    ) {
        let mut text = lines.join(if crlf { "\r\n" } else { "\n" });
        if last_break { text.push('\n'); }
        let bytes = text.as_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(bytes.len())).collect();
        cuts.sort_unstable();
        let mut chunks = Vec::new();
        let mut from = 0;
        for cut in cuts {
            chunks.push(&bytes[from..cut]);
            from = cut;
        }
        chunks.push(&bytes[from..]);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        let whole = read(&[bytes]);
        prop_assert_eq!(&whole, &read(&chunks));
        prop_assert_eq!(&whole, &read(&single));
        // At most one event ends a stream, and it is the last.
        let ends = |e: &StreamEvent| !matches!(e, StreamEvent::Text(_) | StreamEvent::Thinking(_));
        prop_assert!(whole.iter().position(ends).is_none_or(|at| at + 1 == whole.len()));
    }

    #[test]
    fn any_bytes_are_survived(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..10)) {
        let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
        let _ = read(&chunks);
    }
}

#[test]
fn a_line_without_end_is_not_kept_for_ever() {
    let mut reader = Reader::default();
    let chunk = vec![b'x'; 1 << 20];
    let events: Vec<StreamEvent> = (0..8).flat_map(|_| reader.push(&chunk)).collect();
    assert_eq!(events.len(), 1, "one report, then silence");
    assert!(matches!(&events[0], StreamEvent::Garbage(text) if text.len() < 200));
}

#[test]
fn nothing_after_the_end_is_read() {
    let text = "{\"message\":{\"content\":\"a\"}}\n{\"done\":true,\"message\":{\"content\":\"b\"}}\n{\"message\":{\"content\":\"c\"}}\n";
    let events = read(&[text.as_bytes()]);
    assert_eq!(events.len(), 3);
    assert_eq!(events[1], StreamEvent::Text("b".into()), "the last line may carry text");
    assert!(matches!(events[2], StreamEvent::Done(_)));
}
