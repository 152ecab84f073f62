//! The pages: everything they say is computed from the last snapshot when they are asked for.

mod connections;
mod hosts;
#[cfg(feature = "kafka")]
mod orders;

use core::future::Future;
use core::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use dashstream_metrics::Format;
use tokio::net::TcpListener;
use tower_http::compression::CompressionLayer;

use self::hosts::HostError;
pub use self::hosts::Hosts;
#[cfg(feature = "kafka")]
pub use self::orders::OperatorToken;
use crate::health_document::health_document;
use crate::monitor::Monitor;

/// Says what is wrong with a list of hosts or with a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PagesError {
    /// An entry is no name or address, or has a port.
    #[error("{entry:?} is no name or address without a port")]
    NotAHost {
        /// The entry.
        entry: String,
    },
    /// The token could be guessed.
    #[error("an operator's token has at least {min} bytes")]
    TokenTooShort {
        /// The fewest that are accepted.
        min: usize,
    },
    /// No header can hold the token: there is a byte in it that is no visible ASCII.
    #[error("an operator's token is visible ASCII")]
    TokenNotVisible,
}

impl PagesError {
    /// A name for logs and tests that does not change between releases.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAHost { .. } => "not_a_host",
            Self::TokenTooShort { .. } => "token_too_short",
            Self::TokenNotVisible => "token_not_visible",
        }
    }
}

/// The pages `/health`, `/livez`, `/readyz`, `/metrics` and `/version`, and where an operator's token is
/// given, the orders at `POST /orders`.
///
/// Every request is held against the hosts that it may be for: a stranger's page in a browser could
/// otherwise read the answers under a name that resolves to this machine.
///
/// # Examples
///
/// ```no_run
/// use core::time::Duration;
/// use dashstream::{Observation, HealthPolicy, Metrics, Monitor, Options, Pages};
///
/// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
/// let metrics = Metrics::register(Options::default(), Duration::ZERO)?;
/// let start = std::time::Instant::now();
/// let monitor = Monitor::new(metrics, HealthPolicy::default(), move || start.elapsed());
/// let pages = Pages::new(monitor.clone());
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:3002").await?;
/// tokio::spawn(async move {
///     pages.serve(listener, axum::Router::new(), core::future::pending()).await;
/// });
/// loop {
///     monitor.observe(Observation::default());
///     tokio::time::sleep(Duration::from_secs(1)).await;
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Pages(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    monitor: Monitor,
    version: serde_json::Value,
    hosts: Hosts,
    #[cfg(feature = "kafka")]
    orders: Option<orders::Orders>,
}

impl Pages {
    /// The pages of what `monitor` watches.
    #[must_use]
    pub fn new(monitor: Monitor) -> Self {
        Self(Arc::new(Inner {
            monitor,
            version: serde_json::json!({ "version": env!("CARGO_PKG_VERSION") }),
            hosts: Hosts::default(),
            #[cfg(feature = "kafka")]
            orders: None,
        }))
    }

    /// Sets what `/version` answers.
    #[must_use]
    pub fn version(mut self, version: serde_json::Value) -> Self {
        // Pages are set up before they are cloned, as a rule: nothing is copied then.
        Arc::make_mut(&mut self.0).version = version;
        self
    }

    /// Adds hosts that requests may be for, besides loopback and the address that they come in on.
    #[must_use]
    pub fn hosts(mut self, hosts: Hosts) -> Self {
        Arc::make_mut(&mut self.0).hosts = hosts;
        self
    }

    /// Takes orders at `POST /orders`, from whoever sends `token` as `Authorization: Bearer`. Without it
    /// there is no such page. A body is
    /// `{"order": "retry", "partition": 0, "who": "…", "why": "…"}`; the others are `skip_one`, `skip_to`
    /// with an `offset`, `pause`, and `resume`, which ends a pause. The answer's `outcome` is
    /// [`CommandOutcome::code`](dashstream_policy::CommandOutcome::code): 200 when it was carried out, 202
    /// when it waits for a dead letter, 409 otherwise, with the `owner` of a partition that another member
    /// has.
    #[cfg(feature = "kafka")]
    #[must_use]
    pub fn orders(
        mut self,
        token: OperatorToken,
        consumer: dashstream_kafka::Handle,
        config: dashstream_kafka::Config,
    ) -> Self {
        Arc::make_mut(&mut self.0).orders = Some(orders::Orders {
            token,
            consumer,
            config,
        });
        self
    }

