//! Source on the left, what is printed on the right.

use super::{super::Markdown, super::Style, printed, tagged, visible};

#[track_caller]
fn check(source: &str, expected: &str) {
    assert_eq!(tagged(source, 40), expected, "source: {source:?}");
}

#[track_caller]
fn check_20(source: &str, expected: &str) {
    assert_eq!(visible(source, 20), expected, "source: {source:?}");
}

#[test]
fn paragraphs() {
    check("", "");
    check("\n\n", "");
    check("one", "one\n");
    check("one\ntwo", "one two\n");
    check("one\n\n\n\ntwo\n\n", "one\n\ntwo\n");
    check("one  \ntwo\\\nthree", "one\ntwo\nthree\n");
    check("a  lot   of\tspace", "a lot of space\n");
    check("   up to three spaces", "up to three spaces\n");
    check("1\\. no list \\*no em\\* c:\\dir", "1. no list *no em* c:\\dir\n");
    check("&lt;pool&gt; &amp; &copy; &#27;[0m &", "<pool> & &copy; &#27;[0m &\n");
    check_20("the quick brown fox jumps over it", "the quick brown fox\njumps over it\n");
    check_20("exactly twenty cols.", "exactly twenty cols.\n");
    check_20("exactly twenty cols. x", "exactly twenty cols.\nx\n");
    check_20("a /var/lib/libvirt/images/web-1.qcow2 b", "a\n/var/lib/libvirt/images/web-1.qcow2\nb\n");
}

#[test]
fn wide_characters() {
    check_20("日本語のテキストは空白がない。", "日本語のテキストは空\n白がない。\n");
    // No line begins with a closing mark.
    check_20("日本語のテキストは空。白", "日本語のテキストは\n空。白\n");
    check_20("ab 日本語日本語日本語日本語", "ab 日本語日本語日本\n語日本語\n");
    check_20("日本語 **太字の部分** です", "日本語 太字の部分 で\nす\n");
    check("中文**粗体**中文", "中文<b>粗体</>中文\n");
}

#[test]
fn emphasis() {
    check("*em* **strong** ***both***", "<i>em</> <b>strong</> <b><i>both</>\n");
    check("_em_ __strong__", "<i>em</> <b>strong</>\n");
    check("**a *b* c**", "<b>a</> <b><i>b</> <b>c</>\n");
    check("***a* b**", "<b><i>a</> <b>b</>\n");
    check("***a** b*", "<b><i>a</> <i>b</>\n");
    check("**`zfs list`**", "<b><c>zfs list</>\n");
    check("(*em*), \"**strong**\"", "(<i>em</>), \"<b>strong</>\"\n");
    check("**over\nlines**", "<b>over lines</>\n");
}

#[test]
fn marks_that_mean_nothing() {
    for text in [
        "*.conf and *.qcow2",
        "ls **/*.rs",
        "2*3*4 a * b * c",
        "zfs_arc_max and snake_case_name",
        "an *open star",
        "an **open pair",
        "an `open tick",
        "an [open bracket",
        "**a *b",
        "<pool>/<dataset>@<snap>",
        "zfs send [-DLPcehnpsvw] [-i snap] ds",
        "[ERROR] a ![b c",
        "a_ b* c` d[ e< f& g\\",
        "****four****",
        "arr[0]x[i]",
    ] {
        let shown = visible(text, 60);
        assert_eq!(shown.trim_end(), text);
    }
    // What is inside of a mark without a partner still counts.
    check("*a **b** c", "*a <b>b</> c\n");
    check("**a *b* c", "**a <i>b</> c\n");
}

#[test]
fn code_spans() {
    check("run `zfs list` now", "run <c>zfs list</> now\n");
    check("`` a ` b ``", "<c>a ` b</>\n");
    check("`*no*` `a  b`", "<c>*no* a  b</>\n");
    check("`` ` ``", "<c>`</>\n");
    check("*a `*` b*", "<i>a</> <i><c>*</> <i>b</>\n");
    check("`over\nlines`", "<c>over lines</>\n");
}

#[test]
fn links() {
    check("[text](http://x/y)", "text (<u>http://x/y</>)\n");
    check("[http://x](http://x)", "<u>http://x</>\n");
    check("<https://x/a_b_c>.", "<u>https://x/a_b_c</>.\n");
    check("[a **b**](x \"title\")!", "a <b>b</> (<u>x</>)!\n");
    check("![a picture](p.png)", "a picture (<u>p.png</>)\n");
    check("[a](<b c>) [d](e(f)g)", "a (<u>b c</>) d (<u>e(f)g</>)\n");
    check("[text][ref] [text] (x)", "[text][ref] [text] (x)\n");
    check("[](http://x) [a]()", "<u>http://x</> a\n");
    check("[a [b] c](u)", "a [b] c (<u>u</>)\n");
    check("[`]`](u)", "<c>]</> (<u>u</>)\n");
    check("https://x/a_b_c?d=e_f*", "https://x/a_b_c?d=e_f*\n");
}

