use core::time::Duration;

use dashstream_codec::{DecodeOptions, Decoder, EncodeOptions, Encoder};
use dashstream_reducer::{Runs, RunsLimits};

use super::*;

/// Every message of one run, as a consumer decodes it.
fn decoded(seed: u64) -> Vec<Message> {
    let mut rng = Rng::new(seed);
    let mut agent = Agent::new(format!("run-{seed}"), || 0, &mut rng);
    let mut encoder = Encoder::new(EncodeOptions::new());
    let mut decoder = Decoder::new(DecodeOptions::new());
    let mut messages = Vec::new();
    while let Some(mut made) = agent.next(&mut rng) {
        let encoded = encoder.encode(&mut made.message).unwrap();
        messages.push(decoder.decode(encoded.record).unwrap().message);
    }
    messages
}

#[test]
fn a_run_numbers_each_of_its_messages_once_and_in_order() {
    for seed in 0..20 {
        let mut sequences = Vec::new();
        for message in decoded(seed) {
            if let Message::EventBatch(batch) = &message {
                let events = batch
                    .events
                    .iter()
                    .filter_map(|event| event.header.as_ref());
                sequences.extend(events.map(|header| header.sequence));
                assert_eq!(message.header().unwrap().sequence, 0);
            } else {
                sequences.push(message.header().unwrap().sequence);
            }
        }
        let expected: Vec<u64> = (1..=sequences.len() as u64).collect();
        assert_eq!(sequences, expected);
    }
}

#[test]
fn what_a_message_ought_to_do_to_its_run_is_what_the_reducer_makes_of_it() {
    for seed in 0..20 {
        let mut rng = Rng::new(seed);
        let mut agent = Agent::new("run".to_owned(), || 0, &mut rng);
        let mut runs = Runs::new(RunsLimits::default());
        let (mut in_step, mut count) = (false, 0);
        while let Some(made) = agent.next(&mut rng) {
            count += 1;
            if count % 40 == 0 {
                agent.plant_bomb(&mut rng);
            }
            match made.effect {
                Effect::Follows => {}
                Effect::Restores => in_step = true,
                Effect::Breaks => in_step = false,
            }
            // The start carries a state of its own; the snapshot behind it says the same.
            in_step |= count == 1;
            // A run's hashes are checked a few times a second.
            let now = Duration::from_secs(count);
            let _tally = runs.apply_message(now, None, &made.message);
            let resync = runs.get("run").unwrap().needs_resync();
            assert_eq!(
                resync.is_none(),
                in_step,
                "run {seed}, message {count}: {resync:?}"
            );
        }
        // The hash of each diff was one that the reducer could check.
        assert!(runs.counts().outcomes.verified > 3);
    }
}

#[test]
fn a_run_sends_every_kind_of_message_that_the_demo_promises() {
    let kinds = |wanted: fn(&Message) -> bool| decoded(1).iter().filter(|one| wanted(one)).count();
    assert!(kinds(|one| matches!(one, Message::Event(_))) > 20);
    assert!(kinds(|one| matches!(one, Message::TokenChunk(_))) > 10);
    assert!(kinds(|one| matches!(one, Message::StateDiff(_))) > 5);
    assert!(kinds(|one| matches!(one, Message::EventBatch(_))) > 5);
    assert!(kinds(|one| matches!(one, Message::Checkpoint(_))) > 1);
    assert_eq!(kinds(|one| matches!(one, Message::Metrics(_))), 1);
    assert_eq!(kinds(|one| matches!(one, Message::ExecutionTrace(_))), 1);
}
