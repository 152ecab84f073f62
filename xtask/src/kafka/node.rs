//! One node of Apache Kafka: its files, its settings and its process.

use core::fmt::Write as _;
use core::time::Duration;
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use super::install::java;
use super::tls::{CERTIFICATE, Key, PASSWORD};
use crate::sh;

/// A node's files, in a folder that is named after its address.
pub(super) struct Node {
    pub(super) address: String,
    /// The port that a front leads to, if there is one.
    pub(super) behind: u16,
    folder: PathBuf,
}

/// The ports of a node.
struct Ports {
    plain: u16,
    controller: u16,
    login: u16,
    secure: u16,
    behind: u16,
}

impl Node {
    /// Formats the storage of so many new nodes, which form one cluster, on free ports. Where there are
    /// fronts, each node tells clients that come by way of its front to stay with it.
    pub(super) fn create(nodes: usize, fronts: &[u16]) -> Result<Vec<Self>> {
        let ports = free_ports(nodes)?;
        let cluster = sh::output(java()?.args(["kafka.tools.StorageTool", "random-uuid"]))?;
        let mut key = None;
        let create = |(id, own): (usize, &Ports)| {
            let address = format!("127.0.0.1:{}", own.plain);
            let folder = sh::scratch(&folder_of(&address))?;
            let node = Self {
                address,
                behind: own.behind,
                folder,
            };
            let settings = node.settings();
            let front = fronts.get(id - 1).copied();
            let key = match &key {
                Some(key) => key,
                // One for all: they are the same machine.
                None => key.insert(Key::create(&node.folder)?),
            };
            fs::write(
                &settings,
                properties(&node.folder, id, own, front, &ports, key),
            )?;
            for (file, port) in [(LOGIN, own.login), (SECURE, own.secure)] {
                fs::write(node.folder.join(file), format!("127.0.0.1:{port}"))?;
            }
            let mut format = java()?;
            format
                .args(["kafka.tools.StorageTool", "format", "-t", cluster.trim()])
                .arg("-c")
                .arg(&settings);
            for (name, password) in USERS {
                let user = format!("SCRAM-SHA-256=[name={name},password={password}]");
                format.args(["--add-scram", &user]);
            }
            sh::output(&mut format)?;
            Ok(node)
        };
        (1..).zip(&ports).map(create).collect()
    }

    /// Starts the server, to be ended after `life`, or when `owner` has ended without doing so.
    pub(super) fn start(self, life: Duration, owner: Option<u32>) -> Result<Running> {
        let process = self.spawn()?;
        let watchdog = watch(process.id(), life, owner)?;
        Ok(Running {
            node: self,
            process,
            watchdog,
            starts: 1,
        })
    }

    /// The server's own process, not a script around it: what ends it must reach it.
    fn spawn(&self) -> Result<Child> {
        // What it logged before it was ended and started again stays.
        let log = File::options().create(true).append(true).open(self.log())?;
        let mut server = java()?;
        server
            .arg(HEAP)
            .arg("kafka.Kafka")
            .arg(self.settings())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Ctrl-C is for this program, which then ends the node or leaves it as it should.
            .process_group(0);
        server.spawn().context("java does not start")
    }

    /// Where users log in, over plain connections.
    pub(super) fn login_address(&self) -> Result<String> {
        Ok(fs::read_to_string(self.folder.join(LOGIN))?)
    }

    /// Where users log in, over TLS.
    pub(super) fn secure_address(&self) -> Result<String> {
        Ok(fs::read_to_string(self.folder.join(SECURE))?)
    }

    /// What clients prove the nodes by, where this is the first.
    pub(super) fn certificate(&self) -> PathBuf {
        self.folder.join(CERTIFICATE)
    }

    fn settings(&self) -> PathBuf {
        self.folder.join("server.properties")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }
}

/// A node's process, and the shell that ends it in time. Dropped, it runs on.
pub(super) struct Running {
    pub(super) node: Node,
    process: Child,
    watchdog: Child,
    starts: usize,
}

