//! What is a printed call and what is not.

use serde_json::json;

use super::*;

fn tools() -> Vec<ToolSpec> {
    ["kvm_list", "kvm_clone"]
        .map(|name| ToolSpec { name: name.into(), description: String::new(), parameters: json!({}) })
        .to_vec()
}

/// What a reply is, handed in as it is, in single characters, and in two parts cut anywhere.
fn check(text: &str, expected: &Verdict) {
    let tools = tools();
    let chars: Vec<String> = text.chars().map(String::from).collect();
    let mut ways = vec![vec![text.to_owned()], chars.clone()];
    ways.extend((0..chars.len()).map(|at| vec![chars[..at].concat(), chars[at..].concat()]));
    for way in ways {
        let mut printed = Printed::new(&tools);
        let mut shown: String = way.iter().map(|part| printed.push(part)).collect();
        let verdict = match printed.finish() {
            Verdict::Text(rest) => {
                shown.push_str(&rest);
                Verdict::Text(shown)
            }
            other @ (Verdict::Calls(_) | Verdict::Malformed(_)) => {
                assert_eq!(shown, "", "nothing of a call is shown: {way:?}");
                other
            }
        };
        match (&verdict, expected) {
            (Verdict::Malformed(message), Verdict::Malformed(part)) => {
                assert!(message.contains(part.as_str()), "{text:?}: {message}");
            }
            (verdict, expected) => assert_eq!(*verdict, *expected, "{way:?}"),
        }
    }
}

fn call(name: &str, arguments: Value) -> ToolCall {
    ToolCall { id: None, name: name.into(), arguments }
}

#[test]
fn calls() {
    let clone = || call("kvm_clone", json!({"image": "golden", "names": ["a", "größe }"]}));
    let list = || call("kvm_list", json!({}));
    let one = r#"{"name":"kvm_clone","arguments":{"image":"golden","names":["a","größe }"]}}"#;
    let two = r#"{"name":"kvm_list","arguments":{}}"#;
    for (text, expected) in [
        (one.to_owned(), vec![clone()]),
        (format!("\n {one} \n"), vec![clone()]),
        (format!("{one}\n{two}"), vec![clone(), list()]),
        (format!("[{one}, {two}]"), vec![clone(), list()]),
        (format!("<tool_call>{one}</tool_call>"), vec![clone()]),
        (format!("<tool_call>\n{one}\n</tool_call>\n<tool_call>\n{two}\n</tool_call>\n"), vec![clone(), list()]),
        (format!("<tool_call>{one}"), vec![clone()]),
        (format!("<tool_call>{one}</tool_c"), vec![clone()]),
        (format!("<|tool_call|>[{one}]<|/tool_call|>"), vec![clone()]),
        (format!("[TOOL_CALLS][{one},{two}]"), vec![clone(), list()]),
        (format!("<|python_tag|>{one}"), vec![clone()]),
        (format!("```json\n{one}\n```"), vec![clone()]),
        (format!("```\n{one}\n```\n"), vec![clone()]),
        (format!("```tool_call\n{one}"), vec![clone()]),
        (format!("{{\"tool_calls\":[{one}]}}"), vec![clone()]),
        (r#"{"type":"function","function":{"name":"kvm_list","parameters":{}}}"#.into(), vec![list()]),
        (r#"{"name":"kvm_list","arguments":"{}"}"#.into(), vec![list()]),
        (r#"{"tool":"kvm_list","args":{}}"#.into(), vec![list()]),
        // In a tag it is meant as a call, whatever the name and without arguments too.
        ("<tool_call>{\"name\":\"kvm_list\"}</tool_call>".into(), vec![list()]),
        ("<tool_call>{\"name\":\"rm\",\"arguments\":{}}</tool_call>".into(), vec![call("rm", json!({}))]),
    ] {
        check(&text, &Verdict::Calls(expected));
    }
}

#[test]
fn text_stays_text() {
    let call = r#"{"name":"kvm_list","arguments":{}}"#;
    for text in [
        "",
        " ",
        "A plain answer.",
        "{pool} is the name of the pool.",
        "[1] says so.",
        "[1]",
        "<table><tr></tr></table>",
        "<tool_call> is what models write before a call.",
        "```sh\nzpool scrub -p tank\n```",
        "```json\n{\"a\": 1}\n```",
        "```json",
        "``",
        "{\"a\": 1}",
        "{\"name\":\"kvm_list\"}",
        "{\"name\":\"web01\",\"arguments\":{}}",
        "{\"name\":\"kvm_list\",\"arguments\":{},\"note\":\"an example\"}",
        "{\"name\":\"kvm_list\",\"arguments\":[1]}",
        "{\"name\":\"kvm_list\",\"argum",
        "[]",
    ] {
        check(text, &Verdict::Text(text.to_owned()));
    }
    for text in [
        format!("Use this: {call}"),
        format!("{call}\nThis lists the VMs."),
        format!("<tool_call>{call}</tool_call> lists the VMs."),
        format!("Say <tool_call>{call}</tool_call>"),
        format!("```json\n{call}\n```\nThis lists the VMs."),
        format!("[{call}, 1]"),
    ] {
        check(&text, &Verdict::Text(text.clone()));
    }
}

#[test]
fn a_tag_around_something_else_is_malformed() {
    for (text, part) in [
        ("<tool_call>{\"name\":\"kvm_list\",\"arguments\":{\"a\":\"\"/b\"}}</tool_call>", "expected"),
        ("<tool_call>{\"name\":\"kvm_list\",\"arguments\":{", "breaks off"),
        ("<tool_call>", "no JSON"),
        ("<tool_call>{\"name\":\"kvm_list\",\"arguments\":{}}}</tool_call>", "follows"),
        ("<tool_call>{\"arguments\":{}}</tool_call>", "names no tool"),
        ("<tool_call>{\"name\":\"kvm_list\",\"arguments\":[]}</tool_call>", "no JSON object"),
        ("<tool_call>\n<function=kvm_list>\n</function>\n</tool_call>", "no JSON"),
    ] {
        check(text, &Verdict::Malformed(part.to_owned()));
    }
}

#[test]
fn a_long_text_is_not_held_back() {
    let tools = tools();
    let mut printed = Printed::new(&tools);
    assert_eq!(printed.push("Say "), "Say ");
    assert_eq!(printed.push("{\"name\":"), "{\"name\":");
    let mut printed = Printed::new(&tools);
    assert_eq!(printed.push("```"), "");
    assert_eq!(printed.push("sh\n"), "```sh\n", "a command is shown as it comes");
}
