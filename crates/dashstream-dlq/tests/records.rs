//! A dead letter is the record: byte for byte, whatever it carries, or it says that it is not.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic: that is how it fails"
)]

#[path = "props/records.rs"]
mod records;

use core::time::Duration;

use bytes::Bytes;
use dashstream_dlq::{
    DeadLetter, Disclosure, Header, KafkaRecord, LETTER_BYTES_DEFAULT, LetterError, LetterFormat,
    LetterShape, Payload, REDUCED_BYTES_MAX, RejectedRecord,
};
use dashstream_policy::{Cause, Form};
use dashstream_testkit::rng::SplitMix64 as Rng;
use proptest::prelude::*;
use records::Source;

fn header(name: &str, value: impl Into<Bytes>) -> Header {
    (name.into(), Some(value.into()))
}

fn record() -> KafkaRecord {
    KafkaRecord {
        key: Some(Bytes::from_static(b"thread-1")),
        value: Some(Bytes::from_static(b"\xffpayload")),
        headers: vec![header("traceparent", "00-aa-bb-01"), ("empty".into(), None)],
        timestamp_ms: Some(1_600_000_000_000),
    }
}

fn source(record: KafkaRecord, disclosure: Disclosure) -> Source {
    Source {
        record,
        partition: 3,
        offset: 42,
        cause: Cause::DecodeError,
        text: "a text".to_owned(),
        disclosure,
        budget: 100_000,
    }
}

fn letter(record: KafkaRecord, disclosure: Disclosure) -> KafkaRecord {
    let source = source(record, disclosure);
    records::the_record_is_in_the_letter_or_only_its_place(&source).expect("it fits")
}

fn read(record: &KafkaRecord) -> Result<DeadLetter, LetterError> {
    DeadLetter::read(record, LETTER_BYTES_DEFAULT)
}

#[test]
fn a_consumer_that_knows_kip_1191_alone_finds_what_it_looks_for() {
    let letter = letter(record(), Disclosure::Full);
    assert_eq!(
        (&letter.key, &letter.value),
        (&record().key, &record().value)
    );
    let last = |name: &str| {
        let mut named = letter
            .headers
            .iter()
            .rev()
            .filter(|(own, _)| **own == *name);
        let (_, value) = named.next().expect(name);
        String::from_utf8(value.as_ref().expect("a value").to_vec()).expect("text")
    };
    for (name, value) in [
        ("__dlq.errors.topic", "topic"),
        ("__dlq.errors.partition", "3"),
        ("__dlq.errors.offset", "42"),
        ("__dlq.errors.group", "a text"),
        ("__dlq.errors.delivery.count", "1"),
        ("__dlq.errors.message", "the value is no message: a text"),
    ] {
        assert_eq!(last(name), value);
    }
    assert_eq!(letter.headers[..2], record().headers[..]);
}

/// A letter that is rejected in its turn, a record with the names of a letter, and one with a whole
/// forged letter in its headers: position tells what is whose.
#[test]
fn a_source_that_carries_the_names_of_a_letter_gets_them_back() {
    let mut forged = record();
    for name in [
        "__dlq.errors.topic",
        "dashstream.dlq.version",
        "kafka_dlt-original-topic",
    ] {
        forged.headers.push(header(name, "elsewhere"));
    }
    forged.headers.push(("dashstream.dlq.version".into(), None));
    let once = letter(record(), Disclosure::Full);
    let twice = letter(once.clone(), Disclosure::Full);
    for (record, letter) in [
        (once, twice),
        (forged.clone(), letter(forged, Disclosure::Full)),
    ] {
        let read = read(&letter).expect("a letter");
        assert_eq!(read.source.topic.as_deref(), Some("topic"));
        assert_eq!(read.record(), Some(record));
    }
}

