//! Two gateways in one group: what their pages show of its partitions, and where it goes on.

use core::time::Duration;
use std::collections::BTreeMap;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::gateway::Gateway;

/// Members of one group.
pub(crate) type Pair = [Gateway; 2];

/// An offset for each partition.
pub(crate) type Offsets = BTreeMap<i64, i64>;

/// A number of each partition, as the members' pages show it.
pub(crate) fn shown(members: &[Gateway], name: &str) -> Offsets {
    let pages: Vec<Value> = members.iter().filter_map(Gateway::health).collect();
    let numbers = pages.iter().flat_map(partitions);
    numbers
        .filter_map(|one| Some((number(one, "id")?, number(one, name)?)))
        .collect()
}

/// Waits until the members are at the end of all partitions.
pub(crate) fn wait_for_the_end(members: &[Gateway], topic: usize) -> Result<()> {
    wait("a group is at the end", || {
        let lags = shown(members, "lag");
        lags.len() == topic && lags.values().all(|lag| *lag == 0)
    })
}

/// Ends the members, at one time so that none takes over from another. Where their group goes on, as
/// their reports say.
pub(crate) fn finish(members: impl Into<Vec<Gateway>>) -> Result<Offsets> {
    let members = members.into();
    for member in &members {
        member.signal("INT")?;
    }
    let mut all = Offsets::new();
    for member in members {
        all.extend(stored(&member.report()?)?);
    }
    Ok(all)
}

/// Where the group goes on in each partition that a member had, as its report says.
pub(crate) fn stored(report: &Value) -> Result<Offsets> {
    let next = |one| {
        let id = number(one, "id").context("a partition has an id")?;
        Ok((id, number(one, "stored_next").unwrap_or(0)))
    };
    partitions(report).map(next).collect()
}

pub(crate) fn partitions(document: &Value) -> impl Iterator<Item = &Value> {
    let partitions = document.get("partitions").and_then(Value::as_array);
    partitions.into_iter().flatten()
}

pub(crate) fn number(object: &Value, name: &str) -> Option<i64> {
    object.get(name).and_then(Value::as_i64)
}

pub(crate) fn wait(what: &str, ready: impl Fn() -> bool) -> Result<()> {
    let start = Instant::now();
    while !ready() {
        if start.elapsed() > PATIENCE {
            bail!("not within {PATIENCE:?}: {what}");
        }
        thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(60);
