//! Every format's parser through the public face: outlines of small pages, hostile bytes, limits.

use std::fmt::Write as _;
use std::io::Write as _;

use kai_indexer::document::{Block, Document, Section};
use kai_indexer::parse::{Format, Limits, ParseError, Parsed, Renderer, detect, parse, parse_with};
use proptest::prelude::*;

/// The page as lines: title, `#` headings, and blocks marked T, C or B.
fn outline(document: &Document) -> String {
    fn section_lines(section: &Section, depth: usize, out: &mut String) {
        if depth > 0 {
            let anchor = section.anchor.as_ref().map(|anchor| format!(" {{{anchor}}}")).unwrap_or_default();
            writeln!(out, "{} {}{anchor}", "#".repeat(depth), section.heading).unwrap();
        }
        for block in &section.blocks {
            let kind = match block {
                Block::Text(_) => 'T',
                Block::Code(_) => 'C',
                Block::Table(_) => 'B',
            };
            writeln!(out, "{kind} {}", block.text().replace('\n', "\n  ")).unwrap();
        }
        for child in &section.children {
            section_lines(child, depth + 1, out);
        }
    }
    let mut out = format!("= {}\n", document.title);
    section_lines(&document.root, 0, &mut out);
    out
}

fn page(name: &str, bytes: &[u8]) -> Document {
    match parse(name, bytes, &Limits::default()) {
        Ok(Parsed::Page(page)) => page,
        Ok(Parsed::Alias(target)) => panic!("{name} is an alias of {target}"),
        Err(ParseError::MandocMissing) => panic!("{name} needs mandoc: `make test` installs it"),
        Err(error) => panic!("{name}: {error}"),
    }
}

