//! Files, folders and names that are not what they should be: each costs itself and nothing else.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;

use kai_indexer::run::{Options, WordsReport};
use kai_indexer::source::{Location, LocationError};
use proptest::prelude::*;

use super::support::{Site, gzip, index, target};

const GOOD: (&str, &str) = ("good.md", "# Good\n\nA mirror keeps two copies.\n");
const SMALL: Options = Options { reread: false, page_bytes: 64 << 10 };

/// The reason that the report gives for the page whose name ends so.
fn reason<'a>(report: &'a WordsReport, name: &str) -> &'a str {
    let found = report.problems.iter().find(|problem| problem.what.ends_with(name));
    &found.unwrap_or_else(|| panic!("no problem with {name}: {:?}", report.problems)).reason
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_folder_is_an_empty_index() {
    let site = Site::new(&[]);
    let report = site.run().await;
    assert_eq!((report.pages, report.passages, report.problems.len()), (0, 0, 0));
    assert!(site.finds("anything").await.is_empty());
    site.write(GOOD.0, GOOD.1);
    assert_eq!(site.run().await.added, 1);
    site.remove(GOOD.0);
    assert_eq!(site.run().await.removed, 1);
    assert!(site.finds("mirror").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_pages_are_named_and_cost_nothing_else() {
    let site = Site::new(&[GOOD]);
    site.write("empty.html", "");
    site.write("blank.md", " \n\t\n");
    let mut late = b"<html><body>".to_vec();
    late.extend(vec![b' '; 600]);
    late.extend([0, 1, 2, 3].repeat(2000));
    site.write("late.html", &late);
    site.write("picture.html", [0x89, b'P', b'N', b'G', 0, 1, 2, 3].repeat(200));
    site.write("large.md", "word ".repeat(20_000));
    let man = format!(".TH X 8\n.SH NAME\nx \\- {}\n", "packed words ".repeat(2000));
    let packed = gzip(man.as_bytes());
    site.write("man8/cut.8.gz", &packed[..packed.len() / 2]);
    site.write("man8/bomb.8.gz", gzip(format!(".TH X 8\n.SH NAME\n{}", "words\n".repeat(1 << 20)).as_bytes()));
    let report = site.run_with(SMALL).await;

    assert_eq!((report.added, report.pages), (1, 1), "{report:?}");
    assert_eq!(report.problems.len(), 7, "{:?}", report.problems);
    reason(&report, "/empty.html");
    reason(&report, "/blank.md");
    assert!(reason(&report, "/late.html").contains("binary"), "{report:?}");
    assert!(reason(&report, "/picture.html").contains("binary"), "{report:?}");
    assert!(reason(&report, "/large.md").contains("limit"));
    assert!(reason(&report, "/man8/cut.8.gz").contains("cut short"));
    assert!(reason(&report, "/man8/bomb.8.gz").contains("unpacks to more"));
    assert_eq!(site.finds("mirror").await, ["good.md"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_files_are_counted_and_nothing_more() {
    let site = Site::new(&[GOOD]);
    site.write("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    site.write("style.css", "body {}");
    site.write("tool.sh", "#!/bin/sh\n");
    site.write("setup", "#!/usr/bin/env python3\n");
    let _socket = UnixListener::bind(site.pages.join("socket.txt")).unwrap();
    let report = site.run().await;
    assert_eq!((report.added, report.other_files, report.problems.len()), (1, 4, 0), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_not_utf8_are_read_as_far_as_they_go() {
    let site = Site::new(&[]);
    site.write("latin.txt", b"The caf\xe9 serves zebras.\n");
    site.write("broken.md", b"# Broken\n\nGiraffes \xff\xfe\x80 eat leaves.\n");
    let report = site.run().await;
    assert_eq!((report.added, report.problems.len()), (2, 0), "{report:?}");
    assert_eq!(site.finds("caf\u{e9} zebras").await, ["latin.txt"]);
    assert_eq!(site.finds("giraffes leaves").await, ["broken.md"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_stay_inside_the_folder() {
    let outside =
        Site::new(&[("secret.md", "# Secret\n\nHidden zebras.\n"), ("deep/more.md", "# More\n\nHidden zebras.\n")]);
    let site = Site::new(&[GOOD]);
    std::fs::create_dir(site.pages.join("sub")).unwrap();
    symlink(&site.pages, site.pages.join("sub/loop")).unwrap();
    symlink(outside.pages.join("secret.md"), site.pages.join("out.md")).unwrap();
    symlink(&outside.pages, site.pages.join("away")).unwrap();
    symlink(site.pages.join("good.md"), site.pages.join("alias.md")).unwrap();
    let report = site.run().await;
    assert_eq!((report.added, report.pages), (1, 1), "{report:?}");
    assert_eq!(report.problems.len(), 3, "a folder outside is not walked: {:?}", report.problems);
    assert!(reason(&report, "/sub/loop").contains("leads back"));
    assert!(reason(&report, "/out.md").contains("out of the folder"));
    assert!(reason(&report, "/away").contains("out of the folder"));
    assert!(site.finds("zebras").await.is_empty());
    assert_eq!(site.finds("mirror").await, ["good.md"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_nothing_hides_no_vanished_page() {
    let site = Site::new(&[GOOD, ("old.md", "# Old\n\nZebras were here.\n")]);
    symlink(site.pages.join("nowhere"), site.pages.join("dangling.md")).unwrap();
    let first = site.run().await;
    assert_eq!((first.added, first.problems.len()), (2, 1), "{first:?}");
    assert!(reason(&first, "/dangling.md").contains("link to nothing"));
    site.remove("old.md");
    assert_eq!(site.run().await.removed, 1);
    assert!(site.finds("zebras").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_turns_bad_is_no_longer_found_by_its_old_text() {
    let site = Site::new(&[GOOD, ("turned.md", "# Turned\n\nZebras graze.\n")]);
    site.run().await;
    assert_eq!(site.finds("zebras").await, ["turned.md"]);
    site.write("turned.md", " \n\t\n");
    let report = site.run().await;
    assert_eq!((report.removed, report.pages, report.problems.len()), (1, 1, 1), "{report:?}");
    assert!(site.finds("zebras").await.is_empty());
}

/// Root may read everything, so that this shows nothing when run as root.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_may_not_be_read_is_named() {
    let site = Site::new(&[GOOD]);
    let path = site.write("closed.md", "# Closed\n\nNobody reads this.\n");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o000)).unwrap();
    if std::fs::File::open(&path).is_ok() {
        return;
    }
    let report = site.run().await;
    assert_eq!((report.added, report.problems.len()), (1, 1));
    assert!(reason(&report, "/closed.md").contains("ermission"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_listed_keeps_its_pages() {
    let site = Site::new(&[GOOD]);
    let target = site.target();
    site.run().await;
    std::fs::rename(&site.pages, site.pages.with_extension("unmounted")).unwrap();
    let report = index(&site.index, &[target], Options::default()).await;
    assert_eq!((report.removed, report.pages, report.problems.len()), (0, 1, 1), "{report:?}");
    assert_eq!(site.finds("mirror").await, ["good.md"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_file_is_a_source_too() {
    let site = Site::new(&[GOOD, ("other.md", "# Other\n\nZebras.\n")]);
    let file = target("one", site.pages.join("good.md").to_str().unwrap());
    let report = index(&site.index, &[file], Options::default()).await;
    assert_eq!((report.added, report.pages), (1, 1));
    assert_eq!(site.finds("mirror").await, ["good.md"]);
}

#[test]
fn locations_are_told_apart() {
    let site = Site::new(&[GOOD]);
    let (folder, file) = (site.pages.to_str().unwrap(), site.pages.join(GOOD.0));
    assert_eq!(Location::parse(folder).unwrap(), Location::Folder(site.pages.clone()));
    assert_eq!(Location::parse(file.to_str().unwrap()).unwrap(), Location::File(file.clone()));
    let url = url::Url::from_file_path(&file).unwrap();
    assert_eq!(Location::parse(url.as_str()).unwrap(), Location::File(file));
    assert!(matches!(Location::parse("https://example.org/a").unwrap(), Location::Url(_)));
    for map in ["https://example.org/sitemap.xml", "HTTP://example.org/a/Sitemap.XML.gz?x=1"] {
        assert!(matches!(Location::parse(map).unwrap(), Location::Sitemap(_)), "{map}");
    }
    assert_eq!(Location::parse(folder).unwrap().short_name(), "pages");
    assert_eq!(Location::parse("https://example.org/a").unwrap().short_name(), "example.org");
}

#[test]
fn what_is_no_location_says_why() {
    let site = Site::new(&[]);
    let missing = site.pages.join("missing");
    let error = Location::parse(missing.to_str().unwrap()).unwrap_err();
    assert!(matches!(&error, LocationError::Path { path, .. } if *path == missing), "{error:?}");
    assert!(matches!(Location::parse("").unwrap_err(), LocationError::Path { .. }));

    let error = Location::parse("ftp://example.org/a").unwrap_err();
    assert!(matches!(&error, LocationError::Scheme { scheme, .. } if scheme == "ftp"), "{error:?}");
    assert!(error.to_string().contains("ftp://example.org/a") && error.to_string().contains("http"));
    assert!(matches!(Location::parse("http://").unwrap_err(), LocationError::Address { .. }));
    for secret in ["http://bob:hunter2@example.org/a", "https://hunter2@example.org/sitemap.xml"] {
        let said = Location::parse(secret).unwrap_err().to_string();
        assert!(said.contains("example.org") && !said.contains("hunter2"), "{said}");
    }
    assert!(matches!(Location::parse("file://host/a").unwrap_err(), LocationError::Scheme { .. }));

    let socket = site.pages.join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    for special in [socket.to_str().unwrap(), "/dev/null"] {
        let error = Location::parse(special).unwrap_err();
        assert!(matches!(error, LocationError::Kind(_)), "{special}: {error:?}");
        assert!(error.to_string().contains(special));
    }
}

proptest! {
    #[test]
    fn no_name_makes_parsing_panic(
        name in prop_oneof![any::<String>(), "[a-z]{1,6}://\\PC{0,30}", "(file|https?)://[\\[\\]@:/?#%a-z0-9.]{0,30}"]
    ) {
        match Location::parse(&name) {
            Ok(location) => prop_assert!(!location.short_name().is_empty()),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
