//! Files of the pages: styles, scripts, all within the program.

use axum::http::HeaderMap;

use crate::frame::Answer;

/// The answer to `/assets/NAME`.
pub fn answer(path: &str, _headers: &HeaderMap) -> Answer {
    let _ = path;
    Answer::bytes(404, "text/plain; charset=utf-8", b"not found\n".to_vec())
}
