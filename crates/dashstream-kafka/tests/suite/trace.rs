//! What the policy engine was told, as a file that does it all again.

use std::time::Duration;

use dashstream_kafka::ConsumerEvent;
use dashstream_kafka::policy::trace::Trace;
use dashstream_kafka::policy::{Action, Cause, Command, Config, Mode};

use crate::support::host::{Host, POISON, Place, held_at, run};
use crate::support::{Broker, unique, within};

const LIMIT: Duration = Duration::from_secs(60);
const JOIN: Duration = Duration::from_secs(20);

/// What a host hears of, among the actions of an engine.
fn heard(action: &Action<()>) -> Option<ConsumerEvent> {
    match action {
        Action::Count(count) => Some(ConsumerEvent::Count(*count)),
        Action::Audit(audit) => Some(ConsumerEvent::Audit(audit.clone())),
        Action::Store(store) => Some(ConsumerEvent::Stored {
            partition: store.partition(),
            next: store.next().get(),
            because: store.reason(),
        }),
        _ => None,
    }
}

fn decided(events: &[ConsumerEvent]) -> Vec<ConsumerEvent> {
    let is_decided = |event: &&ConsumerEvent| {
        matches!(
            event,
            ConsumerEvent::Count(_) | ConsumerEvent::Audit(_) | ConsumerEvent::Stored { .. }
        )
    };
    events.iter().filter(is_decided).cloned().collect()
}

#[test]
fn a_recorded_incident_runs_again_bit_for_bit() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        broker.append(
            &place.topic,
            0,
            &[Some("good"), Some(POISON), None, Some("good")],
        );
        let path = std::env::temp_dir().join(unique("dashstream-trace"));
        let read = || {
            let text = std::fs::read_to_string(&path).unwrap();
            let trace = Trace::parse(&text, Trace::CALLS_DEFAULT).unwrap();
            assert_eq!(trace.to_string(), text);
            let actions = trace.replay().unwrap();
            assert_eq!(trace.replay().unwrap(), actions);
            actions.iter().filter_map(heard).collect::<Vec<_>>()
        };
        run(async {
            let config = place.config().trace(&path, Trace::CALLS_DEFAULT).unwrap();
            let mut host = Host::start(config, Config::default().mode(Mode::Pause)).await;
            assert_eq!(host.judge(2, JOIN, Cause::BadFrame).await.len(), 2);
            host.until("held", |status| held_at(status, 0) == Some(1))
                .await;
            assert!(host.saw(&ConsumerEvent::TraceWritten { ok: true }));
            // Written while the incident lasts: it holds all that happened up to the hold.
            let replayed = read();
            let events = decided(&host.events());
            assert!(replayed.len() >= 3, "{replayed:?}");
            assert_eq!(events[..replayed.len()], replayed);

            host.order(0, Command::SkipOne).await;
            host.until("held at the next", |status| held_at(status, 0) == Some(2))
                .await;
            host.order(0, Command::SkipOne).await;
            assert_eq!(host.judge(1, JOIN, Cause::BadFrame).await, [(0, 3)]);
            let events = host.shared_events();
            let _ = host.shutdown().await;
            let told = decided(&events.lock().unwrap());
            assert_eq!(read(), told, "the whole run");
        });
        std::fs::remove_file(&path).unwrap();
    });
}

#[test]
fn a_recording_ends_at_its_limit_and_the_consumer_goes_on() {
    within(LIMIT, || {
        let broker = Broker::start();
        let place = Place::new(&broker, 1);
        broker.fill(&place.topic, 0, 10);
        let path = std::env::temp_dir().join(unique("dashstream-trace"));
        run(async {
            let config = place.config().trace(&path, 5).unwrap();
            let mut host = Host::start(config, Config::default()).await;
            assert_eq!(host.judge(10, JOIN, Cause::BadFrame).await.len(), 10);
            let _ = host.shutdown().await;
        });
        let text = std::fs::read_to_string(&path).unwrap();
        let trace = Trace::parse(&text, 5).unwrap();
        assert_eq!((trace.len(), trace.is_cut()), (5, true));
        trace.replay().unwrap();
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(10));
        std::fs::remove_file(&path).unwrap();
    });
}
