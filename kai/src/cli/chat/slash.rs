//! The commands of the conversation, carried out.

use kai_tools::names::OperationId;
use kai_tools::request::{Request, tools};
use kai_tools::tool::{DocsRead, OpHistory, OpUndo};

use super::super::{Failure, Outcome, open};
use super::repl::{Repl, Work};
use crate::chat::commands::{Command, HostChoice, help};
use crate::chat::store::{Session, SessionName};
use crate::turn::{Conversation, Machine, Stop};
use crate::ui::age;

impl Repl<'_> {
    pub(super) async fn carry_out(&mut self, command: Command) -> Result<Outcome, Failure> {
        match command {
            Command::Help => self.context.ui.line(&help(self.context.ui.width())),
            Command::Tools => self.tools(),
            Command::Sources => self.list_sources(),
            Command::Source(number) => stoppable(self.source(number)).await?,
            Command::Plan => self.plan(),
            Command::Apply(id) => return self.apply(id.as_deref()).await,
            Command::Undo(op) => {
                let op = op.as_deref().unwrap_or("last").parse::<OperationId>();
                let op = op.map_err(|error| Failure::new(error.to_string()))?;
                return Ok(self.work(Work::Request(Box::new(Request::OpUndo(OpUndo { op })))).await);
            }
            Command::History => {
                return Ok(self.work(Work::Request(Box::new(Request::OpHistory(OpHistory { limit: 20 })))).await);
            }
            Command::Model(None) => self.context.ui.line(self.engine_name()),
            Command::Model(Some(name)) => self.model(name).await?,
            Command::Host(None) => {
                let name = self.assistant.operator.as_ref().map(|operator| operator.host_name());
                self.context.ui.line(&name.unwrap_or_default());
            }
            Command::Host(Some(choice)) => self.choose_host(choice).await?,
            Command::Context => stoppable(self.show_context()).await?,
            Command::Save(name) => self.save(name)?,
            Command::Resume(name) => self.resume(name)?,
            Command::Sessions => self.list_sessions()?,
            Command::New => {
                self.conversation = Conversation::default();
                self.session = Session::begin();
                self.context.ui.status("a new conversation");
            }
            // The loop ends there.
            Command::Quit => {}
        }
        Ok(Outcome::Done)
    }

    fn tools(&self) {
        for tool in tools().iter().filter(|tool| tool.available) {
            self.context.ui.line(&format!("{:<20} {}", tool.name, tool.description));
        }
    }

    fn list_sources(&self) {
        let ui = &self.context.ui;
        if self.sources.is_empty() {
            ui.status("no answer with sources yet");
        }
        for (number, at) in &self.sources {
            ui.line(&format!("[{number}] {} › {} ({} · {})", at.title, at.heading, at.source, at.page));
        }
    }

    /// The passage behind a number, as it stands in the page.
    async fn source(&self, number: usize) -> Result<(), Failure> {
        let ui = &self.context.ui;
        let found = self.sources.iter().find(|(known, _)| *known == number);
        let Some(((_, at), documents)) = found.zip(self.assistant.documents.as_ref()) else {
            return Err(Failure::new(format!("the last answer has no source {number}")).hint("/sources lists them"));
        };
        let heading = Some(at.heading.clone()).filter(|heading| !heading.is_empty());
        let asked = Request::DocsRead(DocsRead { page: at.page.clone(), heading });
        let passages = documents
            .look(&asked, self.assistant.audience)
            .await
            .map_err(|refused| Failure::new(refused.message))?
            .passages;
        let mut markdown = ui.markdown();
        ui.line(&ui.bold(&format!("{} › {}", at.title, at.heading)));
        for passage in &passages {
            ui.text(&markdown.push(&format!("{}\n\n", passage.text)));
        }
        ui.text(&markdown.finish());
        ui.line(&ui.dim(&format!("{} · {}", at.source, at.page)));
        Ok(())
    }

    fn plan(&self) {
        let ui = &self.context.ui;
        let say = ui.say();
        match self.conversation.waiting.last() {
            None => ui.status("no plan is waiting"),
            Some(proposal) => say.proposal(proposal),
        }
        for waiting in self.conversation.waiting.iter().rev().skip(1) {
            ui.line(&format!("{}  {}", waiting.plan.id, waiting.plan.summary));
        }
    }

    async fn apply(&mut self, id: Option<&str>) -> Result<Outcome, Failure> {
        let Some(proposal) = self.conversation.take_waiting(id) else {
            let what = id.map_or_else(|| "no plan is waiting".to_owned(), |id| format!("no plan {id} is waiting"));
            return Err(Failure::new(what).hint("/plan lists those that are"));
        };
        Ok(self.work(Work::Plan(Box::new(proposal))).await)
    }

    async fn model(&mut self, name: String) -> Result<(), Failure> {
        let input = &mut self.input;
        let before = self.engine.model.replace(name);
        let pulled = self.engine.pull_if_wanted(&self.context.ui, |question| input.agrees(question)).await;
        if let Err(failure) = pulled {
            self.engine.model = before;
            return Err(failure);
        }
        self.assistant.engines = std::sync::Arc::new(self.engine.engines().await);
        self.context.ui.status(self.engine_name());
        Ok(())
    }

    async fn choose_host(&mut self, choice: HostChoice) -> Result<(), Failure> {
        let mut host = self.host.clone();
        (host.host, host.sim, host.executor) = match choice {
            HostChoice::Local => (None, None, None),
            HostChoice::Simulated(file) => (None, Some(file), None),
            HostChoice::Named(name) => {
                let target = name.parse();
                (Some(target.map_err(|error| Failure::new(format!("{name} is no host")).because(&error))?), None, None)
            }
        };
        let operator = open::operator(self.context, &host.target(), host.vm_root.clone())?;
        self.assistant.machine = if host.is_here() { Machine::here() } else { Machine::default() };
        self.context.ui.status(&format!("now on {}", operator.host_name()));
        self.assistant.operator = Some(std::sync::Arc::new(operator));
        self.host = host;
        // Plans of another host are not this one's.
        self.conversation.waiting.clear();
        self.refresh();
        Ok(())
    }

    async fn show_context(&self) -> Result<(), Failure> {
        let ui = &self.context.ui;
        let context = self.assistant.context().await;
        let context = context.map_err(|refused| Failure { hints: refused.hints, ..Failure::new(refused.message) })?;
        ui.line(&context);
        ui.status(&format!("prompts: {}, {}", kai_prompts::CONVERSE_VERSION, kai_prompts::ANSWER_VERSION));
        Ok(())
    }

    fn save(&mut self, name: Option<SessionName>) -> Result<(), Failure> {
        self.session.turns = self.conversation.kept();
        let saved = match name {
            None => self.sessions.save(&mut self.session),
            Some(name) => self.sessions.save_as(&mut self.session, name),
        };
        saved.map_err(|error| Failure::new("the conversation is not saved").because(&error))?;
        self.context.ui.status(&format!("saved as {}", self.session.name()));
        Ok(())
    }

    pub(super) fn resume(&mut self, name: Option<SessionName>) -> Result<(), Failure> {
        let failed = |error: &dyn std::error::Error| Failure::new("no conversation is gone on with").because(error);
        let name = match name {
            Some(name) => name,
            None => {
                let listing = self.sessions.list().map_err(|error| failed(&error))?;
                let newest = listing.sessions.into_iter().next();
                newest.ok_or_else(|| Failure::new("there is no saved conversation"))?.name
            }
        };
        self.session = self.sessions.load(&name).map_err(|error| failed(&error))?;
        self.conversation = Conversation::after(self.session.turns.clone());
        self.context.ui.status(&format!("going on with {name}, {} entries", self.session.turns.len()));
        Ok(())
    }

    fn list_sessions(&self) -> Result<(), Failure> {
        let ui = &self.context.ui;
        let listing =
            self.sessions.list().map_err(|error| Failure::new("conversations cannot be listed").because(&error))?;
        if listing.sessions.is_empty() {
            ui.status("there is no saved conversation");
        }
        for session in &listing.sessions {
            ui.line(&format!(
                "{:<32} {:>4} entries, {}",
                session.name.to_string(),
                session.turns,
                age(session.updated)
            ));
        }
        listing.damaged.iter().for_each(|error| ui.problem(&error.to_string()));
        Ok(())
    }
}

/// Looks and nothing else: Ctrl-C ends it.
async fn stoppable(look: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    open::until_stopped(look, &Stop::default()).await.unwrap_or_else(|| Err(Failure::stopped("stopped")))
}
