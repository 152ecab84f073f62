//! A consumer process that is killed at each edge, alone and as one of two members, and what the
//! next one finds.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use dashstream_kafka::dlq::DeadLetter;
use dashstream_kafka::policy::{Archiving, Cause, Config, Count, Mode, Scope};
use dashstream_kafka::{Consumer, ConsumerEvent, Record, RecordIds, Status};

use crate::support::child::{self, die};
use crate::support::host::{Host, POISON, Place, held_at, run};
use crate::support::{Broker, eventually, unique, within};

const LIMIT: Duration = Duration::from_secs(150);
const JOIN: Duration = Duration::from_secs(25);
const CAUSE: Cause = Cause::DecodeError;

/// Where the process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    /// Partitions were assigned, nothing was read.
    Assigned,
    /// The handler was done with a record, and has not said so.
    Processed,
    /// A record was found unprocessable, and nothing was sent to the archive.
    Unprocessable,
    /// A record is on its way to the archive; how far is chance.
    Sending,
    /// The archive acknowledged, and nothing was stored.
    Acked,
    /// Offsets were stored, and perhaps not committed.
    Stored,
    /// The client committed.
    Committed,
    /// A record is held.
    Held,
    /// Partitions are being taken away, with records out: only where there is somebody to take them.
    Revoked,
}

impl Edge {
    const ALL: [Self; 9] = [
        Self::Assigned,
        Self::Processed,
        Self::Unprocessable,
        Self::Sending,
        Self::Acked,
        Self::Stored,
        Self::Committed,
        Self::Held,
        Self::Revoked,
    ];

    fn is_at(self, event: &ConsumerEvent) -> bool {
        match self {
            Self::Assigned => matches!(event, ConsumerEvent::Assigned { .. }),
            Self::Processed => false,
            Self::Unprocessable | Self::Sending => {
                matches!(event, ConsumerEvent::Count(Count::Unprocessable { .. }))
            }
            Self::Acked => matches!(event, ConsumerEvent::Count(Count::ArchiveAcked { .. })),
            // The second store: the first record's is done.
            Self::Stored => matches!(event, ConsumerEvent::Stored { next: 2.., .. }),
            Self::Committed => matches!(event, ConsumerEvent::Committed { ok: true }),
            Self::Held => matches!(event, ConsumerEvent::Count(Count::Held { .. })),
            Self::Revoked => matches!(event, ConsumerEvent::Revoked { .. }),
        }
    }

    const fn mode(self) -> Mode {
        match self {
            Self::Held => Mode::Pause,
            Self::Assigned
            | Self::Processed
            | Self::Unprocessable
            | Self::Sending
            | Self::Acked
            | Self::Stored
            | Self::Committed
            | Self::Revoked => Mode::Skip,
        }
    }
}

fn policy(edge: Edge) -> Config {
    Config::default()
        .mode(edge.mode())
        .scope(Scope::Partition)
        .archiving(Archiving::Required)
}

/// Notes that a record was processed, before the adapter hears of it.
fn note(ledger: &Path, record: &Record) {
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(ledger)
        .unwrap();
    let line = format!("{} {}\n", record.partition(), record.offset());
    file.write_all(line.as_bytes()).unwrap();
}

fn judge(record: Record, ledger: &Path) {
    if record.payload() == Some(POISON.as_bytes()) {
        return record.reject(CAUSE, RecordIds::none());
    }
    note(ledger, &record);
    record.accept();
}

/// The process that is killed. It does nothing unless a test starts it with a place.
#[test]
fn child() {
    let Some(told) = child::told() else {
        return;
    };
    let (edge, place) = told.split_once(' ').unwrap();
    let edge = Edge::ALL
        .into_iter()
        .find(|known| format!("{known:?}") == edge)
        .unwrap();
    let (ledger, place) = place.split_once(' ').unwrap();
    let (ledger, place) = (Path::new(ledger), Place::parse(place));
    run(async {
        // The client tells of its own commits only.
        let config = place.config().commit_rejections(edge != Edge::Committed);
        let mut consumer = Consumer::start(config, policy(edge), move |event| {
            if edge == Edge::Sending && edge.is_at(event) {
                thread::spawn(|| {
                    thread::sleep(Duration::from_millis(2));
                    die();
                });
            } else if edge.is_at(event) {
                die();
            }
        })
        .await
        .unwrap();
        let mut kept = Vec::new();
        while let Ok(Some(record)) = tokio::time::timeout(JOIN, consumer.recv()).await {
            if edge == Edge::Processed && record.offset() == 2 {
                note(ledger, &record);
                die();
            }
            if edge == Edge::Revoked && record.offset() >= 2 {
                kept.push(record);
            } else {
                judge(record, ledger);
            }
        }
    });
    panic!("{edge:?} was never reached");
}

