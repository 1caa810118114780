//! Sockets: opening them, taking connections as fast as they can be served, and ending without cutting
//! anybody off. No request is looked at here.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1::Connection;
use hyper::service::HttpService;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use kai_tools::socket::{self, SocketError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Notify, Semaphore, watch};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

use super::access::Peer;
use super::crowd::Crowd;
use super::half::HalfOpen;
use super::settings::{Limits, Listen};

/// A connection that was made just before the end has so long to say what it wants.
const ABOUT_TO_ASK: Duration = Duration::from_secs(1);

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
    crowd: Crowd,
    mut closing: watch::Receiver<bool>,
) {
    // Everyone who serves a connection keeps a receiver: when none is left, all have ended.
    let (ending, ends) = watch::channel(false);
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
        let Some(place) = crowd.place(peer, limits.connections_an_address) else {
            tracing::debug!(?peer, "too many connections of one address");
            continue;
        };
        // Whoever does not take its answer does not keep it for ever.
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(limits.write_time));
        let first = Arc::new(Notify::new());
        let asks = Arc::clone(&first);
        let router = router.clone().map_request(move |mut request: hyper::Request<Incoming>| {
            asks.notify_one();
            request.extensions_mut().insert(peer);
            request.map(axum::body::Body::new)
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_time)
            .half_close(false)
            .serve_connection(TokioIo::new(HalfOpen::new(Box::pin(stream))), TowerToHyperService::new(router));
        let ends = ends.clone();
        tokio::spawn(async move {
            if let Err(error) = to_its_end(connection, &first, ends).await {
                tracing::debug!(%error, "a connection broke off");
            }
            drop((permit, place));
        });
    }
    drop((socket, ends));
    ending.send_replace(true);
    if tokio::time::timeout(limits.grace, ending.closed()).await.is_err() {
        tracing::warn!("requests that were still under way are cut off");
    }
}

/// Serves a connection until its peer has no more to ask, or `ends` says so: what it has asked by then is
/// answered. Whoever has only just come is about to ask, and is heard.
async fn to_its_end<S>(
    connection: Connection<Patient, S>,
    first: &Notify,
    mut ends: watch::Receiver<bool>,
) -> hyper::Result<()>
where
    S: HttpService<Incoming, ResBody = axum::body::Body>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        _ = ends.wait_for(|ends| *ends) => {}
    }
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = first.notified() => {}
        () = tokio::time::sleep(ABOUT_TO_ASK) => {}
    }
    connection.as_mut().graceful_shutdown();
    connection.await
}

/// A connection that waits for its peer, and not for ever.
type Patient = TokioIo<HalfOpen<Pin<Box<TimeoutStream<Box<dyn Stream>>>>>>;

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

#[cfg(test)]
mod tests {
    use axum::body::{Body, Bytes};
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    /// A service that answers without end, and notes when an answer is given up.
    struct Endless {
        at: std::net::SocketAddr,
        given_up: watch::Receiver<usize>,
        _closing: watch::Sender<bool>,
    }

    async fn endless(limits: Limits) -> Endless {
        let (noted, given_up) = watch::channel(0);
        let answer = get(move || {
            let noted = NoteEnd(noted.clone());
            async move {
                let pieces = futures::stream::repeat_with(move || {
                    let _ = &noted;
                    Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 65536]))
                });
                Body::from_stream(pieces)
            }
        });
        let socket = open(&[Listen::Tcp(([127, 0, 0, 1], 0).into())]).await.unwrap().pop().unwrap();
        let Socket::Tcp(listener) = &socket else { panic!("not TCP") };
        let at = listener.local_addr().unwrap();
        let (closing, closes) = watch::channel(false);
        let room = Arc::new(Semaphore::new(limits.connections));
        tokio::spawn(async move {
            serve(socket, Router::new().route("/", answer), &limits, room, Crowd::default(), closes).await;
        });
        Endless { at, given_up, _closing: closing }
    }

    struct NoteEnd(watch::Sender<usize>);

    impl Drop for NoteEnd {
        fn drop(&mut self) {
            self.0.send_modify(|count| *count += 1);
        }
    }

    async fn ask(at: std::net::SocketAddr) -> TcpStream {
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        stream
    }

    #[tokio::test]
    async fn who_has_just_come_when_it_ends_is_answered() {
        let socket = open(&[Listen::Tcp(([127, 0, 0, 1], 0).into())]).await.unwrap().pop().unwrap();
        let Socket::Tcp(listener) = &socket else { panic!("not TCP") };
        let at = listener.local_addr().unwrap();
        let (closing, closes) = watch::channel(false);
        // When the second place is taken, somebody has come to the first.
        let room = Arc::new(Semaphore::new(2));
        let places = Arc::clone(&room);
        let router = Router::new().route("/", get(|| async { "here" }));
        let serving = tokio::spawn(async move {
            serve(socket, router, &Limits::default(), places, Crowd::default(), closes).await;
        });
        let mut stream = TcpStream::connect(at).await.unwrap();
        while room.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        closing.send_replace(true);
        tokio::time::sleep(Duration::from_millis(50)).await;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        assert!(said.starts_with("HTTP/1.1 200") && said.ends_with("here"), "{said}");
        serving.await.unwrap();
    }

    #[tokio::test]
    async fn who_takes_nothing_is_given_up_and_who_takes_it_slowly_is_not() {
        let limits = Limits { write_time: Duration::from_secs(3), ..Limits::default() };
        let mut service = endless(limits).await;
        let (mut slow, _silent) = (ask(service.at).await, ask(service.at).await);
        let mut piece = vec![0; 1 << 20];
        let taking = async {
            loop {
                slow.read_exact(&mut piece).await.unwrap();
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            () = taking => {}
            given_up = service.given_up.wait_for(|count| *count == 1) => drop(given_up),
        }
        slow.read_exact(&mut piece).await.unwrap();
        assert_eq!(*service.given_up.borrow(), 1);
    }
}
