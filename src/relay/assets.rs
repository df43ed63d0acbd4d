//! The pages: every file of `web/` inside the program, with the headers that keep it to itself.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// One file, as it is and as `build.rs` has packed it.
#[derive(Clone, Copy, Debug)]
struct Page {
    path: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
    packed: &'static [u8],
    tag: &'static str,
}

/// One way in which a file goes over the wire, and the tag by which a browser knows it again.
#[derive(Clone, Debug)]
struct Form {
    bytes: Bytes,
    tag: String,
}

/// A file as it is answered.
#[derive(Clone, Debug)]
struct Served {
    kind: &'static str,
    plain: Form,
    /// None for what gains nothing by it, such as pictures that are packed already.
    packed: Option<Form>,
}

const HTML: &str = "text/html; charset=utf-8";

const JS: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";
const PNG: &str = "image/png";
const MANIFEST: &str = "application/manifest+json";

macro_rules! page {
    ($name:literal, $kind:expr) => {
        Page {
            path: concat!("/", $name),
            kind: $kind,
            bytes: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/web/", $name)),
            packed: include_bytes!(concat!(env!("OUT_DIR"), "/web/", $name, ".gz")),
            tag: include_str!(concat!(env!("OUT_DIR"), "/web/", $name, ".tag")),
        }
    };
}

/// Every file of `web/`. A test compares this table with the directory.
const PAGES: &[Page] = &[
    page!("access-panel.js", JS),
    page!("access.js", JS),
    page!("buzz.js", JS),
    page!("calibrate-panel.js", JS),
    page!("calibrate-words.js", JS),
    page!("calibrate.css", CSS),
    page!("calibrate.js", JS),
    page!("chain.js", JS),
    page!("chat.js", JS),
    page!("classic.js", JS),
    page!("details-words.js", JS),
    page!("details.js", JS),
    page!("device.js", JS),
    page!("drive.js", JS),
    page!("early.js", JS),
    page!("events.js", JS),
    page!("findings.js", JS),
    page!("fleet.js", JS),
    page!("full-screen.js", JS),
    page!("gamepad-poll.js", JS),
    page!("gamepad.js", JS),
    page!("gap.js", JS),
    page!("hold-button.js", JS),
    page!("hud.js", JS),
    page!("icon-180.png", PNG),
    page!("icon-192.png", PNG),
    page!("icon-512.png", PNG),
    page!("icon-maskable.svg", SVG),
    page!("icon.svg", SVG),
    page!("index.html", HTML),
    page!("journal-entry.js", JS),
    page!("journal-panel.js", JS),
    page!("journal-words.js", JS),
    page!("journal.css", CSS),
    page!("keys.js", JS),
    page!("leaving.js", JS),
    page!("log.js", JS),
    page!("main.js", JS),
    page!("manifest.webmanifest", MANIFEST),
    page!("map.js", JS),
    page!("memory.js", JS),
    page!("pad.js", JS),
    page!("pair-screen.js", JS),
    page!("pair.js", JS),
    page!("qr.js", JS),
    page!("ramp.js", JS),
    page!("reason.js", JS),
    page!("recordings.js", JS),
    page!("reset-button.js", JS),
    page!("robot-row.js", JS),
    page!("robots-panel.js", JS),
    page!("robots-words.js", JS),
    page!("robots.css", CSS),
    page!("seat.js", JS),
    page!("settings-sheet.js", JS),
    page!("settings.js", JS),
    page!("shaping.js", JS),
    page!("sheet.js", JS),
    page!("socket.js", JS),
    page!("speed.js", JS),
    page!("status.js", JS),
    page!("stick.js", JS),
    page!("stop-all.js", JS),
    page!("stop.js", JS),
    page!("style.css", CSS),
    page!("talk.js", JS),
    page!("thumbs.js", JS),
    page!("tilt-pad.js", JS),
    page!("tilt.js", JS),
    page!("toast.js", JS),
    page!("trust.css", CSS),
    page!("trust.html", HTML),
    page!("wake.js", JS),
    page!("when.js", JS),
    page!("words-de.js", JS),
    page!("words-en.js", JS),
    page!("words.js", JS),
];

/// Other names of `/index.html`. A QR code leads to `/p#CODE`: the page reads the code, the relay never sees it.
const INDEX: [&str; 2] = ["/", "/p"];

/// Where the original served its client library, and which of our files answers there.
const CLASSIC: ([&str; 2], &str) = (["/socket.io/socket.io.js", "/socket.io/socket.io.min.js"], "/classic.js");

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
            let more: &[&str] = if page.path == "/index.html" { &INDEX } else { &[] };
            let served = Served::new(page);
            more.iter().chain([&page.path]).fold(router, |router, name| answering(router, name, served.clone()))
        })
        .fallback(|uri: Uri| std::future::ready(missing(uri.path())))
}

