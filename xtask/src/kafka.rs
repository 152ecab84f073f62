//! Apache Kafka from its published jars: one node on the loopback, in KRaft mode.

mod install;

use core::time::Duration;
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use self::install::java;
use crate::sh;

/// A broker process. It ends with this value, with this program, or after its time.
pub(crate) struct Broker {
    node: Node,
    process: Child,
    watchdog: Child,
    pub(crate) address: String,
}

impl Broker {
    /// Starts a broker that lives for at most `life`, and waits until it serves.
    pub(crate) fn start(life: Duration) -> Result<Self> {
        let owner = std::process::id();
        let node = Node::create()?;
        let process = node.spawn()?;
        let watchdog = watch(process.id(), life, Some(owner))?;
        let address = node.address.clone();
        eprintln!(
            "+ Apache Kafka on {address}, for at most {} s",
            life.as_secs()
        );
        let mut broker = Self {
            node,
            process,
            watchdog,
            address,
        };
        broker.node.wait(&mut broker.process)?;
        Ok(broker)
    }

    /// Grants the users what [`USERS`] says.
    pub(crate) fn grant(&self) -> Result<()> {
        for what in ["--topic", "--group"] {
            let mut grant = java()?;
            grant
                .arg("org.apache.kafka.tools.AclCommand")
                .args(["--bootstrap-server", &self.address, "--add"])
                .args(["--allow-principal", "User:reader"])
                .args(["--operation", "Read", "--operation", "Describe"])
                .args([what, "*"]);
            sh::run(grant.stdout(Stdio::null()))?;
        }
        Ok(())
    }

    pub(crate) fn create_topic(&self, name: &str, partitions: usize) -> Result<()> {
        let mut create = java()?;
        create
            .arg("org.apache.kafka.tools.TopicCommand")
            .args(["--bootstrap-server", &self.address])
            .args(["--create", "--topic", name])
            .args(["--partitions", &partitions.to_string()])
            .args(["--replication-factor", "1"]);
        sh::run(&mut create)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // Not asked to end in order: nobody reads its log afterwards, and that takes seconds.
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
        let _ended = self.watchdog.kill();
        let _reaped = self.watchdog.wait();
        self.node.forget_records();
    }
}

/// Starts a broker that outlives this program, unless one runs, and prints its address.
pub(crate) fn start(life: Duration) -> Result<()> {
    if let Some((_, address)) = running()? {
        println!("{address}");
        return Ok(());
    }
    let node = Node::create()?;
    let mut process = node.spawn()?;
    watch(process.id(), life, None)?;
    fs::write(state(), format!("{} {}", process.id(), node.address))?;
    if let Err(error) = node.wait(&mut process) {
        stop()?;
        return Err(error);
    }
    eprintln!(
        "Apache Kafka runs for at most {} s; `cargo xtask kafka stop` ends it",
        life.as_secs()
    );
    println!("{}", node.address);
    Ok(())
}

/// Ends the broker that [`start`] has started, if it still runs.
pub(crate) fn stop() -> Result<()> {
    let Some((process, address)) = running()? else {
        eprintln!("no broker runs");
        return Ok(());
    };
    sh::run(Command::new("kill").arg(process.to_string()))?;
    let begun = Instant::now();
    while running()?.is_some() {
        ensure!(
            begun.elapsed() < STOP_TIMEOUT,
            "the broker on {address}, process {process}, does not end"
        );
        thread::sleep(LOOK_EVERY);
    }
    Node::at(&address).forget_records();
    fs::remove_file(state())?;
    Ok(())
}

/// The process and the address of the broker that [`start`] has started. Its command line is looked
/// at, since the number of a process that has ended is given to another.
fn running() -> Result<Option<(u32, String)>> {
    let Ok(line) = fs::read_to_string(state()) else {
        return Ok(None);
    };
    let (process, address) = line.split_once(' ').context("a process and an address")?;
    let shown = Command::new("ps")
        .args(["-ww", "-o", "args=", "-p", process])
        .output()?;
    let is_ours = String::from_utf8_lossy(&shown.stdout).contains(&folder_of(address));
    Ok(is_ours.then_some((process.parse()?, address.to_owned())))
}

fn state() -> PathBuf {
    sh::target().join("xtask/kafka-started")
}

/// A node's files, in a folder that is named after its address.
struct Node {
    address: String,
    folder: PathBuf,
}

