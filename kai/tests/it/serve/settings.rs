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
    let missing = place.command(&["search", "scrub"]).env("KAI_CONFIG", place.path("none")).output().unwrap();
    assert_eq!(missing.status.code(), Some(1));
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