#[track_caller]
fn check(name: &str, input: &str, expected: &str) {
    let expected: Vec<&str> = expected.trim_matches('\n').lines().collect();
    let actual = outline(&page(name, input.as_bytes()));
    assert_eq!(actual.trim_end(), expected.join("\n"), "\n--- outline of {name} ---\n{actual}");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

#[test]
fn formats_are_told_by_name_then_by_content() {
    let roff = b".\\\" comment\n.TH X 8\n".as_slice();
    for (name, head, format) in [
        ("a/index.html", b"plain".as_slice(), Some(Format::Html)),
        ("page.XHTML", b"", Some(Format::Html)),
        ("man8/zfs-send.8.gz", &gzip(roff), Some(Format::Man)),
        ("zfs.8", roff, Some(Format::Man)),
        ("zfs.4freebsd", roff, Some(Format::Man)),
        ("Foo::Bar.3pm", roff, Some(Format::Man)),
        ("after.n", roff, Some(Format::Man)),
        ("page.8", b"Just text", Some(Format::Text)),
        ("libz.so.1", b"text", None),
        ("README.md", b"", Some(Format::Markdown)),
        ("intro.rst", b"", Some(Format::Rst)),
        ("README", b"hello", Some(Format::Text)),
        ("README.Debian.gz", &gzip(b"hello"), Some(Format::Text)),
        ("docs/storage", b"\n<!DOCTYPE html><p>x", Some(Format::Html)),
        ("notes-1.10", b"text", Some(Format::Text)),
        ("logo.png", b"", None),
        ("style.css", b"body {}", None),
        ("page.html", b"\x89PNG\r\n\x1a\n\0\0\0", None),
        ("run", b"#!/bin/sh\n", None),
    ] {
        assert_eq!(detect(name, head), format, "{name}");
    }
}

#[test]
fn html_keeps_the_page_and_leaves_the_site() {
    check(
        "x.html",
        r##"<html><head><title>Snapshots &mdash; Tank 2.1 documentation</title><style>p{}</style></head><body>
        <nav><ul><li>Home</li></ul></nav><div class="sphinxsidebar"><p>Side</p></div>
        <div role="main"><section id="snapshots"><h1>Snapshots<a class="headerlink" href="#snapshots">¶</a></h1>
        <p>A snapshot is
           <code>read-only</code> &amp; cheap.</p><script>var x = "<p>no</p>";</script>
        <section id="make"><h2>12.3. Make one</h2><pre>  zfs snapshot \
    tank@a</pre>
        <ol><li>First</li><li><p>Second</p><p>more</p><ul><li>inner</li></ul></li></ol></section>
        <section><h3 id="deep">Deeper</h3><p>End.</p></section></section></div>
        <div class="related"><a>Previous</a></div><footer>Copyright</footer></body></html>"##,
        r"
= Snapshots
T A snapshot is read-only & cheap.
# Make one {make}
C zfs snapshot \
    tank@a
T 1. First
T 2. Second
  more
T inner
## Deeper {deep}
T End.",
    );
}

#[test]
fn html_entries_tables_and_notes() {
    check(
        "x.html",
        r#"<title>libvirt: Domain XML format</title><h1>Domain XML format</h1>
        <dl><dt>name</dt><dd><p>Short name.</p><p>Unique.</p><pre>&lt;name&gt;</pre>After.</dd>
        <dt>a</dt><dt>b</dt><dd>Both. <dl><dt>sub</dt><dd>Inner.</dd></dl></dd><dt>lonely</dt></dl>
        <div class="note"><h3>Note</h3><p>Careful.</p></div>
        <table><caption>Sizes</caption><tr><th>Unit</th><th>Bytes</th></tr>
        <tr><td rowspan="2">KiB</td><td>1024</td></tr><tr><td>2<br>lines</td></tr></table>
        <table><tr><td><p>Layout only</p></td></tr></table>"#,
        r"
= libvirt: Domain XML format
T name
  Short name.
  Unique.
C <name>
T After.
T a, b
  Both.
T sub
  Inner.
T lonely
T Note
  Careful.
T Sizes
B Unit | Bytes
  KiB | 1024
  KiB | 2 lines
T Layout only",
    );
}

#[test]
fn html_of_contents_alone_is_still_a_page() {
    check(
        "x.html",
        r#"<title>Chapter 3</title><h1>Chapter 3</h1><div class="toc"><ul><li><a href="a">Pools</a></li></ul></div>"#,
        "= Chapter 3\nT Pools",
    );
}

#[test]
fn html_text_outside_a_small_main_is_not_lost() {
    let body = "Most of the text stands here. ".repeat(20);
    let text = outline(&page("x.html", format!("<main>Tiny.</main><p>{body}</p>").as_bytes()));
    assert!(text.contains("Most of the text"), "{text}");
}

#[test]
fn xhtml_that_closes_itself_does_not_swallow_the_page() {
    check(
        "x.html",
        "<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"><head><title>T</title><script src=\"a\"/>\
         </head><body><h2><a id=\"one\"/>One</h2><div class=\"acl\"/><p>a</p><h2 id=\"two\">Two</h2><p>b</p></body></html>",
        "= T\n# One {one}\nT a\n# Two {two}\nT b",
    );
}

#[test]
fn mdoc_pages() {
    check(
        "man8/zfs-send.8",
        ".Dd May 1, 2024\n.Dt ZFS-SEND 8\n.Os\n.Sh NAME\n.Nm zfs-send\n.Nd send a stream\n.Sh SYNOPSIS\n.Nm zfs\n.Cm send\n\
         .Op Fl w\n.Nm zfs\n.Cm send\n.Fl t Ar token\n.Sh DESCRIPTION\n.Bl -tag -width x\n.It Fl w , -raw\nSend raw.\n.Pp\nAs on disk.\n\
         .Bl -bullet\n.It\none\n.El\n.It Fl v\nVerbose.\n.El\n.Bd -literal\n# zfs send\n  tank@a\n.Ed\n",
        r"
= zfs-send(8)
# NAME {NAME}
T zfs-send — send a stream
# SYNOPSIS {SYNOPSIS}
C zfs send [-w]
  zfs send -t token
# DESCRIPTION {DESCRIPTION}
T -w, --raw
  Send raw.
  As on disk.
T one
T -v
  Verbose.
C # zfs send
    tank@a",
    );
}

#[test]
fn man_pages_with_terms_made_by_indenting() {
    check(
        "unit.5",
        ".TH UNIT 5\n.SH OPTIONS\n.PP\n\\fIType=\\fR\n.RS 4\nHow it starts.\n.RE\n.TP\n\\fB\\-x\\fR\nExplained.\n.IP \\(bu 2\nPoint.\n\
         .SS Sub\n.nf\na = 1\n  b\n.fi\n.TS\nl l.\nName\tUse\nfoo\tbar\n.TE\n",
        r"
= unit(5)
# OPTIONS {OPTIONS}
T Type=
  How it starts.
T -x
  Explained.
T Point.
## Sub {Sub}
C a = 1
    b
B Name | Use
  foo | bar",
    );
}

#[test]
fn a_page_that_points_to_another_is_an_alias() {
    for source in [".so man8/zfs.8\n", ".\\\" comment\n.so man8/zfs.8"] {
        let parsed = parse("man8/z.8.gz", &gzip(source.as_bytes()), &Limits::default()).unwrap();
        assert_eq!(parsed, Parsed::Alias("man8/zfs.8".to_owned()));
    }
}

#[test]
fn a_man_page_brings_in_no_other_file() {
    let text = outline(&page("x.1", b".TH X 1\n.SH NAME\nx - y\n.so etc/passwd\n"));
    assert!(!text.contains("root:"), "{text}");
}

#[test]
fn without_a_renderer_the_message_says_what_to_install() {
    let error = parse_with("x.1", b".TH X 1\n", &Limits::default(), &Renderer::Missing).unwrap_err();
    assert!(error.to_string().contains("apt install mandoc"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_renderer_that_hangs_or_fails_is_reported() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let program = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Renderer::Mandoc(path)
    };
    let limits = Limits { parse_seconds: 1, ..Limits::default() };
    let read = |renderer: &Renderer| parse_with("x.1", b".TH X 1\n", &limits, renderer).unwrap_err();
    let error = read(&program("hang", "#!/bin/sh\nexec sleep 600\n"));
    assert!(matches!(error, ParseError::TimedOut { seconds: 1, .. }), "{error:?}");
    let error = read(&program("fail", "#!/bin/sh\necho no such macro >&2\nexit 3\n"));
    assert!(matches!(&error, ParseError::Mandoc { stderr, .. } if stderr == "no such macro"), "{error:?}");
    let error = read(&Renderer::Mandoc(folder.path().join("absent")));
    assert!(matches!(error, ParseError::Spawn { .. }), "{error:?}");
}

#[test]
fn markdown_pages() {
    check(
        "README.md",
        "# Sanoid\n\nTakes *snapshots*\nof `pools`.\n\n## Options {#opts}\n\n- one\n  still one\n- two\n\n  ```\n  code  here\n  ```\n\n\
         1. first\n2. second\n\n| a | b |\n|---|---|\n| 1 | x |\n\n### Deep\n> quote\n\n<b>bold</b> text\n",
        r"
= Sanoid
T Takes snapshots of pools.
# Options {opts}
T one still one
T two
C code  here
T 1. first
T 2. second
B a | b
  1 | x
## Deep
T quote
T bold text",
    );
    check("x.md", "---\ntitle: \"Porting\"\n---\n\nText.\n", "= Porting\nT Text.");
}

#[test]
fn rst_pages() {
    check(
        "x.rst",
        "=====\nTitle\n=====\n\nSee :ref:`the pools <pools>` and ``zfs list``, **really**::\n\n    zpool status\n      -v\n\n\
         .. _here:\n\nFirst\n-----\n\n.. code-block:: xml\n   :linenos:\n\n   <a>\n     <b/>\n\n.. note:: Mind this.\n\n\
         * one\n  more\n* two\n\n#. numbered\n\nterm\n   Its meaning.\n\n:Author: me\n\n.. a comment\n   gone\n\n\
         Second\n~~~~~~\n\n=====  =====\nA      B\n=====  =====\n1      two\n=====  =====\n\n\
         +---+-----+\n| x | y   |\n+===+=====+\n| 1 | ``z``|\n+---+-----+\n\n.. option:: -r\n\n   Recursive.\n",
        r"
= Title
T See the pools and zfs list, really:
C zpool status
    -v
# First {here}
C <a>
    <b/>
T Note
  Mind this.
T one more
T two
T numbered
T term
  Its meaning.
T Author: me
## Second
B A | B
  1 | two
B x | y
  1 | z
T -r
  Recursive.",
    );
}

#[test]
fn plain_text_pages() {
    check(
        "README.Debian",
        "zfs for Debian\n==============\n\n1. Flags\n--------\n\nPools are made in a new way.\nReally:\n\n  # zpool create tank\n\n\
         * one\n  goes on\n* two\n\nOTHER NOTES\n\nRun:\n\n# ./biolatency.bt\nAttaching 3 probes...\n\n\
         [256, 512)      2 |      |\n[512, 1K)      10 |@     |\n\nThat is all.\n",
        r"
= zfs for Debian
# 1. Flags
T Pools are made in a new way. Really:
C # zpool create tank
T one goes on
T two
## OTHER NOTES
T Run:
C # ./biolatency.bt
  Attaching 3 probes...
C [256, 512)      2 |      |
  [512, 1K)      10 |@     |
T That is all.",
    );
    check(
        "examples/cloud-config-boot.txt",
        "#cloud-config\n\n# these commands run very early at boot\nbootcmd:\n  - echo hi\n\n  - second\n",
        "= cloud-config-boot\nC #cloud-config\nT these commands run very early at boot\nC bootcmd:\n    - echo hi\n\n    - second"
            .replace("\n\n", "\n  \n")
            .as_str(),
    );
}

#[test]
fn a_page_without_a_title_is_named_after_its_file() {
    assert_eq!(page("doc/wireguard/README", b"some words here that go\non").title, "wireguard README");
    assert_eq!(page("doc/tun.txt.gz", &gzip(b"some words here that go\non")).title, "tun");
}

#[test]
fn bytes_of_other_encodings_are_read() {
    let title = |bytes: &[u8], name: &str| page(name, bytes).title;
    assert_eq!(title(b"<meta charset=iso-8859-2><title>\xe8esky</title><p>x", "a.html"), "česky");
    assert_eq!(title(b"<title>caf\xe9</title><p>x", "a.html"), "café");
    assert_eq!(title(b"\xff\xfe<\0p\0>\0h\0i\0", "a.html"), "a");
    let text = outline(&page("x.1", b"'\\\" -*- coding: iso-8859-2 -*-\n.TH X 1\n.SH A\n\xe8esky\n"));
    assert!(text.contains("česky"), "{text}");
}

#[test]
fn what_cannot_be_read_says_why() {
    let limits = Limits { page_bytes: 1000, ..Limits::default() };
    let read = |name: &str, bytes: &[u8]| parse(name, bytes, &limits).unwrap_err();
    assert!(matches!(read("x.html", b"\x89PNG\r\n\x1a\n"), ParseError::NotText));
    assert!(matches!(read("x.txt", &[0; 100]), ParseError::NotText));
    assert!(matches!(read("x.txt", &[b'a'; 1001]), ParseError::TooLarge { bytes: 1001, limit: 1000 }));
    let bomb = gzip(&[b'a'; 100_000]);
    assert!(matches!(read("x.txt.gz", &bomb), ParseError::GzipBomb { limit: 1000, .. }));
    let whole = gzip(b"words and words and other words, 0123456789 abcdefghijklmnopqrstuvwxyz");
    assert!(matches!(read("x.txt.gz", &whole[..whole.len() - 12]), ParseError::TruncatedGzip { .. }));
    let mut broken = whole.clone();
    let last = broken.len() - 6;
    broken[last] ^= 0xff;
    assert!(matches!(read("x.txt.gz", &broken), ParseError::CorruptGzip { .. }));
    assert!(matches!(read("x.html", b"<title>only</title>"), ParseError::Empty));
    assert!(matches!(read("x.txt", b" \n\n"), ParseError::Empty));
}

/// Each would take hours or overflow the stack if work or depth followed the input carelessly.
#[test]
fn hostile_pages_finish() {
    let many = 100_000;
    let read = |name: &str, text: String| drop(page(name, text.as_bytes()));
    read("div.html", format!("{}deep{}", "<div>".repeat(many), "</div>".repeat(many)));
    read("b.html", format!("{}deep", "<p><b id=x>".repeat(many)));
    read("dl.html", format!("{}deep", "<dl><dd>".repeat(many)));
    read("table.html", format!("{}deep", "<table><tr><td>".repeat(many)));
    read("attributes.html", format!("<p {}>deep", (0..many).map(|n| format!("a{n} ")).collect::<String>()));
    read("open.html", format!("text {}", "<a ".repeat(many)));
    read("comment.html", format!("text {}", "<!-- ".repeat(many)));
    read("quote.md", format!("{} deep", ">".repeat(many)));
    read("list.md", format!("{}deep", "- ".repeat(many)));
    read("nest.rst", (0..2000).map(|n| format!("{}- deep\n\n", " ".repeat(n))).collect());
    read("stars.rst", " *a".repeat(many));
    read("roles.rst", ":a:`".repeat(many));
    read("bullets.txt", "- a\n".repeat(many));
    read("table.rst", "==  ==\na\n".repeat(many));
}

#[test]
fn a_page_of_fifty_megabytes_is_read() {
    let text = "a".repeat(50 * 1024 * 1024);
    for name in ["a.html", "a.md", "a.rst", "a.txt"] {
        let page = page(name, text.as_bytes());
        assert_eq!(page.root.blocks.iter().map(|block| block.text().len()).sum::<usize>(), text.len(), "{name}");
    }
}

#[test]
fn groff_gives_the_same_sections_where_mandoc_is_missing() {
    // The layout that groff prints, from a program that prints it: groff itself is not needed.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("groff");
        let rendered = "X(1)     General Commands Manual     X(1)\n\nNAME\n       x - do x\n\nOPTIONS\n   Common\n       -w, --raw\n\
                        \u{20}             Send raw data\n              as it is.\n\n       -v     Verbose.\n\n       Plain text\n       goes on.\n\n              $ x -w tank\n\nX 1.0     2024     X(1)\n";
        std::fs::write(&path, format!("#!/bin/sh\ncat >/dev/null\ncat <<'EOF'\n{rendered}EOF\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let parsed = parse_with("x.1", b".TH X 1\n", &Limits::default(), &Renderer::Groff(path)).unwrap();
        let Parsed::Page(page) = parsed else { panic!("an alias") };
        let expected = "= x(1)\n# NAME\nT x - do x\n# OPTIONS\n## Common\nT -w, --raw\n  Send raw data as it is.\nT -v\n  Verbose.\n\
                        T Plain text goes on.\nC $ x -w tank\n";
        assert_eq!(outline(&page), expected);
    }
}

fn well_formed(section: &Section, root: bool) -> bool {
    section.heading.is_empty() == root
        && !section.heading.contains('\n')
        && section.blocks.iter().all(|block| !block.text().trim().is_empty())
        && section.children.iter().all(|child| well_formed(child, false))
}

fn keeps_the_promises(name: &str, bytes: &[u8]) {
    if let Ok(Parsed::Page(page)) = parse(name, bytes, &Limits::default()) {
        assert!(!page.title.is_empty() && !page.title.contains('\n'), "{name}: title {:?}", page.title);
        assert!(!page.is_empty() && well_formed(&page.root, true), "{name}: {}", outline(&page));
    }
}

const NAMES: [&str; 6] = ["x.html", "x.md", "x.rst", "x.txt", "README", "x.txt.gz"];

/// Pieces of all formats' markup, so that random text reaches the parsers' branches.
fn markup() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "<h1>",
        "</h1>",
        "<h2 id=a>",
        "<p>",
        "<pre>",
        "</pre>",
        "<dl>",
        "<dt>",
        "<dd>",
        "</dl>",
        "<ul><li>",
        "</ul>",
        "<table>",
        "<tr><td>",
        "<td rowspan=3>",
        "</table>",
        "<div class=note>",
        "</div>",
        "<br>",
        "<!--",
        "-->",
        "<main>",
        "<script>",
        "<nav>",
        "\n",
        "\n\n",
        "  ",
        "    ",
        "===",
        "=====  ====",
        "+---+---+",
        "| a | b |",
        "---",
        "~~~~",
        ".. note:: ",
        ".. code-block:: x",
        "::",
        ":ref:`a <b>`",
        "``",
        "**",
        "*",
        "`",
        "- ",
        "1. ",
        "# ",
        "$ ",
        "\t",
        "term",
        "é",
        "•",
        "¶",
        "\\",
        ":a: b",
        "--x  y",
        "```",
        "> ",
        ".. list-table::",
        "* - ",
        "\u{a0}",
        "\u{2028}",
        "&nbsp;",
        "[x]",
        ".. [1] ",
        "word word word.",
        "UPPER CASE",
        "|--|",
    ]);
    prop::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..400), name in prop::sample::select(NAMES.to_vec())) {
        keeps_the_promises(name, &bytes);
        let _ = detect(name, &bytes);
    }

    #[test]
    fn any_text_keeps_the_promises(text in "\\PC{0,200}", name in prop::sample::select(NAMES.to_vec())) {
        keeps_the_promises(name, text.as_bytes());
    }

    #[test]
    fn any_markup_keeps_the_promises(text in markup(), name in prop::sample::select(NAMES.to_vec())) {
        keeps_the_promises(name, text.as_bytes());
    }

    #[test]
    fn any_gzip_is_taken(cut in 0_usize..60, flip in 0_usize..60) {
        let mut bytes = gzip(b"words words words and more of them, 0123456789");
        let flip = flip % bytes.len();
        bytes[flip] ^= 0x55;
        bytes.truncate(bytes.len().saturating_sub(cut));
        keeps_the_promises("x.txt.gz", &bytes);
    }

    #[test]
    fn any_name_is_taken(name in "\\PC{0,30}") {
        let _ = detect(&name, b"some text");
        keeps_the_promises(&name, b"<p>some text");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Each case starts a program, so there are fewer.
    #[test]
    fn any_man_page_is_taken(lines in prop::collection::vec(
        prop::sample::select(vec![".SH A", ".SS b", ".TP", ".IP x 4", ".RS", ".RE", ".nf", ".fi", ".PP", "\\fBx\\fR", "text", ".Bl -tag", ".El",
            ".It Fl x", ".Bd -literal", ".Ed", ".TS", "l l.", "a\tb", ".TE", ".EQ", "\\", "'x", ".so x", ".de y", "..", ".y"]), 0..30)) {
        let source = format!(".TH X 1\n{}\n", lines.join("\n"));
        if let Err(ParseError::MandocMissing) = parse("x.1", source.as_bytes(), &Limits::default()) {
            panic!("this test needs mandoc: `make test` installs it");
        }
        keeps_the_promises("x.1", source.as_bytes());
    }
}
