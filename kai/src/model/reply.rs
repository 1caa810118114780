//! A reply in the making: pieces in, events out, calls kept until the end.
//!
//! The one place that decides what of a reply is reasoning, what is text and what is a call.

use super::{
    ModelEvent, ModelSink, ToolCall, ToolSpec,
    printed::{Printed, Verdict},
    thoughts::{Piece, Thoughts},
};

/// A reply in the making.
#[derive(Debug)]
pub(super) struct Reply<'t> {
    thoughts: Thoughts,
    /// Looks for calls in the text; only where tools were offered.
    printed: Option<Printed<'t>>,
    calls: Vec<ToolCall>,
    /// Text was handed out: the reply can no longer be asked for again.
    shown: bool,
    /// Something was said that is not blank.
    spoke: bool,
}

/// What a complete reply is worth.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Whole {
    /// Text that was handed out, calls, or both.
    Said(Vec<ToolCall>),
    /// Neither text nor call.
    Nothing,
    /// A call that cannot be read; what is wrong.
    Malformed(String),
}

impl<'t> Reply<'t> {
    /// A reply of that model to a conversation that offered these tools.
    pub(super) fn new(model: &str, tools: &'t [ToolSpec]) -> Self {
        Self {
            thoughts: Thoughts::of(model),
            printed: (!tools.is_empty()).then(|| Printed::new(tools)),
            calls: Vec::new(),
            shown: false,
            spoke: false,
        }
    }

    /// Whether text was handed out.
    pub(super) fn shown(&self) -> bool {
        self.shown
    }

    /// A piece of text.
    pub(super) fn text(&mut self, text: &str, sink: ModelSink<'_>) {
        for piece in self.thoughts.push(text) {
            self.piece(piece, sink);
        }
    }

    /// A piece of reasoning that the server tells apart.
    pub(super) fn thought(&mut self, text: String, sink: ModelSink<'_>) {
        self.thoughts.apart();
        sink(ModelEvent::Thinking(text));
    }

    /// A call.
    pub(super) fn call(&mut self, call: ToolCall) {
        self.calls.push(call);
    }

    /// The reply is complete.
    pub(super) fn finish(mut self, sink: ModelSink<'_>) -> Whole {
        if let Some(piece) = self.thoughts.finish() {
            self.piece(piece, sink);
        }
        match self.printed.take().map(Printed::finish) {
            Some(Verdict::Text(text)) => self.say(text, sink),
            // A server that understood the call may repeat it in the text.
            Some(Verdict::Calls(_) | Verdict::Malformed(_)) if !self.calls.is_empty() => {}
            Some(Verdict::Calls(calls)) => self.calls = calls,
            Some(Verdict::Malformed(message)) => return Whole::Malformed(message),
            None => {}
        }
        if self.spoke || !self.calls.is_empty() { Whole::Said(self.calls) } else { Whole::Nothing }
    }

    fn piece(&mut self, piece: Piece, sink: ModelSink<'_>) {
        match piece {
            Piece::Thought(thought) => sink(ModelEvent::Thinking(thought)),
            Piece::Text(text) => {
                let text = match &mut self.printed {
                    Some(printed) => printed.push(&text),
                    None => text,
                };
                self.say(text, sink);
            }
        }
    }

    fn say(&mut self, text: String, sink: ModelSink<'_>) {
        if !text.is_empty() {
            self.spoke |= !text.trim().is_empty();
            self.shown = true;
            sink(ModelEvent::Text(text));
        }
    }
}
