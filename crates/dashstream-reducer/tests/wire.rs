//! What the codec decodes, handed to the runs; and what a producer sends, read by a consumer.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod props;

use core::time::Duration;

use dashstream_codec::v1::attribute_value::Value;
use dashstream_codec::v1::{
    AttributeValue, Checkpoint, CompressionInfo, CompressionType, Event, EventType, Header,
    StateDiff,
};
use dashstream_codec::{DecodeOptions, Decoder, EncodeOptions, Encoder, Message};
use dashstream_reducer::diff::{Producer, ProducerLimits};
use dashstream_reducer::{Document, HashVerdict, ReadLimits, Runs, RunsLimits};
use dashstream_testkit::alloc::measure;
use dashstream_testkit::rng::SplitMix64;

use crate::props::diffing::{successor, with_lists};
use crate::props::entropy::Entropy;

/// Bytes that a state may have in these tests.
const LIMIT: usize = 17;

fn header(thread: &str, sequence: u64) -> Header {
    Header {
        message_id: sequence.to_be_bytes().repeat(2).into(),
        thread_id: thread.to_owned(),
        sequence,
        ..Header::default()
    }
}

fn event(sequence: u64, event_type: EventType, attribute: &str, text: &str) -> Message {
    let value = Some(Value::StringValue(text.to_owned()));
    Message::Event(Event {
        header: Some(header("a", sequence)),
        event_type: event_type.into(),
        attributes: [(attribute.to_owned(), AttributeValue { value })].into(),
        ..Event::default()
    })
}

fn full_state(sequence: u64, text: &str) -> Message {
    Message::StateDiff(StateDiff {
        header: Some(header("a", sequence)),
        full_state: text.as_bytes().to_vec().into(),
        ..StateDiff::default()
    })
}

fn checkpoint(sequence: u64, state: Vec<u8>, compression: CompressionType) -> Message {
    Message::Checkpoint(Checkpoint {
        header: Some(header("a", sequence)),
        checkpoint_id: vec![7; 16].into(),
        state: state.into(),
        compression_info: Some(CompressionInfo {
            r#type: compression.into(),
            ..CompressionInfo::default()
        }),
        ..Checkpoint::default()
    })
}

/// Runs among which `a` waits, and `b` too, so that the indexes have been used.
fn runs() -> Runs {
    let mut limits = RunsLimits::default();
    limits.run.read.text_bytes = LIMIT;
    let mut runs = Runs::new(limits);
    for thread in ["a", "b"] {
        let waits = Message::Event(Event {
            header: Some(header(thread, 1)),
            ..Event::default()
        });
        let _tally = runs.apply_message(Duration::ZERO, None, &waits);
    }
    runs
}

/// A state one byte under the limit, at it, and over it: the last is refused without an allocation,
/// and counted where it stood.
fn is_refused_on_its_length(text: &'static str, of: impl Fn(u64, usize) -> Message) {
    for (len, refused) in [(LIMIT - 1, 0), (LIMIT, 0), (LIMIT + 1, 1), (10 * LIMIT, 1)] {
        let mut runs = runs();
        let message = of(2, len);
        let (tally, usage) = measure(|| runs.apply_message(Duration::ZERO, None, &message));
        let counted = |runs: &Runs| -> Vec<_> {
            let counts = runs.counts();
            counts.refused().filter(|(_, count)| *count > 0).collect()
        };
        let expected = |count| {
            if count > 0 {
                vec![(text, count)]
            } else {
                vec![]
            }
        };
        assert_eq!(counted(&runs), expected(refused), "{len}");
        assert_eq!((tally.resync, tally.recovered), (refused, 1 - refused));
        if refused == 1 {
            assert_eq!(usage.calls, 0, "{len}");
        }
        // Counted each time, and only there.
        let _tally = runs.apply_message(Duration::ZERO, None, &of(3, len));
        assert_eq!(counted(&runs), expected(2 * refused));
    }
}

fn digits(len: usize) -> String {
    "1".repeat(len)
}

#[test]
fn initial_state_json_is_refused_on_its_length() {
    is_refused_on_its_length("initial_state_json", |sequence, len| {
        event(
            sequence,
            EventType::GraphStart,
            "initial_state_json",
            &digits(len),
        )
    });
}

#[test]
fn state_json_is_refused_on_its_length() {
    is_refused_on_its_length("state_json", |sequence, len| {
        event(sequence, EventType::GraphStart, "state_json", &digits(len))
    });
}

#[test]
fn state_is_refused_on_its_length() {
    is_refused_on_its_length("state", |sequence, len| {
        event(sequence, EventType::GraphStart, "state", &digits(len))
    });
}

#[test]
fn full_state_is_refused_on_its_length() {
    is_refused_on_its_length("full_state", |sequence, len| {
        full_state(sequence, &digits(len))
    });
}

#[test]
fn a_plain_checkpoint_is_refused_on_its_length() {
    is_refused_on_its_length("checkpoint", |sequence, len| {
        checkpoint(sequence, digits(len).into(), CompressionType::None)
    });
}

