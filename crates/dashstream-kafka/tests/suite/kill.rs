//! A consumer process that is killed at each edge, and what the next one finds.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::host::{Host, POISON, Place, run};
use crate::support::{Broker, unique, within};
use dashstream_kafka::policy::{Archiving, Cause, Config, Count, Mode};
use dashstream_kafka::{Consumer, Evidence, Fact};

const LIMIT: Duration = Duration::from_secs(110);
const JOIN: Duration = Duration::from_secs(25);
const CAUSE: Cause = Cause::DecodeError;
const PLACE: &str = "DASHSTREAM_TEST_CHILD";

/// Where the process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    /// Partitions were assigned, nothing was read.
    Assigned,
    /// The handler was done with a record, and has not said so.
    Processed,
    /// A record was found unprocessable, and nothing was sent to the archive.
    Unprocessable,
    /// The archive acknowledged, and nothing was stored.
    Acked,
    /// Offsets were stored, and perhaps not committed.
    Stored,
    /// A record is held.
    Held,
}

impl Edge {
    const ALL: [Self; 6] = [
        Self::Assigned,
        Self::Processed,
        Self::Unprocessable,
        Self::Acked,
        Self::Stored,
        Self::Held,
    ];

    fn is_at(self, fact: &Fact) -> bool {
        match self {
            Self::Assigned => matches!(fact, Fact::Assigned { .. }),
            Self::Processed => false,
            Self::Unprocessable => matches!(fact, Fact::Count(Count::Unprocessable { .. })),
            Self::Acked => matches!(fact, Fact::Count(Count::ArchiveAcked { .. })),
            // The second store: the first record's is done.
            Self::Stored => matches!(fact, Fact::Stored { next: 2.., .. }),
            Self::Held => matches!(fact, Fact::Count(Count::Held { .. })),
        }
    }

    const fn mode(self) -> Mode {
        match self {
            Self::Held => Mode::Pause,
            Self::Assigned | Self::Processed | Self::Unprocessable | Self::Acked | Self::Stored => {
                Mode::Skip
            }
        }
    }
}

fn policy(mode: Mode) -> Config {
    Config::default().mode(mode).archiving(Archiving::Required)
}

/// SIGKILL to this very process: no destructor, no flush, no commit.
fn die() -> ! {
    let id = std::process::id().to_string();
    let _sent = Command::new("kill").args(["-9", &id]).status();
    loop {
        thread::park();
    }
}

/// Notes that a record was processed, before the adapter hears of it.
fn note(ledger: &Path, offset: i64) {
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(ledger)
        .unwrap();
    file.write_all(format!("{offset}\n").as_bytes()).unwrap();
}

async fn consume(consumer: &mut Consumer, ledger: &Path, patience: Duration, edge: Option<Edge>) {
    while let Ok(Some(record)) = tokio::time::timeout(patience, consumer.recv()).await {
        if record.payload() == Some(POISON.as_bytes()) {
            record.unprocessable(CAUSE, Evidence::none());
            continue;
        }
        note(ledger, record.offset());
        if edge == Some(Edge::Processed) && record.offset() == 2 {
            die();
        }
        record.done();
    }
}

/// The process that is killed. It does nothing unless a test starts it with a place.
#[test]
fn child() {
    let Ok(place) = std::env::var(PLACE) else {
        return;
    };
    let (edge, place) = place.split_once(' ').unwrap();
    let edge = Edge::ALL
        .into_iter()
        .find(|known| format!("{known:?}") == edge)
        .unwrap();
    let (ledger, place) = place.split_once(' ').unwrap();
    let place = Place::parse(place);
    run(async {
        let mut consumer = Consumer::start(place.config(), policy(edge.mode()), move |fact| {
            if edge.is_at(fact) {
                die();
            }
        })
        .await
        .unwrap();
        consume(&mut consumer, Path::new(ledger), JOIN, Some(edge)).await;
    });
    panic!("{edge:?} was never reached");
}

