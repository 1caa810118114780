//! The readers of model streams, over every way to split them.

use std::fmt::Debug;

use kai::model::{
    ollama, openai,
    stream::{Decode, StreamEvent},
};
use proptest::prelude::*;
use serde_json::json;

fn ollama(chunks: &[&[u8]]) -> Vec<StreamEvent> {
    let mut reader = ollama::stream::Reader::default();
    let mut out: Vec<StreamEvent> = chunks.iter().flat_map(|chunk| reader.push(chunk)).collect();
    out.extend(reader.end());
    out
}

fn openai(chunks: &[&[u8]]) -> Vec<StreamEvent> {
    let mut reader = openai::stream::Reader::default();
    let mut out: Vec<StreamEvent> = chunks.iter().flat_map(|chunk| reader.push(chunk)).collect();
    out.extend(reader.end());
    out
}

fn pull(chunks: &[&[u8]]) -> Vec<ollama::pull::PullLine> {
    let mut reader = ollama::pull::PullReader::default();
    let mut out: Vec<ollama::pull::PullLine> = chunks.iter().flat_map(|chunk| reader.push(chunk)).collect();
    out.extend(reader.finish());
    out
}

/// However bytes are cut, the same comes of them.
fn check<E: Debug + PartialEq>(
    read: impl Fn(&[&[u8]]) -> Vec<E>,
    bytes: &[u8],
    cuts: &[usize],
) -> Result<Vec<E>, TestCaseError> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| *cut % (bytes.len() + 1)).collect();
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
    Ok(whole)
}

/// At most one event ends a stream, and it is the last.
fn ends_once(events: &[StreamEvent]) -> Result<(), TestCaseError> {
    let ends = |e: &StreamEvent| matches!(e, StreamEvent::Done(_) | StreamEvent::Error(_) | StreamEvent::Garbage(_));
    prop_assert!(events.iter().position(ends).is_none_or(|at| at + 1 == events.len()), "{:?}", events);
    Ok(())
}

const TEXT: &str = "[ -~äß漢🦀\\\\\"\n]{0,12}";

/// One line of Ollama's protocol, or of something else.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => TEXT.prop_map(|t| json!({"message": {"role": "assistant", "content": t}, "done": false}).to_string()),
        2 => TEXT.prop_map(|t| json!({"message": {"content": "", "thinking": t}}).to_string()),
        3 => (TEXT, any::<bool>()).prop_map(|(t, done)| json!({"message": {"content": "", "tool_calls": [
            {"function": {"name": "kvm_list", "arguments": {"a": t}}}]}, "done": done}).to_string()),
        1 => TEXT.prop_map(|t| json!({"message": {"tool_calls": [{"function": {"name": t, "arguments": t}}]}}).to_string()),
        1 => TEXT.prop_map(|t| json!({"error": t}).to_string()),
        1 => (any::<Option<u64>>(), any::<bool>()).prop_map(|(n, r)| json!({"done": true, "done_reason": if r { Some("stop") } else { None }, "eval_count": n}).to_string()),
        1 => Just(String::new()),
        1 => TEXT.prop_map(|t| format!("{t}{{")),
        1 => Just("{\"done\":false}".to_owned()),
    ]
}

/// One event of OpenAI's protocol, or of something else; without the blank line after it.
fn event() -> impl Strategy<Value = String> {
    let choice = |delta: serde_json::Value| format!("data: {}", json!({"choices": [{"index": 0, "delta": delta}]}));
    prop_oneof![
        6 => TEXT.prop_map(move |t| choice(json!({"content": t}))),
        2 => TEXT.prop_map(move |t| choice(json!({"reasoning_content": t}))),
        4 => (0u64..3, prop_oneof![Just(""), Just("a"), Just("b")], TEXT).prop_map(move |(i, id, t)| choice(json!({"tool_calls": [
            {"index": i, "id": id, "function": {"name": "f", "arguments": t}}]}))),
        3 => (0u64..3, prop_oneof![Just("{}"), Just("{\"a\":"), Just("1}")]).prop_map(move |(i, t)| choice(json!({"tool_calls": [
            {"index": i, "function": {"arguments": t}}]}))),
        1 => prop_oneof![Just("stop"), Just("length"), Just("tool_calls")].prop_map(|r| format!("data: {}", json!({"choices": [{"delta": {}, "finish_reason": r}]}))),
        1 => any::<u32>().prop_map(|n| format!("data: {}", json!({"choices": [], "usage": {"prompt_tokens": n}}))),
        1 => Just("data: [DONE]".to_owned()),
        1 => Just("data: {\ndata: }".to_owned()),
        1 => TEXT.prop_map(|t| format!(": {}", t.replace('\n', ""))),
        1 => TEXT.prop_map(|t| format!("error: {}", json!({"message": t}))),
        1 => TEXT.prop_map(|t| json!({"error": t}).to_string()),
        1 => Just("event: error".to_owned()),
        1 => TEXT,
    ]
}

