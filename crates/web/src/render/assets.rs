//! The files that every browser fetches once: styles, scripts, the mark. Embedded in the program, named by their content.

use std::io::Write as _;
use std::sync::OnceLock;

use axum::http::HeaderMap;
use sha2::{Digest as _, Sha256};

use crate::frame::Answer;

/// Name, content type, bytes.
type Embedded = (&'static str, &'static str, &'static [u8]);

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";
const TEXT: &str = "text/plain; charset=utf-8";

/// Name, the file or files it is joined of, content type.
macro_rules! embedded {
    ($($name:literal $($path:literal)+ $kind:ident;)+) => {
        &[$(($name, $kind, concat!($(include_str!(concat!("../../assets/", $path))),+).as_bytes())),+]
    };
}

const EMBEDDED: &[Embedded] = embedded! {
    "style.css" "style/tokens.css" "style/base.css" "style/shell.css" "style/controls.css" "style/data.css"
        "style/places.css" "style/media.css" CSS;
    "theme.js" "theme.js" JS;
    "app.js" "app.js" JS;
    "charts.js" "charts.js" JS;
    "review.css" "review.css" CSS;
    "review.js" "review.js" JS;
    "passkey.js" "passkey.js" JS;
    "reading-grid.js" "reading-grid.js" JS;
    "reading-grid.css" "reading-grid.css" CSS;
    "mark.svg" "mark.svg" SVG;
    "htmx.js" "vendor/htmx-2.0.11.min.js" JS;
    "echarts.js" "vendor/echarts-6.1.0.common.min.js" JS;
    "LICENSE-htmx.txt" "vendor/LICENSE-htmx" TEXT;
    "LICENSE-echarts.txt" "vendor/LICENSE-echarts" TEXT;
    "NOTICE-echarts.txt" "vendor/NOTICE-echarts" TEXT;
    "LICENSE-echarts-d3.txt" "vendor/LICENSE-echarts-d3" TEXT;
};

/// One file of the pages.
#[derive(Debug)]
pub struct Asset {
    /// Its name under `/assets/`.
    pub name: &'static str,
    /// Its content type.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
    /// Its bytes compressed; empty when that saves nothing.
    pub gzip: Vec<u8>,
    /// The first 16 hexadecimal digits of its SHA-256: part of its address, and its tag.
    pub hash: String,
    /// The address that a page names.
    pub href: String,
}

/// Every file, compressed at the first use.
pub fn all() -> &'static [Asset] {
    static ASSETS: OnceLock<Vec<Asset>> = OnceLock::new();
    ASSETS.get_or_init(|| EMBEDDED.iter().map(asset).collect())
}

fn asset(&(name, content_type, bytes): &Embedded) -> Asset {
    let hash: String = Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    // Writing to memory cannot fail; if it did, the file would go out as it is.
    let gzip = encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default();
    let gzip = if gzip.len() < bytes.len() { gzip } else { Vec::new() };
    let href = format!("/assets/{hash}/{name}");
    Asset { name, content_type, bytes, gzip, hash, href }
}

/// The file with this name.
pub fn find(name: &str) -> Option<&'static Asset> {
    all().iter().find(|asset| asset.name == name)
}

/// The address of a file, with its content in it.
pub(crate) fn href(name: &str) -> &'static str {
    find(name).map_or("", |asset| &asset.href)
}

/// The answer to a request for `/assets/HASH/NAME` or `/assets/NAME`.
pub fn answer(path: &str, asked: &HeaderMap) -> Answer {
    let rest = path.trim_start_matches("/assets/");
    let (hash, name) = rest.split_once('/').unwrap_or(("", rest));
    let Some(asset) = find(name) else {
        return Answer::bytes(404, TEXT, b"not found\n".to_vec());
    };
    let tag = format!("\"{}\"", asset.hash);
    let header = |name: &str| asked.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let known = header("if-none-match").split(',').any(|held| held.trim().trim_start_matches("W/") == tag);
    // Only an address that names this very content may be kept for ever.
    let keep = if hash == asset.hash { "public, max-age=31536000, immutable" } else { "no-cache" };
    let answered = |status, body| {
        Answer::bytes(status, asset.content_type, body)
            .with("cache-control", keep)
            .with("vary", "accept-encoding")
            .with("etag", tag.clone())
    };
    if known {
        answered(304, Vec::new())
    } else if !asset.gzip.is_empty() && takes_gzip(header("accept-encoding")) {
        answered(200, asset.gzip.clone()).with("content-encoding", "gzip")
    } else {
        answered(200, asset.bytes.to_vec())
    }
}