impl Node {
    fn at(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            folder: sh::target().join("xtask").join(folder_of(address)),
        }
    }

    /// Formats the storage of a new node on two free ports.
    fn create() -> Result<Self> {
        let [port, controller, login] = free_ports()?;
        let address = format!("127.0.0.1:{port}");
        let folder = sh::scratch(&folder_of(&address))?;
        let node = Self { address, folder };
        let settings = node.settings();
        let ports = [port, controller, login];
        fs::write(&settings, properties(&node.folder, ports))?;
        fs::write(node.folder.join(LOGIN), format!("127.0.0.1:{login}"))?;
        let cluster = sh::output(java()?.args(["kafka.tools.StorageTool", "random-uuid"]))?;
        let mut format = java()?;
        format
            .args(["kafka.tools.StorageTool", "format", "-t", cluster.trim()])
            .arg("-c")
            .arg(&settings);
        sh::output(&mut format)?;
        Ok(node)
    }

    /// The server's own process, not a script around it: what ends it must reach it.
    fn spawn(&self) -> Result<Child> {
        let log = File::create(self.log())?;
        let mut server = java()?;
        server
            .arg("kafka.Kafka")
            .arg(self.settings())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Ctrl-C is for this program, which then ends the broker or leaves it as it should.
            .process_group(0);
        server.spawn().context("java does not start")
    }

    /// Waits until the server says that it has started.
    fn wait(&self, process: &mut Child) -> Result<()> {
        let begun = Instant::now();
        let log = self.log();
        while !fs::read_to_string(&log)?.contains(STARTED) {
            if let Some(status) = process.try_wait()? {
                bail!("the broker ended: {status}; see {}", log.display());
            }
            if begun.elapsed() > START_TIMEOUT {
                bail!("the broker has not started; see {}", log.display());
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// Removes what it stored. Its log stays, for whoever wants to know what went wrong.
    fn forget_records(&self) {
        let _gone_already = fs::remove_dir_all(self.folder.join(DATA));
    }

    fn settings(&self) -> PathBuf {
        self.folder.join("server.properties")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }
}

/// Where users log in with [`USERS`], at the broker that listens on `address`.
pub(crate) fn login_address(address: &str) -> Result<String> {
    Ok(fs::read_to_string(Node::at(address).folder.join(LOGIN))?)
}

fn folder_of(address: &str) -> String {
    format!("kafka-{address}")
}

/// Ports that were free when they were asked for.
fn free_ports() -> Result<[u16; 3]> {
    let port = || TcpListener::bind("127.0.0.1:0");
    let held = [port()?, port()?, port()?];
    let [a, b, c] = held.each_ref().map(TcpListener::local_addr);
    Ok([a?.port(), b?.port(), c?.port()])
}

/// Ends `process` after `life`, or when `owner` has ended without doing so. A shell of its own, so
/// that it is there also when this program is killed.
fn watch(process: u32, life: Duration, owner: Option<u32>) -> Result<Child> {
    let owner = owner.map_or_else(String::new, |owner| {
        format!("kill -0 {owner} 2>/dev/null || break; ")
    });
    // The process is looked for each second, since its number may be another's once it has ended.
    let script = format!(
        "left={}; while [ $left -gt 0 ]; do kill -0 {process} 2>/dev/null || exit 0; {owner}\
         sleep 1; left=$((left - 1)); done; kill {process}; sleep 10; kill -9 {process} 2>/dev/null",
        life.as_secs()
    );
    Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .context("sh does not start")
}

/// Kafka's defaults, but for what one node can only have one of, few internal partitions so that it
/// starts soon, and short sessions so that a killed member's partitions move soon. Whoever comes to the
/// plain listener may do everything, and whoever logs in at the other one what he is granted.
fn properties(folder: &Path, [port, controller, login]: [u16; 3]) -> String {
    let users = USERS
        .map(|(name, password)| format!(" user_{name}=\"{password}\""))
        .concat();
    format!(
        "process.roles=broker,controller\n\
         node.id=1\n\
         controller.quorum.voters=1@127.0.0.1:{controller}\n\
         listeners=PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:{login},\
         CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:{login}\n\
         controller.listener.names=CONTROLLER\n\
         inter.broker.listener.name=PLAINTEXT\n\
         listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,\
         SASL_PLAINTEXT:SASL_PLAINTEXT\n\
         sasl.enabled.mechanisms=PLAIN\n\
         listener.name.sasl_plaintext.plain.sasl.jaas.config=\
         org.apache.kafka.common.security.plain.PlainLoginModule required{users};\n\
         authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n\
         super.users=User:ANONYMOUS\n\
         log.dirs={}\n\
         offsets.topic.replication.factor=1\n\
         offsets.topic.num.partitions=3\n\
         transaction.state.log.replication.factor=1\n\
         transaction.state.log.min.isr=1\n\
         transaction.state.log.num.partitions=3\n\
         share.coordinator.state.topic.replication.factor=1\n\
         share.coordinator.state.topic.min.isr=1\n\
         group.initial.rebalance.delay.ms=0\n\
         group.min.session.timeout.ms=1000\n",
        folder.join(DATA).display()
    )
}

const DATA: &str = "data";
const LOGIN: &str = "login";

/// Users and their passwords: `stranger` is granted nothing, `reader` may read topics and be in groups.
const USERS: [(&str, &str); 2] = [("stranger", "secret"), ("reader", "secret")];

/// What `kafka.server.KafkaRaftServer` logs when it serves.
const STARTED: &str = "Kafka Server started";

const START_TIMEOUT: Duration = Duration::from_secs(90);
const STOP_TIMEOUT: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_millis(50);
