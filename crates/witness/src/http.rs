//! `POST /add-checkpoint` over HTTP, for a few known logs: bounded in size, time and number.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode, header::CONTENT_TYPE};
use axum::routing::post;
use axum::serve::Listener;
use proof::witness::MAX_REQUEST;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep, timeout};

use crate::error::WitnessError;
use crate::role::Witness;

/// Connections at once.
const CONNECTIONS: usize = 64;
/// How long a connection may last in all, so that slow ones do not keep others out.
const CONNECTION_LIFE: Duration = Duration::from_secs(60);
/// How long the body of one request may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);
/// How long requests under way may take after the witness was told to stop.
const GRACE: Duration = Duration::from_secs(12);
/// Requests worked on at once; each waits for the disk.
const WORKERS: usize = 8;

/// What the server tells while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Serving<'a> {
    /// It listens at this address.
    Ready(SocketAddr),
    /// It answered; one line of JSON without secrets.
    Answered(&'a str),
}

/// What is told goes here.
type Tell = Arc<dyn Fn(Serving<'_>) + Send + Sync>;

/// A future that ends when the server is to stop.
type Stop = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Serves a witness at `address` until `stop` ends; requests under way are answered first. Blocks.
///
/// # Errors
/// [`WitnessError::Server`] when the address cannot be listened on or the server fails.
pub fn serve(
    address: SocketAddr,
    witness: Witness,
    stop: impl FnOnce() -> Stop + Send + 'static,
    tell: impl Fn(Serving<'_>) + Send + Sync + 'static,
) -> Result<(), WitnessError> {
    let failed =
        |error: io::Error| WitnessError::Server { address: address.to_string(), what: error.to_string() };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(WORKERS)
        .build()
        .map_err(failed)?;
    runtime.block_on(async move {
        let (witness, tell): (Arc<Witness>, Tell) = (Arc::new(witness), Arc::new(tell));
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let listener = Bounded { listener, places: Arc::new(Semaphore::new(CONNECTIONS)) };
        let local = listener.local_addr().map_err(failed)?;
        let router = Router::new()
            .route("/add-checkpoint", post(add_checkpoint))
            .with_state((witness, Arc::clone(&tell)));
        let (told, telling) = tokio::sync::oneshot::channel::<()>();
        let server = axum::serve(listener, router).with_graceful_shutdown(async move {
            // A dropped sender tells to stop as well.
            let _ = telling.await;
        });
        let server = tokio::spawn(server.into_future());
        tell(Serving::Ready(local));
        stop().await;
        drop(told);
        match timeout(GRACE, server).await {
            Ok(Ok(done)) => done.map_err(failed),
            Ok(Err(error)) => Err(failed(io::Error::other(error))),
            // Whoever still sends was given time enough.
            Err(_) => Ok(()),
        }
    })
}

/// Ends when the process is told to stop: SIGTERM, or an interrupt from the keyboard.
pub fn until_told() -> Stop {
    Box::pin(async {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            if let Ok(mut terminate) = signal(SignalKind::terminate()) {
                let mut interrupt = Box::pin(tokio::signal::ctrl_c());
                std::future::poll_fn(|context| {
                    let terminated = terminate.poll_recv(context).is_ready();
                    let interrupted = interrupt.as_mut().poll(context).is_ready();
                    if terminated || interrupted { Poll::Ready(()) } else { Poll::Pending }
                })
                .await;
                return;
            }
        }
        // Without a handler the system's own default ends the process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

async fn add_checkpoint(State((witness, tell)): State<(Arc<Witness>, Tell)>, body: Body) -> Response<Body> {
    let body = match timeout(BODY_TIME, axum::body::to_bytes(body, MAX_REQUEST)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            return plain(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large or broken off\n");
        }
        Err(_) => return plain(StatusCode::REQUEST_TIMEOUT, "the request took too long to arrive\n"),
    };
    // Deciding waits for the disk and for its turn.
    let answered = tokio::task::spawn_blocking(move || {
        let answer = witness.answer(&body, now());
        tell(Serving::Answered(&answer.log_line));
        answer
    });
    match answered.await {
        Ok(answer) => {
            let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            respond(status, answer.media_type, answer.body)
        }
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "the witness failed\n"),
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    respond(status, "text/plain; charset=utf-8", text.into())
}

fn respond(status: StatusCode, media_type: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, axum::http::HeaderValue::from_static(media_type));
    response
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A listener with a limited number of connections, each of a limited life.
struct Bounded {
    listener: TcpListener,
    places: Arc<Semaphore>,
}

/// A connection with its place and its end.
struct Connection {
    stream: TcpStream,
    end: Pin<Box<Sleep>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Listener for Bounded {
    type Io = Connection;
    type Addr = SocketAddr;
    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // The semaphore is never closed.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        let (stream, from) = Listener::accept(&mut self.listener).await;
        (Connection { stream, end: Box::pin(sleep(CONNECTION_LIFE)), _place: place }, from)
    }
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Connection {
    fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        self.end.as_mut().poll(context).is_ready()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_over(context) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_over(context) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