#[test]
fn a_record_that_just_fits_is_whole_and_one_byte_more_is_not() {
    for disclosure in [Disclosure::Full, Disclosure::Hashed, Disclosure::Nothing] {
        let mut source = source(record(), disclosure);
        source.record.value = Some(vec![7; 5_000].into());
        source.budget = usize::MAX;
        let whole = records::the_record_is_in_the_letter_or_only_its_place(&source);
        let needed = whole.expect("it fits").bytes();
        for budget in [needed - 1, needed, needed + 1] {
            source.budget = budget;
            let bytes = records::the_record_is_in_the_letter_or_only_its_place(&source);
            let fits = disclosure == Disclosure::Full && budget >= needed;
            match bytes {
                Some(bytes) => assert_eq!(bytes.value == source.record.value, fits),
                None => assert!(budget < needed && disclosure != Disclosure::Full),
            }
        }
    }
}

#[test]
fn the_block_keeps_within_its_bound_with_every_text_at_its_longest() {
    let long = "\u{10ffff}".repeat(1_000);
    let topic = "t".repeat(249);
    let value = [7; 10];
    let at = Duration::from_secs(1_700_000_000);
    let mut record = RejectedRecord::new(
        &topic,
        i32::MAX,
        i64::MAX,
        Some(&value),
        Cause::DecompressionRefused,
        at,
        &long,
    );
    (record.group, record.consumer_id, record.detail) = (&long, &long, Some(&*long));
    (record.attempt, record.assignment) = (u32::MAX, u64::MAX);
    record.timestamp_ms = Some(i64::MIN);
    for id in [
        &mut record.thread_id,
        &mut record.tenant_id,
        &mut record.node_id,
        &mut record.parent_trace_id,
        &mut record.span_id,
    ] {
        *id = Some(&*long);
    }
    for disclosure in [Disclosure::Full, Disclosure::Hashed, Disclosure::Nothing] {
        for form in Form::ALL {
            let letter = record.encode(LetterFormat::Record, disclosure, form, 1_000_000);
            let bytes = records::delivered(&letter.expect("it fits")).bytes();
            assert!(bytes <= REDUCED_BYTES_MAX, "{bytes}");
        }
    }
}

#[test]
fn a_timestamp_ahead_of_the_failure_is_in_the_header_alone() {
    for (ahead, produced) in [(-1, true), (0, true), (1, false)] {
        let mut record = record();
        record.timestamp_ms = Some(1_700_000_000_123 + ahead);
        let letter = letter(record.clone(), Disclosure::Full);
        assert_eq!(letter.timestamp_ms.is_some(), produced);
        let read = read(&letter).expect("a letter").record();
        assert_eq!(read, Some(record));
    }
}

#[test]
fn a_letter_that_only_names_its_source_knows_the_record_again() {
    let letter = letter(record(), Disclosure::Hashed);
    let letter = read(&letter).expect("a letter");
    assert!(letter.is_of(&record()));
    for change in [
        |record: &mut KafkaRecord| record.value = Some(Bytes::from_static(b"\xfepayload")),
        |record: &mut KafkaRecord| record.value = None,
        |record: &mut KafkaRecord| record.timestamp_ms = Some(1_600_000_000_001),
    ] {
        let mut other = record();
        change(&mut other);
        assert!(!letter.is_of(&other));
    }
}

#[test]
fn a_letter_that_shows_an_id_beyond_its_disclosure_is_refused() {
    let key = "dashstream.dlq.disclosure";
    for disclosure in [Disclosure::Nothing, Disclosure::Hashed, Disclosure::Full] {
        for id in [
            "thread_id",
            "tenant_id",
            "node_id",
            "parent_trace_id",
            "span_id",
        ] {
            let mut letter = letter(record(), disclosure);
            let id = format!("dashstream.dlq.{id}");
            letter.headers.retain(|(name, _)| **name != *id);
            let end = letter.headers.len() - 1;
            letter.headers.insert(end, header(&id, "known"));
            let error = read(&letter).err();
            let expected = LetterError::Contradiction { key };
            match disclosure {
                // The identity covers no id, so that this letter is read.
                Disclosure::Full => assert_eq!(error, None, "{id}"),
                Disclosure::Nothing | Disclosure::Hashed | Disclosure::Truncated => {
                    assert_eq!(error, Some(expected), "{id}");
                }
            }
        }
    }
}

