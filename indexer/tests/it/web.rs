//! Pages at addresses: fetched once, asked for again with their validator, limited in every way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kai_indexer::run::{Options, WordsReport};

use super::http::{Answer, Server};
use super::support::{Site, index, target};

const PAGE: &str =
    "<html><head><title>Web</title></head><body><h1>Web</h1><p>A mirror keeps two copies.</p></body></html>";
const SMALL: Options = Options { reread: false, page_bytes: 64 << 10 };

async fn fetch(site: &Site, address: &str) -> WordsReport {
    index(&site.index, &[target("web", address)], SMALL).await
}

fn only_reason(report: &WordsReport) -> &str {
    assert_eq!(report.problems.len(), 1, "{report:?}");
    &report.problems[0].reason
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_asked_for_again_only_with_its_validator() {
    for (validator, condition, value) in
        [("ETag", "if-none-match", "\"v:1\""), ("Last-Modified", "if-modified-since", "Mon, 01 Jan 2024 00:00:00 GMT")]
    {
        let server = Server::start(move |request| {
            if request.headers.get(condition).is_some_and(|sent| sent == value) {
                return Answer::of(304, "text/html", "");
            }
            Answer::html(PAGE).with(validator, value)
        });
        let site = Site::new(&[]);
        let address = server.at("page");
        let report = fetch(&site, &address).await;
        assert_eq!((report.added, report.problems.len()), (1, 0), "{report:?}");
        assert_eq!(site.finds("mirror copies").await, [address.as_str()]);
        assert_eq!(server.take_asked().len(), 1);

        let report = fetch(&site, &address).await;
        assert_eq!((report.unchanged, report.added, report.changed), (1, 0, 0));
        let asked = server.take_asked();
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].headers.get(condition).map(String::as_str), Some(value));
        assert_eq!(site.finds("mirror copies").await, [address]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_validator_the_bytes_decide() {
    let newer = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&newer);
    let server = Server::start(move |_| {
        if flag.load(Ordering::SeqCst) {
            Answer::html("<h1>Web</h1><p>A raidz keeps parity.</p>")
        } else {
            Answer::html(PAGE)
        }
    });
    let (site, address) = (Site::new(&[]), server.at("page.html"));
    assert_eq!(fetch(&site, &address).await.added, 1);
    assert_eq!(fetch(&site, &address).await.unchanged, 1);
    newer.store(true, Ordering::SeqCst);
    assert_eq!(fetch(&site, &address).await.changed, 1);
    assert!(site.finds("mirror").await.is_empty());
    assert_eq!(site.finds("parity").await, [address]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_gone_leaves_and_one_that_fails_stays() {
    let status = Arc::new(std::sync::atomic::AtomicU16::new(200));
    let now = Arc::clone(&status);
    let server = Server::start(move |_| Answer::of(now.load(Ordering::SeqCst), "text/html", PAGE));
    let (site, address) = (Site::new(&[]), server.at("page"));
    fetch(&site, &address).await;
    status.store(503, Ordering::SeqCst);
    let report = fetch(&site, &address).await;
    assert_eq!((report.removed, report.pages), (0, 1));
    assert!(only_reason(&report).contains("503"));
    assert_eq!(report.problems[0].what, address);
    assert_eq!(site.finds("mirror").await, [address.as_str()]);
    status.store(404, Ordering::SeqCst);
    let report = fetch(&site, &address).await;
    assert_eq!((report.removed, report.pages), (1, 0));
    assert!(only_reason(&report).contains("404"));
    assert!(site.finds("mirror").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_followed_but_not_for_ever() {
    let server = Server::start(|request| match request.path.as_str() {
        "/old" => Answer::of(301, "text/html", "").with("Location", "/new.html"),
        "/new.html" => Answer::html(PAGE),
        _ => Answer::of(302, "text/html", "").with("Location", "/loop"),
    });
    let site = Site::new(&[]);
    assert_eq!(fetch(&site, &server.at("old")).await.added, 1);
    server.take_asked();
    let report = fetch(&Site::new(&[]), &server.at("loop")).await;
    assert!(only_reason(&report).contains("redirect"), "{report:?}");
    assert!(server.take_asked().len() <= 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_not_taken() {
    let server = Server::start(|request| match request.path.as_str() {
        "/endless" => Answer::html(&"word ".repeat(1000)).endless(),
        _ => Answer::html(&"word ".repeat(20_000)),
    });
    for path in ["endless", "declared"] {
        let report = fetch(&Site::new(&[]), &server.at(path)).await;
        assert_eq!(report.pages, 0);
        assert!(only_reason(&report).contains("limit"), "{path}: {report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_a_problem_of_its_page() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/page", listener.local_addr().unwrap());
    drop(listener);
    let report = fetch(&Site::new(&[]), &address).await;
    assert!(!only_reason(&report).is_empty());
    assert_eq!(report.problems[0].what, address);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sitemap_leads_to_the_pages_of_its_host() {
    let broken = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&broken);
    let server = Server::start(move |request| {
        let base = format!("http://{}", request.headers["host"]);
        match request.path.as_str() {
            "/sitemap.xml" => Answer::of(
                200,
                "text/xml",
                format!(
                    "<?xml version=\"1.0\"?><sitemapindex><sitemap><loc>{base}/nested.xml</loc></sitemap>\
                 <sitemap><loc>{base}/sitemap.xml</loc></sitemap></sitemapindex>"
                ),
            ),
            "/nested.xml" if flag.load(Ordering::SeqCst) => Answer::of(500, "text/plain", "down"),
            "/nested.xml" => Answer::of(
                200,
                "text/xml",
                format!(
                    "<urlset><url><loc> {base}/one.html </loc></url><url><loc>{base}/two?a=1&amp;b=2</loc></url>\
                 <url><loc>{base}/one.html</loc></url>\
                 <url><loc>http://foreign.invalid/three.html</loc></url><url><loc>nonsense</loc></url></urlset>"
                ),
            ),
            "/one.html" => Answer::html(PAGE),
            "/two?a=1&b=2" => Answer::html("<h1>Two</h1><p>A raidz keeps parity.</p>"),
            _ => Answer::of(404, "text/plain", "no"),
        }
    });
    let (site, map) = (Site::new(&[]), server.at("sitemap.xml"));
    let report = fetch(&site, &map).await;
    assert_eq!((report.added, report.pages), (2, 2), "{report:?}");
    assert!(only_reason(&report).contains("1 addresses on other hosts"), "{report:?}");
    assert_eq!(site.finds("parity").await, [server.at("two?a=1&b=2")]);

    // A sitemap that cannot be read says nothing about its pages.
    broken.store(true, Ordering::SeqCst);
    let report = fetch(&site, &map).await;
    assert_eq!((report.removed, report.pages), (0, 2), "{report:?}");
    assert_eq!(report.problems[0].what, server.at("nested.xml"));
    assert_eq!(site.finds("mirror").await, [server.at("one.html")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_sitemap_is_named() {
    for body in ["", "plain text", "<urlset></urlset>", "<urlset><url><loc>http://x"] {
        let server = Server::start(move |_| Answer::of(200, "text/xml", body));
        let report = fetch(&Site::new(&[]), &server.at("sitemap.xml")).await;
        assert!(only_reason(&report).contains("not a sitemap"), "{body}: {report:?}");
    }
}
