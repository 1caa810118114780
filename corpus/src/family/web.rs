//! The last resort: pages from a website, given by their addresses, a sitemap, or the links of
//! one page. Sizes, redirects, time and the number of pages are limited; scripts are not run.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;
use url::Url;

use crate::manifest::WebSource;
use crate::store::{self, StoreError};

const PAGE_LIMIT: u64 = 8 << 20;
const REDIRECTS: usize = 5;

/// Why an address gave no page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WebError {
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
    #[error("cannot get {url}: {}", innermost(source))]
    Get { url: String, source: reqwest::Error },
    #[error("{url} answered {status}")]
    Status { url: String, status: u16 },
    #[error("{url} is larger than {limit} bytes")]
    TooLarge { url: String, limit: u64 },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// reqwest's own text says only that sending failed; the reason lies at the bottom.
fn innermost(error: &reqwest::Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

pub(crate) struct Answer {
    pub(crate) url: Url,
    pub(crate) html: bool,
    pub(crate) body: Vec<u8>,
}

pub(crate) fn client() -> Result<Client, WebError> {
    Client::builder()
        .user_agent(concat!("kai/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::limited(REDIRECTS))
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_secs(60))
        .build()
        .map_err(WebError::Client)
}

/// One address, at most `limit` bytes of it.
pub(crate) async fn get(client: &Client, url: &str, limit: u64) -> Result<Answer, WebError> {
    let failed = |source| WebError::Get { url: url.to_owned(), source };
    let mut response = client.get(url).send().await.map_err(failed)?;
    if !response.status().is_success() {
        return Err(WebError::Status { url: url.to_owned(), status: response.status().as_u16() });
    }
    let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let html = kind.contains("html");
    let address = response.url().clone();
    let mut body = Vec::new();
    while let Some(block) = response.chunk().await.map_err(failed)? {
        body.extend_from_slice(&block);
        if body.len() as u64 > limit {
            return Err(WebError::TooLarge { url: url.to_owned(), limit });
        }
    }
    Ok(Answer { url: address, html, body })
}

/// Writes the pages of a site below `into`; gives how many, and the last trouble.
pub(crate) async fn fetch(source: &WebSource, into: &Path) -> Result<(usize, Option<WebError>), WebError> {
    let client = client()?;
    let mut queue: VecDeque<Url> = source.urls.iter().cloned().collect();
    let mut trouble = None;
    if let Some(sitemap) = &source.sitemap {
        match get(&client, sitemap.as_str(), PAGE_LIMIT).await {
            Ok(answer) => queue
                .extend(locations(&String::from_utf8_lossy(&answer.body)).into_iter().filter(|url| below(source, url))),
            Err(error) => trouble = Some(error),
        }
    }
    let given: BTreeSet<Url> = source.urls.iter().cloned().collect();
    let mut seen: BTreeSet<Url> = BTreeSet::new();
    let mut pages = 0;
    // Asked addresses are counted too, so that a site of dead links ends.
    let mut asked = 0;
    while let Some(url) = queue.pop_front() {
        if pages >= source.limit || asked >= source.limit.saturating_mul(2) {
            break;
        }
        if !seen.insert(url.clone()) {
            continue;
        }
        asked += 1;
        let answer = match get(&client, url.as_str(), PAGE_LIMIT).await {
            Ok(answer) => answer,
            Err(error) => {
                trouble = Some(error);
                continue;
            }
        };
        // A redirect may not lead out of what the manifest names.
        if !given.contains(&url) && !below(source, &answer.url) {
            continue;
        }
        if answer.html && given.contains(&url) {
            let links = links(&String::from_utf8_lossy(&answer.body), &answer.url);
            queue.extend(links.into_iter().filter(|link| below(source, link)));
        }
        let file = into.join(file_name(&url, answer.html));
        if let Some(folder) = file.parent() {
            store::create(folder)?;
        }
        if !file.exists() {
            store::write(&file, &answer.body)?;
            pages += 1;
        }
    }
    Ok((pages, trouble))
}

fn below(source: &WebSource, url: &Url) -> bool {
    source.under.as_ref().is_some_and(|under| {
        let page = |path: &str| {
            let file = path.rsplit('/').next().unwrap_or("");
            !file.contains('.') || file.ends_with(".html") || file.ends_with(".htm") || file.ends_with(".md")
        };
        url.origin() == under.origin() && url.path().starts_with(under.path()) && page(url.path())
    })
}

/// The `<loc>` entries of a sitemap.
fn locations(xml: &str) -> Vec<Url> {
    let entries = xml.split("<loc>").skip(1).filter_map(|part| part.split("</loc>").next());
    entries.filter_map(|text| Url::parse(&text.trim().replace("&amp;", "&")).ok()).map(plain).collect()
}

/// The `href`s of a page, made absolute.
fn links(html: &str, base: &Url) -> Vec<Url> {
    let mut links = Vec::new();
    for part in html.split("href=").skip(1) {
        let text = match part.chars().next() {
            Some(quote @ ('"' | '\'')) => part[1..].split(quote).next(),
            Some(_) | None => part.split([' ', '>', '\t', '\n']).next(),
        };
        links.extend(text.and_then(|text| base.join(&text.replace("&amp;", "&")).ok()).map(plain));
    }
    links
}

/// Without fragment and query: they name parts and views of one page.
fn plain(mut url: Url) -> Url {
    url.set_fragment(None);
    url.set_query(None);
    url
}

/// `host/path`, from characters that cannot leave the folder or hide a file.
fn file_name(url: &Url, html: bool) -> String {
    let mut steps = vec![url.host_str().unwrap_or("site").to_owned()];
    steps.extend(url.path_segments().into_iter().flatten().filter(|step| !step.is_empty()).map(str::to_owned));
    if steps.len() == 1 || url.path().ends_with('/') {
        steps.push("index.html".to_owned());
    }
    let good = |c: char| {
        if c.is_ascii_alphanumeric() || "._-+".contains(c) { c } else { '_' }
    };
    let mut name: Vec<String> = steps
        .iter()
        .map(|step| step.chars().map(good).take(120).collect::<String>())
        .map(|step| if step.starts_with('.') { format!("_{step}") } else { step })
        .collect();
    if let Some(last) = name.last_mut()
        && html
        && !last.ends_with(".html")
        && !last.ends_with(".htm")
    {
        last.push_str(".html");
    }
    name.join("/")
}
