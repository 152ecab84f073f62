//! Apache Kafka from its published jars: nodes on the loopback that form a cluster, in KRaft mode.

mod install;
mod node;
mod tls;

use core::time::Duration;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use self::install::java;
use self::node::{LOOK_EVERY, Node, Running, folder_of, forget_records, in_sync_min};
use crate::sh;

/// Nodes that run. They end with this value, with this program, or after their time.
pub(crate) struct Cluster {
    nodes: Vec<Running>,
    ends: Instant,
    /// A list for clients to begin with, with commas.
    pub(crate) address: String,
}

impl Cluster {
    /// Starts so many nodes that live for at most `life`, and waits until they serve.
    pub(crate) fn start(nodes: usize, life: Duration) -> Result<Self> {
        Self::behind(nodes, &[], life)
    }

    /// As [`Cluster::start`], with ports at which clients may find the nodes, too: what listens there has to
    /// lead to [`Cluster::ports_behind`].
    pub(crate) fn behind(nodes: usize, fronts: &[u16], life: Duration) -> Result<Self> {
        let created = Node::create(nodes, fronts)?;
        let mut cluster = Self {
            nodes: Vec::new(),
            ends: Instant::now() + life,
            address: listed(created.iter().map(|node| node.address.as_str())),
        };
        for node in created {
            let started = node.start(life, Some(std::process::id()))?;
            cluster.nodes.push(started);
        }
        let (address, seconds) = (&cluster.address, life.as_secs());
        eprintln!("+ Apache Kafka on {address}, for at most {seconds} s");
        // None serves before most of them run.
        cluster.nodes.iter_mut().try_for_each(Running::wait)?;
        Ok(cluster)
    }

    pub(crate) fn ports_behind(&self) -> Vec<u16> {
        self.nodes.iter().map(|one| one.node.behind).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Grants the users what `USERS` says.
    pub(crate) fn grant(&self) -> Result<()> {
        grant(&self.address)
    }

    /// Where users log in over TLS.
    pub(crate) fn secure_address(&self) -> Result<String> {
        let each = self.nodes.iter().map(|one| one.node.secure_address());
        Ok(listed(each.collect::<Result<Vec<_>>>()?.iter()))
    }

    /// What clients prove all nodes by.
    pub(crate) fn certificate(&self) -> Result<PathBuf> {
        let first = self.nodes.first().context("no node")?;
        Ok(first.node.certificate())
    }

    /// Where users log in over plain connections.
    pub(crate) fn login_address(&self) -> Result<String> {
        let each = self.nodes.iter().map(|one| one.node.login_address());
        Ok(listed(each.collect::<Result<Vec<_>>>()?.iter()))
    }

    /// Creates a topic with a copy on each node. A record counts as written when most of them have it.
    pub(crate) fn create_topic(&self, name: &str, partitions: usize) -> Result<()> {
        let copies = self.nodes.len();
        let mut create = self.topics()?;
        create
            .args(["--create", "--topic", name])
            .args(["--partitions", &partitions.to_string()])
            .args(["--replication-factor", &copies.to_string()])
            .arg("--config")
            .arg(format!("min.insync.replicas={}", in_sync_min(copies)));
        sh::run(&mut create)
    }

    /// Waits until each node has all that it should have a copy of, internal topics included.
    pub(crate) fn wait_until_whole(&self) -> Result<()> {
        let begun = Instant::now();
        loop {
            let mut lacking = self.topics()?;
            lacking.args(["--describe", "--under-replicated-partitions"]);
            // While leaders move there may be no answer.
            let answer = sh::output(&mut lacking);
            if answer
                .as_ref()
                .is_ok_and(|lacking| lacking.trim().is_empty())
            {
                return Ok(());
            }
            ensure!(
                begun.elapsed() < WHOLE_TIMEOUT,
                "not each node has all copies: {answer:?}"
            );
            thread::sleep(ASK_EVERY);
        }
    }

    /// Ends a node as a crash does, and starts it again after `down`.
    pub(crate) fn kill(&mut self, index: usize, down: Duration) -> Result<()> {
        let life = self.ends.saturating_duration_since(Instant::now());
        let node = self.nodes.get_mut(index).context("no such node")?;
        node.kill();
        thread::sleep(down);
        node.restart(life)
    }

    /// Ends a node in order, and starts it again.
    pub(crate) fn restart(&mut self, index: usize) -> Result<()> {
        let life = self.ends.saturating_duration_since(Instant::now());
        let node = self.nodes.get_mut(index).context("no such node")?;
        node.end()?;
        node.restart(life)
    }

    fn topics(&self) -> Result<Command> {
        let mut topics = java()?;
        topics
            .arg("org.apache.kafka.tools.TopicCommand")
            .args(["--bootstrap-server", &self.address]);
        Ok(topics)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            // Not asked to end in order: nobody reads its log afterwards, and that takes seconds.
            node.kill();
            forget_records(&node.node.address);
        }
    }
}

