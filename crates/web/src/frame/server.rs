//! The server: connections, limits, the way from a path to its route, and an end that finishes what it took.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Method, Response};
use axum::response::IntoResponse as _;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower_service::Service as _;

use super::answer::Answer;
use super::asked::{self, Asked};
use super::dispatch::Route;
use super::entry::Step;
use super::{Console, random_text, tls, url};
use crate::catalogue::{Raw, Refusal, Why};
use crate::render::assets;

/// Requests worked on at once; each holds a thread and at most one transaction.
const WORKERS: usize = 32;
/// Connections at once; more are closed unheard.
const CONNECTIONS: usize = 2_000;
/// How long the head of a request, or the handshake of TLS, may take.
const HEADER_TIME: Duration = Duration::from_secs(30);
/// How long a request's body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(60);
/// How long requests under way may take after the server was told to stop.
const GRACE: Duration = Duration::from_secs(30);

/// Where and how to listen.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address.
    pub address: SocketAddr,
    /// The certificate for TLS; none serves plain HTTP, which belongs behind a proxy or on the machine itself.
    pub certificate: Option<Certificate>,
    /// Requests come through a proxy of the house, which writes where they came from as the last of `X-Forwarded-For`.
    /// Without a proxy anybody could write anything there.
    pub behind_proxy: bool,
}

/// The files of a certificate.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The chain, PEM.
    pub chain: std::path::PathBuf,
    /// The key, PEM.
    pub key: std::path::PathBuf,
}

/// What the server tells while it runs.
#[derive(Debug, Clone, Copy)]
pub enum Listening {
    /// It takes connections at this address.
    Ready(SocketAddr),
}

/// A future that ends when the server is to stop.
pub type Stop = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Shared {
    console: Arc<Console>,
    places: Semaphore,
    routes: BTreeMap<String, Methods>,
    behind_proxy: bool,
    waiting: AtomicUsize,
    closing: AtomicBool,
}

#[derive(Default, Clone)]
struct Methods {
    get: Option<(Route, Vec<&'static str>)>,
    post: Option<(Route, Vec<&'static str>)>,
}

/// Serves `console` until `stop` ends; requests under way are answered first, and the job under way ends at its next
/// step. Blocks.
///
/// # Errors
/// When the address cannot be listened on, the certificate cannot be used, or the server fails.
pub fn serve(
    console: Arc<Console>,
    options: &Options,
    stop: impl FnOnce() -> Stop + Send + 'static,
    tell: impl Fn(Listening) + Send + 'static,
) -> io::Result<()> {
    let tls =
        options.certificate.as_ref().map(|files| tls::acceptor(&files.chain, &files.key)).transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(WORKERS + 4)
        .enable_all()
        .build()?;
    let worker = {
        let console = Arc::clone(&console);
        std::thread::Builder::new().name("jobs".into()).spawn(move || {
            let shared = Arc::clone(&console);
            console.jobs.work(&shared);
        })?
    };
    let (address, behind_proxy) = (options.address, options.behind_proxy);
    let served: io::Result<()> = runtime.block_on(async {
        let listener = TcpListener::bind(address).await?;
        let local = listener.local_addr()?;
        console.listens_at(local);
        let shared = Arc::new(Shared {
            routes: table(&console),
            behind_proxy,
            console: Arc::clone(&console),
            places: Semaphore::new(WORKERS),
            waiting: AtomicUsize::new(0),
            closing: AtomicBool::new(false),
        });
        let router = router(&shared);
        let graceful = GracefulShutdown::new();
        let connections = Arc::new(Semaphore::new(CONNECTIONS));
        tell(Listening::Ready(local));
        let mut stop = stop();
        loop {
            let (stream, peer) = tokio::select! {
                () = &mut stop => break,
                taken = listener.accept() => match taken {
                    Ok(taken) => taken,
                    // One connection that fails is its own affair; too many open files pass.
                    Err(_) => {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                },
            };
            let Ok(place) = Arc::clone(&connections).try_acquire_owned() else { continue };
            let _ = stream.set_nodelay(true);
            let (router, watcher, tls) = (router.clone(), graceful.watcher(), tls.clone());
            tokio::spawn(async move {
                let _place = place;
                let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
                    request.extensions_mut().insert(ConnectInfo(peer));
                    router.clone().call(request.map(Body::new))
                });
                let mut builder = http1::Builder::new();
                builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIME);
                // How a connection ends is the browser's affair.
                match tls {
                    None => {
                        let served = builder.serve_connection(TokioIo::new(stream), service);
                        let _ = watcher.watch(served).await;
                    }
                    Some(acceptor) => {
                        let shaken = tokio::time::timeout(HEADER_TIME, acceptor.accept(stream)).await;
                        if let Ok(Ok(stream)) = shaken {
                            let served = builder.serve_connection(TokioIo::new(stream), service);
                            let _ = watcher.watch(served).await;
                        }
                    }
                }
            });
        }
        drop(listener);
        shared.closing.store(true, Ordering::Release);
        console.jobs.close();
        // Whoever still sends after that was given time enough.
        let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
        Ok(())
    });
    console.jobs.close();
    // The job's thread ends between two commands; a panic in it was told by its hook.
    let _ = worker.join();
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

/// Every path of the catalogue and of the frame, with what each method leads to.
fn table(console: &Console) -> BTreeMap<String, Methods> {
    let mut table: BTreeMap<String, Methods> = BTreeMap::new();
    let mut put = |path: &'static str, api: bool, post: bool, route: Route| {
        let names = url::names(path);
        let plain = positional(path);
        let key = if api { format!("/api/v1{plain}") } else { plain };
        let methods = table.entry(key).or_default();
        let slot = if post { &mut methods.post } else { &mut methods.get };
        assert!(slot.is_none(), "two things stand under {path}");
        *slot = Some((route, names));
    };
    let catalogue = &console.catalogue;
    for list in catalogue.lists() {
        put(list.path, false, false, Route::List(list));
        put(list.path, true, false, Route::List(list));
    }
    for view in catalogue.views() {
        put(view.path, false, false, Route::View(view));
        put(view.path, true, false, Route::View(view));
    }
    for download in catalogue.downloads() {
        put(download.path, false, false, Route::Download(download));
        put(download.path, true, false, Route::Download(download));
    }
    for page in catalogue.pages() {
        put(page.path, false, false, Route::Page(page));
    }
    for act in catalogue.acts() {
        put(act.path, true, true, Route::Act(act));
    }
    put("/acts/{act}", false, false, Route::Form);
    put("/acts/{act}", false, true, Route::Do);
    put("/find", false, false, Route::Find);
    put("/lang", false, true, Route::Lang);
    put("/openapi.json", true, false, Route::OpenApi);
    for (path, post, step) in Step::ROUTES {
        put(path, false, *post, Route::Entry(*step));
    }
    table
}

