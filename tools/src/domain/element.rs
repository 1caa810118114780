//! A small XML tree that owns its text: enough to read a document, change parts of it, and keep the
//! rest as it was, order and comments included.
//!
//! It knows nothing of libvirt and nothing of files. Document types, processing instructions and
//! entities of the document's own are refused, so that nothing can grow or reach out.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::write::is_allowed;

/// No description of a domain is larger.
const MOST: usize = 4 << 20;
/// Nor deeper.
const DEEPEST: usize = 64;

/// Why a text is no XML that kai reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not readable as XML, at byte {at} (line {line}): {what}")]
pub struct XmlError {
    /// Where, in bytes from the beginning.
    pub at: u64,
    /// Where, in lines from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

/// What stands in an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// An element.
    Element(Element),
    /// Text, as it is meant: without escapes.
    Text(String),
    /// A comment.
    Comment(String),
}

/// An element with its attributes and what is in it, in the document's order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) nodes: Vec<Node>,
}

impl Element {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    pub(super) fn with(mut self, attribute: &str, value: impl ToString) -> Self {
        self.set(attribute, value);
        self
    }

    pub(super) fn holding(mut self, text: impl ToString) -> Self {
        self.set_text(text);
        self
    }

    pub(super) fn and(mut self, child: Element) -> Self {
        self.push(child);
        self
    }

    pub(super) fn get(&self, attribute: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| name == attribute).map(|(_, value)| value.as_str())
    }

    pub(super) fn set(&mut self, attribute: &str, value: impl ToString) {
        let value = value.to_string();
        match self.attributes.iter_mut().find(|(name, _)| name == attribute) {
            Some((_, old)) => *old = value,
            None => self.attributes.push((attribute.to_owned(), value)),
        }
    }

    pub(super) fn unset(&mut self, attribute: &str) {
        self.attributes.retain(|(name, _)| name != attribute);
    }

    /// The text directly in it, as it stands.
    pub(super) fn text(&self) -> String {
        let text = |node: &Node| match node {
            Node::Text(text) => Some(text.clone()),
            Node::Element(_) | Node::Comment(_) => None,
        };
        self.nodes.iter().filter_map(text).collect()
    }

    /// Makes that text all that is in it.
    pub(super) fn set_text(&mut self, text: impl ToString) {
        let text = text.to_string();
        self.nodes.clear();
        if !text.is_empty() {
            self.nodes.push(Node::Text(text));
        }
    }

    pub(super) fn push(&mut self, child: Element) {
        self.nodes.push(Node::Element(child));
    }

    pub(super) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) | Node::Comment(_) => None,
        })
    }

    pub(super) fn elements_mut(&mut self) -> impl Iterator<Item = &mut Element> {
        self.nodes.iter_mut().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) | Node::Comment(_) => None,
        })
    }

    pub(super) fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements().filter(move |child| child.name == name)
    }

    pub(super) fn children_mut<'a>(&'a mut self, name: &'a str) -> impl Iterator<Item = &'a mut Element> {
        self.elements_mut().filter(move |child| child.name == name)
    }

    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.elements().find(|child| child.name == name)
    }

    pub(super) fn child_mut(&mut self, name: &str) -> Option<&mut Element> {
        self.elements_mut().find(|child| child.name == name)
    }

    /// An attribute of a child.
    pub(super) fn of_child(&self, child: &str, attribute: &str) -> Option<&str> {
        self.child(child).and_then(|child| child.get(attribute))
    }

    /// Changes the child of that name, which is made at the end if there is none.
    pub(super) fn edit(&mut self, name: &str, change: impl FnOnce(&mut Element)) {
        if self.child(name).is_none() {
            self.push(Self::new(name));
        }
        if let Some(child) = self.child_mut(name) {
            change(child);
        }
    }

    /// Keeps the child elements of which `keep` says so, and all that is no element.
    pub(super) fn keep(&mut self, keep: impl Fn(&Element) -> bool) {
        self.nodes.retain(|node| match node {
            Node::Element(child) => keep(child),
            Node::Text(_) | Node::Comment(_) => true,
        });
    }

    pub(super) fn drop_children(&mut self, names: &[&str]) {
        self.keep(|child| !names.contains(&child.name.as_str()));
    }

    /// Inserts behind the last child of that name, or in front of everything.
    pub(super) fn insert_behind(&mut self, name: &str, child: Element) {
        let last = self.nodes.iter().rposition(|node| matches!(node, Node::Element(child) if child.name == name));
        self.nodes.insert(last.map_or(0, |at| at + 1), Node::Element(child));
    }

    /// Itself and every element below it.
    pub(super) fn each(&mut self, change: &mut impl FnMut(&mut Element)) {
        change(self);
        for child in self.elements_mut() {
            child.each(change);
        }
    }

    /// Whether it is of that namespace, declared on it.
    pub(super) fn is_in(&self, namespace: &str) -> bool {
        let declared = match self.name.split_once(':') {
            Some((prefix, _)) => self.get(&format!("xmlns:{prefix}")),
            None => self.get("xmlns"),
        };
        declared == Some(namespace)
    }

    /// Its name without the prefix.
    pub(super) fn local_name(&self) -> &str {
        self.name.split_once(':').map_or(self.name.as_str(), |(_, name)| name)
    }

    /// Reads a document. Comments outside the root element are not kept: they are libvirt's note on
    /// not editing the file.
    pub(super) fn parse(text: &str) -> Result<Self, XmlError> {
        let error = |at: u64, what: String| {
            let before = usize::try_from(at).unwrap_or(usize::MAX).min(text.len());
            let line = text.as_bytes()[..before].iter().filter(|byte| **byte == b'\n').count() + 1;
            XmlError { at, line, what }
        };
        if text.len() > MOST {
            return Err(error(MOST as u64, "larger than 4 MiB".to_owned()));
        }
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_comments = true;
        let mut build = Build::default();
        loop {
            let at = reader.buffer_position();
            let event = reader.read_event();
            let event = event.map_err(|cause| error(reader.error_position(), cause.to_string()))?;
            if matches!(event, Event::Eof) {
                return build.done().map_err(|what| error(at, what));
            }
            build.take(event).map_err(|what| error(at, what))?;
        }
    }
}