#[test]
fn what_contradicts_itself_is_refused_by_name() {
    let change = |disclosure, name: &'static str, to: Option<&'static str>| {
        let mut letter = letter(record(), disclosure);
        let at = letter.headers.iter().rposition(|(own, _)| **own == *name);
        match to {
            Some(to) => letter.headers[at.expect(name)].1 = Some(to.into()),
            None => drop(letter.headers.remove(at.expect(name))),
        }
        read(&letter)
    };
    let full = |name, to| change(Disclosure::Full, name, to);
    let size = "dashstream.dlq.size";
    for (result, expected) in [
        (
            full(size, Some("9")),
            LetterError::Contradiction { key: size },
        ),
        (full(size, Some("-1")), LetterError::Kind { key: size }),
        (full(size, None), LetterError::Contradiction { key: size }),
        (
            full("dashstream.dlq.sha256", Some("00")),
            LetterError::Value {
                key: "dashstream.dlq.sha256",
            },
        ),
        (
            full("dashstream.dlq.form", Some("reduced")),
            LetterError::Contradiction {
                key: "dashstream.dlq.form",
            },
        ),
        (
            full("dashstream.dlq.disclosure", Some("hashed")),
            LetterError::Contradiction {
                key: "dashstream.dlq.disclosure",
            },
        ),
        (
            change(Disclosure::Hashed, "dashstream.dlq.form", Some("full")),
            LetterError::Contradiction {
                key: "dashstream.dlq.disclosure",
            },
        ),
        (
            full("dashstream.dlq.version", Some("2")),
            LetterError::Version { found: 2 },
        ),
        (
            full("dashstream.dlq.cause", Some("new")),
            LetterError::Value {
                key: "dashstream.dlq.cause",
            },
        ),
        (
            full("__dlq.errors.offset", None),
            LetterError::Missing {
                key: "__dlq.errors.offset",
            },
        ),
        (
            full("__dlq.errors.partition", Some("-1")),
            LetterError::Value {
                key: "__dlq.errors.partition",
            },
        ),
        (
            full("__dlq.errors.topic", None),
            LetterError::Missing {
                key: "__dlq.errors.topic",
            },
        ),
    ] {
        assert_eq!(result, Err(expected));
    }
    let mut other = letter(record(), Disclosure::Full);
    other.value = Some(Bytes::from_static(b"\xfepayload"));
    assert!(matches!(
        read(&other),
        Err(LetterError::Contradiction { .. })
    ));
    let version = "dashstream.dlq.version";
    let torn = full(version, None);
    assert_eq!(torn, Err(LetterError::Missing { key: version }));
    let mut twice = letter(record(), Disclosure::Full);
    let last = twice.headers.len() - 1;
    twice
        .headers
        .insert(last, header("dashstream.dlq.cause", "empty"));
    assert_eq!(
        read(&twice),
        Err(LetterError::Twice {
            key: "dashstream.dlq.cause"
        })
    );
    // What something on the way has appended is passed over.
    let mut appended = letter(record(), Disclosure::Full);
    appended.headers.push(header("x-mirrored", "1"));
    assert_eq!(read(&appended).expect("a letter").record(), Some(record()));
}

