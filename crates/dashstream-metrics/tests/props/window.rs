//! What holds for any sequence of records, readings and jumps of the clock.

use core::time::Duration;

use core::num::NonZeroUsize;

use dashstream_metrics::{Catalogue, Label, Reading, WindowShape};

/// One step of a schedule.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// Record `n` events at `at` seconds.
    Record { at: u64, n: u64 },
    /// Tell the time.
    Tick { at: u64 },
    /// Read, and compare with the model.
    Read { at: u64 },
}

/// The schedule that `bytes` stand for: the length of a slot, their number, and six bytes a step. `None`
/// when they are no window.
pub(crate) fn schedule(bytes: &[u8]) -> Option<(WindowShape, Vec<Step>)> {
    let (&[slot, slots], steps) = bytes.split_first_chunk()?;
    let shape = WindowShape::new(slot.into(), slots.into()).ok()?;
    let step = |bytes: &[u8; 6]| {
        let [kind, at @ .., n] = *bytes;
        let at = u64::from(u32::from_le_bytes(at));
        // Mostly near one another, sometimes anywhere.
        let at = if kind & 8 == 0 { at % 1024 } else { at };
        match kind % 4 {
            0 | 1 => Step::Record { at, n: n.into() },
            2 => Step::Tick { at },
            _ => Step::Read { at },
        }
    };
    // More steps find nothing that two hundred do not.
    let (steps, _) = steps.as_chunks();
    Some((shape, steps.iter().take(200).map(step).collect()))
}

/// Runs `steps` against a list of events that forgets nothing.
///
/// For every reading: the window shows exactly the accepted events of its slots, unless it says that
/// it was torn, in which case it shows fewer. At the end: everything recorded is accounted for.
#[expect(clippy::panic, reason = "a property fails by panicking")]
pub(crate) fn obeys_the_model(shape: WindowShape, steps: &[Step]) {
    let one = NonZeroUsize::MIN;
    let built = Catalogue::<Reading>::build(Duration::ZERO, |c| {
        c.window("events", Label::NONE, shape, one)
    });
    let Ok((_, window)) = built else {
        panic!("a catalogue of one window is sound");
    };
    let mut recorded = 0_u64;
    let mut accepted: Vec<(u64, u64)> = Vec::new();
    let slot = shape.slot_length().as_secs();
    for step in steps {
        match *step {
            Step::Record { at, n } => {
                let before = window.read_at(Duration::ZERO).totals.dropped();
                window.record(Duration::from_secs(at), (), n);
                let lost = window.read_at(Duration::ZERO).totals.dropped() - before;
                assert!(lost <= n, "more was lost than recorded");
                accepted.push((at / slot, n - lost));
                recorded += n;
            }
            Step::Tick { at } => window.tick(Duration::from_secs(at)),
            Step::Read { at } => {
                let seen = window.read_at(Duration::from_secs(at));
                let now = at / slot;
                let expected: u64 = accepted
                    .iter()
                    .filter(|(when, _)| *when <= now && when + u64::from(shape.slots()) > now)
                    .map(|(_, n)| n)
                    .sum();
                if seen.torn {
                    assert!(seen.count(()) <= expected);
                } else {
                    assert_eq!(seen.count(()), expected, "at {at} s after {steps:?}");
                }
                assert!(seen.covered <= seen.window);
            }
        }
        for at in [0, 1_000_000] {
            let totals = window.read_at(Duration::from_secs(at)).totals;
            assert_eq!(
                totals.recorded(),
                recorded,
                "as seen from {at} s: {totals:?}"
            );
        }
    }
}
