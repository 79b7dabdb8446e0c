//! The office open in a process of its own, and people who ask it over HTTP.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use serde_json::Value as Json;
use tempfile::TempDir;

/// The password of everybody in the demo.
pub const PASSWORD: &str = "jianghan-2026";

/// One demo person for each post.
pub const PEOPLE: &[(&str, &str)] = &[
    ("meter_reader", "dc-chaobiao"),
    ("station_fee_administrator", "dc-guanli"),
    ("station_head", "dc-suozhang"),
    ("reviewer", "fuhe"),
    ("billing_centre_head", "zhuren"),
    ("marketing_officer", "yingxiao"),
    ("leader_in_charge", "lingdao"),
    ("accountant", "kuaiji"),
    ("metering_institute_clerk", "jiliang"),
    ("metering_institute_head", "jilsuo"),
    ("inspection_clerk", "jicha"),
    ("inspection_head", "jichazhang"),
    ("inquiry_clerk", "dc-zixun"),
    ("supply_department_officer", "gongdian"),
    ("slip_clerk", "chuandan"),
    ("ledger_issuer", "zhangben"),
    ("administrator", "guanli"),
    ("auditor", "shenji"),
];

/// The open office of the demo.
pub struct House {
    child: Child,
    others: Mutex<Vec<Child>>,
    /// `http://127.0.0.1:PORT`.
    pub address: String,
    folder: TempDir,
    sessions: Mutex<BTreeMap<String, Person>>,
    _keeper: Keeper,
}

/// Ends a group of processes when this program ends, however it ends: a test program's statics are never dropped.
pub struct Keeper {
    shell: Child,
    _open: ChildStdin,
}