/// Letters about 2:41 of `orders`, as Spring Kafka, Kafka Connect and a share group write them.
fn foreign() -> [(LetterShape, KafkaRecord); 3] {
    let with = |added: &[(&str, &[u8])]| {
        let mut letter = record();
        let added = added
            .iter()
            .map(|(name, value)| header(name, value.to_vec()));
        letter.headers.extend(added);
        letter
    };
    let spring = with(&[
        (
            "kafka_dlt-exception-fqcn",
            b"org.springframework.kafka.listener.ListenerExecutionFailedException",
        ),
        (
            "kafka_dlt-exception-cause-fqcn",
            b"java.lang.IllegalStateException",
        ),
        ("kafka_dlt-exception-message", b"no"),
        ("kafka_dlt-exception-stacktrace", b"at"),
        ("kafka_dlt-original-topic", b"orders"),
        ("kafka_dlt-original-partition", &2_i32.to_be_bytes()),
        ("kafka_dlt-original-offset", &41_i64.to_be_bytes()),
        (
            "kafka_dlt-original-timestamp",
            &1_600_000_000_000_i64.to_be_bytes(),
        ),
        ("kafka_dlt-original-timestamp-type", b"CreateTime"),
        ("kafka_dlt-original-consumer-group", b"billing"),
    ]);
    let connect = with(&[
        ("__connect.errors.topic", b"orders"),
        ("__connect.errors.partition", b"2"),
        ("__connect.errors.offset", b"41"),
        ("__connect.errors.connector.name", b"billing"),
        ("__connect.errors.task.id", b"0"),
        ("__connect.errors.stage", b"VALUE_CONVERTER"),
        (
            "__connect.errors.class.name",
            b"org.apache.kafka.connect.json.JsonConverter",
        ),
        (
            "__connect.errors.exception.class.name",
            b"java.lang.IllegalStateException",
        ),
        ("__connect.errors.exception.message", b"no"),
        ("__connect.errors.exception.stacktrace", b"at"),
    ]);
    let broker = with(&[
        ("__dlq.errors.topic", b"orders"),
        ("__dlq.errors.partition", b"2"),
        ("__dlq.errors.offset", b"41"),
        ("__dlq.errors.group", b"billing"),
        ("__dlq.errors.delivery.count", b"5"),
        ("__dlq.errors.message", b"no"),
    ]);
    [
        (LetterShape::Spring, spring),
        (LetterShape::Connect, connect),
        (LetterShape::ShareGroup, broker),
    ]
}

#[test]
fn letters_of_spring_connect_and_a_share_group_are_read() {
    for (shape, letter) in foreign() {
        let letter = &letter;
        let read = read(letter).expect("a letter");
        assert_eq!(read.shape, shape);
        assert_eq!(read.source.topic.as_deref(), Some("orders"));
        assert_eq!(read.source.partition, Some(2));
        assert_eq!(read.source.offset.map(|at| at.get()), Some(41));
        assert_eq!(
            (read.group.as_deref(), &*read.error),
            (Some("billing"), "no")
        );
        let own = read.record().expect("all of it");
        let mut there = KafkaRecord {
            timestamp_ms: read.timestamp_ms,
            ..record()
        };
        assert!(read.is_of(&there));
        for value in [
            None,
            Some(Bytes::new()),
            Some(Bytes::from_static(b"another")),
        ] {
            there.value = value;
            assert!(!read.is_of(&there), "{shape:?}");
        }
        assert_eq!((own.key, own.value), (record().key, record().value));
        assert_eq!(own.headers, record().headers);
        let class = if shape == LetterShape::ShareGroup {
            "unknown"
        } else {
            "java.lang.IllegalStateException"
        };
        assert_eq!(read.cause(), class);
        for (at, (name, _)) in letter.headers.iter().enumerate().skip(2) {
            if name.ends_with("topic") || name.ends_with("partition") || name.ends_with("offset") {
                let mut without = letter.clone();
                without.headers.remove(at);
                assert!(
                    DeadLetter::read(&without, LETTER_BYTES_DEFAULT).is_err(),
                    "{name}"
                );
            }
        }
    }
    // Without a copy, which is a share group's default, the record has to be read where it stood.
    let [_, _, (_, mut alone)] = foreign();
    (alone.key, alone.value) = (None, None);
    let alone = read(&alone).expect("a letter");
    assert_eq!((alone.record(), &alone.payload), (None, &Payload::Withheld));
    assert!(read(&record()).is_err(), "a record that is no letter");
}

