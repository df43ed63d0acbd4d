//! What someone hears who typed http instead of https: the same address, with https.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::assets;
use super::host::Host;

/// Longest path that is taken along, bytes. Ours are short.
const PATH_BYTES: usize = 2048;

/// Answers for everything that comes by plain HTTP to the HTTPS port, which is `port`.
pub(super) fn to(port: u16) -> Router {
    Router::new().fallback(move |request: Request| std::future::ready(answer(&request, port)))
}

fn answer(request: &Request, port: u16) -> Response {
    let mut named = request.headers().get_all(header::HOST).iter();
    let host = match (named.next(), named.next()) {
        (Some(host), None) => host.to_str().ok().and_then(Host::parse),
        (_, _) => None,
    };
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let mut response = match host {
        Some(host) if reads && path.starts_with('/') && path.len() <= PATH_BYTES => {
            let target = HeaderValue::from_str(&(host.https(port) + path));
            let target = target.map(|target| [(header::LOCATION, target)]);
            let words = "this robot is reached by https\n";
            target.map_or_else(|_| refusal(), |target| (StatusCode::PERMANENT_REDIRECT, target, words).into_response())
        }
        // What is sent with other methods has already been readable by everyone on the way. Passing it on would hide
        // the mistake from whoever made it, and it would be made again.
        Some(_) | None => refusal(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    // Browsers keep a 308 for ever, but robots move from port to port.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    assets::protect(headers);
    response
}

fn refusal() -> Response {
    let words = "this robot is reached by https: write https:// in front of the address\n";
    (StatusCode::BAD_REQUEST, words).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn ask(method: Method, path: &str, hosts: &[&str]) -> Result<String, u16> {
        let mut request = Request::builder().method(method).uri(path);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        let response = answer(&request.body(Body::empty()).unwrap(), 8080);
        assert_eq!(response.headers()[header::CONNECTION], "close");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        match response.headers().get(header::LOCATION) {
            Some(location) if response.status() == 308 => Ok(location.to_str().unwrap().to_owned()),
            Some(_) | None => Err(response.status().as_u16()),
        }
    }

    /// Goal: who typed http arrives, at the same path.
    #[test]
    fn readers_are_sent_to_the_same_address() {
        for (path, host, target) in [
            ("/", "localhost:8080", "https://localhost:8080/"),
            ("/trust?x=1", "192.168.1.5:8080", "https://192.168.1.5:8080/trust?x=1"),
            ("//evil.example/", "localhost:8080", "https://localhost:8080//evil.example/"),
            ("http://evil.example/a", "localhost:8080", "https://localhost:8080/a"),
            ("/", "robot.local", "https://robot.local:8080/"),
        ] {
            assert_eq!(ask(Method::GET, path, &[host]).as_deref(), Ok(target));
        }
        assert!(ask(Method::HEAD, "/", &["localhost:8080"]).is_ok());
    }

    /// Goal: nothing odd is sent anywhere, and nothing that was sent in the open is passed on in silence.
    #[test]
    fn everything_else_is_refused() {
        let long = format!("/{}", "a".repeat(PATH_BYTES));
        for (method, path, hosts) in [
            (Method::POST, "/", &["localhost:8080"][..]),
            (Method::PUT, "/", &["localhost:8080"]),
            (Method::OPTIONS, "/", &["localhost:8080"]),
            (Method::GET, "/", &[]),
            (Method::GET, "/", &["localhost:8080", "localhost:8080"]),
            (Method::GET, "/", &["evil.example/path"]),
            (Method::GET, &long, &["localhost:8080"]),
        ] {
            assert_eq!(ask(method, path, hosts), Err(400), "{hosts:?} {path:.20}");
        }
    }
}
