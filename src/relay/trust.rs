//! The page that brings our authority's certificate to phones, and the certificate in the forms that they take.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::assets;
use super::host::Host;
use crate::certificate::{Authority, Keeper, escaped};

const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/web/trust.html"));
const STYLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/web/trust.css"));
/// Bytes of a fingerprint on one line of the page.
const FINGERPRINT_LINE: usize = 8;

/// How whoever reads the page came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Over TLS, perhaps past a browser's warning.
    Secure,
    /// In the open. The robot itself is at this HTTPS port.
    Plain {
        /// The port.
        https: u16,
    },
}

/// Answers for the page and what it links to.
pub(super) fn pages(keeper: Keeper, robot: &str, way: Way) -> Router {
    let page = {
        let (keeper, robot) = (keeper.clone(), robot.to_owned());
        get(move |headers: HeaderMap| {
            let page = fill(keeper.authority().as_ref(), &robot, way, &headers);
            std::future::ready(fresh("text/html; charset=utf-8", page))
        })
    };
    let certificate = {
        let keeper = keeper.clone();
        get(move || {
            let answer = keeper.authority().map_or_else(no_authority, |authority| {
                let named = [(header::CONTENT_DISPOSITION, "attachment; filename=\"joywire.crt\"")];
                (named, fresh("application/x-x509-ca-cert", authority.der().to_vec())).into_response()
            });
            std::future::ready(answer)
        })
    };
    let robot = robot.to_owned();
    let profile = get(move || {
        let answer = keeper.authority().map_or_else(no_authority, |authority| {
            fresh("application/x-apple-aspen-config", authority.profile(&robot))
        });
        std::future::ready(answer)
    });
    Router::new()
        .route("/trust", page.clone())
        // Else the unfilled form would be a page, too.
        .route("/trust.html", page)
        .route("/joywire.crt", certificate)
        .route("/joywire.mobileconfig", profile)
}

/// Everything that is answered over plain HTTP: the page, its style and the two files.
pub(super) fn plain(keeper: Keeper, robot: &str, https: u16) -> Router {
    pages(keeper, robot, Way::Plain { https })
        .route("/trust.css", get(|| std::future::ready(fresh("text/css; charset=utf-8", STYLE))))
        .fallback(|| {
            let words = "only /trust is here: the robot itself is reached by https\n";
            std::future::ready((StatusCode::NOT_FOUND, words))
        })
        .layer(middleware::from_fn(attend))
}

/// Turns away what no browser asks, and puts the protecting headers on whatever is answered.
///
/// Nothing here is secret and nothing can be done here. So it is enough that the Host is one at all, as it
/// becomes part of the page; which names lead to this machine is not known to it.
async fn attend(request: Request, next: Next) -> Response {
    let mut response = if host(request.headers()).is_some() {
        next.run(request).await
    } else {
        (StatusCode::BAD_REQUEST, "the request names no host\n").into_response()
    };
    assets::protect(response.headers_mut());
    response
}

/// The one Host that a request names.
fn host(headers: &HeaderMap) -> Option<Host> {
    let mut named = headers.get_all(header::HOST).iter();
    match (named.next(), named.next()) {
        (Some(host), None) => host.to_str().ok().and_then(Host::parse),
        (_, _) => None,
    }
}

/// An answer that is never kept: tomorrow's authority may be another.
fn fresh(kind: &'static str, body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn no_authority() -> Response {
    let words = "this robot shows a certificate of its owner's: there is nothing to install\n";
    (StatusCode::NOT_FOUND, words).into_response()
}

/// The page for one reader.
fn fill(authority: Option<&Authority>, robot: &str, way: Way, headers: &HeaderMap) -> String {
    let home = match way {
        Way::Secure => "/".to_owned(),
        Way::Plain { https } => host(headers).map_or_else(|| "/".to_owned(), |host| host.https_at(https) + "/"),
    };
    let shown_home = if way == Way::Secure { String::new() } else { home.clone() };
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let android = agent.contains("Android");
    // A tablet of Apple's calls itself a Macintosh, and finds its steps closed but first among two.
    let apple = agent.contains("iPhone") || agent.contains("iPad");
    let open = |wanted: bool| if wanted { " open" } else { "" }.to_owned();
    let parts = [("plain", way != Way::Secure), ("authority", authority.is_some()), ("own", authority.is_none())];
    let page = parts.iter().fold(PAGE.to_owned(), |page, (name, wanted)| keep(&page, name, *wanted));
    [
        ("android", open(android)),
        ("apple", open(apple)),
        ("fingerprint", authority.map_or_else(String::new, |authority| in_lines(&authority.fingerprint()))),
        ("home", escaped(&home)),
        ("shown-home", escaped(&shown_home)),
        // Last, as nobody knows what is written in it.
        ("robot", escaped(robot)),
    ]
    .iter()
    .fold(page, |page, (name, value)| page.replace(&format!("{{{{{name}}}}}"), value))
}