/// Starts nodes that outlive this program, unless some run, and prints their addresses.
pub(crate) fn start(nodes: usize, life: Duration) -> Result<()> {
    let started = running()?;
    if !started.is_empty() {
        ensure!(
            started.len() == nodes,
            "{} nodes run, not {nodes}; `cargo xtask kafka stop` ends them",
            started.len()
        );
        println!("{}", listed(started.iter().map(|(_, address)| address)));
        return Ok(());
    }
    let start = |node: Node| node.start(life, None);
    let mut started = Vec::new();
    let mut lines = String::new();
    for node in Node::create(nodes, &[])?.into_iter().map(start) {
        let node = node?;
        lines += &format!("{} {}\n", node.id(), node.node.address);
        fs::write(state(), &lines)?;
        started.push(node);
    }
    if let Err(error) = started.iter_mut().try_for_each(Running::wait) {
        stop()?;
        return Err(error);
    }
    eprintln!(
        "Apache Kafka runs for at most {} s; `cargo xtask kafka stop` ends it",
        life.as_secs()
    );
    let address = listed(started.iter().map(|one| one.node.address.as_str()));
    grant(&address)?;
    let nodes = started.iter().map(|one| &one.node);
    let secure = nodes.clone().map(Node::secure_address);
    let secure = listed(secure.collect::<Result<Vec<_>>>()?.iter());
    if let Some(first) = nodes.clone().next() {
        eprintln!(
            "Users log in with SASL/SCRAM over TLS at {secure}, with ssl.ca.location={}",
            first.certificate().display()
        );
    }
    println!("{address}");
    Ok(())
}

/// As [`Cluster::grant`].
fn grant(address: &str) -> Result<()> {
    let read = ["--operation", "Read", "--operation", "Describe"];
    let both = [
        "--allow-principal",
        "User:reader",
        "--allow-principal",
        "User:member",
    ];
    let write = ["--operation", "Write", "--operation", "DescribeConfigs"];
    for (users, operations, what) in [
        (&both[..], read, "--topic"),
        (&both, read, "--group"),
        (&["--allow-principal", "User:member"], write, "--topic"),
    ] {
        let mut grant = java()?;
        grant
            .arg("org.apache.kafka.tools.AclCommand")
            .args(["--bootstrap-server", address, "--add"])
            .args(users)
            .args(operations)
            .args([what, "*"]);
        sh::run(grant.stdout(Stdio::null()))?;
    }
    Ok(())
}

/// Ends the nodes that [`start`] has started, those that still run.
pub(crate) fn stop() -> Result<()> {
    let started = running()?;
    if started.is_empty() {
        eprintln!("no broker runs");
        return Ok(());
    }
    for (process, _) in &started {
        sh::run(Command::new("kill").arg(process))?;
    }
    let begun = Instant::now();
    while !running()?.is_empty() {
        if begun.elapsed() > STOP_TIMEOUT {
            // Without most of the others a node cannot end in order.
            for (process, _) in running()? {
                sh::run(Command::new("kill").args(["-9", &process]))?;
            }
        }
        ensure!(
            begun.elapsed() < STOP_TIMEOUT * 2,
            "not ended: {:?}",
            running()?
        );
        thread::sleep(LOOK_EVERY);
    }
    for (_, address) in &started {
        forget_records(address);
    }
    fs::remove_file(state())?;
    Ok(())
}

/// The processes and the addresses of the nodes that [`start`] has started. Their command lines are
/// looked at, since the number of a process that has ended is given to another.
fn running() -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for line in fs::read_to_string(state()).unwrap_or_default().lines() {
        let (process, address) = line.split_once(' ').context("a process and an address")?;
        let shown = Command::new("ps")
            .args(["-ww", "-o", "args=", "-p", process])
            .output()?;
        if String::from_utf8_lossy(&shown.stdout).contains(&folder_of(address)) {
            found.push((process.to_owned(), address.to_owned()));
        }
    }
    Ok(found)
}

fn state() -> PathBuf {
    sh::target().join("xtask/kafka-started")
}

fn listed(addresses: impl Iterator<Item = impl AsRef<str>>) -> String {
    let addresses: Vec<_> = addresses.map(|one| one.as_ref().to_owned()).collect();
    addresses.join(",")
}

const STOP_TIMEOUT: Duration = Duration::from_secs(15);

/// About ten times what a node takes that has missed a minute of little traffic.
const WHOLE_TIMEOUT: Duration = Duration::from_secs(180);
const ASK_EVERY: Duration = Duration::from_secs(1);
