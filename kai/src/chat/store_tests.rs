//! Conversations in a folder of their own.

use std::os::unix::fs::PermissionsExt;

use super::*;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Turn {
    role: String,
    text: String,
}

fn turn(text: &str) -> Turn {
    Turn { role: "person".into(), text: text.into() }
}

fn name(name: &str) -> SessionName {
    name.parse().unwrap()
}

fn names(sessions: &Sessions) -> Vec<String> {
    sessions.list().unwrap().sessions.iter().map(|summary| summary.name.to_string()).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_conversation_comes_back_as_it_was() {
    let data = tempfile::tempdir().unwrap();
    let sessions = Sessions::of(data.path());
    let mut session = Session::begin();
    session.turns.push(turn("what is \"ashift\"?\n\u{1b}[0m é"));
    sessions.save_as(&mut session, name("pools")).unwrap();
    let again: Session<Turn> = sessions.load(&name("pools")).unwrap();
    assert_eq!(again, session);
    assert_eq!(mode(&data.path().join("sessions")), 0o700);
    assert_eq!(mode(&data.path().join("sessions/pools.json")), 0o600);
    let text = fs::read_to_string(data.path().join("sessions/pools.json")).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&value["version"], &value["name"]), (&1.into(), &"pools".into()));
    assert_eq!(value["turns"][0]["role"], "person");
    // Nothing else lies there.
    assert_eq!(fs::read_dir(data.path().join("sessions")).unwrap().count(), 1);
}

#[test]
fn two_that_go_on_with_one_conversation_lose_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let sessions = Sessions::of(folder.path());
    let mut first = Session::begin();
    first.turns.push(turn("a"));
    sessions.save_as(&mut first, name("shared")).expect("saved");
    let mut second = sessions.load::<Turn>(&name("shared")).expect("loaded");
    second.turns.push(turn("b"));
    sessions.save(&mut second).expect("saved");
    first.turns.extend([turn("c"), turn("d")]);
    sessions.save(&mut first).expect("saved");
    assert_ne!(first.name(), second.name());
    assert_eq!(sessions.load::<Turn>(&name("shared")).expect("loaded").turns, second.turns);
    assert_eq!(sessions.load::<Turn>(first.name()).expect("loaded").turns, first.turns);
}

#[test]
fn a_conversation_without_a_name_is_saved_all_the_same() {
    let data = tempfile::tempdir().unwrap();
    let sessions = Sessions::of(data.path());
    let (mut one, mut two) = (Session::begin(), Session::begin());
    sessions.save(&mut one).unwrap();
    assert_eq!(names(&sessions).len(), 0, "an empty one is not");
    one.turns.push(turn("one"));
    two.turns.push(turn("two"));
    sessions.save(&mut one).unwrap();
    sessions.save(&mut two).unwrap();
    assert!(one.name().is_automatic() && two.name().is_automatic());
    assert_ne!(one.name(), two.name(), "in the same second");
    // Autosave goes on in the same file.
    one.turns.push(turn("more"));
    sessions.save(&mut one).unwrap();
    assert_eq!(names(&sessions).len(), 2);
    assert_eq!(sessions.load::<Turn>(one.name()).unwrap().turns.len(), 2);
    // A name takes the place of the automatic one.
    sessions.save_as(&mut one, name("mine")).unwrap();
    assert_eq!(names(&sessions).len(), 2);
    assert!(names(&sessions).contains(&"mine".to_owned()));
}

#[test]
fn a_name_is_taken_once() {
    let data = tempfile::tempdir().unwrap();
    let sessions = Sessions::of(data.path());
    let mut one = Session::begin();
    one.turns.push(turn("one"));
    sessions.save_as(&mut one, name("a")).unwrap();
    sessions.save_as(&mut one, name("a")).unwrap();
    let mut two = Session::begin();
    two.turns.push(turn("two"));
    sessions.save(&mut two).unwrap();
    let before = two.clone();
    let error = sessions.save_as(&mut two, name("a")).unwrap_err();
    assert_eq!(error.to_string(), "there is another conversation a: choose another name");
    assert_eq!(two, before, "it keeps its name");
    assert_eq!(sessions.load::<Turn>(&name("a")).unwrap().turns, one.turns);
    // A copy under a second name keeps the first.
    sessions.save_as(&mut one, name("b")).unwrap();
    assert_eq!(names(&sessions).len(), 3);
}

