//! An answer, with the headers that keep a browser from being turned against its user.

use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use kernel::{Bilingual as _, Lang};
use maud::Markup;
use serde_json::json;

use crate::catalogue::Refusal;
use crate::words;

/// What pages may load: their own scripts and styles, and nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'";

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Headers beside those that every answer has.
    pub headers: Vec<(&'static str, String)>,
    /// The content type.
    pub content_type: &'static str,
    /// The bytes.
    pub body: Vec<u8>,
}

impl Answer {
    /// A page.
    pub fn page(markup: Markup) -> Answer {
        Answer::bytes(200, "text/html; charset=utf-8", markup.into_string().into_bytes())
    }
    /// Bytes of a kind.
    pub fn bytes(status: u16, content_type: &'static str, body: Vec<u8>) -> Answer {
        Answer { status, headers: Vec::new(), content_type, body }
    }
    /// JSON.
    pub fn json(status: u16, value: &serde_json::Value) -> Answer {
        Answer::bytes(status, "application/json", value.to_string().into_bytes())
    }
    /// Sends the browser on, with GET.
    pub fn see(path: &str) -> Answer {
        let path = if super::url::is_local(path) { path } else { "/" };
        Answer::bytes(303, "text/plain; charset=utf-8", Vec::new()).with("location", path)
    }
    /// A file to take away.
    pub fn file(name: &str, content_type: &'static str, body: Vec<u8>) -> Answer {
        let plain: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' })
            .collect();
        let disposition =
            format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", super::url::encode(name));
        Answer::bytes(200, content_type, body).with("content-disposition", disposition)
    }
    /// A problem for programs (RFC 9457).
    pub fn problem(refusal: &Refusal, lang: Lang, request_id: &str) -> Answer {
        let mut problem = json!({
            "type": format!("urn:zhangfang:problem:{}", refusal.why.code()),
            "title": words::say(lang, &format!("problem.{}", refusal.why.code())),
            "status": refusal.why.status(),
            "detail": refusal.said.text(lang),
            "instance": format!("urn:zhangfang:request:{request_id}"),
        });
        if !refusal.fields.is_empty() {
            problem["errors"] = refusal
                .fields
                .iter()
                .map(|(name, why)| json!({ "field": name, "detail": why.text(lang) }))
                .collect();
        }
        if let Some(permission) = &refusal.permission {
            problem["permission"] = json!(permission);
        }
        let body = problem.to_string().into_bytes();
        Answer::bytes(refusal.why.status(), "application/problem+json", body).for_refusal(refusal)
    }
    /// The headers that a status asks for.
    pub fn for_refusal(self, refusal: &Refusal) -> Answer {
        match refusal.why.status() {
            401 => self.with("www-authenticate", "Bearer realm=\"zhangfang\""),
            429 => self.with("retry-after", "30"),
            503 => self.with("retry-after", "1"),
            _ => self,
        }
    }
    /// With one more header.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Answer {
        self.headers.push((name, value.into()));
        self
    }
    /// With a cookie that scripts cannot read.
    pub fn cookie(self, name: &str, value: &str, seconds: i64, secure: bool) -> Answer {
        let secure = if secure { "; Secure" } else { "" };
        self.with(
            "set-cookie",
            format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"),
        )
    }
    /// As the server sends it.
    pub fn into_response(self, request_id: &str) -> Response<axum::body::Body> {
        let mut response = Response::new(axum::body::Body::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        let fixed = [
            ("content-security-policy", POLICY),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
        ];
        for (name, value) in fixed {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if !self.headers.iter().any(|(name, _)| *name == "cache-control") {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if let Ok(value) = HeaderValue::from_str(request_id) {
            headers.insert("x-request-id", value);
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.append(HeaderName::from_static(name), value);
            }
        }
        response
    }
}
