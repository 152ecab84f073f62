//! The pages: everything they say is computed from the last snapshot when they are asked for.

use core::net::SocketAddr;
use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, bail};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::get;
use dashstream::metrics::Format;
use dashstream::{
    Document, Gates, HealthPolicy, Metrics, Probe, ReadyWhen, Snapshot, Verdict, judge, livez,
    readyz,
};
use dashstream_kafka::Handle;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::version::Version;

mod connections;
mod hosts;

pub(crate) use self::hosts::Hosts;

/// What the pages are made from.
#[derive(Debug)]
pub(crate) struct AppState {
    metrics: Metrics,
    clock: Handle,
    policy: HealthPolicy,
    gates: Mutex<Gates>,
    version: Version,
}

impl AppState {
    pub(crate) fn new(metrics: Metrics, clock: Handle, version: Version) -> Self {
        Self {
            metrics,
            clock,
            policy: HealthPolicy::default(),
            gates: Mutex::default(),
            version,
        }
    }

    /// Judges the last snapshot as it looks now: an old one is not last known good.
    pub(crate) fn verdict(&self) -> (Duration, Arc<Snapshot>, Verdict) {
        let (now, snapshot) = (self.clock.now(), self.metrics.latest());
        let gates = self.gates();
        let verdict = judge(now, &snapshot, &self.policy, gates);
        (now, snapshot, verdict)
    }

    /// Judges, and remembers which gates are open. Called by the one loop that takes snapshots, so
    /// that a verdict does not depend on how often a page is read.
    pub(crate) fn settle(&self) -> Verdict {
        let (_, _, verdict) = self.verdict();
        *self.gates.lock().unwrap_or_else(PoisonError::into_inner) = verdict.gates.clone();
        verdict
    }

    /// What the last settled verdict left open.
    pub(crate) fn gates(&self) -> Gates {
        let gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.clone()
    }
}

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

/// Serves until `stop` says so.
pub(crate) async fn serve(
    listener: TcpListener,
    state: Arc<AppState>,
    hosts: Hosts,
    stop: watch::Receiver<bool>,
) {
    connections::serve(listener, router(state), hosts, stop).await;
}

fn router(state: Arc<AppState>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/health", get(health))
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/version", get(version))
        .with_state(state)
}

async fn page() -> impl IntoResponse {
    (
        [POLICY, NO_STORE, NO_SNIFF],
        Html(include_str!("../assets/page.html")),
    )
}

/// Always 200: what it says is in the document, and a body that says "fail" must reach its reader.
async fn health(State(state): State<Arc<AppState>>) -> impl IntoResponse {
    let (now, snapshot, verdict) = state.verdict();
    (
        [NO_STORE, NO_SNIFF],
        Json(Document::new(now, &snapshot, &verdict)),
    )
}

async fn live(State(state): State<Arc<AppState>>) -> Response {
    let age = state.metrics.latest().age(state.clock.now());
    probe(livez(age, STUCK_AFTER))
}

async fn ready(State(state): State<Arc<AppState>>) -> Response {
    let (_, _, verdict) = state.verdict();
    probe(readyz(&verdict, ReadyWhen::default()))
}

/// In the format that the scraper prefers.
async fn metrics(State(state): State<Arc<AppState>>, headers: HeaderMap) -> impl IntoResponse {
    let accept = headers.get(header::ACCEPT);
    let accept = accept.and_then(|accept| accept.to_str().ok());
    let format = Format::accepted(accept.unwrap_or_default());
    let page = state.metrics.page(&state.metrics.latest(), format);
    (
        [(header::CONTENT_TYPE, format.content_type()), NO_STORE],
        page,
    )
}

async fn version(State(state): State<Arc<AppState>>) -> impl IntoResponse {
    ([NO_STORE, NO_SNIFF], Json(state.version.clone()))
}

fn probe(probe: Probe) -> Response {
    let code =
        StatusCode::from_u16(probe.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let word = match probe {
        Probe::Ok => "ok\n",
        Probe::Unavailable => "unavailable\n",
    };
    (code, [NO_STORE], word).into_response()
}

/// The loop that takes snapshots may be stuck for as long as three probes of ten seconds.
const STUCK_AFTER: Duration = Duration::from_secs(30);

const NO_STORE: (HeaderName, &str) = (header::CACHE_CONTROL, "no-store");
const NO_SNIFF: (HeaderName, &str) = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");

/// The page brings its own style and script and talks to its own origin only.
const POLICY: (HeaderName, &str) = (
    header::CONTENT_SECURITY_POLICY,
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
     connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