/// Does this `Accept-Encoding` take gzip? A weight of nought refuses it.
fn takes_gzip(accepted: &str) -> bool {
    accepted.split(',').any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let refused = parts.any(|part| {
            part.strip_prefix("q=").is_some_and(|weight| weight.chars().all(|c| matches!(c, '0' | '.')))
        });
        (name.eq_ignore_ascii_case("gzip") || name == "*") && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Vendored {
        package: Vec<Package>,
    }
    #[derive(serde::Deserialize)]
    struct Package {
        name: String,
        version: String,
        licence: String,
        file: Vec<File>,
    }
    #[derive(serde::Deserialize)]
    struct File {
        name: String,
        sha256: String,
    }

    fn folder() -> std::path::PathBuf {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/vendor")
    }

    fn hex(bytes: &[u8]) -> String {
        Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Scripts by others are exactly what their pages in `VENDORED.toml` say, each with a licence, and there is no other.
    #[test]
    fn vendored_files_are_what_they_claim_to_be() {
        let list =
            std::fs::read_to_string(folder().join("VENDORED.toml")).expect("the list of vendored files");
        let list: Vendored = toml::from_str(&list).expect("a list");
        let mut listed = vec!["VENDORED.toml".to_owned()];
        for package in list.package {
            assert!(matches!(package.licence.as_str(), "0BSD" | "Apache-2.0" | "MIT"), "{}", package.name);
            assert!(package.version.split('.').count() == 3, "{} {}", package.name, package.version);
            assert!(package.file.iter().any(|file| file.name.starts_with("LICENSE")), "{}", package.name);
            for file in package.file {
                let bytes = std::fs::read(folder().join(&file.name)).expect("a listed file");
                assert_eq!(hex(&bytes), file.sha256, "{}", file.name);
                listed.push(file.name);
            }
        }
        for entry in std::fs::read_dir(folder()).expect("the folder") {
            let name = entry.expect("a file").file_name().to_string_lossy().into_owned();
            assert!(listed.contains(&name), "{name} is not listed in VENDORED.toml");
        }
    }

    fn sent(answer: &Answer, name: &str) -> String {
        answer
            .headers
            .iter()
            .find(|(held, _)| *held == name)
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    }

    fn asking(name: &'static str, value: &str) -> HeaderMap {
        let mut asked = HeaderMap::new();
        asked.insert(name, value.parse().expect("a header"));
        asked
    }

    /// A file goes out once: compressed for who takes it, kept for ever under its own hash, not at all when known.
    #[test]
    fn a_file_is_sent_once() {
        let style = find("style.css").expect("the style");
        let parts = std::fs::read_dir(folder().join("../style")).expect("its parts");
        let length = |part: std::fs::DirEntry| part.metadata().expect("a part").len();
        let joined: u64 = parts.map(|part| length(part.expect("a part"))).sum();
        assert_eq!(style.bytes.len() as u64, joined, "every part of the style is in it");
        let packed = answer(&style.href, &asking("accept-encoding", "br, gzip;q=0.8"));
        assert_eq!(sent(&packed, "content-encoding"), "gzip");
        assert!(packed.body.len() * 3 < style.bytes.len());
        assert!(sent(&packed, "cache-control").contains("immutable"));
        assert_eq!(sent(&answer("/assets/00/style.css", &HeaderMap::new()), "cache-control"), "no-cache");
        let plain = answer("/assets/style.css", &asking("accept-encoding", "gzip;q=0"));
        assert_eq!((sent(&plain, "content-encoding").as_str(), plain.body.as_slice()), ("", style.bytes));
        let known = answer(&style.href, &asking("if-none-match", &format!("\"{}\"", style.hash)));
        assert_eq!((known.status, known.body.len()), (304, 0));
        assert_eq!(answer("/assets/../Cargo.toml", &HeaderMap::new()).status, 404);
    }
}
