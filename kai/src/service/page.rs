//! The web page: static files that are part of the program. What it shows comes from the same interface that
//! everybody else uses.

use axum::Router;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use super::problem::Problem;

/// A file, with its type.
type File = (&'static str, &'static str, &'static [u8]);

macro_rules! files {
    ($($name:literal: $kind:expr,)*) => {
        &[$(($name, $kind, include_bytes!(concat!("../../page/", $name))),)*]
    };
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

const INDEX: &[u8] = include_bytes!("../../page/index.html");
const FILES: &[File] = files! {
    "api.js": SCRIPT,
    "chat.js": SCRIPT,
    "corpus.js": SCRIPT,
    "dom.js": SCRIPT,
    "draw.js": SCRIPT,
    "format.js": SCRIPT,
    "host.js": SCRIPT,
    "icon.svg": "image/svg+xml",
    "interface.js": SCRIPT,
    "kai.css": STYLE,
    "live.js": SCRIPT,
    "main.js": SCRIPT,
    "markdown.js": SCRIPT,
    "operations.js": SCRIPT,
    "parts.css": STYLE,
    "passages.js": SCRIPT,
    "plans.js": SCRIPT,
    "problems.js": SCRIPT,
    "progress.js": SCRIPT,
    "replication.js": SCRIPT,
    "search.js": SCRIPT,
    "sources.js": SCRIPT,
    "sse.js": SCRIPT,
    "theme.js": SCRIPT,
    "token.js": SCRIPT,
    "turn.js": SCRIPT,
};

pub(super) fn routes() -> Router {
    // Names in the page are relative to its folder.
    let to_page = || async { Redirect::temporary("/page/") };
    Router::new()
        .route("/", get(to_page))
        .route("/page", get(to_page))
        .route("/page/", get(index))
        .route("/page/{name}", get(file))
}

async fn index() -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], INDEX).into_response()
}

async fn file(Path(name): Path<String>) -> Response {
    match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, bytes)) => ([(header::CONTENT_TYPE, *kind)], *bytes).into_response(),
        None => Problem::not_found("the page has no such file").into_response(),
    }
}
