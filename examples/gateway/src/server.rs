//! The pages of the library, and one of our own.

use core::net::SocketAddr;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::http::{HeaderName, header};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use tokio::net::TcpListener;

/// Binds the first address of `candidates` that is free.
pub(crate) async fn bind(candidates: &[SocketAddr]) -> anyhow::Result<TcpListener> {
    let mut last = None;
    for address in candidates {
        match TcpListener::bind(address).await {
            Ok(listener) => {
                if !address.ip().is_loopback() {
                    tracing::warn!(%address, "the pages are reachable from outside and ask for no password");
                }
                return Ok(listener);
            }
            Err(error) => last = Some((address, error)),
        }
    }
    match last {
        Some((address, error)) => {
            Err(error).with_context(|| format!("the pages cannot be served on {address}"))
        }
        None => bail!("no address to serve the pages on"),
    }
}

/// The page for people, beside those of the library.
pub(crate) fn page() -> Router {
    Router::new().route("/", get(html))
}

async fn html() -> impl IntoResponse {
    (
        [
            POLICY,
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ],
        Html(include_str!("../assets/page.html")),
    )
}

/// The page brings its own style and script and talks to its own origin only.
const POLICY: (HeaderName, &str) = (
    header::CONTENT_SECURITY_POLICY,
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
     connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
