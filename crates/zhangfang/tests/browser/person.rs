//! A person at a browser: sees, presses, fills, and leaves screenshots.
//!
//! Nothing sleeps blindly: what a step needs is waited for, within a limit. Every page that is looked at is also judged:
//! errors of scripts, breaches of the policy, words that are missing and pages wider than the window fail the test.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine as _;
use fantoccini::Client;
use fantoccini::elements::{Element, ElementRef};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::command::Extra;
use super::driver::{Driver, note};
use crate::house::{House, PASSWORD};

/// How long a step may take before the test says what it waited for.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a page is asked whether it is ready.
const LOOK_AGAIN: Duration = Duration::from_millis(40);
/// The key under which an element's reference stands.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// A desk's screen.
pub const WIDE: (u32, u32) = (1440, 900);
/// A telephone's.
pub const NARROW: (u32, u32) = (390, 844);
const PAGE: &str = include_str!("page.js");

/// Somebody at a browser of their own.
pub struct Person {
    client: Option<Client>,
    runtime: Runtime,
    address: String,
    login: String,
    story: String,
    pictures: Cell<u32>,
    width: Cell<u32>,
    expects_refusals: Cell<bool>,
    complaints: RefCell<Vec<String>>,
    _profile: TempDir,
}

/// How a person comes to the house.
pub struct Visit<'v> {
    /// The house; none for the one that stories share.
    pub house: Option<&'v House>,
    /// The story, for the names of screenshots.
    pub story: &'v str,
    /// The window.
    pub window: (u32, u32),
    /// `zh-CN` or `en-GB`.
    pub lang: &'v str,
    /// The house is opened by the machine's name, under which passkeys work, and not by its number.
    pub by_name: bool,
}

impl<'v> Visit<'v> {
    /// A visit to the shared house at a wide screen, in Chinese.
    pub fn of(story: &'v str) -> Visit<'v> {
        Visit { house: None, story, window: WIDE, lang: "zh-CN", by_name: false }
    }
    /// Somebody who is not logged in.
    pub fn stranger(&self) -> Person {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let profile = tempfile::tempdir().unwrap();
        let client = runtime.block_on(Driver::shared().browser(profile.path(), self.window, self.lang));
        let mut address = self.house.unwrap_or_else(|| House::shared()).address.clone();
        if self.by_name {
            address = address.replace("127.0.0.1", "localhost");
        }
        let person = Person {
            client: Some(client),
            runtime,
            address,
            login: "nobody".into(),
            story: self.story.to_owned(),
            pictures: Cell::new(0),
            width: Cell::new(self.window.0),
            expects_refusals: Cell::new(false),
            complaints: RefCell::default(),
            _profile: profile,
        };
        person.resize(self.window);
        person
    }
    /// A person of the demo, through the login page.
    pub fn as_person(&self, login: &str) -> Person {
        let mut person = self.stranger();
        login.clone_into(&mut person.login);
        person.open("/login");
        person.fill("login", login);
        person.fill("password", PASSWORD);
        person.picture("login");
        person.click(
            "the button of the login page",
            "return { element: document.querySelector('main form button[type=submit]') };",
            &[],
        );
        person.until(
            "the first page",
            "return !busy() && location.pathname !== '/login' && !!document.querySelector('#menu');",
            &[],
        );
        person
    }
}

impl Person {
    /// The client of the driver.
    pub fn client(&self) -> &Client {
        self.client.as_ref().expect("the browser is open")
    }
    /// Waits for an answer of the driver.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
    /// The window gets another size.
    pub fn resize(&self, (width, height): (u32, u32)) {
        // The window of a headless browser has a frame; what pages see is set apart from it.
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.wait(self.client().issue_cmd(Extra::tools("Emulation.setDeviceMetricsOverride", &metrics)))
            .unwrap();
        self.width.set(width);
    }
    /// Ends the test with what went wrong and where.
    #[track_caller]
    pub fn fail(&self, what: &str) -> ! {
        let at = self.at();
        self.save("failed");
        let text = self.asks("return document.body.innerText.slice(0, 1500);", &[]);
        panic!("{} ({}), {at}: {what}\n----\n{}", self.story, self.login, text.as_str().unwrap_or_default())
    }
    /// The path and query of this page.
    pub fn at(&self) -> String {
        self.wait(self.client().current_url())
            .map_or_else(|_| String::new(), |url| url[url::Position::BeforePath..].to_owned())
    }

