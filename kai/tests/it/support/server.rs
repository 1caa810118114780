//! A stand-in model server on loopback: raw HTTP/1.1 with chunked bodies, so that a test decides
//! where bytes are split, when nothing comes, and where the connection ends.
//!
//! It answers what it was told to, in order, and keeps what it was sent. It judges nothing and knows
//! no protocol; [`super::ollama`] and [`super::openai`] do.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// One step of a response.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// The head of a chunked response with this status.
    Head(u16),
    /// One chunk of the body.
    Bytes(Vec<u8>),
    /// A pause.
    Pause(Duration),
    /// Nothing more, with the connection left open.
    Hang,
    /// The connection ends without the body's end mark.
    Cut,
}

/// One response.
pub(crate) type Script = Vec<Step>;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// The server. It stops when the test's runtime does.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Starts a server with scripts for each path. The last script of a path is used again.
    pub(crate) async fn start(scripts: Vec<(&str, Vec<Script>)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let scripts: HashMap<String, VecDeque<Script>> =
            scripts.into_iter().map(|(path, list)| (path.to_owned(), list.into())).collect();
        let scripts = Arc::new(Mutex::new(scripts));
        let log = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (scripts, log) = (Arc::clone(&scripts), Arc::clone(&log));
                tokio::spawn(async move {
                    serve(stream, &scripts, &log).await;
                });
            }
        });
        Self { url, seen }
    }

    /// The bodies that arrived on a path, in order.
    pub(crate) fn seen(&self, path: &str) -> Vec<Value> {
        self.requests(path).into_iter().map(|seen| seen.body).collect()
    }

    /// What arrived on a path, in order.
    pub(crate) fn requests(&self, path: &str) -> Vec<Seen> {
        let seen = self.seen.lock().expect("no test panicked in it");
        seen.iter().filter(|s| s.path == path).cloned().collect()
    }
}

async fn serve(mut stream: TcpStream, scripts: &Mutex<HashMap<String, VecDeque<Script>>>, log: &Mutex<Vec<Seen>>) {
    let _ = stream.set_nodelay(true);
    while let Some(seen) = request(&mut stream).await {
        let script = {
            let mut scripts = scripts.lock().expect("no panic");
            match scripts.get_mut(&seen.path) {
                Some(list) if list.len() > 1 => list.pop_front().expect("not empty"),
                Some(list) => list.front().cloned().unwrap_or_default(),
                None => status(404, r#"{"error":"no such path"}"#),
            }
        };
        log.lock().expect("no panic").push(seen);
        for step in script {
            let sent = match step {
                Step::Head(status) => {
                    let head = format!("HTTP/1.1 {status} X\r\nTransfer-Encoding: chunked\r\n\r\n");
                    stream.write_all(head.as_bytes()).await
                }
                Step::Bytes(bytes) if bytes.is_empty() => Ok(()),
                Step::Bytes(bytes) => {
                    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
                    chunk.extend_from_slice(&bytes);
                    chunk.extend_from_slice(b"\r\n");
                    let sent = stream.write_all(&chunk).await;
                    // Lets the other side read this chunk by itself.
                    tokio::task::yield_now().await;
                    sent
                }
                Step::Pause(time) => {
                    tokio::time::sleep(time).await;
                    Ok(())
                }
                Step::Hang => std::future::pending().await,
                Step::Cut => return,
            };
            if sent.is_err() {
                return;
            }
        }
        if stream.write_all(b"0\r\n\r\n").await.is_err() {
            return;
        }
    }
}

/// Reads one request with its body (`Content-Length`; that is what the client sends).
async fn request(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let mut buffer = [0u8; 4096];
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let path = head.split_whitespace().nth(1)?.to_owned();
    let length: usize = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0);
    while bytes.len() < head_end + length {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
        }
    }
    let body = serde_json::from_slice(&bytes[head_end..head_end + length]).unwrap_or(Value::Null);
    Some(Seen { path, head, body })
}

/// A whole response.
pub(crate) fn status(status: u16, body: &str) -> Script {
    vec![Step::Head(status), Step::Bytes(body.as_bytes().to_vec())]
}

/// An answer's bytes, cut into chunks of `size` bytes, wherever that falls.
pub(crate) fn chunked(text: &str, size: usize) -> Script {
    let mut script = vec![Step::Head(200)];
    script.extend(text.as_bytes().chunks(size).map(|chunk| Step::Bytes(chunk.to_vec())));
    script
}

/// The same answer many times, cut in two at every position of its bytes.
pub(crate) fn cut_everywhere(text: &str) -> Vec<Script> {
    let bytes = text.as_bytes();
    let cut = |at: usize| vec![Step::Head(200), Step::Bytes(bytes[..at].to_vec()), Step::Bytes(bytes[at..].to_vec())];
    (0..=bytes.len()).map(cut).collect()
}