impl Keeper {
    /// Kills the group `pid` once this program is gone, and clears the folder it worked in.
    pub fn of(pid: u32, folder: Option<&Path>) -> Keeper {
        let script = "read -r _; kill -s KILL -- \"-$1\" 2>/dev/null; [ -z \"$2\" ] || rm -rf -- \"$2\"";
        let mut shell = Command::new("sh")
            .args(["-c", script, "keeper", &pid.to_string()])
            .arg(folder.unwrap_or(Path::new("")).as_os_str())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let open = shell.stdin.take().unwrap();
        Keeper { shell, _open: open }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // What it kept has ended in order.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

impl Drop for House {
    fn drop(&mut self) {
        for child in self.others.lock().unwrap().iter_mut().chain([&mut self.child]) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Starts the program with these words; answers it and the address it says that it is open at.
fn opened(folder: &TempDir, words: &[&str]) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_zhangfang"))
        .args(["--data".as_ref(), folder.path().join("data").as_os_str()])
        .args(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = loop {
        let Some(line) = lines.next() else { panic!("{words:?} ended: {said}") };
        let line = line.unwrap();
        if let Some(at) = line.find("http://127.0.0.1:").or_else(|| line.find("https://127.0.0.1:")) {
            break line[at..].chars().take_while(|c| c.is_ascii_graphic()).collect();
        }
        said.push_str(&line);
        said.push('\n');
    };
    // What it says afterwards must go somewhere.
    std::thread::spawn(move || lines.for_each(drop));
    (child, address)
}

impl House {
    /// A demo of 600 customers, open at a port of its own.
    pub fn open() -> House {
        House::of(600)
    }
    /// A demo of so many customers; from 6,000 on work waits at every desk.
    pub fn of(accounts: u32) -> House {
        let folder = tempfile::tempdir().unwrap();
        let accounts = accounts.to_string();
        let words = ["demo", "--accounts", &accounts, "--listen", "127.0.0.1:0"];
        let (child, address) = opened(&folder, &words);
        let keeper = Keeper::of(child.id(), Some(folder.path()));
        House {
            child,
            address,
            others: Mutex::default(),
            folder,
            sessions: Mutex::default(),
            _keeper: keeper,
        }
    }
    /// The data folder's parent.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
    /// A second program over the same database, with these options; answers its address.
    pub fn serve_again(&self, options: &[&str]) -> String {
        let mut words = vec!["serve", "--org", "DEMO", "--on", "2026-02-05", "--listen", "127.0.0.1:0"];
        words.extend_from_slice(options);
        let (child, address) = opened(&self.folder, &words);
        self.others.lock().unwrap().push(child);
        address
    }
    /// The office of this test program, opened at its first use.
    pub fn shared() -> &'static House {
        static HOUSE: OnceLock<House> = OnceLock::new();
        HOUSE.get_or_init(House::open)
    }
    /// The process, for signals.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
    /// Waits for the end of the process.
    pub fn wait(mut self) -> bool {
        self.child.wait().unwrap().success()
    }
    /// Gives a command on the command line to the same database.
    pub fn say(&self, login: &str, words: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_zhangfang"))
            .args(["--data".as_ref(), self.folder.path().join("data").as_os_str()])
            .args(["--org", "DEMO", "--as", login, "--on", "2026-02-05"])
            .args(words)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{words:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
        said
    }
    /// A person of the demo, logged in; the same session for the whole test program.
    pub fn person(&self, login: &str) -> Person {
        if let Some(person) = self.sessions.lock().unwrap().get(login) {
            return person.clone();
        }
        let person = self.log_in(login, PASSWORD).unwrap_or_else(|status| panic!("{login}: {status}"));
        self.sessions.lock().unwrap().insert(login.to_owned(), person.clone());
        person
    }
    /// Logs in anew; the status when it is refused.
    pub fn log_in(&self, login: &str, password: &str) -> Result<Person, u16> {
        let visitor = Person { address: self.address.clone(), cookie: String::new(), csrf: String::new() };
        let answer = visitor.post_form("/login", &[("login", login), ("password", password), ("to", "/")]);
        if answer.status != 303 {
            return Err(answer.status);
        }
        let cookie = answer.cookies.iter().find(|cookie| cookie.starts_with("session=")).unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let mut person = Person { cookie, ..visitor };
        let home = person.get("/");
        person.csrf = home
            .text
            .split("name=\"csrf\" value=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap_or_else(|| panic!("no token of forms on {login}'s home:\n{}", home.text))
            .to_owned();
        Ok(person)
    }
}

/// Somebody who asks: a session, or nobody.
#[derive(Debug, Clone)]
pub struct Person {
    address: String,
    cookie: String,
    /// What forms send back.
    pub csrf: String,
}

/// An answer.
#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub text: String,
    pub location: String,
    pub content_type: String,
    pub cookies: Vec<String>,
    pub headers: BTreeMap<String, String>,
}

impl Answered {
    /// The body as JSON.
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into()
}

fn answered(mut response: ureq::http::Response<ureq::Body>) -> Answered {
    let header = |name: &str| {
        response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let (location, content_type) = (header("location"), header("content-type"));
    let all = response.headers().get_all("set-cookie").iter();
    let cookies = all.filter_map(|value| value.to_str().ok().map(str::to_owned)).collect();
    let headers = response
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect();
    let status = response.status().as_u16();
    let bytes = response.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap();
    Answered {
        status,
        text: String::from_utf8_lossy(&bytes).into_owned(),
        location,
        content_type,
        cookies,
        headers,
    }
}

impl Person {
    /// Asks for a page.
    pub fn get(&self, path: &str) -> Answered {
        self.ask(path, "text/html")
    }
    /// Asks for JSON.
    pub fn get_json(&self, path: &str) -> Answered {
        self.ask(path, "application/json")
    }
    fn ask(&self, path: &str, accept: &str) -> Answered {
        let request = agent()
            .get(format!("{}{path}", self.address))
            .header("cookie", &self.cookie)
            .header("accept", accept);
        answered(request.call().unwrap())
    }
    /// Sends a form.
    pub fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Answered {
        let request = agent().post(format!("{}{path}", self.address)).header("cookie", &self.cookie);
        answered(request.send_form(fields.iter().copied()).unwrap())
    }
    /// Sends JSON as a page's script does, with a request key.
    pub fn post_json(&self, path: &str, key: &str, body: &Json) -> Answered {
        let request = agent()
            .post(format!("{}{path}", self.address))
            .header("cookie", &self.cookie)
            .header("accept", "application/json")
            .header("content-type", "application/json")
            .header("x-csrf", &self.csrf)
            .header("idempotency-key", key);
        answered(request.send(body.to_string()).unwrap())
    }
    /// Sends JSON with any headers instead of those of a page.
    pub fn post_raw(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answered {
        let mut request = agent().post(format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answered(request.send(body).unwrap())
    }
}

impl Person {
    /// Somebody who is not logged in.
    pub fn nobody(house: &House) -> Person {
        Person { address: house.address.clone(), cookie: String::new(), csrf: String::new() }
    }
}

impl Person {
    /// The same session at another address of the same house.
    pub fn at(&self, address: &str) -> Person {
        Person { address: address.to_owned(), ..self.clone() }
    }
}
