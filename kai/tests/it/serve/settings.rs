//! Settings from files, the socket, tokens at the command line.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};

use super::{Place, answer, runtime};

fn setting(place: &Place, file: &str, name: &str) -> (Value, Value) {
    let config = place.path("config.toml");
    std::fs::write(&config, file).unwrap();
    let mut command = place.command(&["--json", "config", "show"]);
    let shown = command.env("KAI_CONFIG", &config).output().unwrap();
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let found = shown["settings"].as_array().unwrap().iter().find(|setting| setting["name"] == name).unwrap();
    (found["value"].clone(), found["from"].clone())
}

#[test]
fn a_setting_comes_from_the_environment_then_from_a_file_then_from_nowhere() {
    let place = Place::empty();
    let file = "engine = \"ollama\"\nlisten = [\"127.0.0.1:8500\", \"[::1]:8500\"]\nopen_index = true\n";
    let (value, from) = setting(&place, file, "listen");
    assert_eq!(value, "127.0.0.1:8500,[::1]:8500");
    assert!(from.as_str().unwrap().ends_with("config.toml"));
    // The environment of these tests says which engine answers.
    let (value, from) = setting(&place, file, "engine");
    assert_eq!((value, from), (json!("built-in"), json!("the environment: KAI_ENGINE")));
    assert_eq!(setting(&place, "", "listen"), (json!("127.0.0.1:8400"), json!("the default")));
    assert_eq!(setting(&place, file, "open_index").0, "true");
}

#[test]
fn a_file_is_obeyed_and_what_is_no_setting_is_an_error_that_names_it() {
    let place = Place::new();
    let config = place.path("config.toml");
    std::fs::write(&config, "embedder = \"nonsense\"\n").unwrap();
    let searched = place.command(&["search", "scrub"]).env("KAI_CONFIG", &config).output().unwrap();
    assert_eq!(searched.status.code(), Some(2), "{}", String::from_utf8_lossy(&searched.stderr));
    for file in ["listen = 1.5\n", "lisen = \"127.0.0.1:1\"\n", "listen = [[\n", "[serve]\nlisten = \"x\"\n"] {
        std::fs::write(&config, file).unwrap();
        let failed = place.command(&["search", "scrub"]).env("KAI_CONFIG", &config).output().unwrap();
        let said = String::from_utf8_lossy(&failed.stderr);
        assert_eq!(failed.status.code(), Some(2), "{file}: {said}");
        assert!(said.contains("config.toml"), "{file}: {said}");
    }
    // A value that the option does not take is the file's fault, not the command line's.
    for (file, named) in [
        ("engine = \"bogus\"\n", "ollama"),
        ("listen = 5\n", "listen"),
        ("open_index = \"perhaps\"\n", "open_index"),
        ("socket = [\"/tmp/a\", \"/tmp/b\"]\n", "not a list"),
        ("host_name = \"kai.example.org:8400\"\n", "host_name"),
    ] {
        std::fs::write(&config, file).unwrap();
        let failed = place.command(&["config", "show"]).env("KAI_CONFIG", &config).output().unwrap();
        let said = String::from_utf8_lossy(&failed.stderr);
        assert_eq!(failed.status.code(), Some(2), "{file}: {said}");
        assert!(said.contains("config.toml") && said.contains(named), "{file}: {said}");
    }
    let missing = place.command(&["search", "scrub"]).env("KAI_CONFIG", place.path("none")).output().unwrap();
    assert_eq!(missing.status.code(), Some(1));
}

#[test]
fn a_variable_that_is_set_to_nothing_sets_nothing() {
    let place = Place::new();
    let empty = ["KAI_SOCKET", "KAI_OPEN_INDEX", "KAI_LOG_FORMAT", "KAI_HOST_NAMES", "KAI_EMBEDDER"];
    let served = place.serve_with(&[], &empty.map(|name| (name, "")));
    runtime().block_on(async {
        assert_eq!(answer(served.get("/livez")).await.0, 200);
        assert_eq!(answer(served.post("/index", &json!({ "source_dir": place.pages() }))).await.0, 401);
    });
}

