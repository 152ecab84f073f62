//! Redrive: what is sent again, as what, and what is left.
#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "a test may panic: that is how it fails"
)]

#[path = "props/records.rs"]
mod records;

use core::time::Duration;

use bytes::Bytes;
use dashstream_dlq::{
    DeadLetter, Disclosure, Header, KafkaRecord, LETTER_BYTES_DEFAULT, LetterError, LetterPlace,
    Redrive, RedriveOptions, RedriveOutcome, RedriveStep, Redriven,
};
use dashstream_policy::Cause;
use records::Source;

const PLACE: LetterPlace = (0, 7);

fn header(name: &str, value: &str) -> Header {
    (name.into(), Some(Bytes::copy_from_slice(value.as_bytes())))
}

fn record() -> KafkaRecord {
    KafkaRecord {
        key: Some(Bytes::from_static(b"thread-1")),
        value: Some(Bytes::from_static(b"\xffpayload")),
        headers: vec![header("traceparent", "00-aa-bb-01")],
        timestamp_ms: Some(1_600_000_000_000),
    }
}

fn letter_of(record: KafkaRecord, disclosure: Disclosure, offset: i64) -> DeadLetter {
    let source = Source {
        record,
        partition: 3,
        offset,
        cause: Cause::DecodeError,
        text: "g".to_owned(),
        disclosure,
        budget: 100_000,
    };
    let written = records::the_record_is_in_the_letter_or_only_its_place(&source);
    let written = written.expect("it fits");
    records::any_record_is_read_or_refused(&written);
    DeadLetter::read(&written, LETTER_BYTES_DEFAULT).expect("a letter")
}

fn letter(disclosure: Disclosure) -> DeadLetter {
    letter_of(record(), disclosure, 42)
}

fn sent(step: RedriveStep) -> Redriven {
    match step {
        RedriveStep::Send(redriven) => redriven,
        other @ (RedriveStep::ReadSource { .. } | RedriveStep::Leave(_)) => panic!("{other:?}"),
    }
}

fn named(record: &KafkaRecord, name: &str) -> Vec<String> {
    let headers = record.headers.iter().filter(|(own, _)| **own == *name);
    let text = |(_, value): &Header| {
        String::from_utf8_lossy(value.as_deref().unwrap_or_default()).into_owned()
    };
    headers.map(text).collect()
}

#[test]
fn what_is_sent_is_the_record_but_for_the_count_and_goes_back_where_it_came_from() {
    let mut redrive = Redrive::new(RedriveOptions::default());
    let redriven = sent(redrive.letter(PLACE, &Ok(letter(Disclosure::Full))));
    assert_eq!((&*redriven.topic, redriven.partition), ("topic", Some(3)));
    let own = &redriven.record;
    assert_eq!((&own.key, &own.value), (&record().key, &record().value));
    assert_eq!(own.headers.first(), record().headers.first());
    assert_eq!(named(own, "dashstream.dlq.redrives"), ["1"]);
    assert_eq!(
        named(own, "dashstream.dlq.first_seen"),
        ["2023-11-14T22:13:20.123456Z"]
    );
    assert_eq!((own.headers.len(), own.timestamp_ms), (3, None));
    // Another topic chooses the partition by key.
    let mut options = RedriveOptions::default();
    options.target = Some("elsewhere".to_owned());
    let redriven = sent(Redrive::new(options).letter(PLACE, &Ok(letter(Disclosure::Full))));
    assert_eq!((&*redriven.topic, redriven.partition), ("elsewhere", None));
}

#[test]
fn poison_that_stays_poison_is_sent_as_often_as_it_may_and_no_more() {
    let mut poison = record();
    let mut redrive = Redrive::new(RedriveOptions::default());
    for (offset, redrives) in [(42, "1"), (43, "2"), (44, "3")] {
        let letter = letter_of(poison, Disclosure::Full, offset);
        poison = sent(redrive.letter(PLACE, &Ok(letter))).record;
        assert_eq!(named(&poison, "dashstream.dlq.redrives"), [redrives]);
        assert_eq!(named(&poison, "dashstream.dlq.first_seen").len(), 1);
    }
    let last = letter_of(poison.clone(), Disclosure::Full, 45);
    let step = redrive.letter(PLACE, &Ok(last.clone()));
    assert_eq!(step, RedriveStep::Leave(RedriveOutcome::Exhausted));
    assert_eq!(
        redrive.report().unsent(),
        [(PLACE, RedriveOutcome::Exhausted)]
    );
    let mut more = RedriveOptions::default();
    more.redrives_max = 4;
    sent(Redrive::new(more).letter(PLACE, &Ok(last)));
    // A count that is none is the source's own header, and stays.
    let mut own = record();
    own.headers.push(header("dashstream.dlq.redrives", "often"));
    let letter = letter_of(own, Disclosure::Full, 42);
    let again = sent(Redrive::new(RedriveOptions::default()).letter(PLACE, &Ok(letter)));
    assert_eq!(
        named(&again.record, "dashstream.dlq.redrives"),
        ["often", "1"]
    );
}

