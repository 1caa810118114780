//! Sockets: opening them, taking connections as fast as they can be served, and ending without cutting
//! anybody off. No request is looked at here.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use kai_tools::socket::{self, SocketError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

use super::access::Peer;
use super::settings::{Limits, Listen};

/// An open socket.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpListener),
    Unix {
        listener: UnixListener,
        /// Goes with it.
        _file: Option<Removed>,
    },
}

/// A socket's file, which goes with it.
#[derive(Debug)]
pub(crate) struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Why a socket cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListenError {
    /// The address.
    #[error("cannot listen on {at}")]
    Open {
        /// Where.
        at: String,
        /// Why.
        source: std::io::Error,
    },
    /// A socket in the file system.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// systemd passed none.
    #[error("no socket was passed on: LISTEN_FDS is not set for this process")]
    NotInherited,
}

/// Opens all of them, or none.
pub(crate) async fn open(wanted: &[Listen]) -> Result<Vec<Socket>, ListenError> {
    let mut sockets = Vec::new();
    for listen in wanted {
        match listen {
            Listen::Tcp(address) => {
                let opened = TcpListener::bind(address).await;
                let failed = |source| ListenError::Open { at: address.to_string(), source };
                sockets.push(Socket::Tcp(opened.map_err(failed)?));
            }
            Listen::Unix(path) => sockets.push(unix(path)?),
            Listen::Inherited => sockets.extend(inherited()?),
        }
    }
    Ok(sockets)
}

fn unix(path: &Path) -> Result<Socket, ListenError> {
    let listener = socket::listen(path)?;
    // Whatever goes wrong from here on, the file goes too.
    let file = Removed(path.to_owned());
    let open = |source| SocketError::Open { path: path.to_owned(), source };
    listener.set_nonblocking(true).map_err(open)?;
    Ok(Socket::Unix { listener: UnixListener::from_std(listener).map_err(open)?, _file: Some(file) })
}

fn inherited() -> Result<Vec<Socket>, ListenError> {
    let mut passed = listenfd::ListenFd::from_env();
    let failed = |source| ListenError::Open { at: "a socket that was passed on".to_owned(), source };
    let mut sockets = Vec::new();
    for at in 0..passed.len() {
        if let Ok(Some(listener)) = passed.take_unix_listener(at) {
            listener.set_nonblocking(true).map_err(failed)?;
            let listener = UnixListener::from_std(listener).map_err(failed)?;
            sockets.push(Socket::Unix { listener, _file: None });
        } else if let Some(listener) = passed.take_tcp_listener(at).map_err(failed)? {
            listener.set_nonblocking(true).map_err(failed)?;
            sockets.push(Socket::Tcp(TcpListener::from_std(listener).map_err(failed)?));
        }
    }
    if sockets.is_empty() { Err(ListenError::NotInherited) } else { Ok(sockets) }
}

impl Socket {
    /// Where it is, for people.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Tcp(listener) => listener.local_addr().map_or_else(|_| "tcp".to_owned(), |at| format!("http://{at}")),
            Self::Unix { listener, .. } => {
                let at = listener.local_addr().ok().and_then(|at| at.as_pathname().map(Path::to_owned));
                at.map_or_else(|| "unix".to_owned(), |path| format!("unix:{}", path.display()))
            }
        }
    }

    /// Whether others than this machine's own programs can reach it.
    pub(crate) fn is_open_to_others(&self) -> bool {
        match self {
            Self::Tcp(listener) => listener.local_addr().map_or(true, |at| !at.ip().is_loopback()),
            Self::Unix { .. } => false,
        }
    }
}

/// Serves a socket until `closing` says so; connections that are idle are closed then, and requests
/// that are under way have the time that the limits give them.
pub(super) async fn serve(
    socket: Socket,
    router: Router,
    limits: &Limits,
    room: Arc<Semaphore>,
    mut closing: watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    loop {
        // Whoever finds no room waits in the kernel's queue.
        let permit = tokio::select! {
            permit = Arc::clone(&room).acquire_owned() => permit,
            _ = closing.wait_for(|closing| *closing) => break,
        };
        let Ok(permit) = permit else { break };
        let accepted = tokio::select! {
            accepted = accept(&socket) => accepted,
            _ = closing.wait_for(|closing| *closing) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // A connection that was given up meanwhile is no news; no files left is, and passes.
                if !matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) {
                    tracing::warn!(%error, "a connection cannot be taken");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                continue;
            }
        };
        let router = router.clone().map_request(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(peer);
            request.map(axum::body::Body::new)
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_time)
            .half_close(false)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
        let watched = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = watched.await {
                tracing::debug!(%error, "a connection broke off");
            }
            drop(permit);
        });
    }
    drop(socket);
    if tokio::time::timeout(limits.grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests that were still under way are cut off");
    }
}

/// A connection, of either kind.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

async fn accept(socket: &Socket) -> std::io::Result<(Box<dyn Stream>, Peer)> {
    match socket {
        Socket::Tcp(listener) => {
            let (stream, from) = listener.accept().await?;
            // Pieces of an answer are to go out as they come.
            stream.set_nodelay(true)?;
            let address = from.ip().to_canonical();
            let peer = if address.is_loopback() { Peer::Loopback } else { Peer::Remote(address) };
            Ok((Box::new(stream), peer))
        }
        Socket::Unix { listener, .. } => Ok((Box::new(listener.accept().await?.0), Peer::Socket)),
    }
}
