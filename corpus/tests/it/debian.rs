//! Debian and Ubuntu.

use std::fs;
use std::time::Duration;

use kai_corpus::{Corpus, PackResult, PackState, SyncEvent, SyncOptions};

use crate::stand::{Stand, outcome, sync};

const MANIFEST: &str = r#"
[defaults]
include = ["man[1-9]*/*"]
exclude = ["**/changelog*"]
[[pack]]
name = "zfs"
title = "t"
about = "a"
licence = "l"
include = ["man[1-9]*/*", "html/**/*.html"]
debian = { packages = ["zfs", "zfs-doc-*"], optional = ["never"] }
local = { man = ["zfs*"] }
[[pack]]
name = "other"
title = "t"
about = "a"
licence = "l"
debian = { packages = ["other"] }
local = { man = ["other*"] }
"#;

/// A mirror in `$HOST/repo`: `NAME_VERSION.deb` folders whose content is what unpacking gives.
/// The scripts fail as apt does: a call for one bad package downloads nothing.
fn host() -> Stand {
    let stand = Stand::new("ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=bookworm\n");
    stand.file(
        "apt/sources.list.d/debian.sources",
        "Types: deb deb-src\nURIs: http://mirror.invalid/debian\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By: /k\n",
    );
    stand.file("apt/sources.list.d/maker.list", "deb http://maker.invalid/apt stuff-bookworm main\n");
    stand.program(
        "apt-get",
        r#"
conf=$2; home=$(dirname "$conf")
case $3 in
update)
  [ -e "$HOST/offline" ] && { echo 'E: no network' >&2; exit 100; }
  cat "$home"/parts/* > "$HOST/sources-seen"; touch "$home/lists/x_Packages" ;;
download)
  shift 3
  for p in "$@"; do
    n=${p%%=*}; v=${p#*=}
    [ -e "$HOST/repo/${n}_$v" ] || { echo "E: Can't find a source to download version '$v' of '$n'" >&2; exit 100; }
    [ -e "$HOST/repo/${n}_$v/broken" ] && { echo "E: Failed to fetch $n" >&2; exit 100; }
  done
  for p in "$@"; do
    n=${p%%=*}; v=${p#*=}
    echo "Get:1 http://mirror.invalid/debian bookworm/main amd64 $n amd64 $v [12.5 kB]"
    echo "${n}_$v" > "${n}_${v}_amd64.deb"
  done ;;
esac"#,
    );
    stand.program(
        "apt-cache",
        r#"
case $3 in
pkgnames) ls "$HOST/repo" | sed 's/_.*//' | grep "^$4" ;;
policy) shift 3; for n in "$@"; do [ -e "$HOST/repo/${n}_1" ] && printf '%s:\n  Installed: (none)\n  Candidate: 9-installed-only\n' "$n"; done ;;
madison) shift 3; for n in "$@"; do for f in $(ls -r "$HOST/repo" | grep "^${n}_"); do echo " $n | ${f#*_} | http://mirror.invalid bookworm/main amd64 Packages"; done; done ;;
esac
exit 0"#,
    );
    stand.program("dpkg-deb", r#"cp -a "$HOST/repo/$(cat "$2")/." "$3/""#);
    stand.file("repo/zfs_1/usr/share/man/man8/zfs.8", ".TH ZFS 8\nfile systems\n");
    stand.file("repo/zfs_1/usr/share/man/man8/zfs-alias.8", ".\\\" generated\n.so man8/zfs.8\n");
    stand.file("repo/zfs_1/usr/share/man/man8/zfs-copy.8", ".TH ZFS 8\nfile systems\n");
    stand.file("repo/zfs_1/usr/share/man/fr/man8/zfs.8", ".TH ZFS 8\nfichiers\n");
    stand.file("repo/zfs_1/usr/share/doc/zfs/changelog.Debian", "1\n");
    stand.file("repo/zfs-doc-9_1/usr/share/doc/zfs-doc-9/html/old.html", "<p>old");
    stand.file("repo/zfs-doc-15_1/usr/share/doc/zfs-doc-15/html/a/new.html", "<p>new");
    stand.file("repo/other_1/usr/share/man/man1/other.1", ".TH OTHER 1\n");
    stand
}

