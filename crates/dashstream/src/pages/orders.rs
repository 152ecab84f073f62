//! An operator's orders over HTTP: what ends a hold, by whom and why.

use core::fmt;
use core::hint::black_box;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use dashstream_kafka::{Admin, Config, Handle};
use dashstream_policy::{
    Command, CommandOutcome, HeldBy, Offset, Operator, OperatorCommand, PartitionState,
    TopicPartition,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::{NO_SNIFF, NO_STORE, Pages, PagesError};

/// What an operator has to send to give orders.
#[derive(Clone)]
pub struct OperatorToken(Arc<str>);

impl OperatorToken {
    /// Takes a token of 16 bytes or more: as `openssl rand -hex 16` makes one.
    ///
    /// # Errors
    ///
    /// [`PagesError`] for one that could be guessed, or that no header can hold.
    pub fn new(token: &str) -> Result<Self, PagesError> {
        if token.len() < TOKEN_BYTES_MIN {
            return Err(PagesError::TokenTooShort {
                min: TOKEN_BYTES_MIN,
            });
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(PagesError::TokenNotVisible);
        }
        Ok(Self(token.into()))
    }

    /// Whether the request names it, once. How long that takes does not depend on what it names, but for
    /// its length.
    fn is_named(&self, headers: &HeaderMap) -> bool {
        let mut named = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(named), None) = (named.next(), named.next()) else {
            return false;
        };
        let Some(named) = named.as_bytes().strip_prefix(b"Bearer ") else {
            return false;
        };
        if named.len() != self.0.len() {
            return false;
        }
        // `black_box` keeps the compiler from ending the loop at the first byte that differs.
        let differs = |all: u8, (a, b): (&u8, u8)| black_box(all | (a ^ b));
        named.iter().zip(self.0.bytes()).fold(0, differs) == 0
    }
}

impl fmt::Debug for OperatorToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperatorToken")
    }
}

/// Who may give orders, and where they go.
#[derive(Clone, Debug)]
pub(super) struct Orders {
    pub(super) token: OperatorToken,
    pub(super) consumer: Handle,
    pub(super) config: Config,
}

/// What is sent to `/orders`.
#[derive(Deserialize)]
// An order with a misspelt field is refused, and not carried out without it.
#[serde(deny_unknown_fields)]
struct Sent {
    order: Order,
    partition: i32,
    /// For `skip_to` alone: the offset to go on at.
    offset: Option<i64>,
    who: String,
    why: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    Retry,
    SkipOne,
    SkipTo,
    Pause,
    /// Lift an operator's pause.
    Resume,
}

/// Carries an order out, or says what is wrong with it. What came of it is logged as well, with who and
/// why, by the consumer.
pub(super) async fn post(State(pages): State<Pages>, request: Request) -> Response {
    let Some(orders) = pages.0.orders.clone() else {
        return refuse(StatusCode::NOT_FOUND, "off");
    };
    let local = request.extensions().get::<super::LocalAddress>();
    let local = local.map(|at| at.0);
    let headers = request.headers();
    // The host was checked before. A browser also names the page that asks, and only one of this server may.
    // A request without `Origin` passes: programs other than browsers send none.
    if !headers.get_all(header::ORIGIN).iter().all(|origin| {
        let origin = origin.to_str();
        origin.is_ok_and(|origin| pages.0.hosts.is_own_origin(origin, local))
    }) {
        return refuse(StatusCode::FORBIDDEN, "foreign_origin");
    }
    if !orders.token.is_named(headers) {
        return refuse(StatusCode::UNAUTHORIZED, "unauthorized");
    }
    // Read after the token was checked, so that nobody else can make the server keep a body.
    let Ok(body) = axum::body::to_bytes(request.into_body(), BODY_BYTES_MAX).await else {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "too_large");
    };
    match read(&body) {
        Ok((sent, command, operator)) => order(&orders, &sent, command, operator).await,
        Err(why) => refuse(StatusCode::BAD_REQUEST, why),
    }
}