#[test]
fn a_compressed_checkpoint_is_refused_on_its_inflated_length() {
    is_refused_on_its_length("checkpoint", |sequence, len| {
        // One frame that declares its size, and one block that repeats a byte that often.
        let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, 0xA0];
        frame.extend(u32::try_from(len).unwrap().to_le_bytes());
        frame.extend(&u32::try_from(len << 3 | 0b011).unwrap().to_le_bytes()[..3]);
        frame.push(b'1');
        checkpoint(sequence, frame, CompressionType::Zstd)
    });
}

#[test]
fn the_ends_of_nodes_change_no_state() {
    let mut runs = Runs::new(RunsLimits::default());
    let start = event(1, EventType::GraphStart, "initial_state_json", r#"{"n":0}"#);
    let _tally = runs.apply_message(Duration::ZERO, None, &start);
    for (sequence, kind) in [(2, EventType::NodeStart), (3, EventType::NodeEnd)] {
        let merged = event(sequence, kind, "state_json", r#"{"n":1,"more":2}"#);
        let tally = runs.apply_message(Duration::ZERO, None, &merged);
        assert_eq!(tally.unchanged, 1);
    }
    assert_eq!(
        runs.get("a").unwrap().state().unwrap().to_string(),
        r#"{"n":0}"#
    );
    assert_eq!(runs.counts().not_applicable, 2);
}

#[test]
fn a_rescued_run_is_not_undone_by_a_diff_that_names_the_poisoned_checkpoint() {
    let mut runs = Runs::new(RunsLimits::default());
    let start = event(1, EventType::GraphStart, "initial_state_json", r#"{"n":0}"#);
    let _tally = runs.apply_message(Duration::ZERO, None, &start);
    let poisoned = checkpoint(2, b"not a frame".to_vec(), CompressionType::Zstd);
    assert_eq!(
        runs.apply_message(Duration::ZERO, None, &poisoned).resync,
        1
    );
    assert_eq!(
        runs.apply_message(Duration::ZERO, None, &full_state(3, "{}"))
            .recovered,
        1
    );
    for sequence in [4, 5] {
        let base = [7; 16];
        let diff = Message::StateDiff(StateDiff {
            header: Some(header("a", sequence)),
            base_checkpoint_id: base.to_vec().into(),
            ..StateDiff::default()
        });
        assert_eq!(runs.apply_message(Duration::ZERO, None, &diff).unchanged, 1);
    }
    assert!(runs.get("a").unwrap().needs_resync().is_none());
}

/// Random states and edits, from a producer through the codec's bytes to a consumer.
#[test]
fn a_consumer_has_the_producers_state_and_hash_bit_for_bit() {
    let (mut by_operations, mut in_full) = (0, 0);
    for seed in 0..150 {
        let mut rng = SplitMix64::new(seed);
        let mut bytes = vec![0; 3_000];
        rng.fill(&mut bytes);
        let mut entropy = Entropy::new(&bytes);
        let mut value = with_lists(&mut entropy);
        let mut state = Document::from_value(&value, &ReadLimits::default()).unwrap();
        let mut producer = Producer::new(ProducerLimits::default());
        let mut encoder = Encoder::new(EncodeOptions::new());
        let mut decoder = Decoder::new(DecodeOptions::new());
        let mut runs = Runs::new(RunsLimits::default());
        let mut from_bytes = Runs::new(RunsLimits::default());
        for sequence in 1..12 {
            if sequence == 4 {
                producer.checkpoint(&[4; 16]);
            }
            let emission = producer.emit(&state).unwrap();
            by_operations += usize::from(!emission.operations.is_empty());
            in_full += usize::from(emission.full_state.is_some());
            let hash = emission.hash.unwrap();
            let diff = emission.into_state_diff(header("a", sequence));
            assert_eq!(
                diff.base_checkpoint_id.len(),
                if sequence < 4 { 0 } else { 16 }
            );
            let mut sent = Message::StateDiff(diff);
            let encoded = encoder.encode(&mut sent).unwrap();
            let decoded = decoder.decode(encoded.record).unwrap();
            let tally = runs.apply_message(Duration::ZERO, None, &decoded.message);
            assert_eq!(
                tally.resync + tally.waiting + tally.buffered,
                0,
                "{seed} {sequence}"
            );
            let borrowed = decoder.decode_borrowed(encoded.record).unwrap();
            assert_eq!(
                from_bytes.apply_borrowed(Duration::ZERO, None, &borrowed),
                tally
            );
            assert_eq!(
                from_bytes.get("a").unwrap().state(),
                runs.get("a").unwrap().state()
            );
            let run = runs.get("a").unwrap();
            assert_eq!(run.state().unwrap().to_string(), state.to_string());
            let verdict = dashstream_reducer::Hasher::new().verify(run.state().unwrap(), &hash);
            assert_eq!(verdict, HashVerdict::Match);
            (state, value) = successor(&mut entropy, &state, &value);
        }
    }
    assert!(
        by_operations > 300 && in_full > 100,
        "{by_operations} {in_full}"
    );
}