#[test]
fn the_newest_comes_first() {
    let data = tempfile::tempdir().unwrap();
    let sessions = Sessions::of(data.path());
    assert!(names(&sessions).is_empty());
    fs::create_dir(data.path().join("sessions")).unwrap();
    for (name, updated) in [("old", 10), ("new", 30), ("middle", 20)] {
        let text = format!("{{\"version\":1,\"created\":1,\"updated\":{updated},\"turns\":[1,2],\"more\":0}}");
        fs::write(data.path().join(format!("sessions/{name}.json")), text).unwrap();
    }
    fs::write(data.path().join("sessions/.new-x.json"), "left by a crash").unwrap();
    fs::write(data.path().join("sessions/notes.txt"), "not ours").unwrap();
    assert_eq!(names(&sessions), ["new", "middle", "old"]);
    assert_eq!(sessions.list().unwrap().sessions[0].turns, 2);
    // Looking does not change the folder; saving makes it private.
    let mut session = Session::begin();
    session.turns.push(turn("x"));
    sessions.save(&mut session).unwrap();
    assert_eq!(mode(&data.path().join("sessions")), 0o700);
}

#[test]
fn a_damaged_file_is_named_and_left() {
    let data = tempfile::tempdir().unwrap();
    let sessions = Sessions::of(data.path());
    fs::create_dir(data.path().join("sessions")).unwrap();
    let path = data.path().join("sessions/bad.json");
    for (text, expected) in [
        ("{\"version\":1,\"created\":1,", "the conversation bad is damaged: PATH was left as it is"),
        ("", "the conversation bad is damaged: PATH was left as it is"),
        (
            "{\"version\":1,\"created\":1,\"updated\":1,\"turns\":[{}]}",
            "the conversation bad is damaged: PATH was left as it is",
        ),
        ("{\"version\":2}", "the conversation bad was written by a newer kai (format 2, this one reads 1)"),
    ] {
        fs::write(&path, text).unwrap();
        let error = sessions.load::<Turn>(&name("bad")).unwrap_err();
        assert_eq!(error.to_string(), expected.replace("PATH", &path.display().to_string()));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    let listing = sessions.list().unwrap();
    assert_eq!((listing.sessions.len(), listing.damaged.len()), (0, 1));
    // It is not overwritten either.
    let mut session = Session::begin();
    session.turns.push(turn("x"));
    assert!(matches!(sessions.save_as(&mut session, name("bad")), Err(StoreError::Taken { .. })));
    let error = sessions.load::<Turn>(&name("none")).unwrap_err();
    assert_eq!(error.to_string(), "there is no conversation none");
}

#[test]
fn what_cannot_be_written_says_where() {
    let data = tempfile::tempdir().unwrap();
    fs::write(data.path().join("sessions"), "a file").unwrap();
    let sessions = Sessions::of(data.path());
    let mut session = Session::begin();
    session.turns.push(turn("x"));
    let error = sessions.save(&mut session).unwrap_err();
    assert!(error.to_string().contains(&data.path().join("sessions").display().to_string()), "{error}");
    assert!(sessions.list().is_err());
}

#[test]
fn the_oldest_unnamed_ones_go() {
    let data = tempfile::tempdir().unwrap();
    let sessions = Sessions::of(data.path());
    fs::create_dir(data.path().join("sessions")).unwrap();
    let text = "{\"version\":1,\"created\":1,\"updated\":1,\"turns\":[]}";
    for number in 0..UNNAMED_KEPT + 5 {
        let file = format!("sessions/{}.json", unnamed(number as u64 * 1000, 1));
        fs::write(data.path().join(file), text).unwrap();
    }
    fs::write(data.path().join("sessions/mine.json"), text).unwrap();
    let mut session = Session::begin();
    session.turns.push(turn("x"));
    sessions.save(&mut session).unwrap();
    let names = sessions.names().unwrap();
    assert_eq!(names.len(), UNNAMED_KEPT + 1);
    assert!(names.contains(&name("mine")) && names.contains(session.name()));
    assert!(!names.contains(&unnamed(0, 1)));
}
