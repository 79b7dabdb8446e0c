//! What is counted, in the text form that Prometheus reads.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;

/// Upper bounds of the time classes, in microseconds.
const CLASSES: [u64; 12] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000,
];

#[derive(Debug, Default, Clone)]
struct Times {
    classes: [u64; CLASSES.len()],
    count: u64,
    micros: u64,
}

/// Requests by route and status, with their times.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: Mutex<BTreeMap<(String, u16), Times>>,
}

impl Metrics {
    /// Counts a request.
    pub fn count(&self, route: &str, status: u16, micros: u64) {
        let mut requests = self.requests.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let times = requests.entry((route.to_owned(), status)).or_default();
        times.count += 1;
        times.micros = times.micros.saturating_add(micros);
        if let Some(at) = CLASSES.iter().position(|most| micros <= *most) {
            times.classes[at] += 1;
        }
    }
    /// The text.
    pub fn text(&self) -> String {
        let requests = self.requests.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut text = String::from(
            "# HELP zhangfang_http_request_seconds Time from the whole request to its answer.\n\
             # TYPE zhangfang_http_request_seconds histogram\n",
        );
        for ((route, status), times) in requests.iter() {
            let labels = format!("route=\"{route}\",status=\"{status}\"");
            let mut so_far = 0;
            for (most, count) in CLASSES.iter().zip(times.classes) {
                so_far += count;
                // Writing to a string cannot fail.
                let _ = writeln!(
                    text,
                    "zhangfang_http_request_seconds_bucket{{{labels},le=\"{}\"}} {so_far}",
                    seconds(*most)
                );
            }
            let _ = writeln!(
                text,
                "zhangfang_http_request_seconds_bucket{{{labels},le=\"+Inf\"}} {count}\n\
                 zhangfang_http_request_seconds_sum{{{labels}}} {sum}\n\
                 zhangfang_http_request_seconds_count{{{labels}}} {count}",
                count = times.count,
                sum = seconds(times.micros),
            );
        }
        text
    }
}

/// Microseconds as seconds, exactly.
fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}
