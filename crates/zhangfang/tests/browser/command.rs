//! What Chromium's driver can do beyond the standard: its log, whole screenshots, authenticators.

use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value as Json, json};

/// A command under the session's address.
#[derive(Debug)]
pub struct Extra {
    path: &'static str,
    body: Json,
}

impl Extra {
    /// What the browser logged since it was last asked: errors of scripts, breaches of the policy, failed loads.
    pub fn log() -> Extra {
        Extra { path: "se/log", body: json!({ "type": "browser" }) }
    }
    /// A command of the developer tools.
    pub fn tools(command: &str, params: &Json) -> Extra {
        Extra { path: "goog/cdp/execute", body: json!({ "cmd": command, "params": params }) }
    }
    /// A passkey in the browser's pocket.
    pub fn authenticator() -> Extra {
        Extra {
            path: "webauthn/authenticator",
            body: json!({
                "protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
                "hasUserVerification": true, "isUserVerified": true,
            }),
        }
    }
}

impl WebDriverCompatibleCommand for Extra {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }
    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}
