//! Pages at addresses, with limits on redirects, time and size.

use std::collections::HashSet;
use std::io::Read;
use std::time::Duration;

use flate2::read::GzDecoder;
use futures::StreamExt;
use quick_xml::events::Event;
use reqwest::header::{CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use reqwest::{Client, Response, StatusCode};
use url::Url;

use super::{Candidate, Listing, Loaded, Place};
use crate::problem::Problem;

/// A sitemap may name at most this many pages and further sitemaps.
const MOST_PAGES: usize = 50_000;
const MOST_SITEMAPS: usize = 200;
/// The standard's own limit for one sitemap, uncompressed.
const SITEMAP_BYTES: u64 = 50 << 20;

/// Fetches pages.
#[derive(Debug, Clone)]
pub struct Web {
    client: Client,
}

impl Web {
    /// A client that gives up on a server that says nothing for half a minute.
    ///
    /// # Errors
    /// If the system's certificates or proxy settings cannot be used.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .user_agent(concat!("kai/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(Duration::from_secs(30))
            .timeout(Duration::from_secs(300))
            .redirect(reqwest::redirect::Policy::limited(10))
            .build()?;
        Ok(Self { client })
    }

    /// The pages that a sitemap lists, and those that the sitemaps in it list. Only pages of the
    /// sitemap's own host.
    pub(super) async fn sitemap(&self, start: &Url) -> Listing {
        let mut listing = Listing { complete: true, ..Listing::default() };
        let mut waiting = vec![start.clone()];
        let mut seen = HashSet::from([start.clone()]);
        let mut foreign = 0;
        while let Some(url) = waiting.pop() {
            let entries = match self.sitemap_entries(&url).await {
                Ok(entries) => entries,
                Err(problem) => {
                    listing.complete = false;
                    listing.problems.push(problem);
                    continue;
                }
            };
            for entry in entries {
                if entry.url.host_str() != start.host_str() {
                    foreign += 1;
                } else if seen.len() >= MOST_PAGES + MOST_SITEMAPS || !seen.insert(entry.url.clone()) {
                } else if entry.is_sitemap {
                    waiting.push(entry.url);
                } else {
                    listing.candidates.push(candidate(&entry.url));
                }
            }
        }
        if foreign > 0 {
            let reason = format!("{foreign} addresses on other hosts were left out");
            listing.problems.push(Problem::new(start.as_str(), reason));
        }
        listing.candidates.sort_by(|a, b| a.name.cmp(&b.name));
        listing
    }

    async fn sitemap_entries(&self, url: &Url) -> Result<Vec<Entry>, Problem> {
        let failed = |reason: String| Problem::new(url.as_str(), reason);
        let response =
            self.client.get(url.clone()).send().await.map_err(|error| Problem::because(url.as_str(), &error))?;
        if !response.status().is_success() {
            return Err(failed(format!("the server answered {}", response.status())));
        }
        let bytes = body(response, SITEMAP_BYTES).await.map_err(failed)?;
        let bytes = if bytes.starts_with(&[0x1f, 0x8b]) { gunzip(&bytes).map_err(failed)? } else { bytes };
        entries(&bytes).map_err(failed)
    }

    pub(super) async fn load(&self, candidate: &Candidate, url: &Url, known: Option<&str>, limit: u64) -> Loaded {
        let mut request = self.client.get(url.clone());
        match known.and_then(|stamp| stamp.split_once(':')) {
            Some(("etag", tag)) => request = request.header(IF_NONE_MATCH, tag),
            Some(("date", date)) => request = request.header(IF_MODIFIED_SINCE, date),
            Some(_) | None => {}
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Loaded::Failed(Problem::because(url.as_str(), &error.without_url())),
        };
        match response.status() {
            StatusCode::NOT_MODIFIED => return Loaded::Unchanged,
            status @ (StatusCode::NOT_FOUND | StatusCode::GONE) => {
                return Loaded::Gone(Problem::new(url.as_str(), format!("the server answered {status}")));
            }
            status if !status.is_success() => {
                return Loaded::Failed(Problem::new(url.as_str(), format!("the server answered {status}")));
            }
            _ => {}
        }
        let stamp = validator(&response);
        let format_name = format_name(&candidate.name, &response);
        match body(response, limit).await {
            Ok(bytes) => Loaded::Bytes { bytes, format_name, stamp },
            Err(reason) => Loaded::Failed(Problem::new(url.as_str(), reason)),
        }
    }
}