#[test]
fn citations() {
    check("so it is [1].", "so it is <n>[1]</>.\n");
    check("so [1][2] and [3, 4].", "so <n>[1][2]</> and <n>[3, 4]</>.\n");
    check("**bold [1]**", "<b>bold</> <b><n>[1]</>\n");
    check("no [a] no [-1x]", "no [a] no [-1x]\n");
    check("![1]", "!<n>[1]</>\n");
    check_20("seventeen columns [1, 2]", "seventeen columns\n[1, 2]\n");
}

#[test]
fn headings_and_rules() {
    check("# One\ntext", "<b><u>One</>\ntext\n");
    check("### Three *em*", "<b>Three</> <b><i>em</>\n");
    check("#hash ####### seven", "#hash ####### seven\n");
    check("text\n## Two\n\ntext", "text\n<b>Two</>\n\ntext\n");
    let rule = "─".repeat(40);
    check("a\n\n---\n***\n_ _ _\nb", &format!("a\n\n<d>{rule}</>\n<d>{rule}</>\n<d>{rule}</>\nb\n"));
    check("Title\n===\nb", &format!("Title\n<d>{rule}</>\nb\n"));
    check("--\n**\n==", "-- ** ==\n");
    check("#\n#", "");
}

#[test]
fn lists() {
    check("- a\n- b\n* c\n+ d", "• a\n• b\n• c\n• d\n");
    check("1. a\n2. b\n10) c", "1. a\n2. b\n10) c\n");
    check("- a\n  - b\n    - c\n- d", "• a\n  • b\n    • c\n• d\n");
    check("1. a\n  - b\n  - c\n    - d\n2. e", "1. a\n   • b\n   • c\n     • d\n2. e\n");
    check("1. a\n   text\n\n   more\n\nout", "1. a text\n\n   more\n\nout\n");
    check("- a\n\n- b", "• a\n\n• b\n");
    check("- - a", "• • a\n");
    check("-\n- b", "•\n• b\n");
    check("-\n  a", "•\n  a\n");
    check("- # h", "• <b><u>h</>\n");
    check("  - a\n  - b", "• a\n• b\n");
    check("- a\n      - deep", "• a\n  • deep\n");
    check("in\n2024. no list\n- list", "in 2024. no list\n• list\n");
    check("10 pools\n-5 is less", "10 pools -5 is less\n");
    check("- [ ] todo", "• [ ] todo\n");
    check_20("- one two three four five", "• one two three four\n  five\n");
    check_20("12. one two three four five", "12. one two three\n    four five\n");
    check("- a\nlazy", "• a lazy\n");
    check("- a\n\nout", "• a\n\nout\n");
}

#[test]
fn quotes() {
    check("> a\n> b", "<d>│</> a b\n");
    check("> a\nlazy", "<d>│</> a lazy\n");
    check("> a\n>\n> b", "<d>│</> a\n<d>│</>\n<d>│</> b\n");
    check("> a\n\nb", "<d>│</> a\n\nb\n");
    check("> > a\n> b", "<d>│</> <d>│</> a b\n");
    check("> - a\n> - b\n>   c", "<d>│</> • a\n<d>│</> • b c\n");
    check("- > a\n  > b", "• <d>│</> a b\n");
    check("> ```\n> x\n> ```\nout", "<d>│</>   <c>x</>\nout\n");
    check("> ```\n> x\nout", "<d>│</>   <c>x</>\nout\n");
    check_20("> one two three four five", "│ one two three four\n│ five\n");
}