#[test]
fn a_record_is_sent_once_for_all_its_letters_and_names_unless_forced() {
    let mut redrive = Redrive::new(RedriveOptions::default());
    let first = sent(redrive.letter(PLACE, &Ok(letter(Disclosure::Full))));
    let again = redrive.letter((0, 8), &Ok(letter(Disclosure::Full)));
    assert_eq!(again, RedriveStep::Leave(RedriveOutcome::AlreadySent));
    for force in [false, true] {
        let mut options = RedriveOptions::default();
        options.force = force;
        let mut other = Redrive::new(options);
        other.sent_before(first.identity);
        let step = other.letter(PLACE, &Ok(letter(Disclosure::Full)));
        assert_eq!(matches!(step, RedriveStep::Send(_)), force);
    }
    // The same place in a topic that was created again is another record.
    let mut other = record();
    other.timestamp_ms = Some(1_600_000_000_001);
    sent(redrive.letter((0, 9), &Ok(letter_of(other, Disclosure::Full, 42))));
}

#[test]
fn a_letter_by_reference_is_sent_only_as_the_record_that_it_is_about() {
    let by_reference = letter(Disclosure::Hashed);
    let mut other = record();
    other.value = Some(Bytes::from_static(b"another"));
    for (there, outcome) in [
        (None, RedriveOutcome::SourceGone),
        (Some(other), RedriveOutcome::SourceDiffers),
    ] {
        let mut redrive = Redrive::new(RedriveOptions::default());
        let step = redrive.letter(PLACE, &Ok(by_reference.clone()));
        let expected = RedriveStep::ReadSource {
            topic: "topic".to_owned(),
            partition: 3,
            offset: 42,
        };
        assert_eq!(step, expected);
        let step = redrive.source_read(PLACE, &by_reference, there);
        assert_eq!(step, RedriveStep::Leave(outcome));
        assert_eq!(redrive.report().unsent(), [(PLACE, outcome)]);
        assert_eq!(redrive.report().letters(), 1);
        let step = redrive.source_read(PLACE, &by_reference, Some(record()));
        assert_eq!(sent(step).record.value, record().value);
    }
}

#[test]
fn a_letter_that_names_no_topic_has_no_target() {
    let mut letter = letter(Disclosure::Hashed);
    letter.source.topic = None;
    let mut redrive = Redrive::new(RedriveOptions::default());
    let step = redrive.letter(PLACE, &Ok(letter));
    assert_eq!(step, RedriveStep::Leave(RedriveOutcome::NoTarget));
}

#[test]
fn what_was_not_asked_for_is_left_and_can_be_sent_later() {
    let at = letter(Disclosure::Full).at;
    let tick = Duration::from_micros(1);
    type Change = Box<dyn Fn(&mut RedriveOptions)>;
    let cases: [(Change, bool); 10] = [
        (
            Box::new(|o| o.causes = ["decode_error".to_owned()].into()),
            true,
        ),
        (
            Box::new(|o| o.causes = ["oversize".to_owned()].into()),
            false,
        ),
        (Box::new(move |o| o.from = Some(at)), true),
        (Box::new(move |o| o.from = Some(at + tick)), false),
        (Box::new(move |o| o.until = Some(at)), false),
        (Box::new(move |o| o.until = Some(at + tick)), true),
        (Box::new(|o| o.source = Some("topic".to_owned())), true),
        (Box::new(|o| o.source = Some("other".to_owned())), false),
        (Box::new(|o| o.letters = Some([PLACE].into())), true),
        (Box::new(|o| o.letters = Some([(0, 8)].into())), false),
    ];
    for (at, (change, selected)) in cases.iter().enumerate() {
        let mut options = RedriveOptions::default();
        change(&mut options);
        let mut redrive = Redrive::new(options);
        let step = redrive.letter(PLACE, &Ok(letter(Disclosure::Full)));
        let filtered = step == RedriveStep::Leave(RedriveOutcome::Filtered);
        assert_eq!(filtered, !selected, "case {at}");
    }
}

