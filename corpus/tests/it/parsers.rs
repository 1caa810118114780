//! Everything that reads foreign text: it never panics, and what it accepts is safe.

use kai_corpus::{Family, Glob, Manifest, PackName, PackagePattern, apt_text, detect, handbook};
use proptest::prelude::*;

#[test]
fn the_manifest_that_comes_with_kai_is_valid_and_serves_debian() {
    let manifest = Manifest::embedded().unwrap();
    for name in ["libvirt", "qemu", "openzfs", "podman", "systemd", "wireguard", "bpftrace", "sanoid", "freebsd"] {
        let pack = manifest.packs.iter().find(|pack| pack.name.as_str() == name).unwrap();
        assert!(pack.native(Family::Debian).is_some_and(|source| !source.packages.is_empty()), "{name}");
    }
    assert!(handbook().iter().all(|(name, text)| !name.is_empty() && !text.is_empty()));
}

#[test]
fn families() {
    for (text, family) in [
        ("ID=debian", Family::Debian),
        ("ID=zorin\nID_LIKE=\"ubuntu debian\"", Family::Debian),
        ("NAME=x\nID='fedora'", Family::Fedora),
        ("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"", Family::Rhel),
        ("ID=cachyos\nID_LIKE=arch", Family::Arch),
        ("# ID=debian\nID=nixos", Family::Other),
        ("", Family::Other),
    ] {
        assert_eq!(detect(text), family, "{text}");
    }
}

#[test]
fn refused_manifests() {
    let pack =
        |extra: &str| format!("[[pack]]\nname = \"p\"\ntitle = \"t\"\nabout = \"a\"\nlicence = \"l\"\n{extra}\n");
    for extra in [
        "include = [\"../x\"]",
        "include = [\"/etc/*\"]",
        "include = [\"a/../b\"]",
        "exclude = [\"[x\"]",
        "unknown = 1",
        "debian = { packages = [\"-o=x\"] }",
        "debian = { packages = [\"a b\"] }",
        "arch = { packages = [\"a*\"] }",
        "web = { urls = [\"file:///etc/passwd\"] }",
        "local = { doc = [\"..\"] }",
    ] {
        assert!(Manifest::parse(&pack(extra), "test").is_err(), "{extra}");
    }
    assert!(Manifest::parse(&format!("{0}{0}", pack("")), "test").is_err());
    assert!(Manifest::parse(&pack(""), "test").is_ok());
}

#[test]
fn globs() {
    for (glob, path, is) in [
        ("man[1-9]*/*", "man8/zfs.8.gz", true),
        ("man[1-9]*/*", "fr/man8/zfs.8", false),
        ("**/NEWS*", "NEWS", true),
        ("**/NEWS*", "a/b/NEWS.md", true),
        ("html/**/*.html", "html/x.html", true),
        ("html/*.html", "html/a/x.html", false),
        ("man4/{pf,ng_*}.4*", "man4/ng_nat.4.gz", true),
        ("man4/{pf,ng_*}.4*", "man4/pflog.4", false),
        ("[!a]?", "ba", true),
    ] {
        assert_eq!(Glob::parse(glob).unwrap().matches(path), is, "{glob} {path}");
    }
}

#[test]
fn source_lists() {
    let list = "deb [arch=amd64] http://m/debian bookworm main non-free # x\ndeb-src http://m/debian bookworm main\ndeb http://u/ubuntu bookworm main universe\ndeb http://o/x other main\n";
    assert_eq!(
        apt_text::list_with_contrib(list, Some("bookworm")),
        "deb [arch=amd64] http://m/debian bookworm main non-free contrib\ndeb http://u/ubuntu bookworm main universe\n"
    );
    let stanza = "Enabled: no\nTypes: deb\nURIs: http://m\nSuites: bookworm\nComponents: main\n";
    assert_eq!(apt_text::sources_with_contrib(stanza, Some("bookworm")), "");
    let two = "Types: deb\nURIs: http://m\nSuites:\n bookworm\n bookworm-updates\nComponents: main\nSigned-By:\n -----BEGIN\n .\n x\n\nTypes: deb\nURIs: http://n\nSuites: nodistro\nComponents: main\n";
    let out = apt_text::sources_with_contrib(two, Some("bookworm"));
    assert!(
        out.contains("main contrib") && out.contains(" -----BEGIN\n .\n x\n") && !out.contains("http://n"),
        "{out}"
    );
}

proptest! {
    #[test]
    fn foreign_text_never_panics(text in "(?s).{0,300}") {
        detect(&text);
        apt_text::policy(&text);
        apt_text::download_line(&text);
        apt_text::list_with_contrib(&text, None);
        apt_text::sources_with_contrib(&text, Some("x"));
        Manifest::parse(&text, "test").ok();
        for (name, versions) in apt_text::madison(&text) {
            prop_assert!(PackagePattern::parse(&name).is_ok() && versions.iter().all(|v| !v.starts_with('-')));
        }
    }

    #[test]
    fn madison_reads_back(rows in prop::collection::btree_map("[a-z][a-z0-9+.-]{1,12}", "[0-9][0-9a-z.+~:-]{0,12}", 0..8)) {
        let text: String = rows.iter().map(|(n, v)| format!(" {n:>10} | {v} | http://m x/main amd64 Packages\n")).collect();
        let read: Vec<(String, String)> = apt_text::choose(Default::default(), apt_text::madison(&text)).into_iter().collect();
        prop_assert_eq!(read, rows.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn os_release_quotes(id in "(debian|fedora|arch|alpine)", quote in "['\"]?", noise in "[A-Z]{1,5}=[a-z ]{0,9}") {
        let text = format!("{noise}\nID={quote}{id}{quote}\n");
        prop_assert_eq!(detect(&text).to_string(), id);
    }

    #[test]
    fn accepted_names_are_plain(text in "[a-z./ *|{}\\\\+-]{0,12}") {
        if let Ok(name) = PackName::parse(&text) {
            prop_assert!(!name.as_str().contains('/') && !name.as_str().starts_with('.'));
        }
        if let Ok(pattern) = PackagePattern::parse(&text) {
            prop_assert!(pattern.alternatives().all(|name| !name.starts_with('-') && !name.contains('/')));
        }
        if Glob::parse(&text).is_ok() {
            prop_assert!(!text.starts_with('/') && text.split('/').all(|step| step != ".."));
        }
    }

    #[test]
    fn a_literal_glob_matches_itself_alone(path in "[a-z]{1,5}(/[a-z.]{2,6}x){0,3}", other in "[a-z/]{1,9}") {
        let glob = Glob::parse(&path).unwrap();
        prop_assert!(glob.matches(&path));
        prop_assert_eq!(glob.matches(&other), other == path);
    }
}