/// Starts the process, and returns when it was killed.
fn kill_at(edge: Edge, place: &Place, ledger: &Path) {
    let told = format!("{edge:?} {} {}", ledger.display(), place.print());
    let status = child::run("kill::child", &told, JOIN * 2);
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    assert_eq!(signal, Some(9), "{edge:?}: {status}");
}

fn ledger() -> PathBuf {
    std::env::temp_dir().join(unique("dashstream-ledger"))
}

/// Which records were processed, by either process.
fn read(ledger: &Path) -> BTreeSet<(i32, i64)> {
    let text = fs::read_to_string(ledger).unwrap_or_default();
    fs::remove_file(ledger).ok();
    let line = |line: &str| {
        let (partition, offset) = line.split_once(' ').unwrap();
        (partition.parse().unwrap(), offset.parse().unwrap())
    };
    text.lines().map(line).collect()
}

/// The records that the archive has a letter for.
fn archived(broker: &Broker, place: &Place) -> BTreeSet<(i32, i64)> {
    let letters = broker.letters(&place.archive).into_iter();
    let place = |letter: DeadLetter| {
        let offset = letter.source.offset.unwrap().get();
        (letter.source.partition.unwrap(), offset)
    };
    letters.map(place).collect()
}

/// Six records in a partition, of which 1 and 4 are poison.
fn fill(broker: &Broker, place: &Place, partition: i32) {
    let payloads = ["good", POISON, "good", "good", POISON, "good"].map(Some);
    broker.append(&place.topic, partition, &payloads);
}

/// Every good record was processed and all poison archived, and the offsets are behind all of it.
fn all_is_accounted_for(edge: Edge, place: &Place, partitions: i32, ledger: &Path) {
    let broker = Broker::at(&place.brokers);
    let each = |offsets: &[i64]| -> BTreeSet<_> {
        let of = |partition| offsets.iter().map(move |offset| (partition, *offset));
        (0..partitions).flat_map(of).collect()
    };
    assert_eq!(read(ledger), each(&[0, 2, 3, 5]), "{edge:?}: processed");
    assert_eq!(
        archived(&broker, place),
        each(&[1, 4]),
        "{edge:?}: archived"
    );
    for partition in 0..partitions {
        let committed = broker.committed(&place.group, &place.topic, partition);
        assert_eq!(committed, Some(6), "{edge:?}: partition {partition}");
    }
}

/// Nothing but the first record was processed, and each partition is held at its poison.
fn all_is_held(place: &Place, partitions: i32, ledger: &Path) {
    let broker = Broker::at(&place.brokers);
    let first: BTreeSet<_> = (0..partitions).map(|partition| (partition, 0)).collect();
    assert_eq!(read(ledger), first);
    for partition in 0..partitions {
        let committed = broker.committed(&place.group, &place.topic, partition);
        assert_eq!(committed, Some(1), "partition {partition}");
    }
}

fn at_every_edge(edges: &[Edge], partitions: u16, test: fn(Edge, &Place)) {
    let broker = Broker::start();
    let threads: Vec<_> = edges
        .iter()
        .map(|edge| {
            let (edge, place) = (*edge, Place::new(&broker, partitions));
            (edge, thread::spawn(move || test(edge, &place)))
        })
        .collect();
    let failed: Vec<_> = threads
        .into_iter()
        .filter_map(|(edge, thread)| thread.join().is_err().then_some(edge))
        .collect();
    assert!(failed.is_empty(), "failed at {failed:?}");
}

