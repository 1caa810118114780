//! Writing the tree, indented as libvirt does it. What is written is read back as the same tree.

use super::element::{Element, Node};

/// What XML 1.0 lets a document hold at all.
pub(super) fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

impl Element {
    /// The document.
    pub(super) fn write(&self) -> String {
        let mut out = String::new();
        write(self, &mut out, 0);
        out.push('\n');
        out
    }
}

fn write(element: &Element, out: &mut String, depth: usize) {
    out.push('<');
    out.push_str(&element.name);
    for (name, value) in &element.attributes {
        out.push(' ');
        out.push_str(name);
        out.push_str("='");
        escape(value, out, true);
        out.push('\'');
    }
    if element.nodes.is_empty() {
        out.push_str("/>");
        return;
    }
    out.push('>');
    // White space would become part of what stands beside text.
    let inline = element.nodes.iter().any(|node| matches!(node, Node::Text(_)));
    for node in &element.nodes {
        if !inline {
            line(out, depth + 1);
        }
        match node {
            Node::Element(child) => write(child, out, depth + 1),
            Node::Text(text) => escape(text, out, false),
            Node::Comment(text) => {
                out.push_str("<!--");
                out.push_str(text);
                out.push_str("-->");
            }
        }
    }
    if !inline {
        line(out, depth);
    }
    out.push_str("</");
    out.push_str(&element.name);
    out.push('>');
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// Characters that XML does not allow at all cannot be escaped either; they become U+FFFD.
fn escape(text: &str, out: &mut String, attribute: bool) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' if attribute => out.push_str("&apos;"),
            '"' if attribute => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\n' if attribute => out.push_str("&#10;"),
            '\t' if attribute => out.push_str("&#9;"),
            c if is_allowed(c) => out.push(c),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any tree that a document can mean: text is not only white space, and no two texts adjoin.
    fn tree() -> impl Strategy<Value = Element> {
        let name = "[a-zA-Z_][a-z0-9_.-]{0,6}(:[a-z]{1,4})?";
        let text = "[ -~\t\n\r\u{a0}-\u{ff}\u{2028}\u{1f600}]{0,12}[!-~\u{e9}]";
        let attributes = proptest::collection::btree_map(name, "[ -~\t\n\r\u{e9}\u{1f600}]{0,10}", 0..4);
        let leaf =
            (name, attributes.clone(), proptest::option::of(text)).prop_map(|(name, attributes, text)| Element {
                name,
                attributes: attributes.into_iter().collect(),
                nodes: text.map(Node::Text).into_iter().collect(),
            });
        leaf.prop_recursive(5, 40, 5, move |inner| {
            let node = prop_oneof![
                4 => inner.prop_map(Node::Element),
                1 => text.prop_map(Node::Text),
                1 => "[a-z &<>'\"\n\u{e9}]{0,9}".prop_map(Node::Comment),
            ];
            (name, attributes.clone(), proptest::collection::vec(node, 0..6)).prop_map(
                |(name, attributes, mut nodes)| {
                    nodes.dedup_by(|b, a| matches!((a, b), (Node::Text(_), Node::Text(_))));
                    Element { name, attributes: attributes.into_iter().collect(), nodes }
                },
            )
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(tree in tree()) {
            let text = tree.write();
            prop_assert_eq!(Element::parse(&text).unwrap(), tree, "{}", text);
        }

        #[test]
        fn what_is_read_is_written_so_that_it_reads_the_same(text in "(<[abx]( [ab]='[&;#0-9a-z]{0,3}')?/?>|</[abx]>|[ \n&;a-z]|&amp;|&#1[03];|<!--[a-]{0,3}-->|<!\\[CDATA\\[[<a&]{0,3}\\]\\]>){0,14}") {
            if let Ok(tree) = Element::parse(&text) {
                prop_assert_eq!(Element::parse(&tree.write()).unwrap(), tree);
            }
        }
    }

    fn refused(text: &str) -> String {
        Element::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn what_could_grow_or_reach_out_is_refused() {
        assert!(refused("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>").contains("document type"));
        assert!(refused("<a>&e;</a>").contains("`e`"), "{}", refused("<a>&e;</a>"));
        assert!(refused("<a b='&e;'/>").contains("`e`"));
        assert!(refused("<?xml-stylesheet href='x'?><a/>").contains("processing instruction"));
        assert!(refused(&"<a>".repeat(65)).contains("64"));
        assert!(Element::parse(&format!("{}{}", "<a>".repeat(64), "</a>".repeat(64))).is_ok());
        assert!(refused(&" ".repeat((4 << 20) + 1)).contains("4 MiB"));
    }

    #[test]
    fn errors_say_where() {
        for (text, line) in [
            ("<a>\n<b>\n</a>", 3),
            ("<a>\n\n", 3),
            ("<a/>\n<b/>", 2),
            ("", 1),
            ("x", 1),
            ("<a>\n<b c='1' c='2'/></a>", 2),
            ("<a>\n&#0;</a>", 2),
            ("<a>\n<b/>\u{1}</a>", 2),
            ("<a>\n<1/></a>", 2),
        ] {
            let error = Element::parse(text).unwrap_err();
            assert_eq!(error.line, line, "{text:?}: {error}");
        }
    }

    #[test]
    fn layout_is_libvirts_and_text_is_kept() {
        let text = "<domain type='kvm'>\n  <!-- kept -->\n  <name>a &amp; b</name>\n  <devices>\n    <emulator>/usr/bin/q</emulator>\n    <x/>\n  </devices>\n</domain>\n";
        assert_eq!(Element::parse(text).unwrap().write(), text);
        let mixed = "<a>one <b/> <c/>two</a>\n";
        assert_eq!(Element::parse(mixed).unwrap().write(), mixed);
        assert_eq!(Element::parse("<a><![CDATA[<&]]></a>").unwrap().text(), "<&");
    }
}
