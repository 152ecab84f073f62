//! What holds for any sequence of outcomes: the buckets are disjoint and sum to the total.

use core::time::Duration;

use dashstream::policy::Cause;
use dashstream::{ErrorType, Metrics, Observation, Outcome};

/// Records `outcomes` at `now` and checks that every partition of the records still sums to all of
/// them, which were `before` so far. Returns how many there are now.
pub(crate) fn buckets_sum_to_the_total(
    metrics: &Metrics,
    now: Duration,
    before: u64,
    outcomes: &[Outcome],
) -> u64 {
    // Every other one by whoever owns its counters, if there is room for one.
    let mut recorder = metrics.recorder();
    for (at, outcome) in outcomes.iter().enumerate() {
        match &mut recorder {
            Some(recorder) if at % 2 == 0 => recorder.record(now, *outcome),
            Some(_) | None => metrics.record(now, *outcome),
        }
    }
    let expected = before + outcomes.len() as u64;
    let snapshot = metrics.observe(now, Observation::default());
    let totals = &snapshot.totals;
    assert_eq!(totals.received(), expected);

    let sum = |counts: &mut dyn Iterator<Item = u64>| counts.sum::<u64>();
    let by_status = totals.processed() + totals.decode_errors() + totals.old_data_errors();
    let ignored = totals.outcomes.get(Outcome::Ignored);
    assert_eq!(by_status + totals.payload_missing() + ignored, expected);

    let by_type = sum(&mut ErrorType::DECODE_ERRORS
        .values
        .iter()
        .map(|t| totals.decode_errors_of(*t)));
    assert_eq!(by_type, totals.decode_errors());

    let by_cause = sum(&mut Cause::ALL.iter().map(|c| totals.unprocessable(*c)));
    assert_eq!(by_cause + ignored + totals.processed(), expected);

    for windows in [&snapshot.windows.short, &snapshot.windows.long] {
        let bad = windows.counts.sum_of(Outcome::is_decode_error);
        let missing = windows.counts.sum_of(Outcome::is_payload_missing);
        assert!(
            bad + missing <= windows.counts.total(),
            "a rate is at most one"
        );
        assert!(windows.counts.total() <= expected);
        // A record is old or live, and a share of either is a share of its own kind only.
        let live = windows.counts.sum_of(|outcome| !outcome.is_old());
        let old = windows.counts.sum_of(Outcome::is_old);
        assert_eq!(live + old, windows.counts.total());
        assert!(bad + missing <= live);
    }
    expected
}

/// Records what `bytes` stand for, a second or some and then up to fifteen outcomes each time.
pub(crate) fn follow(metrics: &Metrics, bytes: &[u8]) {
    let (mut now, mut total) = (Duration::ZERO, 0);
    // More find nothing that these do not.
    for chunk in bytes.chunks(16).take(32) {
        let Some((wait, numbers)) = chunk.split_first() else {
            return;
        };
        now += Duration::from_secs(u64::from(*wait));
        let sequence: Vec<Outcome> = numbers.iter().map(|n| outcome(usize::from(*n))).collect();
        total = buckets_sum_to_the_total(metrics, now, total, &sequence);
    }
}

/// The outcome that belongs to a number: every one is reached.
pub(crate) fn outcome(number: usize) -> Outcome {
    let number = number % Outcome::LABEL.values.len();
    Outcome::LABEL
        .values
        .iter()
        .copied()
        .nth(number)
        .unwrap_or(Outcome::Processed)
}