#[test]
fn whatever_the_edge_every_record_is_processed_archived_or_held_afterwards() {
    within(LIMIT, || {
        let edges: Vec<_> = Edge::ALL
            .into_iter()
            .filter(|edge| *edge != Edge::Revoked)
            .collect();
        at_every_edge(&edges, 1, killed_alone);
    });
}

fn killed_alone(edge: Edge, place: &Place) {
    let ledger = ledger();
    let broker = Broker::at(&place.brokers);
    fill(&broker, place, 0);
    kill_at(edge, place, &ledger);
    let committed = broker.committed(&place.group, &place.topic, 0);
    match edge {
        Edge::Assigned => assert_eq!(committed, None),
        // Never past the poison that the archive has not acknowledged; here it may have.
        Edge::Processed => {
            let is_archived = archived(&broker, place).contains(&(0, 1));
            let end = if is_archived { 2 } else { 1 };
            assert!(committed <= Some(end), "{edge:?}: {committed:?}");
        }
        Edge::Unprocessable | Edge::Acked | Edge::Held => {
            assert!(committed <= Some(1), "{edge:?}: {committed:?}");
        }
        Edge::Sending | Edge::Stored | Edge::Committed | Edge::Revoked => {
            assert!(committed <= Some(6), "{edge:?}: {committed:?}");
        }
    }
    run(async {
        let mut host = Host::start(place.config(), policy(edge)).await;
        take_over(&mut host, edge, place, 1, &ledger).await;
        let closing = host.shutdown().await;
        assert!(closing.committed, "{edge:?}: {closing:?}");
    });
    if edge == Edge::Held {
        all_is_held(place, 1, &ledger);
    } else {
        all_is_accounted_for(edge, place, 1, &ledger);
    }
}

/// Consumes until everything is committed, or held where that is what the policy does.
async fn take_over(host: &mut Host, edge: Edge, place: &Place, partitions: i32, ledger: &Path) {
    let broker = Broker::at(&place.brokers);
    let deadline = Instant::now() + JOIN * 2;
    loop {
        while let Some(record) = host.next(Duration::from_millis(300)).await {
            judge(record, ledger);
        }
        let finished = if edge == Edge::Held {
            let status = host.status();
            (0..partitions).all(|partition| held_at(&status, partition) == Some(1))
        } else {
            let of = |partition| broker.committed(&place.group, &place.topic, partition);
            (0..partitions).all(|partition| of(partition) == Some(6))
        };
        if finished {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "{edge:?}: not taken over in time: {:#?}",
            host.status()
        );
    }
}

#[test]
fn whatever_the_edge_the_second_of_two_members_takes_everything_over() {
    within(LIMIT, || {
        at_every_edge(&Edge::ALL, 2, killed_beside_another)
    });
}

/// Each of two members has a partition when the records come, and one dies.
fn killed_beside_another(edge: Edge, place: &Place) {
    let ledger = ledger();
    let broker = Broker::at(&place.brokers);
    let start = || {
        let (place, ledger) = (place.clone(), ledger.clone());
        thread::spawn(move || kill_at(edge, &place, &ledger))
    };
    let fill_both = || (0..2).for_each(|partition| fill(&broker, place, partition));
    run(async {
        let (mut host, killed) = if edge == Edge::Revoked {
            // It has both partitions, and loses one when the other member comes.
            fill_both();
            let killed = start();
            let read = || fs::read_to_string(&ledger).unwrap_or_default();
            eventually("the first member reads", JOIN, || {
                read().lines().count() == 2
            });
            (Host::start(place.config(), policy(edge)).await, killed)
        } else {
            let host = Host::start(place.config(), policy(edge)).await;
            let has = |count| move |status: &Status| status.partitions.len() == count;
            host.until("both partitions are here", has(2)).await;
            let killed = start();
            if edge != Edge::Assigned {
                host.until("one partition is with the other", has(1)).await;
            }
            fill_both();
            (host, killed)
        };
        take_over(&mut host, edge, place, 2, &ledger).await;
        killed.join().unwrap();
        let closing = host.shutdown().await;
        assert!(closing.committed, "{edge:?}: {closing:?}");
    });
    if edge == Edge::Held {
        all_is_held(place, 2, &ledger);
    } else {
        all_is_accounted_for(edge, place, 2, &ledger);
    }
}