#[test]
fn code_blocks() {
    check("```bash\nzfs list\n```\nx", "  <c>zfs list</>\nx\n");
    check("~~~\n```\n~~~", "  <c>```</>\n");
    check("````\n```\n````", "  <c>```</>\n");
    check("```\na\n\n  b\n```", "  <c>a</>\n\n  <c>  b</>\n");
    check("```\n**no** [1] <x>\n", "  <c>**no** [1] <x></>\n");
    check("text\n```\na\n```\ntext", "text\n  <c>a</>\ntext\n");
    check("```zfs list``` inline", "<c>zfs list</> inline\n");
    check("```\n\ta\tb\n```", "  <c>    a   b</>\n");
    check("```\n`` a\n``\n```", "  <c>`` a</>\n  <c>``</>\n");
    check("```\n``` no\n```", "  <c>``` no</>\n");
    check("    indented\n    code\n\ntext", "  <c>indented</>\n  <c>code</>\n\ntext\n");
    check("1. a\n   ```\n   x\n     y\n   ```\n2. b", "1. a\n     <c>x</>\n     <c>  y</>\n2. b\n");
    check("1. a\n   ```\nx\n   ```\n   b", "1. a\n     <c>x</>\n   b\n");
    check("- ```\n  x\n  ```", "•   <c>x</>\n");
    let long = "x ".repeat(60);
    check(&format!("```\n{long}\n```"), &format!("  <c>{long}</>\n"));
}

#[test]
fn tables() {
    let wide = visible("| a | b |\n|---|--:|\n| one | 1 |\n| two \\| `x` and y | 22 |\n\nend", 40);
    let expected =
        "a        │        b\n─────────┼─────────\none      │        1\ntwo | x  │       22\nand y    │\n\nend\n";
    assert_eq!(wide, expected);
    check_20(
        "| name | what it is |\n|---|---|\n| pool | a set of devices |",
        "name     │ what it\n         │ is\n─────────┼──────────\npool     │ a set of\n         │ devices\n",
    );
    // No room for three columns: records.
    check_20(
        "|aaaaaaaa|bbbbbbbb|cccccccc|\n|-|-|-|\n|1|2|3|\n|4|5|6|",
        "aaaaaaaa: 1\nbbbbbbbb: 2\ncccccccc: 3\n\naaaaaaaa: 4\nbbbbbbbb: 5\ncccccccc: 6\n",
    );
    check_20("| a |\n|---|", "a\n────────\n");
    check("| no table\n| at all", "| no table\n| at all\n");
    check("| a | b |\n|---|\n", "| a | b |\n|---|\n");
    check("| a |\n|---|\n| 1 | more |\n| 2", "<b>a</>\n<d>────────────</>\n1 | more\n2\n");
    check("text\n| a |\n|---|\n| b |\ntext", "text\n<b>a</>\n<d>────────</>\nb\ntext\n");
}

#[test]
fn as_early_as_possible() {
    let mut markdown = Markdown::new(Style { colour: true, width: 40 });
    let mut push = |text: &str| markdown.push(text);
    assert_eq!(push("T"), "T");
    assert_eq!(push("he"), "he");
    assert_eq!(push(" pool"), "");
    assert_eq!(push(" is"), " pool");
    assert_eq!(push(" **on"), " is");
    assert_eq!(push("line** "), " \x1b[1monline\x1b[0m".trim_end_matches("\x1b[0m"));
    assert_eq!(push("[1]"), "");
    assert_eq!(push(".\n"), "");
    assert_eq!(push("\n"), "\x1b[0m \x1b[32m[1]\x1b[0m.\n");
    assert_eq!(push("- x"), "\n• x");
    assert_eq!(push("\n```\nzf"), "\n  \x1b[36mzf");
    assert_eq!(markdown.finish(), "\x1b[0m\n");
}

#[test]
fn one_text_after_the_other() {
    let mut markdown = Markdown::new(Style { colour: true, width: 40 });
    assert_eq!(markdown.push("```\nx") + &markdown.finish(), "  \x1b[36mx\x1b[0m\n");
    assert_eq!(markdown.push("*y*") + &markdown.finish(), "\x1b[3my\x1b[0m\n");
}

#[test]
fn without_colours_the_source_goes_out() {
    let source = "# T\n\n**b** `c`\n\n\n| a |\n|---|\n```\n\tx\n```\n";
    assert_eq!(printed([source], false, 20), source);
    assert_eq!(printed(["no end"], false, 20), "no end\n");
    assert_eq!(printed([""], false, 20), "");
    assert_eq!(printed(["\x1b[31mred\r\n\u{202e}x\u{7}"], false, 20), "red\nx\n");
}

#[test]
fn the_terminal_is_safe() {
    check("\x1b[31mred\x1b[0m \x1b]0;title\x07text", "red text\n");
    check("a\u{202e}b\u{9b}31mc\u{0}", "abc\n");
    check("```\n\x1b[2Jx\r\n```", "  <c>x</>\n");
    check("`\x1b[2J` [a](\x1b]8;;x\x1b\\u)", "`` a (<u>u</>)\n");
}
