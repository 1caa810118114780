//! A small XML tree: enough to read a domain, change parts of it and keep the rest as it was.
//!
//! It knows nothing of libvirt. Documents with a DTD are refused, so that entities cannot grow.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// A domain's description is never larger.
const MOST: usize = 4 << 20;
/// Nor deeper.
const DEEPEST: usize = 64;

/// Why a text is no XML that kai reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not readable as XML, at byte {at}: {what}")]
pub struct XmlError {
    /// Where.
    pub at: u64,
    /// What is wrong.
    pub what: String,
}

/// An element with its attributes and what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Element>,
    /// Text directly in it, trimmed.
    pub(super) text: String,
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
        self.text = text.to_string();
        self
    }

    pub(super) fn and(mut self, child: Element) -> Self {
        self.children.push(child);
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

    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(super) fn child_mut(&mut self, name: &str) -> Option<&mut Element> {
        self.children.iter_mut().find(|child| child.name == name)
    }

    pub(super) fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub(super) fn children_mut<'a>(&'a mut self, name: &'a str) -> impl Iterator<Item = &'a mut Element> {
        self.children.iter_mut().filter(move |child| child.name == name)
    }

    /// Every element below it, itself included.
    pub(super) fn each(&mut self, change: &mut impl FnMut(&mut Element)) {
        change(self);
        for child in &mut self.children {
            child.each(change);
        }
    }

    /// Reads a document.
    pub(super) fn parse(text: &str) -> Result<Self, XmlError> {
        if text.len() > MOST {
            return Err(XmlError { at: MOST as u64, what: "larger than 4 MiB".to_owned() });
        }
        let mut reader = Reader::from_str(text);
        let mut open: Vec<Element> = Vec::new();
        let mut root = None;
        loop {
            let at = reader.buffer_position();
            let error = |what: String| XmlError { at, what };
            match reader.read_event().map_err(|cause| error(cause.to_string()))? {
                Event::Start(start) => {
                    if open.len() >= DEEPEST {
                        return Err(error("nested too deep".to_owned()));
                    }
                    open.push(begin(&start).map_err(error)?);
                }
                Event::Empty(start) => close(begin(&start).map_err(error)?, &mut open, &mut root).map_err(error)?,
                Event::End(_) => {
                    let element = open.pop().ok_or_else(|| error("an end without a beginning".to_owned()))?;
                    close(element, &mut open, &mut root).map_err(error)?;
                }
                Event::Text(text) => {
                    let text = text.decode().map_err(|cause| error(cause.to_string()))?;
                    add_text(&text, &mut open);
                }
                Event::CData(data) => {
                    let text = data.decode().map_err(|cause| error(cause.to_string()))?;
                    add_text(&text, &mut open);
                }
                Event::GeneralRef(reference) => {
                    let name = reference.decode().map_err(|cause| error(cause.to_string()))?.into_owned();
                    let text = quick_xml::escape::unescape(&format!("&{name};"))
                        .map_err(|cause| error(cause.to_string()))?
                        .into_owned();
                    if let Some(element) = open.last_mut() {
                        element.text.push_str(&text);
                    }
                }
                Event::DocType(_) => return Err(error("a document type is not allowed".to_owned())),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => break,
            }
        }
        if !open.is_empty() {
            return Err(XmlError { at: text.len() as u64, what: "it ends in the middle".to_owned() });
        }
        root.ok_or_else(|| XmlError { at: 0, what: "nothing in it".to_owned() })
    }

    /// Writes a document, indented as libvirt does.
    pub(super) fn write(&self) -> String {
        let mut out = String::new();
        self.write_to(&mut out, 0);
        out
    }

    fn write_to(&self, out: &mut String, depth: usize) {
        use quick_xml::escape::escape;
        let indent = "  ".repeat(depth);
        out.push_str(&format!("{indent}<{}", self.name));
        for (name, value) in &self.attributes {
            out.push_str(&format!(" {name}='{}'", escape(value.as_str())));
        }
        if self.children.is_empty() && self.text.is_empty() {
            out.push_str("/>\n");
            return;
        }
        out.push('>');
        out.push_str(&escape(self.text.as_str()));
        if !self.children.is_empty() {
            out.push('\n');
            for child in &self.children {
                child.write_to(out, depth + 1);
            }
            out.push_str(&indent);
        }
        out.push_str(&format!("</{}>\n", self.name));
    }
}

fn add_text(text: &str, open: &mut [Element]) {
    if let Some(element) = open.last_mut() {
        // Layout between elements is no content.
        if !text.trim().is_empty() {
            element.text.push_str(text);
        }
    }
}

fn begin(start: &BytesStart<'_>) -> Result<Element, String> {
    let name = std::str::from_utf8(start.name().as_ref()).map_err(|error| error.to_string())?.to_owned();
    let mut element = Element::new(&name);
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let key = std::str::from_utf8(attribute.key.as_ref()).map_err(|error| error.to_string())?.to_owned();
        let raw = std::str::from_utf8(&attribute.value).map_err(|error| error.to_string())?;
        let value = quick_xml::escape::unescape(raw).map_err(|error| error.to_string())?.into_owned();
        element.attributes.push((key, value));
    }
    Ok(element)
}

fn close(mut element: Element, open: &mut [Element], root: &mut Option<Element>) -> Result<(), String> {
    element.text = element.text.trim().to_owned();
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None if root.is_none() => *root = Some(element),
        None => return Err("more than one root element".to_owned()),
    }
    Ok(())
}
