//! What others rely on stays as it is: codes, where dead letters go and under which id.

use std::time::Duration;

use dashstream_kafka::Config;
use dashstream_kafka::policy::{self, Cause};
use dashstream_testkit::frozen::{Frozen, check, names};

use crate::support::host::{Host, POISON, run};
use crate::support::{Broker, within};

fn file<'a>(file: &'a str, about: &'a str) -> Frozen<'a> {
    Frozen {
        manifest_dir: env!("CARGO_MANIFEST_DIR"),
        file,
        about,
        test: "-p dashstream-kafka frozen",
    }
}

#[test]
fn the_codes_of_errors_are_frozen() {
    check(
        &file(
            "tests/frozen/names.txt",
            "The codes of errors and findings, which hosts match, log and count.",
        ),
        &names(env!("CARGO_MANIFEST_DIR"), &["code"]),
    );
}

/// As an archive shows it: the topic's name, and the id made from where the record stood.
#[test]
fn the_archive_topic_and_the_trace_ids_are_frozen() {
    within(Duration::from_secs(90), || {
        let broker = Broker::embedded();
        broker.create("events", 2, &[]);
        broker.create("events-dlq", 1, &[]);
        broker.append("events", 0, &[Some(POISON), Some("good"), Some(POISON)]);
        broker.append("events", 1, &[Some(POISON)]);
        let config = Config::new(broker.list(), "events", "group").unwrap();
        run(async {
            let mut host = Host::start(config, policy::Config::default()).await;
            let judged = host.judge(4, Duration::from_secs(20), Cause::DecodeError);
            assert_eq!(judged.await.len(), 4);
            let closing = host.shutdown().await;
            assert_eq!(closing.unfinished, 0, "{closing:?}");
        });
        let letters = broker.letters("events-dlq");
        let mut lines: Vec<_> = letters
            .iter()
            .map(|letter| {
                let source = &letter.source;
                let (topic, partition) = (source.topic.as_deref(), source.partition);
                let offset = source.offset.unwrap().get();
                let (topic, partition) = (topic.unwrap(), partition.unwrap());
                format!(
                    "events-dlq group {topic}/{partition}@{offset} {}",
                    letter.trace_id
                )
            })
            .collect();
        lines.sort();
        check(
            &file(
                "tests/frozen/trace_ids.txt",
                "The archive topic of a topic, the group, where a record stood, and its trace_id.",
            ),
            &lines,
        );
    });
}
