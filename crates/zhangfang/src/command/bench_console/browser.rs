//! A person's browser: asks, waits, writes down how long, and reads from a page what a person sees there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::demo;

/// Through which people come in one after the other.
static DOOR: Mutex<()> = Mutex::new(());

/// What was waited for one kind of page or act.
#[derive(Debug, Clone, Default)]
pub struct Waits {
    /// Times, in microseconds.
    pub micros: Vec<u64>,
    /// How many were refused, for acts.
    pub refused: usize,
    /// Why the last one was refused.
    pub why: String,
}

/// Everything that was waited for: pages by the kind of their path, acts by name.
#[derive(Debug, Clone, Default)]
pub struct Waited {
    /// Pages.
    pub pages: BTreeMap<String, Waits>,
    /// Acts.
    pub acts: BTreeMap<String, Waits>,
    /// The same way through the server without a page.
    pub bare: Waits,
}

impl Waited {
    /// Adds what another person waited for.
    pub fn add(&mut self, other: Waited) {
        let into = |mine: &mut BTreeMap<String, Waits>, other: BTreeMap<String, Waits>| {
            for (name, waits) in other {
                mine.entry(name).or_default().add(waits);
            }
        };
        into(&mut self.pages, other.pages);
        into(&mut self.acts, other.acts);
        self.bare.add(other.bare);
    }
}

impl Waits {
    fn add(&mut self, other: Waits) {
        self.micros.extend(other.micros);
        self.refused += other.refused;
        if !other.why.is_empty() {
            self.why = other.why;
        }
    }
}

/// What came back.
pub struct Came {
    /// The status.
    pub status: u16,
    /// Where it leads.
    pub location: Option<String>,
    /// The text.
    pub text: String,
    micros: u64,
}

/// One person's browser, logged in.
pub struct Browser {
    agent: ureq::Agent,
    address: String,
    cookie: String,
    /// What was waited so far.
    pub waited: Waited,
    /// Pages and acts asked for so far.
    pub requests: usize,
    /// Acts among them.
    pub writes: usize,
}

impl Browser {
    /// Logs in and stands at the home page, which comes back too.
    pub fn enter(address: &str, login: &str) -> Result<(Browser, String), String> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        let failed = |error: ureq::Error| format!("{login}: {error}");
        // One after the other: the same login given many times at once looks like guessing, and is made to wait.
        let _door = DOOR.lock().unwrap_or_else(PoisonError::into_inner);
        let form = [("login", login), ("password", demo::PASSWORD), ("to", "/")];
        let response = agent.post(format!("{address}/login")).send_form(form).map_err(failed)?;
        let set = response.headers().get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        let cookie = set.filter_map(|line| line.split(';').next()).find(|pair| pair.starts_with("session="));
        let cookie = cookie.ok_or_else(|| format!("{login} may not enter"))?.to_owned();
        let mut browser = Browser {
            agent,
            address: address.to_owned(),
            cookie,
            waited: Waited::default(),
            requests: 0,
            writes: 0,
        };
        let home = browser.ask("/")?;
        Ok((browser, home.text))
    }

    fn ask(&mut self, path: &str) -> Result<Came, String> {
        let began = Instant::now();
        let asked = self
            .agent
            .get(format!("{}{path}", self.address))
            .header("cookie", &self.cookie)
            .header("accept", "text/html");
        // A form opens over the page, as the page's own script asks for it.
        let asked = if path.starts_with("/acts/") { asked.header("hx-request", "true") } else { asked };
        came(asked.call(), began, path)
    }

    /// Opens a page; `None` when it is refused, which a page that others have changed meanwhile may be.
    pub fn open(&mut self, path: &str) -> Result<Option<String>, String> {
        let came = self.ask(path)?;
        self.requests += 1;
        if came.status >= 500 {
            return Err(format!("{path}: {}", came.status));
        }
        if came.status >= 400 {
            return Ok(None);
        }
        self.waited.pages.entry(shape(path)).or_default().micros.push(came.micros);
        Ok(Some(came.text))
    }

    /// Asks whether the server lives: what the machine needs at the least under this load.
    pub fn bare(&mut self) -> Result<(), String> {
        let came = self.ask("/healthz")?;
        self.waited.bare.micros.push(came.micros);
        Ok(())
    }

    /// Sends the form of an act; `true` when it was done.
    pub fn send(
        &mut self,
        act: &str,
        fields: &[(String, String)],
        script: Option<&str>,
    ) -> Result<Came, String> {
        let began = Instant::now();
        let asked = self.agent.post(format!("{}/acts/{act}", self.address)).header("cookie", &self.cookie);
        let asked = match script {
            // A page's own script sends and gets data.
            Some(csrf) => asked.header("accept", "application/json").header("x-csrf", csrf),
            None => asked.header("accept", "text/html"),
        };
        let pairs = fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let came = came(asked.send_form(pairs), began, act)?;
        self.requests += 1;
        self.writes += 1;
        if came.status >= 500 {
            return Err(format!("{act}: {} {}", came.status, sentence(&came.text)));
        }
        let waits = self.waited.acts.entry(act.to_owned()).or_default();
        waits.micros.push(came.micros);
        if came.status >= 400 {
            waits.refused += 1;
            waits.why = sentence(&came.text);
        }
        Ok(came)
    }
}

