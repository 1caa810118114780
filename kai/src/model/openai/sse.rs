//! Server-sent events: bytes in, data out.
//!
//! What the data says is [`super::stream`]'s matter. Servers are loose with this format, so it is read
//! loosely: a line of data that is whole by itself does not wait for the blank line after it, and a
//! body that is one JSON object, from a server that does not stream, is handed out as such.

use crate::model::lines::{Line, Lines, MAX_LINE};

/// The end mark that some servers send as data.
pub(super) const DONE: &[u8] = b"[DONE]";

/// What came together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// Data: JSON, or the end mark.
    Data(Vec<u8>),
    /// Data of an event that is called an error.
    Error(Vec<u8>),
    /// A whole body that is no stream.
    Body(Vec<u8>),
    /// Something else; as much of it as there is.
    Garbage(Vec<u8>),
}

/// Puts events together.
#[derive(Debug, Default)]
pub(super) struct Events {
    lines: Lines,
    state: State,
}

#[derive(Debug, Default)]
struct State {
    /// Lines of data without the blank line that ends them.
    data: Vec<u8>,
    /// The current event is called an error.
    error: bool,
    body: Option<Vec<u8>>,
    begun: bool,
    stopped: bool,
}

impl Events {
    /// Takes the next bytes and hands out what they complete.
    pub(super) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Event)) {
        let Self { lines, state } = self;
        lines.push(bytes, |line| state.line(line, &mut each));
    }

    /// The end of the bytes.
    pub(super) fn finish(&mut self, mut each: impl FnMut(Event)) {
        let Self { lines, state } = self;
        lines.finish(|line| state.line(line, &mut each));
        if let Some(body) = state.body.take().filter(|_| !state.stopped) {
            each(Event::Body(body));
        }
        state.dispatch(&mut each);
        state.stopped = true;
    }
}

impl State {
    fn line(&mut self, line: Line, each: &mut impl FnMut(Event)) {
        if self.stopped {
            return;
        }
        let line = match line {
            Line::Whole(line) => line,
            Line::TooLong(line) => return self.stop(line, each),
        };
        let mut line = line.as_slice();
        if !self.begun {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
            if line.trim_ascii().is_empty() {
                return;
            }
            self.begun = true;
            if line.trim_ascii_start().starts_with(b"{") {
                self.body = Some(Vec::new());
            }
        }
        if let Some(body) = &mut self.body {
            body.extend_from_slice(line);
            body.push(b'\n');
            if body.len() > MAX_LINE {
                let body = std::mem::take(body);
                self.stop(body, each);
            }
            return;
        }
        if line.is_empty() {
            self.dispatch(each);
            self.error = false;
            return;
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(at) => (line.get(..at).unwrap_or_default(), line.get(at + 1..).unwrap_or_default()),
            None => (line, [].as_slice()),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            // A comment, to keep the connection alive.
            b"" if line.first() == Some(&b':') => {}
            b"data" => self.data(value, each),
            b"event" => self.error = value == b"error",
            b"id" | b"retry" => {}
            // An older llama.cpp's way to report a failure.
            b"error" => each(Event::Error(value.to_vec())),
            // Others forget the field's name.
            _ if line.starts_with(b"{") => each(Event::Data(line.to_vec())),
            _ => self.stop(line.to_vec(), each),
        }
    }

    fn data(&mut self, value: &[u8], each: &mut impl FnMut(Event)) {
        let whole = value.trim_ascii() == DONE || serde_json::from_slice::<serde::de::IgnoredAny>(value).is_ok();
        if self.data.is_empty() && whole {
            self.data = value.to_vec();
            self.dispatch(each);
            return;
        }
        if !self.data.is_empty() {
            self.data.push(b'\n');
        }
        self.data.extend_from_slice(value);
        if self.data.len() > MAX_LINE {
            let data = std::mem::take(&mut self.data);
            self.stop(data, each);
        }
    }

    fn dispatch(&mut self, each: &mut impl FnMut(Event)) {
        let data = std::mem::take(&mut self.data);
        if !self.stopped && !data.trim_ascii().is_empty() {
            each(if self.error { Event::Error(data) } else { Event::Data(data) });
        }
    }

    fn stop(&mut self, line: Vec<u8>, each: &mut impl FnMut(Event)) {
        self.stopped = true;
        each(Event::Garbage(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events of a text, however it is cut.
    fn check(text: &str, expected: &[Event]) {
        let bytes = text.as_bytes();
        for cut in 0..=bytes.len() {
            for chunks in [vec![&bytes[..cut], &bytes[cut..]], bytes.chunks(1).collect()] {
                let mut events = Events::default();
                let mut out = Vec::new();
                for chunk in chunks {
                    events.push(chunk, |event| out.push(event));
                }
                events.finish(|event| out.push(event));
                assert_eq!(out, expected, "{text:?} cut at {cut}");
            }
        }
    }

    fn data(text: &str) -> Event {
        Event::Data(text.as_bytes().to_vec())
    }

    #[test]
    fn forms() {
        let both = [data("{\"a\":1}"), data("[DONE]")];
        check("data: {\"a\":1}\n\ndata: [DONE]\n\n", &both);
        check("data:{\"a\":1}\r\n\r\ndata: [DONE]\r\n\r\n", &both);
        check("data: {\"a\":1}\r\rdata: [DONE]", &both);
        check("\u{feff}\n: hello\n\nid: 7\nretry: 5\nevent: x\ndata: {\"a\":1}\n\n:\n\ndata: [DONE]\n", &both);
        // Without blank lines.
        check("data: {\"a\":1}\ndata: [DONE]\n", &both);
        check("data: {\ndata: \"a\":\ndata: 1}\n\n", &[data("{\n\"a\":\n1}")]);
        check("data: {\r\ndata: \"ä\":1}\r\n\r\n", &[data("{\n\"ä\":1}")]);
        check("data\n\ndata:\n\n", &[]);
        check("", &[]);
    }

    #[test]
    fn failures_and_other_things() {
        let error = |text: &str| Event::Error(text.as_bytes().to_vec());
        check("event: error\ndata: {\"a\":1}\n\ndata: {}\n\n", &[error("{\"a\":1}"), data("{}")]);
        check("data: {}\n\nerror: {\"a\":1}\n\n", &[data("{}"), error("{\"a\":1}")]);
        check("data: {}\n\n{\"error\":1}\n", &[data("{}"), data("{\"error\":1}")]);
        check("{\n \"a\": 1\n}\n", &[Event::Body(b"{\n \"a\": 1\n}\n".to_vec())]);
        check("<html>\n<body>\n", &[Event::Garbage(b"<html>".to_vec())]);
        check("data: {}\n\nBad Gateway\ndata: {}\n\n", &[data("{}"), Event::Garbage(b"Bad Gateway".to_vec())]);
        check("data: {oh\n\n", &[data("{oh")]);
    }
}
