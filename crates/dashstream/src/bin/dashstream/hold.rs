//! A gateway's holds, and an operator's orders to it, over HTTP.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};

use dashstream::PartitionState;
use serde_json::{Value, json};

use crate::args::{Args, Gateway, Order};
use crate::failure::{Failure, Found, GatewayError};
use crate::text::{say, shown};

pub(crate) fn hold(
    args: &Args,
    gateway: &Gateway,
    order: &Order,
    out: &mut impl io::Write,
) -> Result<Found, Failure> {
    let (word, ordered, offset) = match order {
        Order::List => return list(args, gateway, out),
        Order::Retry(ordered) => ("retry", ordered, None),
        Order::Skip(ordered) => ("skip_one", ordered, None),
        Order::SkipTo { ordered, offset } => ("skip_to", ordered, Some(*offset)),
        Order::Pause(ordered) => ("pause", ordered, None),
        Order::Resume(ordered) => ("resume", ordered, None),
    };
    let token = gateway.operator_token.as_deref();
    let token = token.ok_or(GatewayError::NoToken)?;
    // A line end would begin a header of its own.
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(GatewayError::TokenText.into());
    }
    let mut body = json!({
        "order": word,
        "partition": ordered.partition,
        "who": ordered.who,
        "why": ordered.why,
    });
    if let (Some(fields), Some(offset)) = (body.as_object_mut(), offset) {
        fields.insert("offset".to_owned(), json!(offset));
    }
    let head = format!("POST /orders HTTP/1.0\r\nAuthorization: Bearer {token}");
    let (status, answer) = ask(&gateway.gateway, &head, &body.to_string())?;
    let said = match status {
        200 | 202 | 409 => serde_json::from_str::<Value>(&answer).ok(),
        400 | 413 => return Err(GatewayError::BadOrder(refusal(&answer)).into()),
        401 | 403 | 421 => return Err(GatewayError::Forbidden(refusal(&answer)).into()),
        404 => return Err(GatewayError::TakesNoOrders.into()),
        _ => None,
    };
    let said = said.filter(Value::is_object).ok_or(GatewayError::Answer)?;
    if args.json {
        writeln!(out, "{said}")?;
    } else {
        let text = |name| said.get(name).and_then(Value::as_str).map(shown);
        // A 409 is the engine's answer, or the page's own `not_paused`, which stands under `refused`.
        let outcome = text("outcome").or_else(|| text("refused"));
        write!(out, "{}", outcome.ok_or(GatewayError::Answer)?)?;
        if let Some(offset) = said.get("offset").and_then(Value::as_i64) {
            write!(out, " at {offset}")?;
        }
        if let Some(owner) = text("owner") {
            write!(out, ", the partition is with {owner}")?;
        }
        writeln!(out)?;
    }
    Ok(match status {
        409 => Found::Faults,
        _ => Found::NothingWrong,
    })
}

fn list(args: &Args, gateway: &Gateway, out: &mut impl io::Write) -> Result<Found, Failure> {
    let (status, page) = ask(&gateway.gateway, "GET /health HTTP/1.0", "")?;
    // The name in `--gateway` is none that the gateway answers to.
    if matches!(status, 400 | 421) {
        return Err(GatewayError::Forbidden(refusal(&page)).into());
    }
    let page: Value = serde_json::from_str(&page).map_err(|_| GatewayError::Answer)?;
    let partitions = page.get("partitions").and_then(Value::as_array);
    let mut found = Found::NothingWrong;
    for partition in partitions.ok_or(GatewayError::Answer)? {
        let state = partition.get("state").and_then(Value::as_str);
        let state = state.unwrap_or_default();
        if !PartitionState::LABEL
            .value(state)
            .is_some_and(PartitionState::is_held)
        {
            continue;
        }
        found = Found::Faults;
        let field = |name| partition.get(name).cloned().unwrap_or_default();
        let (id, offset, cause) = (field("id"), field("held_at"), field("held_cause"));
        let seconds = field("state_seconds");
        let at = offset.as_u64().map(|at| format!(" at {at}"));
        let why = cause.as_str().map(|cause| format!(" for {}", shown(cause)));
        let (at, why) = (at.unwrap_or_default(), why.unwrap_or_default());
        let time = seconds.as_f64().unwrap_or_default();
        say!(args, out,
            {"partition": id, "state": state, "offset": offset, "cause": cause, "seconds": seconds},
            "partition {id}: {state}{at}{why}, {time:.0} s")?;
    }
    Ok(found)
}

/// Status and body of the answer. Version 1.0: the body ends with the connection.
fn ask(address: &str, head: &str, body: &str) -> Result<(u16, String), GatewayError> {
    let address = address.strip_prefix("http://").unwrap_or(address);
    let address = address.strip_suffix('/').unwrap_or(address);
    let resolved = address
        .to_socket_addrs()
        .map_err(|_| GatewayError::Address)?;
    let stream = connect(resolved)?;
    let answer = exchange(stream, &format!("{head}\r\nHost: {address}"), body);
    let answer = answer.map_err(GatewayError::Unreachable)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(GatewayError::Answer)?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Ok((status.ok_or(GatewayError::Answer)?, body.to_owned()))
}

/// A connection to the first of a name's addresses at which somebody listens.
fn connect(resolved: impl Iterator<Item = SocketAddr>) -> Result<TcpStream, GatewayError> {
    let mut failed = GatewayError::Address;
    for to in resolved {
        match TcpStream::connect_timeout(&to, CONNECT_WITHIN) {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = GatewayError::Unreachable(error),
        }
    }
    Err(failed)
}

fn exchange(mut stream: TcpStream, head: &str, body: &str) -> io::Result<String> {
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    stream.set_write_timeout(Some(ANSWER_WITHIN))?;
    let len = body.len();
    // In one write: a server that refuses at the first line closes, and what is written then fails.
    stream.write_all(format!("{head}\r\nContent-Length: {len}\r\n\r\n{body}").as_bytes())?;
    let mut answer = Vec::new();
    // An answer that is cut here is no JSON any more, and fails as one that is no gateway's.
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Why an order was refused: a gateway's word, or what something before it says in one line.
fn refusal(answer: &str) -> String {
    let said = serde_json::from_str::<Value>(answer).ok();
    let why = said.as_ref().and_then(|said| said.get("refused")?.as_str());
    shown(why.unwrap_or_else(|| answer.lines().next().unwrap_or_default()))
}

/// Longer than a connection to any machine takes.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Longer than a gateway takes to find a partition's owner, which is one question to its broker.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// A document of 10,000 partitions.
const ANSWER_BYTES_MAX: u64 = 4 * 1024 * 1024;

#[cfg(test)]
mod tests;