fn came(
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    began: Instant,
    what: &str,
) -> Result<Came, String> {
    let mut answer = answer.map_err(|error| format!("{what}: {error}"))?;
    let status = answer.status().as_u16();
    let location = answer.headers().get("location").and_then(|to| to.to_str().ok()).map(str::to_owned);
    let text = answer.body_mut().read_to_string().map_err(|error| format!("{what}: {error}"))?;
    let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    Ok(Came { status, location, text, micros })
}

/// The sentence of a refusal: the detail of a problem, or what stands over a form.
fn sentence(text: &str) -> String {
    if let Ok(problem) = serde_json::from_str::<serde_json::Value>(text) {
        let told = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let one = problem["errors"].get(0).and_then(|error| told(&error["detail"]));
        return one.or_else(|| told(&problem["detail"])).unwrap_or_default();
    }
    let form = text.split_once("id=\"act\"").map_or(text, |(_, rest)| rest);
    let said = form.split_once("role=\"alert\"").map_or(form, |(_, rest)| rest);
    let said = said.split_once("<p>").and_then(|(_, rest)| rest.split_once("</p>"));
    said.map(|(said, _)| plain(said)).unwrap_or_default()
}

/// The form of an act: what it sends by itself, and whether it asks for the password again.
pub fn form(page: &str) -> Option<(Vec<(String, String)>, bool)> {
    let (_, rest) = page.split_once("id=\"act\"")?;
    let (form, _) = rest.split_once("</form>")?;
    let mut fields = Vec::new();
    for input in form.split("<input ").skip(1) {
        let Some((input, _)) = input.split_once('>') else { continue };
        if input.contains("type=\"hidden\"")
            && let Some(name) = attribute(input, "name")
        {
            fields.push((name, attribute(input, "value").unwrap_or_default()));
        }
    }
    Some((fields, form.contains("name=\"sign_password\"")))
}

/// The value of an attribute in the inside of a tag.
pub fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| plain(value))
}

fn plain(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// The forms of `act` that a page offers.
pub fn offers(page: &str, act: &str) -> Vec<String> {
    let start = format!("/acts/{act}?");
    let mut found = BTreeSet::new();
    for rest in page.split("href=\"").skip(1) {
        let Some((path, _)) = rest.split_once('"') else { continue };
        if path.starts_with(&start) {
            found.insert(plain(path));
        }
    }
    found.into_iter().collect()
}

/// Pages that the links of a page lead to; no forms, no files, nothing else's.
pub fn links(page: &str) -> Vec<String> {
    let mut found = BTreeSet::new();
    for rest in page.split("href=\"").skip(1) {
        let Some((path, _)) = rest.split_once('"') else { continue };
        let plain_page = path.starts_with('/')
            && !path.starts_with("//")
            && !["/assets", "/acts/", "/logout"].iter().any(|start| path.starts_with(start))
            && !path.contains("format=")
            && !path.contains(".pdf")
            && !path.contains(".xlsx")
            && !path.contains("/files/");
        if plain_page {
            found.insert(plain(path));
        }
    }
    found.into_iter().collect()
}

/// The kind of page: names and numbers in the path left out.
fn shape(path: &str) -> String {
    let bare = path.split('?').next().unwrap_or_default();
    if bare.starts_with("/acts/") {
        return bare.to_owned();
    }
    let part = |part: &str| {
        if part.bytes().any(|byte| byte.is_ascii_digit()) || part.contains('%') {
            "…".into()
        } else {
            part.to_owned()
        }
    };
    bare.split('/').map(part).collect::<Vec<String>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A form is read as a browser reads it.
    #[test]
    fn hidden_fields_are_sent_as_they_stand() {
        let page = r#"<form><input type="hidden" name="csrf" value="other"></form><section class="act" id="act">
            <form method="post"><input type="hidden" name="account" value="a&amp;b">
            <input type="text" name="text"><input type="hidden" name="csrf" value="k"></form></section>"#;
        let (fields, signed) = form(page).expect("a form");
        let pairs: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!((pairs, signed), (vec![("account", "a&b"), ("csrf", "k")], false));
        let page = r#"<a href="/acts/x.do?a=1&amp;b=2">x</a><a href="/acts/x.done?a=3">y</a>"#;
        assert_eq!(offers(page, "x.do"), ["/acts/x.do?a=1&b=2"]);
        assert_eq!(shape("/books/2026-02/B000001?x=1"), "/books/…/…");
    }
}
