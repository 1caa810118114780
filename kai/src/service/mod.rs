//! The service: everything of kai over HTTP. One [`Service`] holds what requests share; [`listen`] has the
//! sockets, [`access`] says who may call, [`api`] is kai's own interface; [`openai`], [`mcp`] and
//! [`kldload`] are those of programs that people have already.
//!
//! A handler reads a typed request, calls the same functions that every face calls, and writes what came
//! of it. Nothing here runs a program or plans an operation, and only [`api`]'s approval, by a caller
//! who has that scope and the plan's digest, makes anything happen on the host.

pub(crate) mod access;
mod api;
mod body;
mod crowd;
mod elsewhere;
mod following;
mod gate;
mod half;
mod indexing;
mod kldload;
mod listen;
mod log;
pub(crate) mod mcp;
mod metrics;
mod mistake;
mod news;
mod number;
mod openai;
mod operations;
mod page;
mod plain;
mod plans;
mod problem;
mod recent;
mod sessions;
mod settings;
mod shelf;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use kai_tools::operator::Operator;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower_http::catch_panic::CatchPanicLayer;

use crate::ask::Engines;
use crate::library::{EmbedderChoice, Home};
use crate::turn::{Assistant, Audience, Machine};
use access::{Caller, Door, Scope, Tokens};
use crowd::Crowd;
use elsewhere::Others;
use gate::Rates;
use indexing::Indexing;
pub(crate) use listen::{ListenError, Socket, open as open_sockets};
use metrics::Metrics;
use news::News;
use operations::Operations;
use problem::{Answer, Problem};
use sessions::Sessions;
pub(crate) use settings::{Limits, Listen, Settings};
use shelf::Shelf;

/// What all requests share. Cloning it is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Service(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    settings: Settings,
    door: Door,
    tokens: Tokens,
    rates: Rates,
    shelf: Arc<Shelf>,
    engines: Arc<Engines>,
    operator: Option<Arc<Operator>>,
    machine: Machine,
    sessions: Sessions,
    operations: Operations,
    indexing: Indexing,
    metrics: Metrics,
    news: News,
    others: Others,
    answers: Arc<Semaphore>,
    searches: Arc<Semaphore>,
    looks: Arc<Semaphore>,
    /// Whether it is to end.
    closing: watch::Sender<bool>,
}

/// What a service works with.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) home: Home,
    pub(crate) embedder: EmbedderChoice,
    pub(crate) engines: Engines,
    /// The host, if operations are served too.
    pub(crate) operator: Option<Operator>,
    pub(crate) machine: Machine,
}

impl Service {
    /// Opens what it works with.
    pub(crate) async fn open(settings: Settings, work: Work) -> Self {
        let shelf = Arc::new(Shelf::open(work.home.clone(), work.embedder.clone()).await);
        let limits = &settings.limits;
        let (news, metrics) = (News::default(), Metrics::default());
        let parts = Parts {
            door: Door::new(settings.names.clone()),
            tokens: Tokens::of(work.home.root()),
            rates: Rates::new(limits),
            indexing: Indexing::new(work.home, work.embedder, Arc::clone(&shelf), news.clone()),
            shelf,
            engines: Arc::new(work.engines),
            operator: work.operator.map(Arc::new),
            machine: work.machine,
            sessions: Sessions::default(),
            operations: Operations::new(news.clone(), metrics.ended()),
            metrics,
            news,
            answers: Arc::new(Semaphore::new(limits.answers)),
            searches: Arc::new(Semaphore::new(limits.searches)),
            looks: Arc::new(Semaphore::new(limits.looks)),
            others: Others::default(),
            closing: watch::Sender::new(false),
            settings,
        };
        Self(Arc::new(parts))
    }

    /// Whether there is anything to search.
    pub(crate) fn has_index(&self) -> bool {
        self.0.shelf.documents().is_some()
    }

    /// Serves the sockets until `stop` ends; then ends what is under way, an operation last.
    pub(crate) async fn serve(self, sockets: Vec<Socket>, stop: impl Future<Output = ()>) {
        let room = Arc::new(Semaphore::new(self.0.settings.limits.connections));
        let crowd = Crowd::default();
        let mut serving = tokio::task::JoinSet::new();
        for socket in sockets {
            let (service, room, crowd) = (self.clone(), Arc::clone(&room), crowd.clone());
            serving.spawn(async move {
                let closing = service.0.closing.subscribe();
                listen::serve(socket, service.router(), &service.0.settings.limits, room, crowd, closing).await;
            });
        }
        let housekeeping = tokio::spawn(self.clone().keep_house());
        stop.await;
        tracing::info!("stopping");
        self.0.indexing.stop();
        self.0.closing.send_replace(true);
        while serving.join_next().await.is_some() {}
        housekeeping.abort();
        self.0.operations.finish(self.0.settings.limits.grace).await;
    }

