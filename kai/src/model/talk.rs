//! One reply, from request to end: what is tried again, what is left out, and when it is given up.
//!
//! Both protocols go through here; [`Wire`] is where they differ. No prompt is written here and no
//! answer judged.

use std::time::Duration;

use futures::future::BoxFuture;
use reqwest::{RequestBuilder, Response};

use super::{
    Conversation, Finished, ModelError, ModelEvent, ModelSink, Ready, ToolSpec, Wait,
    link::{Link, Refusal, is_busy},
    reply::{Reply, Whole},
    stream::{Decode, StreamEvent},
};

/// A protocol.
pub(super) trait Wire: Sync {
    /// The connection.
    fn link(&self) -> &Link;

    /// The request for a reply.
    ///
    /// # Errors
    /// It cannot be written down.
    fn request(
        &self,
        ready: &Ready,
        conversation: &Conversation,
        attempt: &Attempt,
    ) -> Result<RequestBuilder, ModelError>;

    /// A reader for the answer.
    fn decoder(&self) -> Box<dyn Decode>;

    /// Leaves out of the next attempt what the server did not accept. `false` if that was not it, or
    /// if it was left out already.
    fn concede(&self, attempt: &mut Attempt, refusal: &Refusal) -> bool;

    /// Whether the refusal says that there is no such model.
    fn lacks_model(&self, refusal: &Refusal) -> bool;

    /// The models that there are, for a hint; none if they cannot be listed.
    fn listed<'a>(&'a self, sink: ModelSink<'a>) -> BoxFuture<'a, Vec<String>>;
}

/// What a request is made with.
#[derive(Debug, Clone, Default)]
pub(super) struct Attempt {
    /// Tools, calls and results are written as such; otherwise as text, and no tool is offered.
    pub(super) tools: bool,
    /// Fields that the server does not want.
    pub(super) omitted: Vec<&'static str>,
    /// The second attempt at a call; the same words should not come again.
    pub(super) again: bool,
}

impl Attempt {
    /// Omits a field that was not omitted yet.
    pub(super) fn omit(&mut self, field: &'static str) -> bool {
        let fresh = !self.omitted.contains(&field);
        if fresh {
            self.omitted.push(field);
        }
        fresh
    }

    pub(super) fn has(&self, field: &str) -> bool {
        !self.omitted.contains(&field)
    }
}

/// Why there is no reply.
enum Fault {
    /// For good.
    Model(ModelError),
    /// A call could not be read. If nothing was shown, the model can be asked again.
    Call { message: String, shown: bool },
}

impl From<ModelError> for Fault {
    fn from(error: ModelError) -> Self {
        Self::Model(error)
    }
}

/// A reply that is longer than this has no end: the server does not keep to the limit that it was given.
const LONGEST: usize = 256 << 10;
/// The same for all that the protocol wraps around it, which may be a hundred times as much.
const MOST_BYTES: usize = 256 * LONGEST;

fn endless(link: &Link) -> ModelError {
    ModelError::Endless { server: link.server.clone(), kib: LONGEST >> 10 }
}

/// How much of a reply a piece is.
fn size(event: &StreamEvent) -> usize {
    match event {
        StreamEvent::Thinking(text) | StreamEvent::Text(text) => text.len(),
        StreamEvent::Call(call) => call.name.len() + call.arguments.to_string().len(),
        StreamEvent::BadCall(_) | StreamEvent::Done(_) | StreamEvent::Error(_) | StreamEvent::Garbage(_) => 0,
    }
}

/// Gets a reply.
///
/// # Errors
/// Whatever keeps it from being complete.
pub(super) async fn chat(
    wire: &dyn Wire,
    ready: &Ready,
    conversation: &Conversation,
    sink: ModelSink<'_>,
) -> Result<Finished, ModelError> {
    let link = wire.link();
    let plain = conversation.without_tools();
    let mut attempt = Attempt { tools: ready.can_call_tools, ..Attempt::default() };
    let mut paused = false;
    loop {
        let said = if attempt.tools { conversation } else { &plain };
        let request = wire.request(ready, said, &attempt)?;
        let message = match link.open(("loading the model", Wait::FirstWord), request, sink).await? {
            Ok(response) => match read(wire, ready, response, conversation, sink).await {
                Ok(finished) => {
                    let without_tools = !attempt.tools && !conversation.offered().is_empty();
                    return Ok(Finished { without_tools, ..finished });
                }
                Err(Fault::Model(error)) => return Err(error),
                Err(Fault::Call { message, shown: true }) => {
                    return Err(ModelError::MalformedCall { model: ready.name.clone(), message });
                }
                Err(Fault::Call { message, shown: false }) => message,
            },
            Err(refusal) if wire.lacks_model(&refusal) => {
                let installed = wire.listed(sink).await;
                return Err(link.missing(&ready.name, &installed));
            }
            Err(refusal) if is_unreadable_call(&refusal.message) => refusal.message,
            Err(refusal) if concede(wire, conversation, &mut attempt, &refusal) => continue,
            Err(refusal) if is_busy(refusal.status, &refusal.message) && !paused => {
                paused = true;
                link.pause(sink).await;
                continue;
            }
            Err(Refusal { status, message }) => return Err(link.refused(&ready.name, status, message)),
        };
        // Only a call that could not be read gets here.
        if attempt.again {
            return Err(ModelError::MalformedCall { model: ready.name.clone(), message });
        }
        attempt.again = true;
        sink(ModelEvent::Waiting { what: Wait::Again, elapsed: Duration::ZERO });
    }
}

