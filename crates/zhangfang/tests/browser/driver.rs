//! Chromium's driver: one process for the test program, ended with it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

use crate::house::Keeper;

/// The driver, at an address of its own.
pub struct Driver {
    /// `http://127.0.0.1:PORT`.
    address: String,
    _keeper: Keeper,
}

/// The first of these programs that is there.
fn program(names: &[&str]) -> String {
    let paths = std::env::var("PATH").unwrap_or_default();
    names
        .iter()
        .flat_map(|name| paths.split(':').map(move |folder| format!("{folder}/{name}")))
        .find(|path| std::path::Path::new(path).is_file())
        .unwrap_or_else(|| {
            panic!("install Debian's chromium and chromium-driver: none of {names:?} is there")
        })
}

impl Driver {
    /// The driver of this test program, started at its first use.
    pub fn shared() -> &'static Driver {
        static DRIVER: OnceLock<Driver> = OnceLock::new();
        DRIVER.get_or_init(Driver::start)
    }

    fn start() -> Driver {
        let mut child = Command::new(program(&["chromedriver"]))
            .args(["--port=0", "--allowed-ips=127.0.0.1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("the driver starts");
        let keeper = Keeper::of(child.id(), None);
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let port: u16 = loop {
            let line = lines.next().expect("the driver tells its port").expect("text");
            let said = line.strip_prefix("ChromeDriver was started successfully on port ");
            if let Some(port) = said.and_then(|rest| rest.trim_end_matches('.').parse().ok()) {
                break port;
            }
        };
        std::thread::spawn(move || lines.for_each(drop));
        Driver { address: format!("http://127.0.0.1:{port}"), _keeper: keeper }
    }

    /// A browser of its own for one person: its profile in `folder`, its window `width` by `height`, its language `lang`.
    pub async fn browser(&self, folder: &std::path::Path, (width, height): (u32, u32), lang: &str) -> Client {
        let arguments = [
            "--headless".to_owned(),
            "--no-sandbox".into(),
            "--disable-gpu".into(),
            "--disable-dev-shm-usage".into(),
            "--disable-quic".into(),
            "--no-first-run".into(),
            "--disable-background-networking".into(),
            "--disable-component-update".into(),
            "--disable-sync".into(),
            "--disable-extensions".into(),
            "--force-color-profile=srgb".into(),
            "--hide-scrollbars".into(),
            format!("--user-data-dir={}", folder.display()),
            format!("--window-size={width},{height}"),
            format!("--lang={lang}"),
        ];
        let wanted = json!({
            "browserName": "chrome",
            "pageLoadStrategy": "normal",
            "unhandledPromptBehavior": "accept",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": {
                "binary": program(&["chromium", "chromium-browser", "google-chrome"]),
                "args": arguments,
                "prefs": { "intl.accept_languages": format!("{lang},{}", &lang[..2]) },
            },
        });
        let connector = HttpConnector::new();
        ClientBuilder::new(connector)
            .capabilities(wanted.as_object().expect("an object").clone())
            .connect(&self.address)
            .await
            .expect("the browser opens")
    }
}

/// Says something beside the tests' own output, where `--nocapture` shows it.
pub fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
