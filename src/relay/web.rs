//! Pages that the user brings: a folder as it is on disk at this moment, for everyone who was let in.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, Version, header};
use axum::response::{IntoResponse, Redirect, Response};
use percent_encoding::percent_decode_str;
use tokio::task::spawn_blocking;
use tower::{Layer, ServiceExt};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};
use tower_http::services::ServeDir;

use super::auth::{Refusal, Visitor};

/// Where our own page is when the user's are at the root.
pub(super) const OURS: &str = "/joywire/";
/// Shorter files gain nothing by being packed, bytes.
const SHORT: u64 = 256;
/// Packing longer ones would hold up the thread that drives, bytes.
const LONG: u64 = 1 << 20;

/// What the user's pages may do beyond what ours do: whatever they like, except being embedded elsewhere. They are trusted
/// like the program that serves them.
const HEADERS: [(&str, &str); 2] = [
    ("content-security-policy", "frame-ancestors 'none'"),
    ("permissions-policy", "accelerometer=(self), camera=(self), gamepad=(self), gyroscope=(self), microphone=(self)"),
];

/// Answers with the files of a folder, and with `ours` below [`OURS`].
pub(super) fn pages(folder: &Path, ours: Router) -> Router {
    let folder = Folder { root: folder.to_owned() };
    Router::new().fallback(move |request: Request| {
        let (folder, ours) = (folder.clone(), ours.clone());
        async move { answer(folder, ours, request).await }
    })
}

/// A folder whose files are served.
#[derive(Clone, Debug)]
struct Folder {
    root: PathBuf,
}

async fn answer(folder: Folder, ours: Router, mut request: Request) -> Response {
    let path = request.uri().path();
    if let Some(rest) = path.strip_prefix(OURS) {
        let inside = format!("/{rest}");
        *request.uri_mut() = inside.parse::<PathAndQuery>().map(Uri::from).unwrap_or_default();
        return ours.oneshot(request).await.into_response();
    }
    // A browser keeps what follows the # of a scanned code when it is sent on.
    if path == "/p" || path == OURS.trim_end_matches('/') {
        let query = request.uri().query().map_or_else(String::new, |query| format!("?{query}"));
        let rest = path.trim_start_matches("/joywire").trim_start_matches('/');
        return Redirect::to(&format!("{OURS}{rest}{query}")).into_response();
    }
    let root = path == "/";
    if request.extensions().get::<Visitor>().is_none() {
        return if root { Redirect::to(OURS).into_response() } else { stranger() };
    }
    let response = folder.file(request).await;
    if root && response.status() == StatusCode::NOT_FOUND { Redirect::to(OURS).into_response() } else { response }
}

fn stranger() -> Response {
    (StatusCode::FORBIDDEN, format!("{}\n", Refusal::Stranger)).into_response()
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, "no such page\n").into_response()
}

impl Folder {
    async fn file(self, request: Request) -> Response {
        let Some(path) = self.inside(request.uri().path()) else { return missing() };
        let root = self.root.clone();
        // Links may lead out of the folder; what is there is nobody's business.
        let leads_out = spawn_blocking(move || path.canonicalize().is_ok_and(|path| !path.starts_with(&root))).await;
        if leads_out.unwrap_or(true) {
            return missing();
        }
        let files = ServeDir::new(&self.root).append_index_html_on_directories(true);
        let packed =
            CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(SizeAbove::new(SHORT).and(gains));
        let mut response = match packed.layer(files).oneshot(request).await {
            Ok(response) => response.map(Body::new),
            Err(never) => match never {},
        };
        if response.status() == StatusCode::NOT_FOUND {
            return missing();
        }
        describe(response.headers_mut());
        response
    }

    /// The file that a path names, if it is one that may be served: nothing hidden, nothing outside.
    fn inside(&self, path: &str) -> Option<PathBuf> {
        let path = percent_decode_str(path).decode_utf8().ok()?;
        // A folder is answered with the way to it, and a browser takes what begins so for another machine.
        if path.starts_with("//") {
            return None;
        }
        let mut file = self.root.clone();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            let hidden = part.starts_with('.') && part != ".well-known";
            if hidden || part.contains(['\\', '\0']) || part.contains(std::path::is_separator) {
                return None;
            }
            file.push(part);
        }
        Some(file)
    }
}