/// The page with or without what stands between `<!--[name]-->` and `<!--[/name]-->`.
fn keep(page: &str, name: &str, wanted: bool) -> String {
    let (begin, end) = (format!("<!--[{name}]-->"), format!("<!--[/{name}]-->"));
    page.split(&begin)
        .enumerate()
        .map(|(index, piece)| match piece.split_once(&end) {
            Some((inside, after)) if index > 0 => [if wanted { inside } else { "" }, after].concat(),
            Some(_) | None => piece.to_owned(),
        })
        .collect()
}

/// A fingerprint in lines that fit a phone.
fn in_lines(fingerprint: &str) -> String {
    let bytes: Vec<_> = fingerprint.split(':').collect();
    let lines = bytes.chunks(FINGERPRINT_LINE).map(|line| format!("<span>{}</span>", line.join(":")));
    lines.collect::<Vec<_>>().join("<wbr>")
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use tower::ServiceExt;

    use super::*;
    use crate::certificate::{Name, Settings};
    use tokio_rustls::rustls::pki_types::UnixTime;

    fn keeper(home: &tempfile::TempDir) -> Keeper {
        let settings = Settings { data_directory: home.path().to_owned(), own: None };
        Keeper::open(&settings, &Name::local(), UnixTime::now()).unwrap()
    }

    async fn ask(router: Router, path: &str, lines: &[(&str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
        let request = lines.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
        let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        (parts.status, parts.headers, to_bytes(body, usize::MAX).await.unwrap().to_vec())
    }

    /// Goal: the page is whole, and a robot's name on it is only a name.
    #[tokio::test]
    async fn everything_on_the_page_is_filled_in_and_harmless() {
        let home = tempfile::tempdir().unwrap();
        let keeper = keeper(&home);
        let fingerprint = keeper.authority().unwrap().fingerprint();
        for way in [Way::Secure, Way::Plain { https: 8080 }] {
            let router = pages(keeper.clone(), "<script>{{home}}\"'&", way);
            let host = [("host", "192.168.1.5:8081"), ("user-agent", "Android")];
            let (status, headers, page) = ask(router, "/trust", &host).await;
            let page = String::from_utf8(page).unwrap();
            assert_eq!(
                (status, &headers[header::CACHE_CONTROL]),
                (StatusCode::OK, &HeaderValue::from_static("no-store"))
            );
            assert!(page.contains("&lt;script&gt;{{home}}&quot;&#39;&amp;") && !page.contains("<script>"), "{page}");
            assert_eq!(page.matches("{{").count(), page.matches("{{home}}").count(), "something was not filled in");
            assert!(!page.contains("<!--["), "{page}");
            assert!(fingerprint.split(':').all(|byte| page.contains(byte)) && page.contains(&fingerprint[..23]));
            let plain = way != Way::Secure;
            assert_eq!(page.contains("https://192.168.1.5:8080/"), plain);
            assert_eq!(page.contains("without encryption"), plain);
            assert_eq!(page.matches("<details open>").count(), 1);
        }
    }

    /// Goal: phones get what they know how to open.
    #[tokio::test]
    async fn downloads_have_the_types_that_phones_know() {
        let home = tempfile::tempdir().unwrap();
        let keeper = keeper(&home);
        let authority = keeper.authority().unwrap();
        let router = pages(keeper, "Rover", Way::Secure);
        let (_, headers, body) = ask(router.clone(), "/joywire.crt", &[]).await;
        assert_eq!(headers[header::CONTENT_TYPE], "application/x-x509-ca-cert");
        assert_eq!(headers[header::CONTENT_DISPOSITION], "attachment; filename=\"joywire.crt\"");
        assert_eq!(body, authority.der());
        let (_, headers, body) = ask(router, "/joywire.mobileconfig", &[]).await;
        assert_eq!(headers[header::CONTENT_TYPE], "application/x-apple-aspen-config");
        assert_eq!(body, authority.profile("Rover").into_bytes());
    }

    /// Goal: in the open there is the page, its style and the certificate, whoever asks for whatever.
    #[tokio::test]
    async fn nothing_else_is_served_in_the_open() {
        let home = tempfile::tempdir().unwrap();
        let router = plain(keeper(&home), "Rover", 8080);
        let host = ("host", "robot.local:8081");
        for (path, status) in [
            ("/trust", 200),
            ("/trust.css", 200),
            ("/joywire.crt", 200),
            ("/joywire.mobileconfig", 200),
            ("/", 404),
            ("/index.html", 404),
            ("/main.js", 404),
            ("/socket.io/?EIO=4&transport=polling", 404),
            ("/tls/authority.pem", 404),
        ] {
            let (found, headers, _) = ask(router.clone(), path, &[host]).await;
            assert_eq!(found, status, "{path}");
            assert!(headers.contains_key("content-security-policy") && !headers.contains_key("set-cookie"), "{path}");
        }
        for lines in [&[][..], &[("host", "a b")], &[host, host], &[("host", "\"><script>")]] {
            assert_eq!(ask(router.clone(), "/trust", lines).await.0, 400, "{lines:?}");
        }
    }
}