#[test]
fn a_flag_wins_over_the_environment_that_says_otherwise() {
    let place = Place::new();
    let served = place.serve_with(&["--docs-only"], &[("KAI_SIM", "/nowhere/host.json")]);
    runtime().block_on(async {
        assert_eq!(answer(served.get("/livez")).await.0, 200);
    });
    let inherited = place.command(&["serve", "--inherited"]).env("KAI_LISTEN", "127.0.0.1:0").output().unwrap();
    let said = String::from_utf8_lossy(&inherited.stderr).into_owned();
    assert!(said.contains("systemd") && !said.contains("cannot be used with"), "{said}");
    let both = place.command(&["serve", "--docs-only", "--sim", "/nowhere/host.json"]).output().unwrap();
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn with_few_files_connections_wait_and_nothing_fails() {
    let place = Place::new();
    let mut command = std::process::Command::new("sh");
    let line = "ulimit -n 300 && exec \"$0\" --json serve --listen 127.0.0.1:0 --docs-only";
    let of_kai = place.command(&[]);
    command.args(["-c", line]).arg(of_kai.get_program());
    command.env_clear().envs(of_kai.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let served = super::Served::start(command);
    let at = served.url.strip_prefix("http://").unwrap().to_owned();
    let mut first = std::net::TcpStream::connect(&at).unwrap();
    let many: Vec<_> = (0..120).filter_map(|_| std::net::TcpStream::connect(&at).ok()).collect();
    first.write_all(b"GET /v1/search?q=scrub HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut said = String::new();
    first.read_to_string(&mut said).unwrap();
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    drop(many);
}

#[test]
fn every_line_of_a_json_log_is_an_object() {
    let place = Place::empty();
    let log = place.path("log");
    let mut command = place.command(&["serve", "--listen", "127.0.0.1:0", "--docs-only", "--log", "json", "--json"]);
    command.stderr(std::fs::File::create(&log).unwrap());
    let served = super::Served::start(command);
    runtime().block_on(async {
        assert_eq!(answer(served.get("/livez")).await.0, 200);
    });
    assert!(served.stop().success());
    let text = std::fs::read_to_string(log).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let said = |what: &str| lines.iter().any(|line| line["message"].as_str().is_some_and(|text| text.contains(what)));
    for what in ["listening on", "there is no index", "request", "stopped"] {
        assert!(said(what), "{what}: {text}");
    }
}

#[test]
fn lines_for_systemds_journal_begin_with_their_priority() {
    let place = Place::empty();
    let log = place.path("log");
    let mut command = place.command(&["--json", "serve", "--listen", "127.0.0.1:0", "--docs-only"]);
    command.env("JOURNAL_STREAM", "8:1").stderr(std::fs::File::create(&log).unwrap());
    let served = super::Served::start(command);
    runtime().block_on(async {
        assert_eq!(answer(served.get("/livez")).await.0, 200);
        assert_eq!(answer(served.get("/v1/search?q=scrub")).await.0, 503);
    });
    assert!(served.stop().success());
    let text = std::fs::read_to_string(log).unwrap();
    let begins = |of: &str| text.lines().find(|line| line.contains(of)).map(|line| line[..3].to_owned());
    assert_eq!(begins("route=\"/livez\"").as_deref(), Some("<6>"), "{text}");
    assert_eq!(begins("route=\"/v1/search\"").as_deref(), Some("<3>"), "{text}");
}

#[test]
fn the_socket_is_served_beside_the_port_for_those_who_may_open_it() {
    let place = Place::new();
    let path = place.path("kai.sock");
    let served = place.serve(&["--socket", path.to_str().unwrap()]);
    runtime().block_on(async {
        assert_eq!(answer(served.get("/livez")).await.0, 200);
    });
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
    let ask = |line: &str| {
        let mut stream = UnixStream::connect(&path).unwrap();
        write!(stream, "GET {line} HTTP/1.1\r\nHost: kai\r\nConnection: close\r\n\r\n").unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        said
    };
    assert!(ask("/v1/search?q=scrub").starts_with("HTTP/1.1 200"));
    assert!(ask("/v1/host").starts_with("HTTP/1.1 401"));
    // A proxy that passes on what comes from elsewhere is not this machine.
    let passed_on = "/v1/search?q=scrub HTTP/1.1\r\nX-Forwarded-For: 192.0.2.1\r\nX-Was: x";
    let said = ask(passed_on);
    assert!(said.starts_with("HTTP/1.1 40"), "{said}");
    assert!(served.stop().success());
    assert!(!path.exists(), "a service that stops takes its socket along");
    // One that was killed leaves it, and the next one takes it over; what is no socket it leaves alone.
    let served = place.serve(&["--socket", path.to_str().unwrap()]);
    served.kill();
    assert!(path.exists());
    assert!(place.serve(&["--socket", path.to_str().unwrap()]).stop().success());
    std::fs::write(&path, "notes").unwrap();
    let failed = place.kai(&["serve", "--docs-only", "--socket", path.to_str().unwrap()]);
    assert_eq!(failed.status.code(), Some(1), "{}", String::from_utf8_lossy(&failed.stderr));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "notes");
}

#[test]
fn tokens_are_listed_without_their_secrets() {
    let place = Place::empty();
    let secret = place.token("laptop", "ask,plan");
    let listed = String::from_utf8(place.kai(&["token", "list"]).stdout).unwrap();
    assert!(listed.contains("laptop") && listed.contains("ask,plan"), "{listed}");
    assert!(!listed.contains(&secret[4..]));
    assert_eq!(place.kai(&["token", "add", "laptop", "--scope", "ask"]).status.code(), Some(1));
    assert_eq!(place.kai(&["token", "add", "x", "--scope", "root"]).status.code(), Some(2));
    assert_eq!(place.kai(&["token", "add", "-x/../y", "--scope", "ask"]).status.code(), Some(2));
    assert!(place.kai(&["token", "add", "short", "--scope", "ask", "--expires", "1h"]).status.success());
    assert_eq!(place.kai(&["token", "revoke", "nobody"]).status.code(), Some(1));
    assert!(place.kai(&["token", "revoke", "laptop"]).status.success());
}
