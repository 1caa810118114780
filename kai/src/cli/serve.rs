//! `kai serve`: the service, from its options to its end.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use kai_tools::face::HostOptions;
use kai_tools::names::HostName;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::engine::EngineArgs;
use super::log::Log;
use super::{Context, EmbedderArg, Failure, Outcome, open};
use crate::service::access::Tokens;
use crate::service::{self, Limits, Listen, ListenError, Service, Settings, Work};
use crate::turn::Machine;
use crate::ui::Ui;

/// Where it listens if nothing is said: as kldload's question service did.
pub(super) const DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8400);

/// Serve questions, search and operations over HTTP.
///
/// Whoever is on this machine may ask and search without a token. Everything else needs one, with the
/// scope for it: `plan` to see the host and have plans made, `approve` to have one carried out, `admin`
/// to index (`kai token --help`). Nothing is carried out but a plan that was approved by its digest.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kai serve                                   http://127.0.0.1:8400, a page among it
  kai serve --socket /run/kai/kai.sock --listen 127.0.0.1:8400
  kai serve --listen 0.0.0.0:8400 --host-name kai.example.org
  kai serve --docs-only                       answers questions, and knows no host
  curl -s localhost:8400/v1/search?q=zfs+send | jq '.hits[].page'

The interface is described at /v1/openapi.json; /livez, /readyz and /metrics are for
whoever watches over it. It speaks plain HTTP: for other machines, put a proxy with TLS
in front of it.

KAI_LOG says what is logged (info; kai=debug says more), --log how.

Ctrl-C and SIGTERM let answers end for 20 seconds, and wait for an operation that runs;
once more ends at once.")]
pub(super) struct Serve {
    /// An address and a port; several may be given. 127.0.0.1:8400 if nothing is said.
    #[arg(long, value_name = "ADDRESS:PORT", env = "KAI_LISTEN", value_delimiter = ',')]
    listen: Vec<SocketAddr>,
    /// A socket in the file system, for its owner and group.
    #[arg(long, value_name = "PATH", env = "KAI_SOCKET")]
    socket: Option<PathBuf>,
    /// Serve on the sockets that systemd opened, and on nothing else.
    #[arg(long, conflicts_with_all = ["listen", "socket"])]
    inherited: bool,
    /// A name of this machine that may stand in Host, beside localhost; several may be given.
    #[arg(long, value_name = "NAME", env = "KAI_HOST_NAMES", value_delimiter = ',')]
    host_name: Vec<HostName>,
    /// Let programs on this machine start indexing without a token, as kldload's kai-index does.
    #[arg(long, env = "KAI_OPEN_INDEX", value_parser = clap::builder::BoolishValueParser::new())]
    open_index: bool,
    /// Answer questions only: no host is looked at.
    #[arg(long, conflicts_with_all = ["host", "sim", "executor"])]
    docs_only: bool,
    /// How lines are logged: text, json, or auto: text with colours at a terminal, without the time where
    /// the journal has it.
    #[arg(long, value_enum, default_value_t = Log::Auto, env = "KAI_LOG_FORMAT")]
    log: Log,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    embedder: EmbedderArg,
    #[command(flatten)]
    host: HostOptions,
}

pub(super) async fn run(args: Serve, context: Context) -> Result<Outcome, Failure> {
    let ui = &context.ui;
    args.log.start();
    let news = News { ui, logged: args.log == Log::Json };
    let limits = Limits::default().with_files(open_files());
    let sockets = service::open_sockets(&args.listen()).await.map_err(not_listening)?;
    let names: Vec<String> = sockets.iter().map(service::Socket::name).collect();
    let tokens = Tokens::of(context.home.root()).list();
    if sockets.iter().any(service::Socket::is_open_to_others) {
        warn_of_the_open(&news, tokens.as_ref().is_ok_and(|tokens| tokens.is_empty()));
    }
    let operator = if args.docs_only {
        None
    } else {
        Some(open::operator(&context, &args.host.target(), args.host.vm_root.clone())?)
    };
    let here = args.host.is_here();
    let work = Work {
        home: context.home.clone(),
        embedder: args.embedder.embedder.clone(),
        engines: args.engine.engines().await,
        operator,
        machine: if here { Machine::here() } else { Machine::default() },
    };
    let settings = Settings {
        names: args.host_name.iter().map(ToString::to_string).collect(),
        open_index: args.open_index,
        limits,
    };
    let service = Service::open(settings, work).await;
    if !service.has_index() {
        news.note(
            "there is no index of documents yet, so that questions are not answered from any",
            "`kai corpus sync` and `kai index`, while this runs: it is opened when it is there",
        );
    }
    if ui.wants_json() {
        ui.json(&json!({ "listening": names }));
    }
    names.iter().for_each(|name| news.status(&format!("listening on {name}")));
    if let Err(error) = &tokens {
        news.note(&kai_tools::with_causes(error), "until that is mended, every request with a token fails");
    }
    // Whoever started it as a service is told that it is ready; nobody there is no failure.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    let stop = stop()?;
    service.serve(sockets, stop).await;
    news.status("stopped");
    Ok(Outcome::Done)
}

impl Serve {
    fn listen(&self) -> Vec<Listen> {
        if self.inherited {
            return vec![Listen::Inherited];
        }
        let mut listen: Vec<Listen> = self.listen.iter().copied().map(Listen::Tcp).collect();
        listen.extend(self.socket.clone().map(Listen::Unix));
        if listen.is_empty() { vec![Listen::Tcp(DEFAULT)] } else { listen }
    }
}

fn not_listening(error: ListenError) -> Failure {
    let failure = Failure::new("the service is not started").because(&error);
    match error {
        ListenError::Open { source, .. } if source.kind() == std::io::ErrorKind::AddrInUse => {
            failure.hint("something listens there already; `--listen 127.0.0.1:PORT` takes another port")
        }
        ListenError::NotInherited => failure.hint("--inherited is for systemd units with a socket unit"),
        ListenError::Open { .. } | ListenError::Socket(_) => failure,
    }
}

/// Other machines can reach it: that nobody there has a token, or everybody who listens sees it, is said.
fn warn_of_the_open(news: &News<'_>, no_token: bool) {
    let hint = "there is no token yet, so nobody there can ask anything: `kai token add NAME --scope ask`";
    news.note(
        "other machines can reach this address, and what they send is not encrypted",
        if no_token { hint } else { "" },
    );
}

/// What is said beside the log; as lines of it, where every line is an object.
struct News<'a> {
    ui: &'a Ui,
    logged: bool,
}

impl News<'_> {
    fn status(&self, text: &str) {
        if self.logged { tracing::info!("{text}") } else { self.ui.status(text) }
    }

    fn note(&self, text: &str, hint: &str) {
        if self.logged {
            tracing::warn!(hint, "{text}");
            return;
        }
        self.ui.note(text);
        if !hint.is_empty() {
            self.ui.hint(hint);
        }
    }
}

/// How many files may be open: as many as this process may allow itself.
fn open_files() -> u64 {
    let now = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: now.maximum, maximum: now.maximum });
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Ends at the first Ctrl-C or SIGTERM, or when the terminal goes. The second one ends the process.
fn stop() -> Result<impl Future<Output = ()>, Failure> {
    let failed = |error: std::io::Error| Failure::new("signals cannot be waited for").because(&error);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(failed)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            std::process::exit(130);
        });
    })
}
