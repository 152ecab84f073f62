//! Two gateways of one group on three nodes of Apache Kafka, while members and nodes are killed: the
//! report is in the words of Jepsen's Kafka workload, and made from what brokers hold and gateways log.

mod evidence;
mod faults;
mod judge;
mod log;
mod proxy;

use core::time::Duration;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Instant, SystemTime};

use anyhow::{Context, Result, ensure};

use self::evidence::held;
use self::faults::{disturb_members, disturb_nodes, revive};
use self::judge::{Evidence, judge};
use self::log::{Event, events};
use self::proxy::Proxies;
use crate::gateway::Gateway;
use crate::group::{Offsets, finish, number, wait_for_the_end};
use crate::kafka::Cluster;
use crate::sh;

/// Writes for `span` and longer, until enough nodes were killed, and judges what became of it.
///
/// The writer, which reads its own records, and whoever reads on behind it are a group that only nodes
/// disturb. What it made of each record is what the other group must have made of it too.
pub(crate) fn run(span: Duration, seed: Option<u64>) -> Result<()> {
    let seed = match seed {
        Some(seed) => seed,
        None => SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)?
            .as_secs(),
    };
    eprintln!("cluster: seed {seed}");
    let program = sh::built("dashstream-gateway", "dashstream-gateway", "tls")?;
    let reader = sh::built("dashstream", "dashstream", "cli")?;
    let proxies = Proxies::listen(NODES)?;
    let life = span.saturating_mul(2) + MARGIN;
    let mut cluster = Cluster::behind(NODES, &proxies.ports, life)?;
    proxies.lead_to(&cluster.ports_behind());
    cluster.grant()?;
    let certificate = cluster.certificate()?;
    for (topic, partitions) in [(TOPIC, PARTITIONS), (ARCHIVE, 1)] {
        cluster.create_topic(topic, partitions)?;
    }
    let address = cluster.address.clone();
    let logs = sh::scratch("cluster")?;
    let group = |name, args: &str| Group {
        name,
        program: program.clone(),
        args: format!("--topic {TOPIC} --group {name} {args}"),
        // The first of two members goes by way of the proxies, over TLS and as a user with rights.
        brokers: [proxies.addresses(), address.clone()],
        certificate: certificate.clone(),
        logs: logs.clone(),
        joined: 0,
    };
    let mut writers = group("writers", "--archive off");
    let mut skippers = group(
        "skippers",
        &format!("--archive required --archive-topic {ARCHIVE} --session-timeout 4s"),
    );
    let writer = writers.join(1, "--demo --demo-rate 300 --demo-hostile-every 25")?;
    let mut members = [skippers.join(0, "")?, skippers.join(1, "")?];

    let begun = Instant::now();
    let (mut of_members, of_nodes) = thread::scope(|scope| {
        let nodes = scope.spawn(|| disturb_nodes(&mut cluster, seed, (begun, span)));
        let of_members =
            disturb_members(&mut members, &mut skippers, &proxies, seed, (begun, span));
        let of_nodes = nodes.join().map_err(|_| anyhow::anyhow!("a panic"));
        Ok::<_, anyhow::Error>((of_members?, of_nodes??))
    })?;

    of_members.ended += revive(&mut members, &mut skippers)?;
    writer.signal("INT")?;
    let written = writer.report().context("the writer")?;
    let ledger = |name| {
        let count = written.pointer("/ledger").and_then(|of| number(of, name));
        count.with_context(|| format!("no {name} in the ledger"))
    };
    let acknowledged = usize::try_from(ledger("written")?)?;
    ensure!(ledger("undelivered")? == 0, "not all was acknowledged");
    // What was written last is not read by the writer, which has left.
    let rest = [writers.join(1, "")?];
    thread::sleep(SHOWN_WITHIN);
    wait_for_the_end(&rest, PARTITIONS)?;
    wait_for_the_end(&members, PARTITIONS)?;
    let reference: Offsets = finish(rest)?;
    let committed = finish(members)?;
    ensure!(
        reference == committed,
        "the groups go on at {reference:?} and {committed:?}"
    );

    let evidence = Evidence {
        acknowledged,
        topic: held(&reader, &address, TOPIC)?.into_iter().collect(),
        letters: held(&reader, &address, ARCHIVE)?,
        reference: writers.events()?,
        group: skippers.events()?,
        committed,
    };
    let findings = judge(&evidence);
    eprintln!("cluster: seed {seed}; {of_members}; {of_nodes}");
    eprintln!("{findings}");
    findings.check()
}

/// Gateways of one group, one after the other and beside each other, each with a log of its own.
struct Group {
    name: &'static str,
    program: PathBuf,
    args: String,
    brokers: [String; 2],
    certificate: PathBuf,
    logs: PathBuf,
    joined: usize,
}

impl Group {
    /// Starts one more, the first or the second of two.
    fn join(&mut self, slot: usize, args: &str) -> Result<Gateway> {
        self.joined += 1;
        let log = File::create(self.log(self.joined))?;
        let args = self.args.split(' ').chain(args.split(' '));
        let mut gateway = Command::new(&self.program);
        if slot == 0 {
            gateway
                .env("KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
                .env("KAFKA_SSL_CA_LOCATION", &self.certificate)
                .env("KAFKA_SASL_MECHANISM", "SCRAM-SHA-256")
                .env("KAFKA_SASL_USERNAME", "member")
                .env("KAFKA_SASL_PASSWORD", "secret");
        }
        Gateway::spawn(
            gateway
                .args(args.filter(|arg| !arg.is_empty()))
                .arg("--brokers")
                .args(self.brokers.get(slot))
                // A letter that is the record, whole.
                .env("KAFKA_DLQ_FORMAT", "record")
                .env("DLQ_INCLUDE_FULL_PAYLOAD", "true")
                .env("KAFKA_LAG_CHECK_INTERVAL_SECS", "1")
                .env("RUST_LOG", "warn,dashstream::consumer=trace")
                .stderr(log),
        )
    }

    /// What each of them has logged.
    fn events(&self) -> Result<Vec<Vec<Event>>> {
        let logs = (1..=self.joined).map(|number| Ok(events(&fs::read(self.log(number))?)));
        logs.collect()
    }

    fn log(&self, number: usize) -> PathBuf {
        self.logs.join(format!("{}-{number}.log", self.name))
    }
}

const NODES: usize = 3;
const TOPIC: &str = "cluster";
const ARCHIVE: &str = "cluster-archive";
const PARTITIONS: usize = 4;

/// What starting, the last restarts, catching up and comparing take beside the faults, with room.
const MARGIN: Duration = Duration::from_secs(1_200);

/// By then the pages show what is behind the last record written: they ask for it every second.
const SHOWN_WITHIN: Duration = Duration::from_secs(5);