/// Leaves out what the server did not accept, but no tools where one has to be called.
fn concede(wire: &dyn Wire, conversation: &Conversation, attempt: &mut Attempt, refusal: &Refusal) -> bool {
    let mut less = attempt.clone();
    let conceded = wire.concede(&mut less, refusal) && !(attempt.tools && !less.tools && must_call(conversation));
    if conceded {
        *attempt = less;
    }
    conceded
}

fn must_call(conversation: &Conversation) -> bool {
    conversation.wishes.demands_call() && !conversation.offered().is_empty()
}

/// Reads a reply to its end.
async fn read(
    wire: &dyn Wire,
    ready: &Ready,
    mut response: Response,
    conversation: &Conversation,
    sink: ModelSink<'_>,
) -> Result<Finished, Fault> {
    let link = wire.link();
    // Where nothing may be called, a call that is printed is text.
    let tools: &[ToolSpec] = if conversation.wishes.no_call() { &[] } else { &conversation.tools };
    let mut decoder = wire.decoder();
    let mut reply = Reply::new(&ready.name, tools);
    let mut bad: Option<String> = None;
    let mut what = Wait::FirstWord;
    let (mut came, mut said) = (0, 0);
    loop {
        let chunk = link.chunk(("answering", what, 1), &mut response, sink).await?;
        let ended = chunk.is_none();
        came += chunk.as_ref().map_or(0, Vec::len);
        if came > MOST_BYTES {
            return Err(endless(link).into());
        }
        let events = match chunk {
            Some(bytes) => decoder.push(&bytes),
            None => decoder.end(),
        };
        for event in events {
            what = Wait::NextWord;
            said += size(&event);
            if said > LONGEST {
                return Err(endless(link).into());
            }
            match event {
                StreamEvent::Thinking(text) => reply.thought(text, sink),
                StreamEvent::Text(text) => reply.text(&text, sink),
                StreamEvent::Call(call) => reply.call(call),
                StreamEvent::BadCall(message) => bad = bad.or(Some(link.clean(&message))),
                StreamEvent::Error(message) => {
                    let message = link.clean(&message);
                    return Err(if is_unreadable_call(&message) {
                        Fault::Call { message, shown: reply.shown() }
                    } else {
                        link.refused(&ready.name, 200, message).into()
                    });
                }
                StreamEvent::Garbage(line) => return Err(link.garbled(line).into()),
                StreamEvent::Done(done) => {
                    let mut cut_off = false;
                    match done.reason.as_deref() {
                        Some("length") if conversation.wishes.as_it_is => cut_off = true,
                        Some("length") => return Err(ModelError::LengthLimit { tokens: ready.answer_tokens }.into()),
                        Some(reason @ ("content_filter" | "error")) => {
                            let message = format!("the server stopped it (`{reason}`)");
                            return Err(link.refused(&ready.name, 200, message).into());
                        }
                        Some(_) | None => {}
                    }
                    let shown = reply.shown();
                    if let Some(message) = bad.filter(|_| !cut_off) {
                        return Err(Fault::Call { message, shown });
                    }
                    let finished = Finished {
                        cut_off,
                        prompt_tokens: done.prompt_tokens,
                        answer_tokens: done.answer_tokens,
                        ..Finished::default()
                    };
                    return match reply.finish(sink) {
                        Whole::Said(calls) => Ok(Finished { calls, ..finished }),
                        Whole::Nothing if conversation.wishes.as_it_is => Ok(finished),
                        Whole::Malformed(_) if cut_off => Ok(finished),
                        Whole::Nothing => Err(ModelError::Empty { model: ready.name.clone() }.into()),
                        Whole::Malformed(message) => Err(Fault::Call { message: link.clean(&message), shown }),
                    };
                }
            }
        }
        if ended {
            return Err(ModelError::CutOff { server: link.server.clone() }.into());
        }
    }
}

/// Whether a server says that it could not read the call that its model wrote. Ollama's words, and
/// those of its parsers for models that write XML; llama.cpp's.
fn is_unreadable_call(message: &str) -> bool {
    let lower = message.to_lowercase();
    lower.contains("error parsing tool call")
        || lower.starts_with("xml syntax error")
        || lower.contains("failed to parse tool call")
}
