//! A record that the process dies of, again and again.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use dashstream_kafka::policy::{Cause, Command, Config, HeldBy, Mode};
use dashstream_kafka::{Consumer, CrashMarker as _, Fact, MarkerFile};

use crate::support::child;
use crate::support::host::{Host, POISON, Place, held, run};
use crate::support::{Broker, unique, within};

const LIMIT: Duration = Duration::from_secs(170);
const JOIN: Duration = Duration::from_secs(25);

/// Deaths that are allowed.
const DEATHS: u32 = 2;

/// Where the process dies. Two good records lie before it, one behind.
const FATAL: i64 = 2;

fn config(place: &Place, marks: &Path) -> dashstream_kafka::Config {
    let marker = Arc::new(MarkerFile::new(marks));
    place.config().crash_loop(marker, DEATHS).unwrap()
}

/// The process that dies. It does nothing unless a test starts it with a place.
#[test]
fn child() {
    let Some(told) = child::told() else {
        return;
    };
    let (marks, place) = told.split_once(' ').unwrap();
    let (marks, place) = (Path::new(marks), Place::parse(place));
    run(async {
        let start = Consumer::start(config(&place, marks), Config::default(), |_| {});
        let mut consumer = start.await.unwrap();
        while let Ok(Some(record)) = tokio::time::timeout(JOIN, consumer.recv()).await {
            if record.payload() == Some(POISON.as_bytes()) {
                // What a decoder does that overflows its stack.
                std::process::abort();
            }
            record.done();
        }
    });
    panic!("the fatal record never came");
}

fn dies(place: &Place, marks: &Path) {
    let told = format!("{} {}", marks.display(), place.print());
    let status = child::run("crash_loop::child", &told, JOIN * 2);
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    assert_eq!(signal, Some(6), "{status}");
}

#[test]
fn a_record_that_processes_keep_dying_of_is_unprocessable_in_the_end() {
    within(LIMIT, || {
        let broker = Broker::start();
        let threads = [Mode::Skip, Mode::Pause].map(|mode| {
            let place = Place::new(&broker, 1);
            let payloads = ["good", "good", POISON, "good"].map(Some);
            broker.append(&place.topic, 0, &payloads);
            thread::spawn(move || loops(mode, &place))
        });
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

fn loops(mode: Mode, place: &Place) {
    let broker = Broker::at(&place.brokers);
    let marks = std::env::temp_dir().join(unique("dashstream-marks"));
    let suspect = || {
        let marks = MarkerFile::new(&marks).load().unwrap();
        marks.partitions[&0].suspect
    };
    // The first death does not say of which record; each one after it does.
    for death in 0..=DEATHS {
        dies(place, &marks);
        let committed = broker.committed(&place.group, &place.topic, 0);
        assert!(committed <= Some(FATAL), "{committed:?}");
        let before = suspect().map_or(0, |suspect| suspect.deaths);
        assert_eq!(before, death.saturating_sub(1), "counted by the next start");
    }
    run(async {
        let policy = Config::default().mode(mode);
        let mut host = Host::start(config(place, &marks), policy).await;
        // The fatal record never reaches the host.
        let cause = Cause::DecodeError;
        let before = usize::try_from(FATAL).unwrap();
        let mut seen = Vec::new();
        while seen.len() < before {
            seen.extend(host.judge(1, JOIN, cause).await);
        }
        host.wait_for(|fact| {
            matches!(
                fact,
                Fact::Condemned {
                    partition: 0,
                    offset: FATAL,
                    cause: Cause::CrashLoop,
                    ..
                }
            )
        })
        .await;
        match mode {
            Mode::Skip => assert_eq!(host.judge(1, JOIN, cause).await, [(0, 3)]),
            Mode::Pause => {
                let poison = (HeldBy::Policy, Some(Cause::CrashLoop), Some(FATAL));
                host.until("held", |status| held(status, 0) == Some(poison))
                    .await;
                // Mended, says the operator: it is met again, and this host survives it.
                host.order(0, Command::Retry).await;
                let record = host.next(JOIN).await.unwrap();
                assert_eq!(record.offset(), FATAL);
                record.done();
                assert_eq!(host.judge(1, JOIN, cause).await, [(0, 3)]);
            }
        }
        let closing = host.shutdown().await;
        assert!(closing.committed, "{closing:?}");
    });
    assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(4));
    assert_eq!(broker.read(&place.archive, 0).len(), 1, "with its evidence");
    assert_eq!(suspect(), None, "what was passed is no suspect");
    std::fs::remove_file(&marks).unwrap();
}
