//! A request, read whole and bounded, before anybody looks at what it means.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::http::{HeaderMap, Method, header};
use kernel::Lang;

use super::url;
use crate::catalogue::{Raw, Refusal, SentFile, Why};

/// The most bytes of a request's body. Files of readings and customers are the largest things people send.
pub const BODY_MAX: usize = 32 * 1024 * 1024;
/// The most bytes of a body that carries no file.
const PLAIN_MAX: usize = 2 * 1024 * 1024;
/// The most fields of a form.
const FIELDS_MAX: usize = 2_000;

/// A request.
#[derive(Debug)]
pub struct Asked {
    /// GET, POST...
    pub method: Method,
    /// The path as sent, decoded only within `params`.
    pub path: String,
    /// The query as sent.
    pub query_text: String,
    /// The query.
    pub query: BTreeMap<String, String>,
    /// Names in braces of the route.
    pub params: BTreeMap<String, String>,
    /// Headers.
    pub headers: HeaderMap,
    /// Where it came from.
    pub address: IpAddr,
    /// What the body gave.
    pub body: Raw,
    /// The request's id, in the log, in the answer and on the page of a problem.
    pub id: String,
}

impl Asked {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
    /// A cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
    }
    /// Asks for JSON: a script of a page or a program.
    pub fn wants_json(&self) -> bool {
        self.path.starts_with("/api/")
            || self.header("accept").is_some_and(|accept| accept.starts_with("application/json"))
    }
    /// Comes from a page's own script, for a part of a page.
    pub fn is_partial(&self) -> bool {
        self.header("hx-request").is_some()
    }
    /// The language: the cookie, else what the browser prefers, else Chinese.
    pub fn lang(&self) -> Lang {
        match self.cookie("lang") {
            Some("en") => Lang::En,
            Some("zh") => Lang::Zh,
            _ => match self.header("accept-language") {
                Some(wanted) if wanted.trim_start().to_ascii_lowercase().starts_with("en") => Lang::En,
                _ => Lang::Zh,
            },
        }
    }
    /// Everything given by name: path, query and body. What stands in the path cannot be overruled.
    pub fn raw(&self) -> Raw {
        let mut raw = Raw { texts: self.query.clone(), files: self.body.files.clone() };
        raw.texts.extend(self.body.texts.clone());
        raw.texts.extend(self.params.clone());
        raw
    }
    /// The path with its query.
    pub fn whole_path(&self) -> String {
        if self.query_text.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query_text)
        }
    }
}

/// The body of a request, by its content type: a form, a form with files, or a flat JSON object.
pub async fn body(headers: &HeaderMap, bytes: Vec<u8>) -> Result<Raw, Refusal> {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if bytes.is_empty() {
        return Ok(Raw::default());
    }
    let too_large = || Refusal::new(Why::TooLarge, "请求内容过大", "the request is too large");
    if kind != "multipart/form-data" && bytes.len() > PLAIN_MAX {
        return Err(too_large());
    }
    let malformed = |zh: &str, en: &str| {
        Refusal::new(Why::Malformed, format!("请求内容：{zh}"), format!("the body: {en}"))
    };
    match kind.as_str() {
        "application/x-www-form-urlencoded" => {
            let text = std::str::from_utf8(&bytes).map_err(|_| malformed("不是 UTF-8", "is not UTF-8"))?;
            let texts = url::pairs(text).ok_or_else(|| malformed("编码有误", "is not a form"))?;
            if texts.len() > FIELDS_MAX {
                return Err(too_large());
            }
            Ok(Raw { texts, files: BTreeMap::new() })
        }
        "application/json" => json(&bytes),
        "multipart/form-data" => multipart(content_type, bytes).await,
        _ => Err(malformed("应为表单或 JSON", "must be a form or JSON (application/json)")),
    }
}

fn json(bytes: &[u8]) -> Result<Raw, Refusal> {
    use serde_json::Value as Json;
    let malformed = |what: String| {
        Refusal::new(
            Why::Malformed,
            format!("JSON 有误：{what}"),
            format!("the JSON cannot be taken: {what}"),
        )
    };
    let object: serde_json::Map<String, Json> =
        serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
    if object.len() > FIELDS_MAX {
        return Err(malformed("too many members".into()));
    }
    let mut raw = Raw::default();
    for (name, value) in object {
        let text = match value {
            Json::Null => continue,
            Json::String(text) => text,
            Json::Bool(yes) => yes.to_string(),
            // Figures with decimals are strings, so that no reader rounds them on the way.
            Json::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
            Json::Object(file) => {
                use base64::Engine as _;
                let (Some(Json::String(file_name)), Some(Json::String(content))) =
                    (file.get("name"), file.get("content"))
                else {
                    return Err(malformed(format!("{name}: a file is {{\"name\", \"content\" in base64}}")));
                };
                let bytes = base64::engine::general_purpose::STANDARD
                    .decode(content)
                    .map_err(|error| malformed(format!("{name}: {error}")))?;
                raw.files.insert(name, SentFile { name: file_name.chars().take(200).collect(), bytes });
                continue;
            }
            _ => {
                return Err(malformed(format!(
                    "{name}: a string, a whole number, true or false; decimals as strings"
                )));
            }
        };
        raw.texts.insert(name, text);
    }
    Ok(raw)
}

async fn multipart(content_type: &str, bytes: Vec<u8>) -> Result<Raw, Refusal> {
    let broken = |error: multer::Error| {
        Refusal::new(
            Why::Malformed,
            format!("表单有误：{error}"),
            format!("the form cannot be read: {error}"),
        )
    };
    let boundary = multer::parse_boundary(content_type).map_err(broken)?;
    let whole = futures_util::stream::once(async move { Ok::<_, std::convert::Infallible>(bytes) });
    let mut parts = multer::Multipart::new(whole, boundary);
    let mut raw = Raw::default();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let Some(name) = part.name().map(str::to_owned) else { continue };
        if raw.texts.len() + raw.files.len() > FIELDS_MAX {
            return Err(Refusal::new(Why::TooLarge, "字段过多", "too many fields"));
        }
        if let Some(file_name) = part.file_name().map(|name| name.chars().take(200).collect::<String>()) {
            let bytes = part.bytes().await.map_err(broken)?.to_vec();
            raw.files.insert(name, SentFile { name: file_name, bytes });
        } else {
            raw.texts.insert(name, part.text().await.map_err(broken)?);
        }
    }
    Ok(raw)
}