    /// Opens a page of the house; it must be there and be permitted.
    #[track_caller]
    pub fn open(&self, path: &str) {
        let address =
            if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.address) };
        self.wait(self.client().goto(&address)).unwrap();
        self.until("the page", "return !busy();", &[]);
        let problem = "const p = document.querySelector('main .problem'); return p && document.readyState ? words(p) : null;";
        if !self.expects_refusals.get()
            && let Some(said) = self.asks(problem, &[]).as_str()
        {
            self.fail(&format!("{path} shows a problem: {said}"));
        }
    }
    /// From now on refusals of the server are what the test wants to see.
    pub fn expects_refusals(&self) {
        self.expects_refusals.set(true);
    }

    /// Asks the page by a script with the helpers of `page.js`.
    pub fn asks(&self, script: &str, args: &[Json]) -> Json {
        let script = format!("const args = arguments; {PAGE}\n{script}");
        // A page that is just leaving answers nothing; the next one is asked.
        let started = Instant::now();
        loop {
            match self.wait(self.client().execute(&script, args.to_vec())) {
                Ok(answer) => return answer,
                Err(error) if started.elapsed() > PATIENCE => panic!("{}: {error}\n{script}", self.story),
                Err(error) => {
                    let text = error.to_string();
                    let passing = ["navigat", "context", "stale", "frame", "unloaded", "loader"];
                    assert!(
                        passing.iter().any(|word| text.contains(word)),
                        "{}: {text}\n{script}",
                        self.story
                    );
                    self.pause();
                }
            }
        }
    }
    fn pause(&self) {
        self.wait(async { tokio::time::sleep(LOOK_AGAIN).await });
    }
    /// Waits until the page answers yes.
    #[track_caller]
    pub fn until(&self, what: &str, script: &str, args: &[Json]) {
        let started = Instant::now();
        while self.asks(script, args) != json!(true) {
            if started.elapsed() > PATIENCE {
                self.fail(&format!("waited in vain for {what}"));
            }
            self.pause();
        }
    }
    /// Waits until the page answers something.
    #[track_caller]
    pub fn finds(&self, what: &str, script: &str, args: &[Json]) -> Json {
        let started = Instant::now();
        loop {
            let found = self.asks(script, args);
            if !found.is_null() {
                return found;
            }
            if started.elapsed() > PATIENCE {
                self.fail(&format!("{what} is not on the page"));
            }
            self.pause();
        }
    }
    /// The element in an answer.
    pub fn element(&self, found: &Json) -> Element {
        let id = found["element"][ELEMENT].as_str().unwrap_or_default().to_owned();
        Element::from_element_id(self.client().clone(), ElementRef::from(id))
    }
    /// Clicks what a script finds, after opening the menus in which it hides.
    #[track_caller]
    pub fn click(&self, what: &str, script: &str, args: &[Json]) {
        let started = Instant::now();
        loop {
            let found = self.finds(what, script, args);
            let clicked = self.wait(self.element(&found).click());
            match clicked {
                Ok(()) if found["opens"] == json!(true) => {}
                Ok(()) => return,
                // Drawn anew between looking and clicking, or something just lies over it.
                Err(error) if started.elapsed() > PATIENCE => self.fail(&format!("{what}: {error}")),
                Err(_) => self.pause(),
            }
        }
    }
    /// Presses the button, or follows the link, with these words on it.
    #[track_caller]
    pub fn press(&self, text: &str) {
        self.click(
            &format!("the button {text}"),
            "const found = button(args[0]); return found ? answer(found) : null;",
            &[json!(text)],
        );
        self.settles();
    }
    /// Waits until nothing is under way.
    #[track_caller]
    pub fn settles(&self) {
        self.until("the page to come to rest", "return !busy();", &[]);
    }
    /// Is there a button, a link or a hidden menu entry with these words?
    pub fn has_button(&self, text: &str) -> bool {
        self.asks("return !!button(args[0]);", &[json!(text)]) == json!(true)
    }
    /// Does this page offer the act?
    pub fn is_offered(&self, act: &str, given: &[(&str, &str)]) -> bool {
        let given: serde_json::Map<_, _> =
            given.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        self.asks("return offers(args[0], args[1]).length > 0;", &[json!(act), given.into()]) == json!(true)
    }
    /// Waits for a text.
    #[track_caller]
    pub fn says(&self, text: &str) {
        let script = "return bare(document.body.innerText).includes(bare(args[0]));";
        self.until(&format!("the words {text:?}"), script, &[json!(text)]);
    }
    /// What stands on the page.
    pub fn reads(&self) -> String {
        self.asks("return document.body.innerText;", &[]).as_str().unwrap_or_default().to_owned()
    }
    /// What stands in the first element that fits a selector.
    pub fn reads_in(&self, selector: &str) -> String {
        let found = self.finds(
            selector,
            "const e = document.querySelector(args[0]); return e ? words(e) : null;",
            &[json!(selector)],
        );
        found.as_str().unwrap_or_default().to_owned()
    }
    /// The texts of a table's row that has `word` in it, the first in the order of the page.
    pub fn row(&self, word: &str) -> Vec<String> {
        let script = "const row = [...document.querySelectorAll('table tbody tr')].find((r) => bare(r.innerText).includes(bare(args[0])));
            return row ? [...row.cells].map(words) : null;";
        let found = self.finds(&format!("a row with {word}"), script, &[json!(word)]);
        found.as_array().unwrap().iter().map(|cell| cell.as_str().unwrap_or_default().to_owned()).collect()
    }
    /// Follows the link in the table's row that has `word` in it.
    #[track_caller]
    pub fn follow(&self, word: &str) {
        let script = "const rows = [...document.querySelectorAll('table tbody tr')].filter((r) => bare(r.innerText).includes(bare(args[0])));
            const link = rows.map((r) => r.querySelector('td a[href]:not([href^=\"/acts\"])')).find(Boolean);
            return link ? { element: link } : null;";
        self.click(&format!("the link in the row of {word}"), script, &[json!(word)]);
        self.settles();
    }
    /// The paths of this person's menu, lists and views of the desk.
    pub fn menu(&self) -> Vec<String> {
        let found = self.asks(
            "return [...new Set([...document.querySelectorAll('#menu li a')].map((a) => a.getAttribute('href')))];",
            &[],
        );
        found.as_array().into_iter().flatten().filter_map(|path| path.as_str().map(str::to_owned)).collect()
    }
    /// Opens a page again and again until it says something: what a job does takes its time.
    #[track_caller]
    pub fn until_reloaded(&self, what: &str, path: &str, text: &str) {
        let started = Instant::now();
        loop {
            self.open(path);
            if self.reads_in("main").contains(text) {
                return;
            }
            if started.elapsed() > PATIENCE {
                self.fail(&format!("waited in vain for {what}"));
            }
            self.pause();
        }
    }
    /// Presses Tab, as the browser's own key, whatever has the focus.
    pub fn tab(&self) {
        for kind in ["rawKeyDown", "keyUp"] {
            let params = json!({ "type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9 });
            self.wait(self.client().issue_cmd(Extra::tools("Input.dispatchKeyEvent", &params))).unwrap();
        }
    }
    /// Fetches a path with this person's session: status, content type, length and the first characters.
    pub fn fetches(&self, path: &str) -> Fetched {
        let script = "const [path, done] = [arguments[0], arguments[arguments.length - 1]];
            fetch(path, { headers: { accept: 'text/html,*/*' } }).then(async (answer) => {
                const bytes = new Uint8Array(await answer.arrayBuffer());
                done([answer.status, answer.headers.get('content-type') || '', bytes.length,
                    new TextDecoder('latin1').decode(bytes.slice(0, 64))]);
            }, (error) => done([0, String(error), 0, '']));";
        let answer = self.wait(self.client().execute_async(script, vec![json!(path)])).unwrap();
        Fetched {
            status: answer[0].as_u64().unwrap_or_default(),
            kind: answer[1].as_str().unwrap_or_default().to_owned(),
            length: answer[2].as_u64().unwrap_or_default(),
            start: answer[3].as_str().unwrap_or_default().to_owned(),
        }
    }

    /// A screenshot of the whole page, and a judgement of it.
    #[track_caller]
    pub fn picture(&self, name: &str) {
        self.settles();
        self.save(name);
        self.judge();
    }
    fn save(&self, name: &str) {
        let number = self.pictures.get() + 1;
        self.pictures.set(number);
        // Tall pages are cut, or a list of two hundred rows fills the folder.
        let size = self.asks(
            "return [document.documentElement.scrollWidth, Math.min(document.documentElement.scrollHeight, 2600)];",
            &[],
        );
        let open_dialog = self.asks("return dialogs.length > 0;", &[]) == json!(true);
        let mut params = json!({ "format": "png" });
        if !open_dialog {
            params["captureBeyondViewport"] = json!(true);
            params["clip"] = json!({ "x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1 });
        }
        let shot = self.wait(self.client().issue_cmd(Extra::tools("Page.captureScreenshot", &params)));
        let Ok(shot) = shot else { return };
        let bytes =
            base64::engine::general_purpose::STANDARD.decode(shot["data"].as_str().unwrap_or_default());
        let folder = folder();
        std::fs::create_dir_all(&folder).unwrap();
        let file = format!("{}-{}-{number:02}-{}-{name}.png", self.story, self.login, self.width.get());
        std::fs::write(folder.join(file.replace('/', "_")), bytes.unwrap_or_default()).unwrap();
    }

    /// What no page may have, whichever it is.
    #[track_caller]
    fn judge(&self) {
        let found = self.asks(
            "const wrong = [];
            const text = document.body.innerText;
            for (const missing of text.match(/\\[(act|area|block|button|choice|column|download|field|frame|hint|list|page|problem|state|view|word)\\.[\\w.-]+\\]/g) || [])
                wrong.push(`the word ${missing} is missing`);
            const wide = document.documentElement;
            if (wide.scrollWidth > innerWidth) {
                const widest = [...document.querySelectorAll('body *')].filter((e) => shown(e) && e.getBoundingClientRect().right > innerWidth + 1
                    && !e.closest('.table-box')).slice(-1)[0];
                wrong.push(`the page is ${wide.scrollWidth} wide in a window of ${innerWidth}: ${widest ? widest.outerHTML.slice(0, 160) : ''}`);
            }
            if (document.querySelectorAll('main h1').length !== 1) wrong.push(`${document.querySelectorAll('main h1').length} first headings`);
            if (!document.documentElement.lang) wrong.push('no language');
            return wrong;",
            &[],
        );
        let at = self.at();
        for wrong in found.as_array().into_iter().flatten() {
            self.complain(format!("{at}: {}", wrong.as_str().unwrap_or_default()));
        }
        self.hear();
    }
    fn complain(&self, what: String) {
        let mut complaints = self.complaints.borrow_mut();
        if !complaints.contains(&what) {
            note(&format!("  {} ({}) {what}", self.story, self.login));
            complaints.push(what);
        }
    }
    /// Takes what the browser logged.
    fn hear(&self) {
        let Ok(log) = self.wait(self.client().issue_cmd(Extra::log())) else { return };
        for entry in log.as_array().into_iter().flatten() {
            let message = entry["message"].as_str().unwrap_or_default();
            let load = entry["source"] == "network";
            // A refusal is an answer of 4xx, which the browser calls a failed load.
            let refused = load
                && ["status of 403", "status of 409", "status of 422"].iter().any(|s| message.contains(s));
            let expected = load && self.expects_refusals.get() && message.contains("status of 4");
            if entry["level"] == "SEVERE" && !refused && !expected {
                self.complain(format!("the browser says: {message}"));
            }
        }
    }
    /// Ends the visit: whatever was wrong on the way fails the test here.
    #[track_caller]
    pub fn leaves(self) {
        self.hear();
        let complaints = self.complaints.take();
        assert!(complaints.is_empty(), "{} ({}):\n{}", self.story, self.login, complaints.join("\n"));
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            if std::thread::panicking() {
                self.hear_last(&client);
            }
            let _ = self.runtime.block_on(client.close());
        }
    }
}

impl Person {
    fn hear_last(&self, client: &Client) {
        for complaint in self.complaints.borrow().iter() {
            note(complaint);
        }
        if let Ok(log) = self.runtime.block_on(client.issue_cmd(Extra::log())) {
            note(&format!("  {} ({}) the browser's log: {log}", self.story, self.login));
        }
    }
}

/// What was fetched.
#[derive(Debug)]
pub struct Fetched {
    /// The status.
    pub status: u64,
    /// The content type.
    pub kind: String,
    /// Bytes.
    pub length: u64,
    /// The first bytes as characters.
    pub start: String,
}

/// Where screenshots go.
pub fn folder() -> PathBuf {
    match std::env::var_os("ZHANGFANG_SCREENSHOTS") {
        Some(folder) => folder.into(),
        None => {
            let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
            let target =
                target.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../target").into());
            target.join("screenshots")
        }
    }
}
