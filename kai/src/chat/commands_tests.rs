//! Lines as people type them.

use super::*;

#[track_caller]
fn is(line: &str, expected: Command) {
    assert_eq!(parse(line), Some(Ok(expected)), "{line:?}");
}

#[track_caller]
fn fails(line: &str, expected: &str) {
    match parse(line) {
        Some(Err(error)) => assert_eq!(error.to_string(), expected, "{line:?}"),
        other => panic!("{line:?}: {other:?}"),
    }
}

#[test]
fn every_command_is_understood() {
    let name = |name: &str| Some(name.parse().unwrap());
    is("/help", Command::Help);
    is("/?", Command::Help);
    is("/tools", Command::Tools);
    is("/sources", Command::Sources);
    is("/source 3", Command::Source(3));
    is("/source [3]", Command::Source(3));
    is("/plan", Command::Plan);
    is("/apply", Command::Apply(None));
    is("/apply p-12", Command::Apply(Some("p-12".into())));
    is("/undo", Command::Undo(None));
    is("/undo op-7  ", Command::Undo(Some("op-7".into())));
    is("/history", Command::History);
    is("/model", Command::Model(None));
    is("/model hf.co/x/y:Q4_K_M", Command::Model(Some("hf.co/x/y:Q4_K_M".into())));
    is("/host", Command::Host(None));
    is("/host local", Command::Host(Some(HostChoice::Local)));
    is("/host  vm1.example.org", Command::Host(Some(HostChoice::Named("vm1.example.org".into()))));
    is("/host sim my lab.json", Command::Host(Some(HostChoice::Simulated("my lab.json".into()))));
    is("/context", Command::Context);
    is("/save", Command::Save(None));
    is("/save pools", Command::Save(name("pools")));
    is("/resume pools", Command::Resume(name("pools")));
    is("/resume", Command::Resume(None));
    is("/sessions", Command::Sessions);
    is("/new", Command::New);
    for line in ["/quit", "/exit", "/q", "/QUIT", "/quit\t"] {
        is(line, Command::Quit);
    }
}

#[test]
fn every_listed_command_exists() {
    for spec in COMMANDS {
        for name in spec.aliases.iter().chain([&spec.name]) {
            let line = if spec.argument == "N" { format!("{name} 1") } else { (*name).to_owned() };
            assert!(matches!(parse(&line), Some(Ok(_))), "{line}");
        }
    }
}

#[test]
fn questions_are_no_commands() {
    for line in ["", "how do I quit?", " /quit", "/etc/fstab is empty", "/dev/zvol/tank/x", "what is /help"] {
        assert_eq!(parse(line), None, "{line:?}");
    }
}

#[test]
fn mistakes_are_explained() {
    fails("/hlep", "there is no command /hlep; did you mean /help?");
    fails("/aplly x", "there is no command /aplly; did you mean /apply?");
    fails("/hist", "there is no command /hist; did you mean /history?");
    fails("/sess", "there is no command /sess; did you mean /sessions?");
    fails("/ext", "there is no command /ext; did you mean /quit?");
    fails("/frobnicate", "there is no command /frobnicate");
    fails("/", "there is no command /");
    fails("/source", "/source needs an argument: /source N");
    fails("/host sim", "/host sim needs an argument: /host sim FILE");
    fails("/source 0", "\"0\" is no number of a source: they count from 1");
    fails("/source x", "\"x\" is no number of a source: they count from 1");
    fails("/quit now please", "/quit takes no argument, but \"now please\" follows");
    fails("/apply a b c", "/apply takes one argument, but \"b c\" follows");
    let error = parse("/save ../x").unwrap().unwrap_err().to_string();
    assert!(error.starts_with("\"../x\" cannot be the name of a conversation"), "{error}");
    assert!(CommandError::Number("x".into()).hint().contains("/help"));
}

#[test]
fn help_fits() {
    let wide = help(80);
    assert_eq!(wide.lines().count(), COMMANDS.len());
    assert!(wide.contains("/quit                        leave (also /exit, /q)"), "{wide}");
    assert!(wide.lines().all(|line| line.len() <= 80), "{wide}");
    assert!(help(20).starts_with("/help\n  this list (also /?)\n"));
}