/// The one page at `url`.
pub(super) fn page(url: &Url) -> Listing {
    Listing { candidates: vec![candidate(url)], complete: true, ..Listing::default() }
}

fn candidate(url: &Url) -> Candidate {
    Candidate { name: url.to_string(), url: url.to_string(), stamp: String::new(), place: Place::Address(url.clone()) }
}

/// What the server tells a version of the page by, to be sent back next time.
fn validator(response: &Response) -> String {
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    match (header(ETAG), header(LAST_MODIFIED)) {
        (Some(tag), _) => format!("etag:{tag}"),
        (None, Some(date)) => format!("date:{date}"),
        (None, None) => String::new(),
    }
}

/// A name whose ending says the format: the address's own, or one made from the content type.
fn format_name(name: &str, response: &Response) -> String {
    let path = response.url().path();
    let base = path.rsplit('/').next().filter(|base| !base.is_empty()).unwrap_or("index");
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim();
    match kind {
        "text/html" | "application/xhtml+xml" => format!("{base}.html"),
        "text/markdown" => format!("{base}.md"),
        "text/x-rst" => format!("{base}.rst"),
        "text/plain" if !base.contains('.') => format!("{base}.txt"),
        "" if !base.contains('.') => format!("{base}.html"),
        _ if base == "index" => name.to_owned(),
        _ => base.to_owned(),
    }
}

async fn body(response: Response, limit: u64) -> Result<Vec<u8>, String> {
    let too_large = || super::too_large(limit);
    if response.content_length().is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(part) = stream.next().await {
        let part = part.map_err(|error| format!("the transfer broke off: {}", error.without_url()))?;
        if bytes.len() as u64 + part.len() as u64 > limit {
            return Err(too_large());
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

fn gunzip(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let read = GzDecoder::new(bytes).take(SITEMAP_BYTES + 1).read_to_end(&mut out);
    match read {
        Ok(_) if out.len() as u64 <= SITEMAP_BYTES => Ok(out),
        Ok(_) => Err("unpacks to more than the 50 MiB that a sitemap may have".to_owned()),
        Err(error) => Err(format!("cannot be unpacked: {error}")),
    }
}

#[derive(Debug)]
struct Entry {
    url: Url,
    is_sitemap: bool,
}

/// Reads `<loc>` of every `<url>` and `<sitemap>` (sitemaps.org protocol 0.9).
fn entries(xml: &[u8]) -> Result<Vec<Entry>, String> {
    let mut reader = quick_xml::Reader::from_reader(xml);
    let mut out = Vec::new();
    let mut is_sitemap = false;
    let mut location: Option<String> = None;
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer) {
            Err(error) => return Err(format!("not a sitemap: {error}")),
            Ok(Event::Eof) => break,
            Ok(Event::Start(tag)) => match tag.local_name().as_ref() {
                b"sitemap" => is_sitemap = true,
                b"url" => is_sitemap = false,
                b"loc" => location = Some(String::new()),
                _ => {}
            },
            Ok(Event::Text(text)) => {
                if let Some(location) = &mut location {
                    location.push_str(&String::from_utf8_lossy(&text));
                }
            }
            Ok(Event::GeneralRef(name)) => {
                if let Some(location) = &mut location {
                    location.push_str(if &*name == b"amp" { "&" } else { "" });
                }
            }
            Ok(Event::CData(text)) => {
                if let Some(location) = &mut location {
                    location.push_str(&String::from_utf8_lossy(&text));
                }
            }
            Ok(Event::End(tag)) if tag.local_name().as_ref() == b"loc" => {
                if let Some(url) = location.take().and_then(|text| Url::parse(text.trim()).ok())
                    && matches!(url.scheme(), "http" | "https")
                {
                    out.push(Entry { url, is_sitemap });
                }
            }
            Ok(_) => {}
        }
        buffer.clear();
    }
    if out.is_empty() { Err("not a sitemap, or one without addresses".to_owned()) } else { Ok(out) }
}
