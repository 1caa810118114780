//! The other families, through stand-ins that behave like their tools.

use kai_corpus::{PackResult, SyncOptions};

use crate::stand::{Stand, outcome, sync};

const MANIFEST: &str = r#"
[defaults]
include = ["man[1-9]*/*"]
[[pack]]
name = "p"
title = "t"
about = "a"
licence = "l"
fedora = { packages = ["tool"] }
arch = { packages = ["tool"] }
alpine = { packages = ["tool-doc"] }
freebsd = { packages = ["tool"] }
local = { man = ["tool*"] }
"#;

/// Unpacks to one page, wherever the family's unpacker is told to.
const UNPACK: &str = r#"
while [ $# -gt 0 ]; do [ "$1" = -C ] && to=$2; shift; done
mkdir -p "$to/usr/share/man/man1"; echo '.TH TOOL 1' > "$to/usr/share/man/man1/tool.1""#;

async fn fetched(stand: &Stand, called: &[&str]) {
    let (report, _) = sync(&stand.corpus(MANIFEST), SyncOptions::default()).await;
    assert_eq!(outcome(&report, "p").result, PackResult::Fetched, "{report:?}\n{}", stand.calls());
    assert!(report.complete(), "{report:?}");
    assert_eq!(stand.pages("p"), ["man1/tool.1"]);
    for call in called {
        assert!(stand.calls().contains(call), "{call} in\n{}", stand.calls());
    }
}

#[tokio::test]
async fn dnf() {
    let stand = Stand::new("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n");
    stand.program(
        "dnf",
        r#"case "$*" in *repoquery*) printf '\ntool 1:2.0-3.el9\n\n' ;; *download*) touch "$5/tool-2.0-3.el9.x86_64.rpm" ;; esac"#,
    );
    stand.program("rpm2archive", r#"touch "$1.tgz""#);
    stand.program("tar", UNPACK);
    fetched(&stand, &["repoquery --latest-limit=1", "tool-1:2.0-3.el9", "tar -xzf"]).await;
}

#[tokio::test]
async fn pacman_as_root() {
    let stand = Stand::new("ID=arch\n");
    stand.program(
        "pacman",
        r#"case "$1" in -Sl) echo 'extra tool 2.0-1 [installed]'; echo 'extra tooling 1-1' ;;
-Swdd) touch "$5/tool-2.0-1-x86_64.pkg.tar.zst" "$5/tool-2.0-1-x86_64.pkg.tar.zst.sig" ;; esac"#,
    );
    stand.program("bsdtar", UNPACK);
    fetched(&stand, &["-Swdd --noconfirm", "x86_64.pkg.tar.zst -C"]).await;
    assert!(!stand.calls().contains(".sig"));
}

#[tokio::test]
async fn pacman_without_root_checks_the_sum() {
    let stand = Stand::new("ID=arch\n");
    stand.file("mirror/tool-2.0-1-any.pkg.tar.zst", "archive");
    let sum = "5f1d6f3b"; // not the file's
    stand.program(
        "pacman",
        &format!(
            r#"case "$1" in -Sl) echo 'extra tool 2.0-1' ;;
-Swdd) echo 'error: you cannot perform this operation unless you are root.' >&2; exit 1 ;;
-Spdd) s={sum}; [ -e "$HOST/good" ] && s=$(sha256sum "$HOST/mirror/tool-2.0-1-any.pkg.tar.zst" | cut -d' ' -f1)
echo "tool $s file://$HOST/mirror/tool-2.0-1-any.pkg.tar.zst" ;; esac"#
        ),
    );
    stand.program("bsdtar", UNPACK);
    let (report, _) = sync(&stand.corpus(MANIFEST), SyncOptions::default()).await;
    let PackResult::Failed { reason, .. } = &outcome(&report, "p").result else { panic!("{report:?}") };
    assert!(reason.contains("SHA-256"), "{reason}");
    stand.file("good", "");
    fetched(&stand, &[]).await;
}

#[tokio::test]
async fn apk() {
    let stand = Stand::new("ID=alpine\n");
    stand.program(
        "apk",
        r#"case "$1" in search) echo 'tool-doc-2.0-r1' ;; fetch) touch "$4/tool-doc-2.0-r1.apk" ;; esac"#,
    );
    stand.program("tar", UNPACK);
    fetched(&stand, &["apk search --exact tool-doc", "apk fetch --quiet --output"]).await;
}

#[tokio::test]
async fn pkg() {
    let stand = Stand::new("ID=freebsd\n");
    stand.program(
        "pkg",
        r#"case "$1" in rquery) echo 'tool 2.0_1' ;; fetch) mkdir -p "$6/All"; touch "$6/All/tool-2.0_1.pkg" ;; esac"#,
    );
    stand.program("tar", UNPACK);
    fetched(&stand, &["pkg fetch -y"]).await;
}

#[tokio::test]
async fn an_unknown_family_uses_what_is_on_disk() {
    let stand = Stand::new("ID=void\n");
    stand.file("man/man1/tool-x.1", ".TH X 1\n");
    stand.file("man/man1/ls.1", ".TH LS 1\n");
    let (report, _) = sync(&stand.corpus(MANIFEST), SyncOptions::default()).await;
    assert_eq!(outcome(&report, "p").result, PackResult::Fetched);
    assert_eq!(stand.pages("p"), ["man1/tool-x.1"]);
}

#[tokio::test]
async fn missing_tools_are_named_with_what_to_do() {
    let stand = Stand::new("ID=fedora\n");
    let (report, _) = sync(&stand.corpus(MANIFEST), SyncOptions::default()).await;
    let PackResult::Failed { reason, hint } = &outcome(&report, "p").result else { panic!("{report:?}") };
    assert!(reason.contains("dnf was not found") && hint.contains("dnf-plugins-core"), "{reason} / {hint}");
}
