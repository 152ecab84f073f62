//! A record that the process dies of, again and again.

use std::path::Path;
use std::thread;
use std::time::Duration;

use dashstream_kafka::policy::{Cause, Command, Config, HeldBy, Mode, Scope};
use dashstream_kafka::{Consumer, ConsumerEvent, RecordIds, Status};

use crate::support::child;
use crate::support::host::{Host, POISON, Place, at, held, run};
use crate::support::{Broker, unique, within};

const LIMIT: Duration = Duration::from_secs(170);
const JOIN: Duration = Duration::from_secs(25);
const QUIET: Duration = Duration::from_millis(500);

/// Deaths that are allowed.
const DEATHS: u32 = 2;

/// Where the process dies. Two good records lie before it, one behind.
const FATAL: i64 = 2;

fn config(place: &Place, marks: &Path) -> dashstream_kafka::Config {
    place.config().crash_loop(marks, DEATHS).unwrap()
}

/// The offset that the file has a suspect at in partition 0, and the deaths on it.
fn suspect(marks: &Path) -> Option<(i64, u32)> {
    let text = std::fs::read_to_string(marks).unwrap();
    let line = text.lines().nth(3).unwrap();
    let words: Vec<&str> = line.split(' ').collect();
    assert_eq!(words[0], "0", "{text}");
    Some((words[3].parse().ok()?, words[4].parse().unwrap()))
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
            record.accept();
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
        let cases = [
            (Mode::Skip, Scope::Consumer),
            (Mode::Pause, Scope::Consumer),
            (Mode::Pause, Scope::Partition),
        ];
        let threads = cases.map(|(mode, scope)| {
            let place = Place::new(&broker, 1);
            let payloads = ["good", "good", POISON, "good"].map(Some);
            broker.append(&place.topic, 0, &payloads);
            let policy = Config::default().mode(mode).scope(scope);
            thread::spawn(move || loops(&policy, &place))
        });
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

fn is_rejected(event: &ConsumerEvent) -> bool {
    matches!(
        event,
        ConsumerEvent::Rejected {
            partition,
            offset: FATAL,
            cause: Cause::CrashLoop,
            ..
        } if *partition == at(0)
    )
}

fn loops(policy: &Config, place: &Place) {
    let broker = Broker::at(&place.brokers);
    let marks = std::env::temp_dir().join(unique("dashstream-marks"));
    let suspect = || suspect(&marks);
    // The first death does not say of which record; each one after it does.
    for death in 0..=DEATHS {
        dies(place, &marks);
        let committed = broker.committed(&place.group, &place.topic, 0);
        assert!(committed <= Some(FATAL), "{committed:?}");
        let before = suspect().map_or(0, |(_, deaths)| deaths);
        assert_eq!(before, death.saturating_sub(1), "counted by the next start");
    }
    run(async {
        let cause = Cause::DecodeError;
        let mut host = Host::start(config(place, &marks), policy.clone()).await;
        // The fatal record never reaches the host; those before it do, as far as they are not settled.
        let settled = broker.committed(&place.group, &place.topic, 0).unwrap_or(0);
        for offset in settled..FATAL {
            assert_eq!(host.judge(1, JOIN, cause).await, [(0, offset)]);
        }
        host.wait_for(is_rejected).await;
        match policy.mode {
            Mode::Skip => assert_eq!(host.judge(1, JOIN, cause).await, [(0, 3)]),
            Mode::Pause => {
                let poison = (HeldBy::Policy, Some(Cause::CrashLoop), Some(FATAL));
                let is_held = |status: &Status| held(status, 0) == Some(poison);
                host.until("held", is_held).await;
                let _ = host.shutdown().await;
                let committed = broker.committed(&place.group, &place.topic, 0);
                assert_eq!(committed, Some(FATAL));

                host = Host::start(config(place, &marks), policy.clone()).await;
                host.until("held over a restart", is_held).await;
                // Mended, says the operator: it is met again, and this host survives it.
                host.order(0, Command::Retry).await;
                let record = host.next(JOIN).await.unwrap();
                assert_eq!(record.offset(), FATAL);
                record.accept();
                assert_eq!(host.judge(1, JOIN, cause).await, [(0, 3)]);
            }
        }
        let closing = host.shutdown().await;
        assert!(closing.committed, "{closing:?}");
    });
    assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(4));
    let starts = if policy.mode == Mode::Pause { 2 } else { 1 };
    let archived = broker.read(&place.archive, 0).len();
    assert_eq!(archived, starts, "once for each start that met it");
    assert_eq!(suspect(), None, "what was passed is no suspect");
    std::fs::remove_file(&marks).unwrap();
}

/// It is judged when those before it are, and stays a suspect until it is passed.
#[test]
fn a_record_that_processes_died_of_waits_for_those_before_it() {
    within(LIMIT, || {
        let broker = Broker::start();
        // What was perhaps out when the last one died goes out one at a time; the rest does not.
        for handed_below in [None, Some(3)] {
            waits(&broker, handed_below);
        }
    });
}

fn waits(broker: &Broker, handed_below: Option<i64>) {
    let place = Place::new(broker, 1);
    broker.append(&place.topic, 0, &[Some("bad"), Some("fatal"), Some("good")]);
    let path = std::env::temp_dir().join(unique("dashstream-marks"));
    let below = handed_below.map_or_else(|| "-".to_owned(), |below| below.to_string());
    let (topic, group) = (&place.topic, &place.group);
    let head = format!("dashstream-crash-marks 1\n{topic}\n{group}\n");
    std::fs::write(&path, format!("{head}0 {below} - 1 {DEATHS}\n")).unwrap();
    let suspect = || suspect(&path);
    run(async {
        let policy = Config::default().mode(Mode::Pause).scope(Scope::Partition);
        let mut host = Host::start(config(&place, &path), policy).await;
        host.until("all have come", |status| status.received == 3)
            .await;
        let first = host.next(JOIN).await.unwrap();
        tokio::time::sleep(QUIET).await;
        assert_eq!(held(&host.status(), 0), None, "nothing is judged before it");
        first.reject(Cause::DecodeError, RecordIds::none());
        let is_held = |at, cause| {
            move |status: &Status| held(status, 0) == Some((HeldBy::Policy, Some(cause), Some(at)))
        };
        host.until("held", is_held(0, Cause::DecodeError)).await;
        let rejected = |event: &ConsumerEvent| {
            matches!(
                event,
                ConsumerEvent::Rejected {
                    offset: 1,
                    cause: Cause::CrashLoop,
                    ..
                }
            )
        };
        assert!(!host.events().iter().any(rejected));

        host.order(0, Command::SkipOne).await;
        host.until("held at the next", is_held(1, Cause::CrashLoop))
            .await;
        assert_eq!(
            host.events().iter().filter(|event| rejected(event)).count(),
            1
        );
        assert_eq!(suspect(), Some((1, DEATHS)), "nobody survived it yet");
        host.order(0, Command::SkipOne).await;
        let last = host.next(JOIN).await.unwrap();
        assert_eq!(last.offset(), 2);
        last.accept();
        let _ = host.shutdown().await;
    });
    assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(3));
    assert_eq!(suspect(), None, "what was passed is no suspect");
    std::fs::remove_file(&path).unwrap();
}