/// `/books/{month}/{book}` as `/books/{p0}/{p1}`: two routes may name the same place differently.
fn positional(path: &str) -> String {
    let mut plain = String::new();
    for (at, part) in path.split('/').enumerate() {
        if at > 0 {
            plain.push('/');
        }
        if part.starts_with('{') {
            plain.push_str(&format!("{{p{at}}}"));
        } else {
            plain.push_str(part);
        }
    }
    plain
}

fn router(shared: &Arc<Shared>) -> Router {
    let mut router = Router::new();
    for path in shared.routes.keys() {
        let key = path.clone();
        router = router.route(
            path,
            axum::routing::any(move |state: State<Arc<Shared>>, from, request: Request| async move {
                answer(&state.0, &key, from, request).await
            }),
        );
    }
    router
        .route("/assets/{*name}", axum::routing::get(asset))
        .route("/healthz", axum::routing::get(|| async { "alive\n" }))
        .route("/readyz", axum::routing::get(ready))
        .route("/metrics", axum::routing::get(metrics))
        .fallback(|state: State<Arc<Shared>>, from: ConnectInfo<SocketAddr>, request: Request| async move {
            answer(&state.0, "", from, request).await
        })
        .with_state(Arc::clone(shared))
}

async fn asset(request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    assets::answer(parts.uri.path(), &parts.headers).into_response("")
}