    /// The pages as a router, to be nested in or merged with another one. The limits of
    /// [`Pages::serve`] on connections are not in it; the check of the host is, without the address that a
    /// request came in on.
    pub fn router(&self) -> Router {
        self.merged(Router::new())
    }

    /// Serves the pages, and those of `more` under the same check of the host, until `stop` is ready;
    /// requests that are under way are answered.
    ///
    /// At most 64 connections at one time: beyond them the one that has been without a request for
    /// longest gives its place to the new one. A request's head must arrive within 5 s, and a connection
    /// ends 30 s after its last request.
    pub async fn serve(&self, listener: TcpListener, more: Router, stop: impl Future<Output = ()>) {
        connections::serve(listener, self.merged(more), stop).await;
    }

    fn merged(&self, more: Router) -> Router {
        let pages = Router::new()
            .route("/health", get(health))
            .route("/livez", get(live))
            .route("/readyz", get(ready))
            .route("/metrics", get(metrics).layer(CompressionLayer::new()))
            .route("/version", get(version));
        #[cfg(feature = "kafka")]
        let pages = match &self.0.orders {
            Some(_) => pages.route("/orders", axum::routing::post(orders::post)),
            None => pages,
        };
        pages
            .with_state(self.clone())
            .merge(more)
            // After the merge, so that it is around the pages of `more` as well.
            .layer(from_fn_with_state(self.clone(), check_host))
    }
}

/// The address that a request came in on, where that is known.
#[derive(Clone, Copy)]
struct LocalAddress(IpAddr);

async fn check_host(State(pages): State<Pages>, request: Request, next: Next) -> Response {
    let local = request.extensions().get::<LocalAddress>().map(|at| at.0);
    let (version, uri) = (request.version(), request.uri());
    match pages.0.hosts.check(version, uri, request.headers(), local) {
        Ok(()) => next.run(request).await,
        // 400 as RFC 9112 section 3.2 asks, and 421 for another's host as RFC 9110 section 15.5.20 has it.
        Err(HostError::Ambiguous) => {
            (StatusCode::BAD_REQUEST, "one host must be named\n").into_response()
        }
        Err(HostError::Foreign) => (
            StatusCode::MISDIRECTED_REQUEST,
            "this server is not that host; --allowed-hosts (WEBSOCKET_ALLOWED_HOSTS) adds names\n",
        )
            .into_response(),
    }
}

/// Always 200: what it says is in the document, and a body that says "fail" must reach its reader.
async fn health(State(pages): State<Pages>) -> impl IntoResponse {
    let (now, snapshot, verdict) = pages.0.monitor.verdict();
    (
        [NO_STORE, NO_SNIFF],
        Json(health_document(now, &snapshot, &verdict)),
    )
}

async fn live(State(pages): State<Pages>) -> Response {
    let monitor = &pages.0.monitor;
    // Not the verdict: an orchestrator restarts what is not live, and a restart ends a stuck loop only.
    probe(monitor.metrics().latest().is_live(monitor.now()))
}

async fn ready(State(pages): State<Pages>) -> Response {
    let (_, _, verdict) = pages.0.monitor.verdict();
    probe(verdict.is_ready())
}

/// In the format that the scraper prefers, and by gzip where it takes that.
async fn metrics(State(pages): State<Pages>, headers: HeaderMap) -> impl IntoResponse {
    let accept = headers.get(header::ACCEPT);
    let accept = accept.and_then(|accept| accept.to_str().ok());
    let format = Format::accepted(accept.unwrap_or_default());
    let page = pages.0.monitor.page(format);
    (
        [(header::CONTENT_TYPE, format.content_type()), NO_STORE],
        page,
    )
}

async fn version(State(pages): State<Pages>) -> impl IntoResponse {
    ([NO_STORE, NO_SNIFF], Json(pages.0.version.clone()))
}

fn probe(is_well: bool) -> Response {
    let answer = match is_well {
        true => (StatusCode::OK, [NO_STORE], "ok\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, [NO_STORE], "unavailable\n"),
    };
    answer.into_response()
}

const NO_STORE: (HeaderName, &str) = (header::CACHE_CONTROL, "no-store");
const NO_SNIFF: (HeaderName, &str) = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");
