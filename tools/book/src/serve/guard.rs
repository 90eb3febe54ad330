//! Who is answered. Another site's page can make this browser send requests here, or give its own
//! name our address (DNS rebinding); so a request must name this server as its host, and what
//! changes something must come from one of our own pages.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::Server;

/// Our scripts send it. A page of another site cannot without asking first (CORS), and we never
/// say yes.
const OURS: HeaderName = HeaderName::from_static("x-course");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

pub async fn guard(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    let refusal = refusal(
        server.port,
        request.method(),
        request.uri().path().starts_with("/api/"),
        request.headers(),
    );
    let mut response = match refusal {
        Some(why) => (StatusCode::FORBIDDEN, format!("{why}\n")).into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    // mdBook's pages have small scripts and styles in them; nothing comes from anywhere else.
    const POLICY: &str = "default-src 'self'; script-src 'self' 'unsafe-inline'; \
        style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-src 'self'; \
        frame-ancestors 'self'; base-uri 'self'; form-action 'self'; object-src 'none'";
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Why a request is not answered.
fn refusal(port: u16, method: &Method, api: bool, headers: &HeaderMap) -> Option<String> {
    let one = |name: &HeaderName| {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => value.to_str().map(Some).map_err(|_| ()),
            _ => Err(()),
        }
    };
    let hosts = ["127.0.0.1", "localhost", "[::1]"].map(|host| format!("{host}:{port}"));
    let ours = |host: &str| hosts.iter().any(|h| h.eq_ignore_ascii_case(host));

    let Ok(Some(host)) = one(&header::HOST) else {
        return Some("a request names exactly one Host".to_owned());
    };
    if !ours(host) {
        return Some(format!("this server is {}, not {host:?}", hosts[0]));
    }
    let origin = match one(&header::ORIGIN) {
        Ok(origin) => origin,
        Err(()) => return Some("a request has one Origin, or none".to_owned()),
    };
    if let Some(origin) = origin
        && !origin.strip_prefix("http://").is_some_and(ours)
    {
        return Some(format!("a page from {origin:?} may not use this server"));
    }
    if api
        && let Ok(Some(site)) = one(&FETCH_SITE)
        && !matches!(site, "same-origin" | "none")
    {
        return Some("a page of another site may not use this server".to_owned());
    }
    if method != Method::GET && method != Method::HEAD {
        if origin.is_none() {
            return Some("a request that changes something has an Origin".to_owned());
        }
        if !headers.contains_key(OURS) {
            return Some("a request that changes something has the header X-Course".to_owned());
        }
    }
    None
}