    async fn keep_house(self) {
        let sweep = async {
            loop {
                tokio::time::sleep(Duration::from_secs(60)).await;
                self.0.rates.sweep();
                self.0.sessions.sweep();
                // A host that cannot be asked now forgets later.
                let _ = self.on_host(Operator::forget_old).await;
            }
        };
        tokio::join!(sweep, self.0.shelf.watch(), self.watch_others());
    }

    /// All routes. What is checked for each request is outermost.
    fn router(&self) -> Router {
        let checked = api::routes(self)
            .merge(mcp::routes(self))
            .merge(page::routes())
            .fallback(|| async {
                Problem::not_found("there is nothing here; /v1/openapi.json describes the interface")
            })
            .method_not_allowed_fallback(|| async {
                Problem::new(axum::http::StatusCode::METHOD_NOT_ALLOWED, "this is not done here in that way")
            })
            .layer(from_fn_with_state(self.clone(), gate::admit));
        // Whether it lives and how much it does may be asked by anybody who reaches it.
        let alive = Router::new()
            .route("/livez", get(|| async { "ok\n" }))
            .route("/readyz", get(ready))
            .route("/metrics", get(metrics::metrics))
            .with_state(self.clone());
        checked
            .merge(alive)
            .layer(CatchPanicLayer::custom(|_| {
                axum::response::IntoResponse::into_response(Problem::new(
                    axum::http::StatusCode::INTERNAL_SERVER_ERROR,
                    "something in kai broke; the service's log has it",
                ))
            }))
            .layer(from_fn(openai::errors))
            .layer(from_fn(gate::headers))
            .layer(from_fn_with_state(self.clone(), log::log))
    }

    fn settings(&self) -> &Settings {
        &self.0.settings
    }

    fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// What a caller's words are answered with: the host only for those who may see it.
    fn assistant(&self, caller: &Caller) -> Assistant {
        let operator = self.0.operator.clone().filter(|_| caller.may(Scope::Plan));
        let no_host = match &self.0.operator {
            None => "nothing was done: this service was started without a host, and only answers questions",
            Some(_) => {
                "nothing was done or looked at: the host is for tokens with the scope plan, on the page or at /v1"
            }
        };
        let machine = if operator.is_some() { self.0.machine.clone() } else { Machine::default() };
        let (documents, engines) = (self.0.shelf.documents(), Arc::clone(&self.0.engines));
        let (told, audience) = (String::new(), Audience::Callers);
        Assistant { documents, engines, operator, no_host, machine, told, audience }
    }

    /// Whether a caller's token, if there was one, is valid still.
    fn still_knows(&self, caller: &Caller) -> bool {
        caller.token.as_ref().is_none_or(|hash| self.0.tokens.holds(hash, kai_tools::names::Stamp::now()))
    }

    fn operator(&self) -> Answer<Arc<Operator>> {
        self.0.operator.clone().ok_or_else(Problem::no_host)
    }

    /// Asks the host, on a thread that may wait.
    async fn on_host<T: Send + 'static>(&self, work: impl FnOnce(&Operator) -> T + Send + 'static) -> Answer<T> {
        let operator = self.operator()?;
        let turn = self.turn_of(&self.0.looks).await?;
        // The place is taken as long as the work goes on, whether or not somebody still waits for it.
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&operator)
        })
        .await;
        done.map_err(|error| Problem::internal("asking the host", &error))
    }

    /// A place among those that work; whoever gets none in time is told to come again.
    async fn turn_of(&self, of: &Arc<Semaphore>) -> Answer<OwnedSemaphorePermit> {
        let waited = tokio::time::timeout(self.0.settings.limits.queue_time, Arc::clone(of).acquire_owned()).await;
        match waited {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(Problem::busy("too much is being asked at once")),
        }
    }

    /// Ends when the service is to end.
    fn closing(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut closing = self.0.closing.subscribe();
        async move {
            let _ = closing.wait_for(|closing| *closing).await;
        }
    }
}

async fn ready(axum::extract::State(service): axum::extract::State<Service>) -> Answer<&'static str> {
    if *service.0.closing.borrow() {
        return Err(Problem::busy("the service is stopping"));
    }
    match service.0.shelf.documents() {
        Some(_) => Ok("ok\n"),
        None => Err(Problem::no_index()),
    }
}