/// A document being read.
#[derive(Default)]
struct Build {
    open: Vec<Element>,
    root: Option<Element>,
    begun: bool,
}

impl Build {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        let begun = std::mem::replace(&mut self.begun, true);
        match event {
            Event::Start(start) => {
                if self.open.len() >= DEEPEST {
                    return Err("nested deeper than 64 elements".to_owned());
                }
                self.open.push(begin(&start)?);
            }
            Event::Empty(start) => self.close(begin(&start)?)?,
            Event::End(_) => {
                let element = self.open.pop().ok_or("an end without a beginning")?;
                self.close(element)?;
            }
            Event::Text(text) => {
                let text = text.decode().map_err(|cause| cause.to_string())?;
                self.text(&text.replace("\r\n", "\n").replace('\r', "\n"))?;
            }
            Event::CData(data) => {
                let text = data.decode().map_err(|cause| cause.to_string())?;
                self.text(&text.replace("\r\n", "\n").replace('\r', "\n"))?;
            }
            Event::GeneralRef(reference) => {
                let name = reference.decode().map_err(|cause| cause.to_string())?;
                self.text(&resolved(&format!("&{name};"))?)?;
            }
            Event::Comment(comment) => {
                let text = comment.decode().map_err(|cause| cause.to_string())?;
                // `<!--a--->` is none in XML, and would not be read back.
                if text.ends_with('-') {
                    return Err("a comment ends with --->".to_owned());
                }
                let text = allowed(text.replace("\r\n", "\n").replace('\r', "\n"))?;
                if let Some(element) = self.open.last_mut() {
                    element.nodes.push(Node::Comment(text));
                }
            }
            Event::Decl(_) if !begun => {}
            Event::Decl(_) => return Err("an XML declaration that is not at the beginning".to_owned()),
            Event::DocType(_) => return Err("a document type is not allowed".to_owned()),
            Event::PI(_) => return Err("a processing instruction is not allowed".to_owned()),
            Event::Eof => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        let text = allowed(text.to_owned())?;
        match self.open.last_mut() {
            Some(element) => match element.nodes.last_mut() {
                Some(Node::Text(before)) => before.push_str(&text),
                Some(Node::Element(_) | Node::Comment(_)) | None => element.nodes.push(Node::Text(text)),
            },
            None if text.trim().is_empty() => {}
            None => return Err("text outside of every element".to_owned()),
        }
        Ok(())
    }

    fn close(&mut self, mut element: Element) -> Result<(), String> {
        // Where all text is white space, it is layout; else it is content, all of it.
        if element.text().trim().is_empty() {
            element.nodes.retain(|node| !matches!(node, Node::Text(_)));
        } else {
            element.nodes.retain(|node| !matches!(node, Node::Text(text) if text.is_empty()));
        }
        match self.open.last_mut() {
            Some(parent) => parent.push(element),
            None if self.root.is_none() => self.root = Some(element),
            None => return Err("more than one root element".to_owned()),
        }
        Ok(())
    }

    fn done(self) -> Result<Element, String> {
        match self.open.last() {
            Some(open) => Err(format!("it ends inside of <{}>", open.name)),
            None => self.root.ok_or_else(|| "nothing is in it".to_owned()),
        }
    }
}

fn begin(start: &BytesStart<'_>) -> Result<Element, String> {
    let utf8 = |bytes: &[u8]| std::str::from_utf8(bytes).map(str::to_owned).map_err(|cause| cause.to_string());
    let mut element = Element::new(&named(utf8(start.name().as_ref())?)?);
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|cause| cause.to_string())?;
        let raw = utf8(&attribute.value)?;
        if raw.contains('<') {
            return Err("an attribute holds a <".to_owned());
        }
        // White space in attributes is a space, unless it is escaped.
        let value = resolved(&raw.replace("\r\n", " ").replace(['\r', '\n', '\t'], " "))?;
        element.attributes.push((named(utf8(attribute.key.as_ref())?)?, allowed(value)?));
    }
    Ok(element)
}

/// The five entities of XML and numbered characters; there are no others.
fn resolved(text: &str) -> Result<String, String> {
    quick_xml::escape::unescape(text).map(std::borrow::Cow::into_owned).map_err(|cause| cause.to_string())
}

fn allowed(text: String) -> Result<String, String> {
    match text.chars().find(|c| !is_allowed(*c)) {
        Some(c) => Err(format!("the character {c:?} is not allowed in XML")),
        None => Ok(text),
    }
}

fn named(name: String) -> Result<String, String> {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':' || (!c.is_ascii() && c.is_alphanumeric());
    let good =
        name.starts_with(first) && name.chars().all(|c| first(c) || c.is_ascii_digit() || matches!(c, '-' | '.'));
    if good { Ok(name) } else { Err(format!("{name:?} is no name in XML")) }
}