#[test]
fn the_older_formats_are_written_and_read_by_their_own_rules() {
    let payload = [7; 100];
    for payload in [
        None,
        Some(&payload[..]),
        Some(&payload[..0]),
        Some(&payload[..3]),
    ] {
        let at = Duration::from_secs(1_700_000_000);
        let record = RejectedRecord::new("topic", 3, 42, payload, Cause::DecodeError, at, "id");
        for (format, shape) in [
            (LetterFormat::Library, LetterShape::Library),
            (LetterFormat::Server, LetterShape::Server),
        ] {
            for disclosure in [Disclosure::Hashed, Disclosure::Truncated, Disclosure::Full] {
                let letter = record
                    .encode(format, disclosure, Form::Full, 10_000)
                    .expect("it fits");
                let read = DeadLetter::read_json(letter.value().expect("JSON"), 10_000);
                let read =
                    read.unwrap_or_else(|error| panic!("{error} {disclosure:?} {payload:?}"));
                assert_eq!(read.shape, shape);
                assert_eq!(read.size, payload.map_or(0, <[u8]>::len) as u64);
                let mut there = KafkaRecord {
                    key: None,
                    value: payload.map(Bytes::copy_from_slice),
                    headers: Vec::new(),
                    timestamp_ms: read.timestamp_ms,
                };
                assert!(read.is_of(&there), "{disclosure:?} {payload:?}");
                there.value = Some(Bytes::from_static(b"another"));
                assert!(!read.is_of(&there), "{disclosure:?} {payload:?}");
                let whole = disclosure == Disclosure::Full && payload.is_some();
                assert!(!whole || read.payload.whole() == payload);
                assert_eq!(
                    letter.form() == Form::Full,
                    payload.is_some(),
                    "none is not no bytes"
                );
            }
            let refused = record.encode(format, Disclosure::Nothing, Form::Full, 10_000);
            let disclosure = Disclosure::Nothing;
            assert_eq!(refused, Err(LetterError::Disclosure { format, disclosure }));
        }
    }
    for format in LetterFormat::ALL {
        let shown = Disclosure::ALL.map(|disclosure| format.can_show(disclosure));
        let expected = match format {
            LetterFormat::Record => [true, true, false, true],
            LetterFormat::Versioned => [true; 4],
            LetterFormat::Library | LetterFormat::Server => [false, true, true, true],
        };
        assert_eq!(shown, expected);
    }
}

/// Letters of every writer with headers and bodies changed at random: none is read for another
/// record's than it names, and none makes the reader panic.
#[test]
fn two_hundred_thousand_mutated_letters_are_read_or_refused() {
    let mut forged = record();
    forged
        .headers
        .push(header("__dlq.errors.topic", "elsewhere"));
    let seeds = [
        letter(record(), Disclosure::Full),
        letter(record(), Disclosure::Hashed),
        letter(letter(forged, Disclosure::Full), Disclosure::Full),
    ]
    .map(|letter| (None, letter))
    .into_iter()
    .chain(foreign().map(|(shape, letter)| (Some(shape), letter)))
    .collect::<Vec<_>>();
    let mut rng = Rng::new(7);
    let mut foreign_read = 0_u32;
    for round in 0..200_000_usize {
        let (foreign, mut mutated) = seeds[round % seeds.len()].clone();
        let original = mutated.clone();
        for _ in 0..=rng.below(3) {
            mutate(&mut mutated, &mut rng);
        }
        records::any_record_is_read_or_refused(&mutated);
        let Ok(read) = DeadLetter::read(&mutated, usize::MAX) else {
            continue;
        };
        if foreign.is_some() {
            // Nothing in these vouches for the place, so that it is what their headers say.
            let says = |end: &str| {
                let named = |record: &KafkaRecord| {
                    let mut headers = record.headers.iter().rev();
                    headers
                        .find(|(name, _)| name.ends_with(end))
                        .map(|header| header.1.clone())
                };
                named(&mutated) == named(&original)
            };
            let source = &read.source;
            if says("topic") && says("partition") && says("offset") {
                assert_eq!(source.topic.as_deref(), Some("orders"));
                assert_eq!(source.partition, Some(2));
                assert_eq!(source.offset.map(|at| at.get()), Some(41));
            }
            foreign_read += 1;
        }
        if matches!(read.shape, LetterShape::Record(_)) {
            assert_eq!(read.source.topic.as_deref(), Some("topic"));
            assert_eq!(read.source.partition, Some(3));
            assert_eq!(read.source.offset.map(|at| at.get()), Some(42));
            assert_eq!(read.timestamp_ms, Some(1_600_000_000_000));
        }
    }
    assert!(foreign_read > 50_000, "{foreign_read} of 100,000");
}