/// The order in a body, with its command and who gives it.
fn read(body: &Bytes) -> Result<(Sent, Command, Operator), &'static str> {
    let sent: Sent = serde_json::from_slice(body).map_err(|_| "not_an_order")?;
    let operator = Operator::new(&sent.who, &sent.why).map_err(|_| "who_and_why")?;
    let command = match (sent.order, sent.offset) {
        // One command to the engine. That a resume ends pauses only is checked in `order`.
        (Order::Retry | Order::Resume, None) => Command::Retry,
        (Order::SkipOne, None) => Command::SkipOne,
        (Order::Pause, None) => Command::Pause,
        (Order::SkipTo, Some(to)) => Command::SkipTo(Offset::new(to).map_err(|_| "offset")?),
        (Order::SkipTo, None) | (_, Some(_)) => return Err("offset"),
    };
    Ok((sent, command, operator))
}

async fn order(orders: &Orders, sent: &Sent, command: Command, operator: Operator) -> Response {
    // 0 is the consumer's first topic; an order has no field for another.
    let partition = TopicPartition::new(0, sent.partition);
    // To the engine a resume is a retry, which ends a hold of the policy too: it is taken for a pause only.
    if matches!(sent.order, Order::Resume) && !is_paused(&orders.consumer, sent.partition) {
        return refuse(StatusCode::CONFLICT, "not_paused");
    }
    let order = OperatorCommand::new(partition, command, operator);
    let Some(outcome) = orders.consumer.order(order).await else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "closed");
    };
    let (code, at) = match outcome {
        CommandOutcome::Applied { offset } => (StatusCode::OK, offset),
        CommandOutcome::AwaitsArchive { offset } => (StatusCode::ACCEPTED, Some(offset)),
        CommandOutcome::BeyondEnd { end: at } | CommandOutcome::BelowStart { start: at } => {
            (StatusCode::CONFLICT, Some(at))
        }
        CommandOutcome::NotAssigned
        | CommandOutcome::NotHeld
        | CommandOutcome::NoRecord
        | CommandOutcome::Backwards
        | CommandOutcome::EndUnknown => (StatusCode::CONFLICT, None),
    };
    let mut body = json!({ "outcome": outcome.code(), "offset": at.map(Offset::get) });
    if outcome == CommandOutcome::NotAssigned
        && let Some(fields) = body.as_object_mut()
    {
        let owner = owner(orders, sent.partition).await;
        fields.insert("owner".to_owned(), json!(owner));
    }
    answer(code, body)
}

fn is_paused(consumer: &Handle, partition: i32) -> bool {
    consumer.status().is_some_and(|status| {
        status.policy.partitions.iter().any(|one| {
            let held = matches!(
                one.state,
                PartitionState::Held {
                    by: HeldBy::Operator,
                    ..
                }
            );
            one.partition.partition() == partition && held
        })
    })
}

/// Which member of the group has a partition, as the broker says; nothing where it does not say.
async fn owner(orders: &Orders, partition: i32) -> Option<String> {
    let config = orders.config.clone();
    // The client blocks until the broker has answered.
    let asked = spawn_blocking(move || Admin::new(&config).ok()?.owner(partition).ok()?);
    asked.await.ok().flatten()
}

fn refuse(code: StatusCode, why: &'static str) -> Response {
    tracing::warn!(why, "order refused");
    answer(code, json!({ "refused": why }))
}

fn answer(code: StatusCode, body: Value) -> Response {
    (code, [NO_STORE, NO_SNIFF], Json(body)).into_response()
}

/// 128 bits in hexadecimal digits are twice this; fewer could be tried out.
const TOKEN_BYTES_MIN: usize = 16;

/// Two texts of `Operator::BYTES_MAX` (256), six bytes for each where JSON escapes all of them, and the rest.
const BODY_BYTES_MAX: usize = 4 * 1024;

#[cfg(test)]
mod tests;