/// Starts the process, and returns when it was killed.
fn kill_at(edge: Edge, place: &Place, ledger: &Path) {
    let told = format!("{edge:?} {} {}", ledger.display(), place.print());
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::child", "--nocapture"])
        .env(PLACE, told)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            let signal = std::os::unix::process::ExitStatusExt::signal(&status);
            assert_eq!(signal, Some(9), "{edge:?}: {status}");
            return;
        }
        if start.elapsed() > JOIN * 2 {
            let _gone = child.kill();
            let _reaped = child.wait();
            panic!("{edge:?} was not reached in time");
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn ledger() -> PathBuf {
    std::env::temp_dir().join(unique("dashstream-ledger"))
}

fn read(ledger: &Path) -> BTreeSet<i64> {
    let text = fs::read_to_string(ledger).unwrap_or_default();
    text.lines().map(|line| line.parse().unwrap()).collect()
}

/// Six records, of which 1 and 4 are poison.
fn fill(broker: &Broker, place: &Place) {
    let payloads = ["good", POISON, "good", "good", POISON, "good"].map(Some);
    broker.append(&place.topic, 0, &payloads);
}

#[test]
fn whatever_the_edge_every_record_is_processed_archived_or_held_afterwards() {
    within(LIMIT, || {
        let broker = Broker::start();
        let threads = Edge::ALL.map(|edge| {
            let place = Place::new(&broker, 1);
            fill(&broker, &place);
            (edge, thread::spawn(move || survive(edge, &place)))
        });
        let failed = threads.map(|(edge, thread)| thread.join().is_err().then_some(edge));
        let failed: Vec<_> = failed.into_iter().flatten().collect();
        assert!(failed.is_empty(), "failed at {failed:?}");
    });
}

fn survive(edge: Edge, place: &Place) {
    let ledger = ledger();
    kill_at(edge, place, &ledger);
    let broker = Broker::at(&place.brokers);
    let committed = broker.committed(&place.group, &place.topic, 0);
    match edge {
        Edge::Assigned => assert_eq!(committed, None),
        // Never past the poison that the archive has not acknowledged.
        Edge::Processed | Edge::Unprocessable | Edge::Acked | Edge::Held => {
            assert!(committed <= Some(1), "{edge:?}: {committed:?}");
        }
        Edge::Stored => assert!(committed <= Some(6), "{committed:?}"),
    }
    run(async {
        let mut host = Host::start(place.config(), policy(edge.mode())).await;
        if edge == Edge::Held {
            let mut first = host.next(JOIN).await.expect("something comes again");
            if first.offset() == 0 {
                first.done();
                first = host.next(JOIN).await.expect("the poison comes again");
            }
            assert_eq!(first.offset(), 1);
            first.unprocessable(CAUSE, Evidence::none());
            let _ = host.shutdown().await;
            return;
        }
        // The killed member's session has to end first.
        let first = host.next(JOIN).await.expect("the group is taken over");
        if first.payload() == Some(POISON.as_bytes()) {
            first.unprocessable(CAUSE, Evidence::none());
        } else {
            note(&ledger, first.offset());
            first.done();
        }
        consume(&mut host.consumer, &ledger, Duration::from_secs(3), None).await;
        let closing = host.shutdown().await;
        assert!(closing.committed, "{closing:?}");
    });
    let processed = read(&ledger);
    fs::remove_file(&ledger).ok();
    if edge == Edge::Held {
        assert!(!processed.contains(&1), "{processed:?}");
        assert!(broker.committed(&place.group, &place.topic, 0) <= Some(1));
        return;
    }
    assert_eq!(
        processed,
        BTreeSet::from([0, 2, 3, 5]),
        "{edge:?}: good records, all of them"
    );
    assert_eq!(
        archived(&broker, place),
        BTreeSet::from([1, 4]),
        "{edge:?}: poison, all of it"
    );
    assert_eq!(
        broker.committed(&place.group, &place.topic, 0),
        Some(6),
        "{edge:?}"
    );
}

/// The offsets that the archive has an envelope for.
fn archived(broker: &Broker, place: &Place) -> BTreeSet<i64> {
    let envelopes = broker.read(&place.archive, 0);
    let offset = |envelope: Option<Vec<u8>>| {
        let text = String::from_utf8(envelope.unwrap()).unwrap();
        let (_, rest) = text.split_once("\"kafka_offset\":").unwrap();
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    };
    envelopes.into_iter().map(offset).collect()
}

#[test]
fn when_one_of_two_members_is_killed_the_other_takes_everything_over() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 2);
        fill(&broker, &place);
        let good =
            |partition, count| broker.append(&place.topic, partition, &vec![Some("good"); count]);
        good(1, 6);
        let ledger = ledger();
        run(async {
            let mut host = Host::start(place.config(), policy(Mode::Skip)).await;
            let killed = {
                let (place, ledger) = (place.clone(), ledger.clone());
                thread::spawn(move || kill_at(Edge::Assigned, &place, &ledger))
            };
            // Reads while the other joins and dies during its own rebalance.
            let deadline = Instant::now() + JOIN * 2;
            while Instant::now() < deadline {
                consume(
                    &mut host.consumer,
                    &ledger,
                    Duration::from_millis(200),
                    None,
                )
                .await;
                let of = |partition| broker.committed(&place.group, &place.topic, partition);
                if killed.is_finished() && of(0) == Some(6) && of(1) == Some(6) {
                    break;
                }
            }
            killed.join().unwrap();
            let _ = host.shutdown().await;
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(6));
        assert_eq!(broker.committed(&place.group, &place.topic, 1), Some(6));
        assert_eq!(archived(&broker, &place), BTreeSet::from([1, 4]));
        assert_eq!(
            read(&ledger),
            BTreeSet::from([0, 1, 2, 3, 4, 5]),
            "both partitions' offsets"
        );
        fs::remove_file(&ledger).ok();
    });
}
