//! `zhangfang serve`: the office in the browser, until the process is told to stop.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use identity::PasswordCost;
use kernel::{Bilingual, Lang, Moment, Text, WorkingCalendar};
use store::Store;
use vault::{CheckpointPolicy, Signers};

use super::Place;
use crate::failure::{Done, Failure};

/// How to serve.
#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// Address to listen at / 监听地址
    #[arg(long, default_value = "127.0.0.1:7070")]
    pub listen: SocketAddr,
    /// Certificate chain for TLS, PEM; without it plain HTTP is served / TLS 证书链
    #[arg(long, requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// Key of the certificate, PEM / TLS 私钥
    #[arg(long, requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
    /// The address people type, when it is not the one listened at: https://zf.example.cn / 对外地址
    #[arg(long)]
    pub address: Option<String>,
    /// Requests come through a proxy of yours, which writes X-Forwarded-For / 前面有反向代理
    #[arg(long)]
    pub behind_proxy: bool,
    /// Write no line for each request / 不输出请求日志
    #[arg(long)]
    pub quiet: bool,
}

impl Serve {
    /// As the demo serves itself.
    pub fn demo(listen: SocketAddr) -> Serve {
        Serve {
            listen,
            tls_certificate: None,
            tls_key: None,
            address: None,
            behind_proxy: false,
            quiet: true,
        }
    }
}

/// Serves the organisation named by `place`.
pub fn run(serve: &Serve, place: &Place, lang: Lang) -> Done {
    let store = place.open()?;
    let cost = identity::AccessRules::on(place.now()?.date()).cost;
    run_on(serve, place, Arc::new(store), cost, lang)
}

/// Serves an open database until the process is told to stop.
pub fn run_on(serve: &Serve, place: &Place, store: Arc<Store>, cost: PasswordCost, lang: Lang) -> Done {
    let scheme = if serve.tls_certificate.is_some() { "https" } else { "http" };
    open(serve, place, store, cost, lang, witness::until_told, move |local| {
        // Browsers know passkeys by names only.
        let named = format!("{scheme}://localhost:{}", local.port());
        let (zh, en) = if local.ip().is_loopback() || local.ip().is_unspecified() {
            (format!("（用通行密钥请打开 {named}）"), format!(" (with passkeys: {named})"))
        } else {
            Default::default()
        };
        let ready = Text::new(
            format!("账房已在 {scheme}://{local} 开门{zh}；按 Ctrl-C 关门"),
            format!("the office is open at {scheme}://{local}{en}; Ctrl-C closes it"),
        );
        println!("{}", ready.text(lang));
        let _ = std::io::stdout().flush();
    })
}

/// Serves an open database until `closing` is set; tells the address it listens at.
pub fn until(
    serve: &Serve,
    place: &Place,
    store: Arc<Store>,
    cost: PasswordCost,
    closing: Arc<AtomicBool>,
    tell: impl Fn(SocketAddr) + Send + 'static,
) -> Done {
    let stop = move || -> web::Stop {
        Box::pin(async move {
            while !closing.load(Ordering::Acquire) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
    };
    open(serve, place, store, cost, Lang::default(), stop, tell)
}

fn open(
    serve: &Serve,
    place: &Place,
    store: Arc<Store>,
    cost: PasswordCost,
    lang: Lang,
    stop: impl FnOnce() -> web::Stop + Send + 'static,
    tell: impl Fn(SocketAddr) + Send + 'static,
) -> Done {
    let org_id = place.org_id(&store)?;
    let signers = Signers::read(&place.key_folder(), &place.org)?;
    let root = store
        .read(|tx| identity::units(tx, org_id))?
        .into_iter()
        .find(|unit| unit.parent_id.is_none())
        .map(|unit| unit.name);
    if signers.is_empty() {
        let folder = place.key_folder();
        let warning = Text::new(
            format!(
                "注意：{} 中没有签名密钥，操作日志不会签名；用 `zhangfang log keys new` 生成",
                folder.display()
            ),
            format!(
                "note: there is no key in {}, so the log is not signed; make one with `zhangfang log keys new`",
                folder.display()
            ),
        );
        eprintln!("{}", warning.text(lang));
    }
    let secure = serve.tls_certificate.is_some();
    let scheme = if secure { "https" } else { "http" };
    let address = serve.address.clone().unwrap_or_else(|| format!("{scheme}://{}", serve.listen));
    let shift_days = match &place.on {
        None => 0,
        Some(day) => Moment::from_millis(machine_millis()).date().days_until(day.parse()?),
    };
    let house = web::House {
        store,
        org_id,
        org_code: place.org.clone(),
        org_name: root.unwrap_or_else(|| Text::new(&place.org, &place.org)),
        signers,
        policy: CheckpointPolicy { acts: place.checkpoint_acts, millis: place.checkpoint_seconds * 1_000 },
        calendar: WorkingCalendar::mainland_china()?,
        shift_days,
        address: address.trim_end_matches('/').to_owned(),
        key_folder: place.key_folder(),
        cost,
    };
    let quiet = serve.quiet;
    let console = Arc::new(web::Console::new(house, secure || address.starts_with("https:"), move |line| {
        // Errors are told even where requests are not.
        if !quiet || line.contains("\"level\":\"error\"") {
            let _ = writeln!(std::io::stderr().lock(), "{line}");
        }
    }));
    let certificate = serve
        .tls_certificate
        .clone()
        .zip(serve.tls_key.clone())
        .map(|(chain, key)| web::Certificate { chain, key });
    let options = web::Options { address: serve.listen, certificate, behind_proxy: serve.behind_proxy };
    let listen = serve.listen;
    web::serve(console, &options, stop, move |web::Listening::Ready(local)| tell(local)).map_err(|error| {
        Failure::new(
            format!("无法在 {listen} 提供服务：{error}"),
            format!("cannot serve at {listen}: {error}"),
        )
    })
}

fn machine_millis() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(0)
}