#[tokio::test]
async fn packs_hold_one_page_per_document_and_nothing_else() {
    let stand = host();
    let corpus = stand.corpus(MANIFEST);
    let (report, events) = sync(&corpus, SyncOptions::default()).await;
    assert!(report.complete(), "{report:?}");
    assert_eq!(stand.pages("zfs"), ["html/a/new.html", "man8/zfs-copy.8"]);
    assert_eq!(report.pages, 3);
    assert!(events.contains(&SyncEvent::Package {
        pack: kai_corpus::PackName::parse("zfs").unwrap(),
        package: "zfs".into(),
        bytes: Some(12_500)
    }));
    let status = &corpus.list()[0];
    assert_eq!((status.state, status.pages), (PackState::Present, 2));
    assert_eq!(status.packages[0].version, "1", "a version that no source offers is not asked for");
    let sources = fs::read_to_string(stand.path("sources-seen")).unwrap();
    assert!(sources.contains("Components: main contrib") && !sources.contains("maker"), "{sources}");
}

#[tokio::test]
async fn unchanged_packs_are_not_fetched_again_and_new_versions_are() {
    let stand = host();
    let corpus = stand.corpus(MANIFEST);
    sync(&corpus, SyncOptions::default()).await;
    stand.forget_calls();
    let (report, _) = sync(&corpus, SyncOptions::default()).await;
    assert!(report.packs.iter().all(|pack| pack.result == PackResult::Unchanged), "{report:?}");
    assert!(!stand.calls().contains("download") && !stand.calls().contains("update"), "{}", stand.calls());

    stand.file("repo/other_2/usr/share/man/man1/other.1", ".TH OTHER 1 second\n");
    let (report, _) = sync(&corpus, SyncOptions::default()).await;
    assert_eq!(outcome(&report, "other").result, PackResult::Updated);
    assert_eq!(outcome(&report, "zfs").result, PackResult::Unchanged);

    let (report, _) = sync(&corpus, SyncOptions { force: true, ..SyncOptions::default() }).await;
    assert!(report.packs.iter().all(|pack| pack.result == PackResult::Updated));
}

#[tokio::test]
async fn a_failing_package_costs_only_itself() {
    let stand = host();
    stand.file("repo/zfs-doc-15_1/broken", "");
    let (report, _) = sync(&stand.corpus(MANIFEST), SyncOptions::default()).await;
    assert!(!report.complete());
    let zfs = outcome(&report, "zfs");
    assert_eq!((zfs.result.clone(), zfs.pages, zfs.missing.len()), (PackResult::Fetched, 1, 1));
    assert!(zfs.missing[0].reason.contains("Failed to fetch"), "{zfs:?}");
    assert_eq!(outcome(&report, "other").result, PackResult::Fetched);
    assert!(outcome(&report, "other").missing.is_empty());
}

#[tokio::test]
async fn a_lost_package_keeps_the_earlier_pack() {
    let stand = host();
    let corpus = stand.corpus(MANIFEST);
    sync(&corpus, SyncOptions::default()).await;
    let before = stand.pages("zfs");
    stand.file("repo/zfs-doc-15_1/broken", "");
    let (report, _) = sync(&corpus, SyncOptions { force: true, ..SyncOptions::default() }).await;
    assert!(matches!(outcome(&report, "zfs").result, PackResult::Kept { .. }), "{report:?}");
    assert_eq!(stand.pages("zfs"), before);
}

