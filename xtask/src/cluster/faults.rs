//! What is done to members and to nodes, in an order that follows from a seed.

use core::fmt;
use core::time::Duration;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};

use super::Group;
use super::proxy::Proxies;
use crate::gateway::Gateway;
use crate::group::Pair;
use crate::kafka::Cluster;

/// How often each fault was done.
#[derive(Default)]
pub(super) struct Members {
    killed: usize,
    stopped: usize,
    cut_off: usize,
    /// Gateways that ended without being asked: a service's manager would start them again.
    pub(super) ended: usize,
}

/// As [`Members`].
#[derive(Default)]
pub(super) struct Nodes {
    killed: usize,
    restarted: usize,
    rolled: usize,
}

/// Kills a member, stops it for longer than its session, or cuts it off for as long, one after the other
/// until `span` is over.
pub(super) fn disturb_members(
    members: &mut Pair,
    group: &mut Group,
    proxies: &Proxies,
    seed: u64,
    (begun, span): (Instant, Duration),
) -> Result<Members> {
    let mut done = Members::default();
    let first = number(seed);
    for round in 0.. {
        done.ended += revive(members, group)?;
        let next = begun + EVERY * (round + 1);
        thread::sleep(next.saturating_duration_since(Instant::now()));
        if begun.elapsed() >= span {
            break;
        }
        let at = begun.elapsed().as_secs();
        // Each of the two meets each fault.
        let turn = first + usize::try_from(round)?;
        let slot = turn % 2;
        let member = members.get_mut(slot).context("a pair has two")?;
        match turn % 3 {
            0 => {
                eprintln!("{at:>4} s: member {slot} is killed");
                // What was there is killed when it is replaced.
                *member = group.join(slot, "")?;
                done.killed += 1;
            }
            1 if member.runs().is_ok() => {
                eprintln!("{at:>4} s: member {slot} is stopped");
                member.signal("STOP")?;
                thread::sleep(GONE);
                member.signal("CONT")?;
                done.stopped += 1;
            }
            _ => {
                eprintln!("{at:>4} s: member 0 is cut off");
                proxies.cut(true);
                thread::sleep(GONE);
                proxies.cut(false);
                done.cut_off += 1;
            }
        }
    }
    Ok(done)
}

/// Starts again who has ended by himself, and says how many did.
pub(super) fn revive(members: &mut [Gateway], group: &mut Group) -> Result<usize> {
    let mut ended = 0;
    for (slot, member) in members.iter_mut().enumerate() {
        if let Err(error) = member.runs() {
            eprintln!("      a member is started again: {error}");
            *member = group.join(slot, "")?;
            ended += 1;
        }
    }
    Ok(ended)
}

/// Kills a node or restarts it in order whenever all have their copies, until `span` is over and it was
/// often enough; then restarts one after the other.
pub(super) fn disturb_nodes(
    cluster: &mut Cluster,
    seed: u64,
    (begun, span): (Instant, Duration),
) -> Result<Nodes> {
    let mut done = Nodes::default();
    for round in 0.. {
        cluster.wait_until_whole()?;
        if begun.elapsed() >= span && done.killed + done.restarted >= NODE_FAULTS_MIN {
            break;
        }
        let at = begun.elapsed().as_secs();
        let node = (number(seed) + round) % cluster.len();
        if round % 2 == 0 {
            // Back at once, or only when the others have noticed.
            let down = DOWN * u32::try_from(round / 2 % 2)?;
            eprintln!("{at:>4} s: node {node} is killed, for {} s", down.as_secs());
            cluster.kill(node, down)?;
            done.killed += 1;
        } else {
            eprintln!("{at:>4} s: node {node} is restarted");
            cluster.restart(node)?;
            done.restarted += 1;
        }
    }
    for node in 0..cluster.len() {
        let at = begun.elapsed().as_secs();
        eprintln!("{at:>4} s: node {node} is restarted, as all are in turn");
        cluster.restart(node)?;
        cluster.wait_until_whole()?;
        done.rolled += 1;
    }
    Ok(done)
}

impl fmt::Display for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "members: {} killed, {} stopped, {} cut off, {} ended by themselves",
            self.killed, self.stopped, self.cut_off, self.ended
        )
    }
}

impl fmt::Display for Nodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "nodes: {} killed, {} restarted, {} restarted in turn",
            self.killed, self.restarted, self.rolled
        )
    }
}

/// SplitMix64: a number that follows from the seed.
fn number(seed: u64) -> usize {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    // Its upper half fits everywhere.
    usize::try_from((z ^ (z >> 31)) >> 33).unwrap_or(0)
}

const EVERY: Duration = Duration::from_secs(10);

/// Twice a member's session.
const GONE: Duration = Duration::from_secs(8);

/// Longer than a node's session with the others.
const DOWN: Duration = Duration::from_secs(8);

const NODE_FAULTS_MIN: usize = 4;