fn mutate(record: &mut KafkaRecord, rng: &mut Rng) {
    let flip = |bytes: &mut Option<Bytes>, rng: &mut Rng| {
        let mut changed = bytes.take().map(|bytes| bytes.to_vec()).unwrap_or_default();
        match (changed.is_empty(), rng.below(4)) {
            (true, _) | (_, 0) => changed.extend(rng.next_u64().to_be_bytes().first()),
            (_, 1) => drop(changed.pop()),
            (_, _) => {
                let at = rng.index(changed.len());
                changed[at] ^= 1 << rng.below(8);
            }
        }
        *bytes = (rng.below(16) > 0).then(|| changed.into());
    };
    let at = rng.index(record.headers.len());
    match rng.below(8) {
        0 => flip(&mut record.key, rng),
        1 => flip(&mut record.value, rng),
        2 => {
            let to = rng.index(record.headers.len());
            record.headers.swap(at, to);
        }
        3 if record.headers.len() > 1 => drop(record.headers.remove(at)),
        4 => {
            let header = record.headers[at].clone();
            record.headers.push(header);
        }
        _ => flip(&mut record.headers[at].1, rng),
    }
}

fn sources() -> impl Strategy<Value = Source> {
    let bytes = || proptest::option::of(proptest::collection::vec(any::<u8>(), 0..100));
    let names = prop_oneof![
        ".{0,20}".prop_map(String::from),
        Just("dashstream.dlq.version".to_owned()),
        Just("__dlq.errors.topic".to_owned()),
        Just("kafka_dlt-original-topic".to_owned()),
    ];
    let headers = proptest::collection::vec((names, bytes()), 0..8);
    let choices = (
        proptest::sample::select(Cause::ALL.to_vec()),
        proptest::sample::select(Disclosure::ALL.to_vec()),
    );
    let numbers = (
        0..=i32::MAX,
        0..i64::MAX,
        proptest::option::of(any::<i64>()),
    );
    let budget = prop_oneof![500..4_000_usize, Just(100_000)];
    (
        bytes(),
        bytes(),
        headers,
        choices,
        numbers,
        ".{0,300}",
        budget,
    )
        .prop_map(
            |(key, value, headers, choices, numbers, text, budget)| Source {
                record: KafkaRecord {
                    key: key.map(Bytes::from),
                    value: value.map(Bytes::from),
                    headers: headers
                        .into_iter()
                        .map(|(name, value)| (name.into(), value.map(Bytes::from)))
                        .collect(),
                    timestamp_ms: numbers.2,
                },
                partition: numbers.0,
                offset: numbers.1,
                cause: choices.0,
                text,
                disclosure: choices.1,
                budget,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn every_record_is_in_its_letter_or_only_its_place(source in sources()) {
        if let Some(bytes) = records::the_record_is_in_the_letter_or_only_its_place(&source) {
            records::any_record_is_read_or_refused(&bytes);
        }
    }
}
