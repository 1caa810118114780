//! The service as a client sees it: the program itself, on a free port, with a data folder and a simulated
//! host of its own.

#![allow(clippy::disallowed_methods, reason = "the program under test is started here")]

mod asking;
mod described;
mod elsewhere;
mod guard;
mod mcp;
mod openai;
mod operating;
mod passed;
mod settings;
mod waiting;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

/// Two pages: enough to find the right one.
const PAGES: [(&str, &str); 2] = [
    (
        "hold.md",
        "# zfs-hold\n\n## Holding a snapshot\n\n`zfs hold TAG SNAPSHOT` adds a reference to a snapshot. \
         A snapshot that is held cannot be destroyed: `zfs destroy` returns EBUSY.\n\n\
         ```\nzfs hold keep tank/home@monday\n```\n",
    ),
    (
        "scrub.md",
        "# zpool-scrub\n\n## Scrubbing a pool\n\n`zpool scrub POOL` begins a scrub, which examines all data in \
         the pool and verifies its checksums.\n\n```\nzpool scrub tank\n```\n",
    ),
];

/// A data folder and a simulated host.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// Without an index.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// With the two pages indexed.
    pub(crate) fn new() -> Self {
        let place = Self::empty();
        let pages = place.pages();
        std::fs::create_dir(&pages).unwrap();
        for (name, text) in PAGES {
            std::fs::write(pages.join(name), text).unwrap();
        }
        let done = place.kai(&["index", "--words-only", pages.to_str().unwrap()]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        place
    }

    pub(crate) fn pages(&self) -> PathBuf {
        self.path("pages")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        self.command_of(Path::new(env!("CARGO_BIN_EXE_kai")), args)
    }

    fn command_of(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", self.folder.path());
        command.env("KAI_CONFIG", "/dev/null").env("KAI_ENGINE", "built-in").env("KAI_DATA_DIR", self.path("data"));
        command.args(args);
        command
    }

    /// Runs a command to its end, with nobody at a terminal.
    pub(crate) fn kai(&self, args: &[&str]) -> Output {
        self.command(args).stdin(Stdio::null()).output().unwrap()
    }

    /// Runs another program of ours to its end.
    pub(crate) fn program(&self, program: &Path, args: &[&str]) -> Output {
        self.command_of(program, args).stdin(Stdio::null()).output().unwrap()
    }

    /// Runs `kai op` on the simulated host.
    pub(crate) fn op(&self, args: &[&str]) -> Output {
        let sim = self.path("host.json");
        let args: Vec<&str> = ["op", "--sim", sim.to_str().unwrap()].into_iter().chain(args.iter().copied()).collect();
        self.kai(&args)
    }

    /// Makes a token with these scopes.
    pub(crate) fn token(&self, name: &str, scopes: &str) -> String {
        let made = self.kai(&["token", "add", name, "--scope", scopes]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        String::from_utf8(made.stdout).unwrap().trim().to_owned()
    }

    /// Starts the service on a port of its own.
    pub(crate) fn serve(&self, more: &[&str]) -> Served {
        self.serve_with(more, &[])
    }

    /// The same with more in its environment.
    pub(crate) fn serve_with(&self, more: &[&str], environment: &[(&str, &str)]) -> Served {
        let sim = self.path("host.json");
        let mut command = self.command(&["--json", "serve", "--listen", "127.0.0.1:0"]);
        if !more.contains(&"--docs-only") && !more.contains(&"--executor") {
            command.arg("--sim").arg(sim);
        }
        command.envs(environment.iter().copied());
        command.args(more).stderr(Stdio::null());
        Served::start(command)
    }
}

impl Served {
    /// Starts a service that says on its standard output where it is.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let started: Value = serde_json::from_str(&line).unwrap();
        let url = started["listening"][0].as_str().unwrap().to_owned();
        Served { child, url, client: Client::new() }
    }
}

/// A service that runs; it ends with the test.
pub(crate) struct Served {
    child: Child,
    pub(crate) url: String,
    client: Client,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.url))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.url)).json(body)
    }

    /// A body as it is, of that type.
    pub(crate) fn post_as(&self, path: &str, kind: &str, body: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.url)).header("content-type", kind).body(body.to_owned())
    }

    pub(crate) fn delete(&self, path: &str) -> RequestBuilder {
        self.client.delete(format!("{}{path}", self.url))
    }

    /// Asks it to stop, and waits.
    pub(crate) fn stop(mut self) -> std::process::ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap()
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Status and JSON of an answer.
pub(crate) async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(json!(text)))
}

/// Names and data of server-sent events, to the end.
pub(crate) async fn events(response: Response) -> Vec<(String, Value)> {
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let text = response.text().await.unwrap();
    text.split("\n\n").filter_map(event).collect()
}

/// The name and the data of one event; none for a sign of life.
pub(crate) fn event(block: &str) -> Option<(String, Value)> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    Some((field("event:")?.to_owned(), serde_json::from_str(field("data:")?).unwrap()))
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// A file's whole text.
pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}
