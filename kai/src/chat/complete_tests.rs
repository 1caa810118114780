//! A `|` in a line stands for the cursor.

use super::*;

fn names() -> Names {
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Names {
        tools: list(&["vm-clone", "snapshot-create"]),
        machines: list(&["web-10", "web-2", "Web-1", "website", "db", "two words"]),
        snapshots: list(&["web-2@base", "tank/vms/web-2@base", "tank/vms/web-2@daily"]),
        datasets: list(&["tank", "tank/vms", "tank/vms/web-2"]),
        pools: list(&["tank", "backup"]),
        sessions: list(&["pools"]),
        plans: list(&["p-1", "p-2"]),
        operations: list(&["op-9"]),
        sources: 3,
    }
}

/// The line up to the word in brackets, then the candidates.
#[track_caller]
fn check(line: &str, expected: &str) {
    let position = line.find('|').expect("a cursor");
    let line = line.replace('|', "");
    let (start, found) = candidates(&line, position, &names());
    let texts: Vec<&str> = found.iter().map(|candidate| candidate.text.as_str()).collect();
    assert_eq!(format!("{}[{}]", &line[..start], texts.join("|")), expected, "{line:?}");
}

#[test]
fn commands() {
    check("/h|", "[/help|/history|/host ]");
    check("/HO|", "[/host ]");
    check("/q|", "[/quit]");
    check("/x|", "[]");
    check("/source |", "/source [1|2|3]");
    check("/sources |", "/sources []");
    check("/source 1 |", "/source 1 []");
    check("/apply |", "/apply [p-1|p-2]");
    check("/undo o|", "/undo [op-9]");
    check("/resume |", "/resume [pools]");
    check("/host |", "/host [local|sim]");
    check("/host S|", "/host [sim]");
    assert_eq!(candidates("/", 1, &names()).1.len(), COMMANDS.len());
}

#[test]
fn names_of_things() {
    check("clone we|", "clone [Web-1|web-2|web-10|website]");
    check("clone web-|", "clone [Web-1|web-2|web-10]");
    check("we| please", "[Web-1|web-2|web-10|website]");
    check("(\"we|", "(\"[Web-1|web-2|web-10|website]");
    check("snapshot tank/v|", "snapshot [tank/vms|tank/vms/web-2]");
    check("roll back tank/vms/web-2@|", "roll back [tank/vms/web-2@base|tank/vms/web-2@daily]");
    check("pool=ta|", "pool=[tank|tank/vms|tank/vms/web-2]");
    check("what is vm-c|", "what is [vm-clone]");
    check("nothing|", "[]");
    check("ab wé|", "ab []");
    // A path at the beginning is no command.
    check("/etc/x we|", "/etc/x [Web-1|web-2|web-10|website]");
    check("start /|", "start []");
}

#[test]
fn one_name_comes_once_and_lists_have_an_end() {
    let (_, found) = candidates("tan", 3, &names());
    assert_eq!(found[0], Candidate { text: "tank".into(), kind: Kind::Pool });
    assert_eq!(found.iter().filter(|candidate| candidate.text == "tank").count(), 1);
    let many = Names { machines: (0..5000).map(|n| format!("vm-{n}")).collect(), ..Names::default() };
    let (_, found) = candidates("vm-", 3, &many);
    assert_eq!(found.len(), MOST);
    assert_eq!(found[10].text, "vm-10");
}

#[test]
fn positions_are_safe() {
    let line = "é we";
    for position in 0..10 {
        let (start, _) = candidates(line, position, &names());
        assert!(line.is_char_boundary(start));
    }
}

#[track_caller]
fn hints(line: &str, expected: Option<(&str, bool)>) {
    let expected = expected.map(|(shown, complete)| Hint { shown: shown.to_owned(), complete });
    assert_eq!(hint(line, line.len(), &names()), expected, "{line:?}");
}

#[test]
fn hints_are_certain() {
    hints("/apply", Some((" [PLAN]", false)));
    hints("/apply ", Some(("[PLAN]", false)));
    hints("/host", Some((" [NAME|local|sim FILE]", false)));
    hints("/he", Some(("lp", true)));
    hints("/h", None);
    hints("/", None);
    hints("/quit", None);
    hints("start webs", Some(("ite", true)));
    hints("start web", None);
    hints("start d", None);
    // Not what was typed: only Tab corrects it.
    hints("clone WEB-1", None);
    hints("", None);
    assert_eq!(hint("/he", 1, &names()), None);
}