fn report() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (TEXT, any::<Option<u64>>()).prop_map(|(t, n)| json!({"status": t, "total": n, "completed": n}).to_string()),
        1 => Just("{\"status\":\"success\"}".to_owned()),
        1 => TEXT.prop_map(|t| json!({"error": t}).to_string()),
        1 => TEXT,
    ]
}

fn ends() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("\n"), Just("\r\n"), Just("\r"), Just("\n\n"), Just("\r\n\r\n")]
}

proptest! {
    #[test]
    fn ollama_events_do_not_depend_on_chunks(
        lines in prop::collection::vec(line(), 0..12),
        cuts in prop::collection::vec(any::<usize>(), 0..20),
        end in ends(),
        last in any::<bool>(),
    ) {
        let text = lines.join(end) + if last { end } else { "" };
        ends_once(&check(ollama, text.as_bytes(), &cuts)?)?;
    }

    #[test]
    fn openai_events_do_not_depend_on_chunks(
        events in prop::collection::vec(event(), 0..12),
        cuts in prop::collection::vec(any::<usize>(), 0..20),
        end in ends(),
        last in any::<bool>(),
    ) {
        let text = events.join(end) + if last { end } else { "" };
        ends_once(&check(openai, text.as_bytes(), &cuts)?)?;
    }

    #[test]
    fn pull_reports_do_not_depend_on_chunks(
        lines in prop::collection::vec(report(), 0..12),
        cuts in prop::collection::vec(any::<usize>(), 0..20),
        end in ends(),
    ) {
        check(pull, lines.join(end).as_bytes(), &cuts)?;
    }

    #[test]
    fn any_bytes_are_survived(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        cuts in prop::collection::vec(any::<usize>(), 0..10),
        head in prop_oneof![Just(""), Just("data: "), Just("{"), Just("{\"message\":")],
    ) {
        let bytes = [head.as_bytes(), &bytes].concat();
        ends_once(&check(ollama, &bytes, &cuts)?)?;
        ends_once(&check(openai, &bytes, &cuts)?)?;
        check(pull, &bytes, &cuts)?;
    }
}

#[test]
fn a_line_without_end_is_not_kept_for_ever() {
    for (head, read) in [("", ollama as fn(&[&[u8]]) -> Vec<StreamEvent>), ("data: ", openai), ("{", openai)] {
        let chunk = vec![b'x'; 1 << 20];
        let mut chunks: Vec<&[u8]> = vec![head.as_bytes()];
        chunks.extend((0..8).map(|_| chunk.as_slice()));
        let events = read(&chunks);
        assert_eq!(events.len(), 1, "one report, then silence");
        assert!(matches!(&events[0], StreamEvent::Garbage(text) if text.len() < 200));
    }
}

#[test]
fn many_lines_of_data_are_not_kept_for_ever() {
    let line = format!("data: [{}\n", " ".repeat(1000));
    let chunks: Vec<&[u8]> = (0..8192).map(|_| line.as_bytes()).collect();
    assert!(matches!(openai(&chunks).as_slice(), [StreamEvent::Garbage(_)]));
    let body: Vec<&[u8]> = std::iter::once(b"{\n".as_slice()).chain(chunks).collect();
    assert!(matches!(openai(&body).as_slice(), [StreamEvent::Garbage(_)]));
}

#[test]
fn nothing_after_the_end_is_read() {
    let text = "{\"message\":{\"content\":\"a\"}}\n{\"done\":true,\"message\":{\"content\":\"b\"}}\n{\"message\":{\"content\":\"c\"}}\n";
    let events = ollama(&[text.as_bytes()]);
    assert_eq!(events.len(), 3);
    assert_eq!(events[1], StreamEvent::Text("b".into()), "the last line may carry text");
    assert!(matches!(events[2], StreamEvent::Done(_)));
}