#[tokio::test]
async fn without_a_network_the_host_keeps_what_it_has_and_says_what_is_missing() {
    let stand = host();
    stand.file("offline", "");
    stand.file("man/man8/zfs-list.8", ".TH ZFS-LIST 8\n");
    let corpus = stand.corpus(MANIFEST);
    let (report, _) = sync(&corpus, SyncOptions::default()).await;
    assert_eq!(outcome(&report, "zfs").result, PackResult::Fetched);
    assert_eq!(corpus.list()[0].method.as_deref(), Some("local"));
    let PackResult::Failed { reason, hint } = &outcome(&report, "other").result else { panic!("{report:?}") };
    assert!(reason.contains("no network") && hint.contains("network"), "{reason} / {hint}");
    assert_eq!(report.missing.len(), 1);

    fs::remove_file(stand.path("offline")).unwrap();
    sync(&corpus, SyncOptions::default()).await;
    let whole = stand.pages("zfs");
    assert_eq!(whole.len(), 2);
    stand.forget_calls();
    let offline = SyncOptions { offline: true, ..SyncOptions::default() };
    let (report, _) = sync(&corpus, offline).await;
    assert_eq!((stand.pages("zfs"), stand.calls()), (whole, String::new()));
    assert!(report.missing.is_empty() && !report.complete());
}

#[tokio::test]
async fn a_hostile_package_reads_and_writes_nothing_outside() {
    let stand = host();
    stand.file("secret/man8/secret.8", "private\n");
    let package = stand.path("repo/other_1/usr/share");
    std::os::unix::fs::symlink(stand.path("secret/man8/secret.8"), package.join("man/man1/link.1")).unwrap();
    std::os::unix::fs::symlink(stand.path("secret/man8"), package.join("man/man8")).unwrap();
    std::os::unix::fs::symlink(stand.path("secret"), package.join("doc")).unwrap();
    stand.file("repo/other_1/usr/share/man/man1/..\\..\\up.1", "x\n");
    stand.file("repo/other_1/usr/share/man/man1/new\nline.1", "x\n");
    let (report, _) = sync(&stand.corpus(MANIFEST), SyncOptions::default()).await;
    assert_eq!(outcome(&report, "other").pages, 1);
    assert_eq!(stand.pages("other"), ["man1/other.1"]);
}

#[tokio::test]
async fn a_dropped_sync_leaves_the_earlier_packs_and_the_next_one_works() {
    let stand = host();
    let corpus = stand.corpus(MANIFEST);
    sync(&corpus, SyncOptions::default()).await;
    let before = stand.pages("zfs");
    stand.program("dpkg-deb", r#"touch "$HOST/unpacking"; exec sleep 600"#);
    let mut ignore = |_: SyncEvent| {};
    let running = corpus.sync(SyncOptions { force: true, ..SyncOptions::default() }, &mut ignore);
    let unpacking = async {
        while !stand.path("unpacking").exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        done = running => panic!("finished: {done:?}"),
        () = unpacking => {}
    }
    assert_eq!(stand.pages("zfs"), before);
    stand.program("dpkg-deb", r#"cp -a "$HOST/repo/$(cat "$2")/." "$3/""#);
    let (report, _) = sync(&corpus, SyncOptions { force: true, ..SyncOptions::default() }).await;
    assert!(report.complete(), "{report:?}");
}

#[tokio::test]
async fn a_pack_lost_between_two_renames_comes_back() {
    let stand = host();
    let corpus = stand.corpus(MANIFEST);
    sync(&corpus, SyncOptions::default()).await;
    let before = stand.pages("zfs");
    fs::create_dir_all(stand.path("data/corpus/.old")).unwrap();
    fs::rename(stand.path("data/corpus/zfs"), stand.path("data/corpus/.old/zfs")).unwrap();
    let (report, _) = sync(&corpus, SyncOptions { offline: true, ..SyncOptions::default() }).await;
    assert!(report.missing.is_empty());
    assert_eq!(stand.pages("zfs"), before);
}

#[tokio::test]
async fn an_unknown_pack_is_named_with_those_that_exist() {
    let corpus: Corpus = host().corpus(MANIFEST);
    let options = SyncOptions { packs: vec!["zsf".into()], ..SyncOptions::default() };
    let error = corpus.sync(options, &mut |_| {}).await.unwrap_err().to_string();
    assert!(error.contains("zsf") && error.contains("zfs, other"), "{error}");
}