async fn ready(State(shared): State<Arc<Shared>>) -> Response<Body> {
    let console = Arc::clone(&shared.console);
    let closing = shared.closing.load(Ordering::Acquire);
    let reads = tokio::task::spawn_blocking(move || {
        console.house.store.read(|tx| identity::organisation_code(tx, console.house.org_id)).is_ok()
    })
    .await
    .unwrap_or(false);
    if reads && !closing {
        "ready\n".into_response()
    } else {
        (axum::http::StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response()
    }
}

/// Figures of the machine, for whoever watches it from the machine itself or its own network.
async fn metrics(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: axum::http::HeaderMap,
) -> Response<Body> {
    // What a proxy passes on comes from elsewhere, whatever its own address is.
    let passed_on = headers.contains_key("x-forwarded-for") || headers.contains_key("forwarded");
    if !from.ip().is_loopback() || passed_on {
        return axum::http::StatusCode::NOT_FOUND.into_response();
    }
    let text = format!(
        "{}# HELP zhangfang_http_waiting Requests that wait for their turn or are worked on.\n\
         # TYPE zhangfang_http_waiting gauge\nzhangfang_http_waiting {}\n",
        shared.console.metrics.text(),
        shared.waiting.load(Ordering::Relaxed)
    );
    ([("content-type", "text/plain; version=0.0.4")], text).into_response()
}

async fn answer(
    shared: &Arc<Shared>,
    key: &str,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let began = Instant::now();
    shared.waiting.fetch_add(1, Ordering::Relaxed);
    let id = random_text(9);
    let (parts, body) = request.into_parts();
    let methods = shared.routes.get(key).cloned().unwrap_or_default();
    let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
    let wanted = match method {
        Method::GET | Method::HEAD => methods.get.clone(),
        Method::POST => methods.post.clone(),
        _ => None,
    };
    let from = sender(shared.behind_proxy, &parts.headers, canonical(from.ip()));
    let mut asked = Asked {
        method: method.clone(),
        query_text: parts.uri.query().unwrap_or_default().to_owned(),
        query: BTreeMap::new(),
        params: BTreeMap::new(),
        headers: parts.headers,
        address: from,
        body: Raw::default(),
        id: id.clone(),
        path: path.clone(),
    };
    let read = read(&mut asked, key, wanted.as_ref().map(|(_, names)| names.as_slice()), body).await;
    let known = methods.get.is_some() || methods.post.is_some();
    let route = wanted.map(|(route, _)| route);
    // Reading and writing the database takes threads, not the runtime's time.
    let place = shared.places.acquire().await;
    let console = Arc::clone(&shared.console);
    let answered = tokio::task::spawn_blocking(move || {
        let refusal = match (read, route) {
            (Err(refusal), _) => refusal,
            (Ok(()), Some(route)) => return console.answer(route, &asked),
            (Ok(()), None) if known => {
                Refusal::new(Why::Method, "此处不支持这种请求方法", "this path does not take that method")
            }
            (Ok(()), None) => Refusal::not_found("页面", "page", &asked.path),
        };
        let now = console.now();
        console.refuse(&asked, None, now, &refusal)
    })
    .await;
    drop(place);
    let mut answer = answered.unwrap_or_else(|_| {
        Answer::bytes(
            500,
            "text/plain; charset=utf-8",
            format!("程序出错 / the program failed: {id}\n").into_bytes(),
        )
    });
    if known && answer.status == 405 {
        let allowed = match (methods.get.is_some(), methods.post.is_some()) {
            (true, true) => "GET, HEAD, POST",
            (true, false) => "GET, HEAD",
            _ => "POST",
        };
        answer = answer.with("allow", allowed);
    }
    let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    shared.waiting.fetch_sub(1, Ordering::Relaxed);
    shared.console.metrics.count(if key.is_empty() { "none" } else { key }, answer.status, micros);
    shared.console.log(&serde_json::json!({
        "level": if answer.status >= 500 { "error" } else { "info" },
        "request": id, "method": method.as_str(), "path": path, "status": answer.status, "micros": micros,
        "from": from.to_string(),
    }));
    if method == Method::HEAD {
        answer.body.clear();
    }
    answer.into_response(&id)
}

/// Reads the query, the names of the path and the body.
async fn read(
    asked: &mut Asked,
    key: &str,
    names: Option<&[&'static str]>,
    body: Body,
) -> Result<(), Refusal> {
    let malformed = || Refusal::new(Why::Malformed, "地址编码有误", "the address cannot be read");
    asked.query = url::pairs(&asked.query_text).ok_or_else(malformed)?;
    if let Some(names) = names {
        let places = key.split('/').zip(asked.path.split('/')).filter(|(part, _)| part.starts_with('{'));
        for (name, (_, value)) in names.iter().zip(places) {
            asked.params.insert((*name).to_owned(), url::decode(value, false).ok_or_else(malformed)?);
        }
    }
    if asked.method != Method::POST {
        return Ok(());
    }
    let too_large =
        |_| Refusal::new(Why::TooLarge, "请求内容过大或中断", "the request is too large or broken off");
    let late =
        |_| Refusal::new(Why::Malformed, "请求内容未能及时送达", "the request took too long to arrive");
    let bytes = tokio::time::timeout(BODY_TIME, axum::body::to_bytes(body, asked::BODY_MAX))
        .await
        .map_err(late)?
        .map_err(too_large)?;
    asked.body = asked::body(&asked.headers, bytes.to_vec()).await?;
    Ok(())
}

/// Where a request came from: the connection's other end, or what the house's proxy says.
fn sender(behind_proxy: bool, headers: &axum::http::HeaderMap, peer: IpAddr) -> IpAddr {
    if !behind_proxy {
        return peer;
    }
    let said = headers.get_all("x-forwarded-for").iter().next_back().and_then(|line| line.to_str().ok());
    let last = said.and_then(|line| line.rsplit(',').next()).and_then(|last| last.trim().parse().ok());
    last.map_or(peer, canonical)
}

/// An IPv4 address that came in IPv6 clothes is the IPv4 address.
fn canonical(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4),
        IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from(address.octets())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only the house's own proxy is believed, and only the last it says: a browser can write the rest.
    #[test]
    fn the_sender_is_whom_the_proxy_saw() {
        let peer: IpAddr = "127.0.0.1".parse().expect("an address");
        let mut headers = axum::http::HeaderMap::new();
        headers.insert("x-forwarded-for", "10.0.0.1, 203.0.113.7".parse().expect("a header"));
        assert_eq!(sender(false, &headers, peer), peer);
        assert_eq!(sender(true, &headers, peer).to_string(), "203.0.113.7");
        headers.insert("x-forwarded-for", "not an address".parse().expect("a header"));
        assert_eq!(sender(true, &headers, peer), peer);
        assert_eq!(canonical("::ffff:192.0.2.1".parse().expect("an address")).to_string(), "192.0.2.1");
    }
}
