//! The pages: every file of `web/` inside the program, with the headers that keep it to itself.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// One file.
#[derive(Clone, Copy, Debug)]
struct Page {
    path: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

const HTML: &str = "text/html; charset=utf-8";

const JS: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! page {
    ($name:literal, $kind:expr) => {
        Page {
            path: concat!("/", $name),
            kind: $kind,
            bytes: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/web/", $name)),
        }
    };
}

/// Every file of `web/`. A test compares this table with the directory.
const PAGES: &[Page] = &[
    page!("cable.js", JS),
    page!("chat.js", JS),
    page!("classic.js", JS),
    page!("drive.js", JS),
    page!("events.js", JS),
    page!("hand.js", JS),
    page!("hud.js", JS),
    page!("icon.svg", SVG),
    page!("index.html", HTML),
    page!("keys.js", JS),
    page!("leaving.js", JS),
    page!("main.js", JS),
    page!("map.js", JS),
    page!("pad.js", JS),
    page!("seat.js", JS),
    page!("socket.js", JS),
    page!("speed.js", JS),
    page!("status.js", JS),
    page!("stick.js", JS),
    page!("stop.js", JS),
    page!("style.css", CSS),
    page!("toast.js", JS),
    page!("trust.css", CSS),
    page!("trust.html", HTML),
    page!("wake.js", JS),
];

/// Where the original served its client library, and which of our files answers there.
const CLASSIC: (&str, &str) = ("/socket.io/socket.io.js", "/classic.js");

/// Headers of every answer. Nothing from elsewhere is loaded, nothing is embedded elsewhere.
const HEADERS: [(&str, &str); 8] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "accelerometer=(self), gamepad=(self), gyroscope=(self), screen-wake-lock=(self), camera=(), geolocation=(), \
         microphone=(), payment=(), usb=()",
    ),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cache-control", "no-cache"),
];

/// Answers for every page, and 404 for the rest.
pub(super) fn pages() -> Router {
    PAGES
        .iter()
        .fold(Router::new(), |router, page| {
            // `/p` is where a scanned code leads; the page finds the code behind it.
            let names = if page.path == "/index.html" { vec!["/", "/p", page.path] } else { vec![page.path] };
            names.into_iter().fold(router, |router, name| {
                router.route(name, get(move |headers: HeaderMap| std::future::ready(answer(*page, &headers))))
            })
        })
        .fallback(|uri: Uri| std::future::ready(missing(uri.path())))
}

/// Answers for the client library of the original's pages. It belongs outside the Socket.IO layer,
/// which takes everything below `/socket.io/` for a session.
pub(super) fn classic() -> Router {
    let page = PAGES.iter().find(|page| page.path == CLASSIC.1);
    Router::new().route(
        CLASSIC.0,
        get(move |headers: HeaderMap| {
            std::future::ready(page.map_or_else(|| missing(CLASSIC.0), |page| answer(*page, &headers)))
        }),
    )
}

/// Adds the headers that every answer carries, unless it has its own.
pub(super) fn protect(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
}

fn answer(page: Page, asked: &HeaderMap) -> Response {
    let tag = format!("\"{:016x}\"", crc::Crc::<u64>::new(&crc::CRC_64_XZ).checksum(page.bytes));
    let known = asked.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let known = known.is_some_and(|tags| tags.split(',').any(|known| known.trim().trim_start_matches("W/") == tag));
    let (status, body) =
        if known { (StatusCode::NOT_MODIFIED, Body::empty()) } else { (StatusCode::OK, Body::from(page.bytes)) };
    (status, [(header::CONTENT_TYPE, page.kind.to_owned()), (header::ETAG, tag)], body).into_response()
}

fn missing(path: &str) -> Response {
    tracing::debug!(path, "asked for a page that does not exist");
    (StatusCode::NOT_FOUND, "no such page\n").into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn ask(router: Router, path: &str, tag: Option<&str>) -> Response {
        let mut request = Request::get(path);
        if let Some(tag) = tag {
            request = request.header(header::IF_NONE_MATCH, tag);
        }
        router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    /// Goal: a file that was added to `web/` is also served.
    #[test]
    fn every_file_of_web_is_a_page() {
        let mut files: Vec<_> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/web"))
            .unwrap()
            .map(|entry| format!("/{}", entry.unwrap().file_name().into_string().unwrap()))
            // Types are for whoever checks the scripts, not for browsers.
            .filter(|name| !name.ends_with(".d.ts"))
            .collect();
        files.sort();
        let mut pages: Vec<_> = PAGES.iter().map(|page| page.path.to_owned()).collect();
        pages.sort();
        assert_eq!(pages, files);
    }

    /// Goal: a page is loaded once and asked for again cheaply.
    #[tokio::test]
    async fn a_known_page_is_not_sent_again() {
        let first = ask(pages(), "/", None).await;
        assert_eq!(first.status(), 200);
        assert_eq!(first.headers()[header::CONTENT_TYPE], HTML);
        let tag = first.headers()[header::ETAG].to_str().unwrap();
        assert_eq!(ask(pages(), "/index.html", Some(tag)).await.status(), 304);
        assert_eq!(ask(pages(), "/index.html", Some("\"other\"")).await.status(), 200);
        assert_eq!(ask(pages(), "/absent.html", None).await.status(), 404);
    }

    /// Goal: no header is written over, and all are there.
    #[test]
    fn every_answer_is_protected() {
        let mut headers = HeaderMap::new();
        headers.insert("cache-control", HeaderValue::from_static("no-store"));
        protect(&mut headers);
        assert_eq!(headers.len(), HEADERS.len());
        assert_eq!(headers["cache-control"], "no-store");
    }
}