impl Running {
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until the server says that it has started.
    pub(super) fn wait(&mut self) -> Result<()> {
        let begun = Instant::now();
        let log = self.node.log();
        while fs::read_to_string(&log)?.matches(STARTED).count() < self.starts {
            if let Some(status) = self.process.try_wait()? {
                bail!("the node ended: {status}; see {}", log.display());
            }
            if begun.elapsed() > START_TIMEOUT {
                bail!("the node has not started; see {}", log.display());
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// Ends it as a crash does.
    pub(super) fn kill(&mut self) {
        let _ended = self.process.kill();
        self.reap();
    }

    /// Ends it in order: it hands its partitions over before.
    pub(super) fn end(&mut self) -> Result<()> {
        sh::run(Command::new("kill").arg(self.id().to_string()))?;
        let begun = Instant::now();
        while self.process.try_wait()?.is_none() {
            ensure!(begun.elapsed() < STOP_TIMEOUT, "the node does not end");
            thread::sleep(LOOK_EVERY);
        }
        self.reap();
        Ok(())
    }

    /// Starts it again with what it has stored, after it was ended.
    pub(super) fn restart(&mut self, life: Duration) -> Result<()> {
        self.process = self.node.spawn()?;
        self.watchdog = watch(self.id(), life, Some(std::process::id()))?;
        self.starts += 1;
        self.wait()
    }

    fn reap(&mut self) {
        let _reaped = self.process.wait();
        let _ended = self.watchdog.kill();
        let _reaped = self.watchdog.wait();
    }
}

/// Removes what the node at `address` stored. Its log stays, for whoever wants to know what went wrong.
pub(super) fn forget_records(address: &str) {
    let folder = sh::target().join("xtask").join(folder_of(address));
    let _gone_already = fs::remove_dir_all(folder.join(DATA));
}

pub(super) fn folder_of(address: &str) -> String {
    format!("kafka-{address}")
}

/// Ports that were free when they were asked for. They lie below those that the system gives to
/// connections: a client that looks for a node that is down could be given that node's port for its own
/// end, and would then be connected with itself. Programs that are started one after the other begin to
/// look far enough from each other that none takes what another has found and does not use yet.
fn free_ports(nodes: usize) -> Result<Vec<Ports>> {
    let first = PORTS.start + u16::try_from(std::process::id() % 700)? * 16;
    let free = |port| TcpListener::bind(("127.0.0.1", port)).ok();
    let held: Vec<_> = (first..PORTS.end)
        .filter_map(free)
        .take(nodes * 5)
        .collect();
    let ports = held.iter().map(|held| Ok(held.local_addr()?.port()));
    let ports = ports.collect::<Result<Vec<_>>>()?;
    let (of_each, _) = ports.as_chunks();
    ensure!(of_each.len() == nodes, "no ports are free");
    let named = |&[plain, controller, login, secure, behind]: &[u16; 5]| Ports {
        plain,
        controller,
        login,
        secure,
        behind,
    };
    Ok(of_each.iter().map(named).collect())
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

/// Kafka's defaults, but for what so few nodes can only have so many of, few internal partitions so that
/// they start soon, and short sessions so that a killed member's partitions move soon. Whoever comes to the
/// plain listener may do everything, and whoever logs in at another one what he is granted.
fn properties(
    folder: &Path,
    id: usize,
    own: &Ports,
    front: Option<u16>,
    all: &[Ports],
    key: &Key,
) -> String {
    let Ports {
        plain,
        controller,
        login,
        secure,
        behind,
    } = own;
    let open = format!(
        "PLAINTEXT://127.0.0.1:{plain},SASL_PLAINTEXT://127.0.0.1:{login},SASL_SSL://127.0.0.1:{secure}"
    );
    let [listens, tells] = [Some(*behind), front].map(|port| match (front, port) {
        (Some(_), Some(port)) => format!("{open},FRONT://127.0.0.1:{port}"),
        (None, _) | (_, None) => open.clone(),
    });
    let users = USERS
        .map(|(name, password)| format!(" user_{name}=\"{password}\""))
        .concat();
    let scram = ["sasl_ssl", "front"].map(|listener| {
        format!(
            "listener.name.{listener}.scram-sha-256.sasl.jaas.config=\
             org.apache.kafka.common.security.scram.ScramLoginModule required;\n"
        )
    });
    let scram = scram.concat();
    let voters = (1..)
        .zip(all)
        .map(|(id, ports)| format!("{id}@127.0.0.1:{}", ports.controller));
    let voters = voters.collect::<Vec<_>>().join(",");
    let (copies, in_sync) = (all.len(), in_sync_min(all.len()));
    let mut text = format!(
        "process.roles=broker,controller\n\
         node.id={id}\n\
         controller.quorum.voters={voters}\n\
         listeners={listens},CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners={tells}\n\
         controller.listener.names=CONTROLLER\n\
         inter.broker.listener.name=PLAINTEXT\n\
         listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,\
         FRONT:SASL_SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL\n\
         sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,OAUTHBEARER\n\
         listener.name.sasl_plaintext.sasl.enabled.mechanisms=PLAIN\n\
         listener.name.front.sasl.enabled.mechanisms=SCRAM-SHA-256\n\
         listener.name.sasl_ssl.sasl.enabled.mechanisms=SCRAM-SHA-256,OAUTHBEARER\n\
         {scram}\
         listener.name.sasl_ssl.oauthbearer.sasl.jaas.config=\
         org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required \
         unsecuredLoginStringClaim_sub=\"node\";\n\
         ssl.keystore.type=PKCS12\n\
         ssl.keystore.location={}\n\
         ssl.keystore.password={PASSWORD}\n\
         ssl.key.password={PASSWORD}\n\
         listener.name.sasl_plaintext.plain.sasl.jaas.config=\
         org.apache.kafka.common.security.plain.PlainLoginModule required{users};\n\
         authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n\
         super.users=User:ANONYMOUS\n\
         log.dirs={}\n\
         default.replication.factor={copies}\n\
         min.insync.replicas={in_sync}\n\
         offsets.topic.replication.factor={copies}\n\
         offsets.topic.num.partitions=3\n\
         transaction.state.log.replication.factor={copies}\n\
         transaction.state.log.min.isr={in_sync}\n\
         transaction.state.log.num.partitions=3\n\
         share.coordinator.state.topic.replication.factor={copies}\n\
         share.coordinator.state.topic.min.isr={in_sync}\n\
         group.initial.rebalance.delay.ms=0\n\
         group.min.session.timeout.ms=1000\n",
        key.store.display(),
        folder.join(DATA).display()
    );
    if copies > 1 {
        // Somebody ends a node and waits for the others to notice.
        let _infallible =
            text.write_str("broker.session.timeout.ms=6000\nreplica.lag.time.max.ms=5000\n");
    }
    text
}

/// How many copies must have a record before it is acknowledged: more than half of them.
pub(super) const fn in_sync_min(copies: usize) -> usize {
    copies / 2 + 1
}

/// Users and their passwords: `stranger` is granted nothing, `reader` may read topics and be in groups, and
/// `member` may write topics as well.
const USERS: [(&str, &str); 3] = [
    ("stranger", "secret"),
    ("reader", "secret"),
    ("member", "secret"),
];

const DATA: &str = "data";
const LOGIN: &str = "login";
const SECURE: &str = "secure";

/// What a node of a small cluster needs, which other programs share a machine with.
const HEAP: &str = "-Xmx384m";

/// Linux gives connections ports from 32768 on, others from 49152 on.
const PORTS: core::ops::Range<u16> = 20_000..32_768;

/// What `kafka.server.KafkaRaftServer` logs when it serves.
const STARTED: &str = "Kafka Server started";

const START_TIMEOUT: Duration = Duration::from_secs(90);
/// What it hands over in order takes a moment, and longer on a machine with little to spare.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(50);