/// Answers for the client library of the original's pages. It belongs outside the Socket.IO layer,
/// which takes everything below `/socket.io/` for a session.
pub(super) fn classic() -> Router {
    let page = PAGES.iter().find(|page| page.path == CLASSIC.1);
    let routes =
        |page: &Page| CLASSIC.0.iter().fold(Router::new(), |router, name| answering(router, name, Served::new(page)));
    page.map_or_else(Router::new, routes)
}

fn answering(router: Router, name: &str, served: Served) -> Router {
    router.route(name, get(move |headers: HeaderMap| std::future::ready(served.answer(&headers))))
}

/// Adds the headers that every answer carries, unless it has its own.
pub(super) fn protect(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
}

impl Served {
    fn new(page: &Page) -> Self {
        let tag = page.tag;
        let plain = Form { bytes: Bytes::from_static(page.bytes), tag: format!("\"{tag}\"") };
        let gains = page.packed.len() < page.bytes.len() && page.kind != PNG;
        let packed = || Form { bytes: Bytes::from_static(page.packed), tag: format!("\"{tag}-gzip\"") };
        Self { kind: page.kind, plain, packed: gains.then(packed) }
    }

    fn answer(&self, asked: &HeaderMap) -> Response {
        let packed = self.packed.as_ref().filter(|_| takes_gzip(asked));
        let form = packed.unwrap_or(&self.plain);
        let known = asked.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
        let known =
            known.is_some_and(|tags| tags.split(',').any(|known| known.trim().trim_start_matches("W/") == form.tag));
        let (status, body) = if known {
            (StatusCode::NOT_MODIFIED, Body::empty())
        } else {
            (StatusCode::OK, Body::from(form.bytes.clone()))
        };
        let mut response =
            (status, [(header::CONTENT_TYPE, self.kind.to_owned()), (header::ETAG, form.tag.clone())], body)
                .into_response();
        let headers = response.headers_mut();
        // Whatever keeps an answer must not hand the packed one to someone who cannot open it.
        if self.packed.is_some() {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if packed.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

/// Whether the browser opens gzip. A weight of zero means no (RFC 9110, 12.5.3).
fn takes_gzip(asked: &HeaderMap) -> bool {
    let lines = asked.get_all(header::ACCEPT_ENCODING);
    let weight = |wanted: &str| {
        lines.iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).find_map(|choice| {
            let mut parts = choice.split(';').map(str::trim);
            let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(wanted));
            let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
            named.then(|| weight.is_none_or(|weight| weight.parse().is_ok_and(|weight: f32| weight > 0.0)))
        })
    };
    weight("gzip").or_else(|| weight("*")).unwrap_or(false)
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

    /// Goal: the address in a QR code leads to the page.
    #[tokio::test]
    async fn the_page_has_the_name_that_qr_codes_carry() {
        let page = ask(pages(), "/p", None).await;
        assert_eq!(page.status(), 200);
        assert_eq!(page.headers()[header::ETAG], ask(pages(), "/", None).await.headers()[header::ETAG]);
    }

    async fn encoded(path: &str, accepted: &str, tag: &str) -> Response {
        let request = Request::get(path).header(header::ACCEPT_ENCODING, accepted).header(header::IF_NONE_MATCH, tag);
        pages().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    /// Goal: a phone on a poor network is sent a third of the bytes, and they are the same page.
    #[tokio::test]
    async fn text_goes_out_packed_to_whoever_opens_it() {
        let packed = encoded("/style.css", "br, gzip;q=0.8", "").await;
        assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip");
        assert_eq!(packed.headers()[header::VARY], "accept-encoding");
        let sent = axum::body::to_bytes(packed.into_body(), usize::MAX).await.unwrap();
        let page = PAGES.iter().find(|page| page.path == "/style.css").unwrap();
        assert!(sent.len() * 2 < page.bytes.len(), "{} of {} bytes", sent.len(), page.bytes.len());
        let mut opened = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&sent[..]), &mut opened).unwrap();
        assert_eq!(opened, page.bytes);
    }

    /// Goal: who does not ask for gzip, or refuses it, is not sent it; a known page is known in its own form only.
    #[tokio::test]
    async fn the_plain_form_is_there_for_everyone_else() {
        for accepted in ["", "br", "gzip;q=0", "*;q=0", "gzip;q=0.000, *"] {
            let plain = encoded("/style.css", accepted, "").await;
            assert!(!plain.headers().contains_key(header::CONTENT_ENCODING), "{accepted}");
            assert_eq!(plain.headers()[header::VARY], "accept-encoding");
        }
        for accepted in ["gzip", "GZIP", "*", "deflate, gzip;q=1.0"] {
            let packed = encoded("/style.css", accepted, "").await;
            assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip", "{accepted}");
            let tag = packed.headers()[header::ETAG].to_str().unwrap();
            assert_eq!(encoded("/style.css", accepted, tag).await.status(), 304);
            assert_eq!(encoded("/style.css", "", tag).await.status(), 200);
        }
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