/// Whether a file becomes smaller by packing, and soon enough.
fn gains(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let told = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let kind = told(header::CONTENT_TYPE);
    let text =
        kind.starts_with("text/") || ["javascript", "json", "xml", "wasm"].iter().any(|word| kind.contains(word));
    text && told(header::CONTENT_LENGTH).parse().is_ok_and(|length: u64| length <= LONG)
}

/// What the library leaves open: the letters of a text, and that a packed form is another one.
fn describe(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if (kind.starts_with("text/") || kind.contains("javascript"))
        && !kind.contains("charset")
        && let Ok(told) = HeaderValue::try_from(format!("{kind}; charset=utf-8"))
    {
        headers.insert(header::CONTENT_TYPE, told);
    }
    let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok()).unwrap_or_default();
    if headers.contains_key(header::CONTENT_ENCODING)
        && tag.starts_with('"')
        && let Ok(weak) = HeaderValue::try_from(format!("W/{tag}"))
    {
        headers.insert(header::ETAG, weak);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;

    use axum::routing::get;
    use flate2::read::GzDecoder;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::protocol::events::Role;
    use crate::relay::deadline::Wide;

    /// A folder with some pages, and who asks for them.
    struct House {
        home: tempfile::TempDir,
    }

    impl House {
        fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            let web = home.path().join("web");
            fs::create_dir_all(web.join("more")).unwrap();
            fs::write(web.join("index.html"), "<h1>Grüße</h1>").unwrap();
            fs::write(web.join("more/index.html"), "more").unwrap();
            fs::write(web.join("a b.js"), "let a = 1;\n".repeat(1000)).unwrap();
            fs::write(web.join("photo.png"), [7; 5000]).unwrap();
            fs::write(web.join(".env"), "secret").unwrap();
            fs::write(home.path().join("secret.txt"), "secret").unwrap();
            Self { home }
        }

        async fn ask(&self, path: &str, lines: &[(HeaderName, &str)], known: bool) -> Response {
            let ours = Router::new().route("/", get(|| async { "ours" })).route("/p", get(|| async { "the door" }));
            let root = self.home.path().join("web").canonicalize().unwrap();
            let mut request = Request::get(path);
            for (name, value) in lines {
                request = request.header(name, *value);
            }
            if known {
                let address = [192, 0, 2, 1].into();
                let line = CancellationToken::new();
                request = request.extension(Visitor {
                    address,
                    role: Role::Driver,
                    device: None,
                    line,
                    wide: Wide::default(),
                });
            }
            pages(&root, ours).oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
        }

        async fn get(&self, path: &str) -> (u16, String) {
            let response = self.ask(path, &[], true).await;
            (response.status().as_u16(), text(response).await)
        }
    }

    async fn bytes(response: Response) -> Vec<u8> {
        axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()
    }

    async fn text(response: Response) -> String {
        String::from_utf8_lossy(&bytes(response).await).into_owned()
    }

    fn told(response: &Response, name: HeaderName) -> String {
        response.headers().get(name).map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
    }

    /// Goal: a folder is what its author sees, and a change counts at once.
    #[tokio::test]
    async fn files_are_served_as_they_are_now() {
        let house = House::new();
        let index = house.ask("/", &[], true).await;
        assert_eq!(told(&index, header::CONTENT_TYPE), "text/html; charset=utf-8");
        assert_eq!(text(index).await, "<h1>Grüße</h1>");
        assert_eq!(house.get("/more/").await, (200, "more".to_owned()));
        let more = house.ask("/more", &[], true).await;
        assert_eq!((more.status().as_u16(), told(&more, header::LOCATION).as_str()), (307, "/more/"));
        assert!(house.get("/a%20b.js").await.1.starts_with("let a"));
        assert_eq!(told(&house.ask("/photo.png", &[], true).await, header::CONTENT_TYPE), "image/png");
        fs::write(house.home.path().join("web/index.html"), "new").unwrap();
        assert_eq!(house.get("/").await, (200, "new".to_owned()));
        assert_eq!(house.get("/absent.html").await.0, 404);
    }

    /// Goal: nothing outside the folder is served, nothing hidden, whatever the address.
    #[tokio::test]
    async fn nothing_else_is_served() {
        let house = House::new();
        #[cfg(unix)]
        std::os::unix::fs::symlink("../secret.txt", house.home.path().join("web/link.txt")).unwrap();
        for path in [
            "/../secret.txt",
            "/%2e%2e/secret.txt",
            "/..%2fsecret.txt",
            "/more/..%2F..%2fsecret.txt",
            "/..%5csecret.txt",
            "/more/../../secret.txt",
            "//../secret.txt",
            "//more",
            "/link.txt",
            "/.env",
            "/%2eenv",
            "/a%00",
            "/%ff",
        ] {
            let (status, said) = house.get(path).await;
            assert!(status == 404 && !said.contains("secret"), "{path}: {status} {said}");
        }
    }

    /// Goal: a large file is loaded once, in parts if that is wanted, and packed where that helps.
    #[tokio::test]
    async fn files_are_known_again_and_packed() {
        let house = House::new();
        let whole = house.ask("/a%20b.js", &[], true).await;
        let tag = told(&whole, header::ETAG);
        let plain = bytes(whole).await;
        let part = house.ask("/a%20b.js", &[(header::RANGE, "bytes=4-6")], true).await;
        assert_eq!((part.status().as_u16(), told(&part, header::CONTENT_RANGE)), (206, "bytes 4-6/11000".to_owned()));
        assert_eq!(bytes(part).await, &plain[4..7]);
        let gzip = (header::ACCEPT_ENCODING, "gzip");
        let packed = house.ask("/a%20b.js", std::slice::from_ref(&gzip), true).await;
        assert_eq!(told(&packed, header::CONTENT_ENCODING), "gzip");
        let weak = told(&packed, header::ETAG);
        assert!(weak == format!("W/{tag}"), "{weak} is another form of {tag}");
        let mut opened = Vec::new();
        GzDecoder::new(&bytes(packed).await[..]).read_to_end(&mut opened).unwrap();
        assert_eq!(opened, plain);
        for known in [tag.as_str(), weak.as_str()] {
            let lines = [gzip.clone(), (header::IF_NONE_MATCH, known)];
            assert_eq!(house.ask("/a%20b.js", &lines, true).await.status(), 304);
        }
        let photo = house.ask("/photo.png", &[gzip], true).await;
        assert_eq!(told(&photo, header::CONTENT_ENCODING), "");
    }

    /// Goal: who was not let in finds the door, and no page of the user's.
    #[tokio::test]
    async fn strangers_find_the_door_only() {
        let house = House::new();
        for (path, place) in [("/", "/joywire/"), ("/p", "/joywire/p"), ("/joywire?robot=Red", "/joywire/?robot=Red")] {
            let sent = house.ask(path, &[], false).await;
            assert_eq!((sent.status().as_u16(), told(&sent, header::LOCATION).as_str()), (303, place), "{path}");
        }
        assert_eq!(text(house.ask("/joywire/p", &[], false).await).await, "the door");
        for path in ["/index.html", "/a%20b.js", "/more/"] {
            assert_eq!(house.ask(path, &[], false).await.status(), 403, "{path}");
        }
    }

    /// Goal: our own page is where it is said to be, and at the root as long as there is no other.
    #[tokio::test]
    async fn our_own_page_stays_reachable() {
        let house = House::new();
        assert_eq!(house.get("/joywire/").await, (200, "ours".to_owned()));
        fs::remove_file(house.home.path().join("web/index.html")).unwrap();
        let sent = house.ask("/", &[], true).await;
        assert_eq!((sent.status().as_u16(), told(&sent, header::LOCATION).as_str()), (303, "/joywire/"));
    }
}