#[test]
fn a_mended_value_takes_the_old_one_s_place_and_says_so() {
    let mut options = RedriveOptions::default();
    options.mended.insert(PLACE, Bytes::from_static(b"mended"));
    let mut redrive = Redrive::new(options);
    let mended = sent(redrive.letter(PLACE, &Ok(letter(Disclosure::Full)))).record;
    assert_eq!(mended.value.as_deref(), Some(b"mended".as_slice()));
    let [hash] = named(&mended, "dashstream.dlq.mended")
        .try_into()
        .expect("one");
    assert_eq!(hash.len(), 64);
    let other = sent(redrive.letter((0, 8), &Ok(letter_of(record(), Disclosure::Full, 43))));
    assert!(named(&other.record, "dashstream.dlq.mended").is_empty());
}

#[test]
fn a_report_adds_up_and_names_a_hundred_and_no_more() {
    let mut redrive = Redrive::new(RedriveOptions::default());
    let error = Err(LetterError::UnknownShape);
    for (offset, named) in [(98, 99), (99, 100), (100, 100)] {
        for offset in redrive.report().letters() as i64..=offset {
            redrive.letter((0, offset), &error);
        }
        assert_eq!(redrive.report().unsent().len(), named);
    }
    let letter = letter(Disclosure::Full);
    sent(redrive.letter(PLACE, &Ok(letter.clone())));
    redrive.unsendable(PLACE, &letter, RedriveOutcome::NoTarget);
    let report = redrive.report();
    assert_eq!(report.total(RedriveOutcome::Unreadable), 101);
    assert_eq!(report.total(RedriveOutcome::Sent), 0);
    assert_eq!(report.total(RedriveOutcome::NoTarget), 1);
    assert_eq!(report.letters(), 102);
    let counts: Vec<_> = report.counts().filter(|(_, _, count)| *count > 0).collect();
    let expected = [
        (RedriveOutcome::NoTarget, "decode_error", 1),
        (RedriveOutcome::Unreadable, "letter_unknown_shape", 101),
    ];
    assert_eq!(counts, expected);
}

#[test]
fn a_letter_is_counted_once_whatever_its_cause_is_and_however_many_there_are() {
    let mut redrive = Redrive::new(RedriveOptions::default());
    for number in 0..103_u32 {
        let mut letter = letter_of(record(), Disclosure::Full, number.into());
        letter.provenance = None;
        letter.error_type = format!("cause {number}");
        let place = (0, number.into());
        sent(redrive.letter(place, &Ok(letter.clone())));
        if number % 2 == 0 {
            redrive.unsendable(place, &letter, RedriveOutcome::TooLarge);
        }
        assert_eq!(
            redrive.report().letters(),
            u64::from(number) + 1,
            "{number}"
        );
    }
    let report = redrive.report();
    assert_eq!(report.total(RedriveOutcome::Sent), 51);
    assert_eq!(report.total(RedriveOutcome::TooLarge), 52);
    let others = report.counts().filter(|(_, cause, _)| *cause == "other");
    let others: Vec<_> = others.collect();
    assert_eq!(others, [(RedriveOutcome::Sent, "other", 1)]);
}

#[test]
fn a_rate_of_0_is_one_of_1() {
    for rate in [0, 1] {
        let mut options = RedriveOptions::default();
        options.rate = Some(rate);
        let mut redrive = Redrive::new(options);
        assert_eq!(redrive.wait(Duration::ZERO), Duration::ZERO);
        sent(redrive.letter(PLACE, &Ok(letter(Disclosure::Full))));
        assert_eq!(redrive.wait(Duration::ZERO), Duration::from_secs(1));
    }
}

#[test]
fn the_rate_is_kept_from_the_first_record_on() {
    let mut options = RedriveOptions::default();
    options.rate = Some(10);
    let mut redrive = Redrive::new(options);
    let start = Duration::from_secs(5);
    let tenth = Duration::from_millis(100);
    assert_eq!(redrive.wait(start), Duration::ZERO);
    for offset in 0..10 {
        let letter = letter_of(record(), Disclosure::Full, offset);
        sent(redrive.letter((0, offset), &Ok(letter)));
    }
    assert_eq!(redrive.wait(start), tenth * 10);
    assert_eq!(redrive.wait(start + tenth * 9), tenth);
    assert_eq!(redrive.wait(start + tenth * 10), Duration::ZERO);
}
