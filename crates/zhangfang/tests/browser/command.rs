//! What Chromium's driver can do beyond the standard: its log, whole screenshots, authenticators.

use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value as Json, json};

/// A command under the session's address.
#[derive(Debug)]
pub struct Extra {
    method: http::Method,
    path: String,
    body: Json,
}

impl Extra {
    fn post(path: &str, body: Json) -> Extra {
        Extra { method: http::Method::POST, path: path.to_owned(), body }
    }
    /// What the browser logged since it was last asked: errors of scripts, breaches of the policy, failed loads.
    pub fn log() -> Extra {
        Extra::post("se/log", json!({ "type": "browser" }))
    }
    /// A command of the developer tools.
    pub fn tools(command: &str, params: &Json) -> Extra {
        Extra::post("goog/cdp/execute", json!({ "cmd": command, "params": params }))
    }
    /// A passkey in the browser's pocket.
    pub fn authenticator() -> Extra {
        let kind = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
            "hasUserVerification": true, "isUserVerified": true,
        });
        Extra::post("webauthn/authenticator", kind)
    }
    /// Takes every passkey out of an authenticator: it knows none of those that are asked for.
    pub fn forget(authenticator: &str) -> Extra {
        let path = format!("webauthn/authenticator/{authenticator}/credentials");
        Extra { method: http::Method::DELETE, path, body: Json::Null }
    }
    /// Does the authenticator find that it is its owner who touches it?
    pub fn verifies(authenticator: &str, yes: bool) -> Extra {
        Extra::post(&format!("webauthn/authenticator/{authenticator}/uv"), json!({ "isUserVerified": yes }))
    }
    /// The passkeys in an authenticator.
    pub fn credentials(authenticator: &str) -> Extra {
        let path = format!("webauthn/authenticator/{authenticator}/credentials");
        Extra { method: http::Method::GET, path, body: Json::Null }
    }
    /// Puts a passkey into an authenticator.
    pub fn put(authenticator: &str, credential: &Json) -> Extra {
        Extra::post(&format!("webauthn/authenticator/{authenticator}/credential"), credential.clone())
    }
}

impl WebDriverCompatibleCommand for Extra {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }
    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        let body = (self.method == http::Method::POST).then(|| self.body.to_string());
        (self.method.clone(), body)
    }
}
