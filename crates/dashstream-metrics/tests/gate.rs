//! The gate: its limits, its interval against published values, and what chance does to it.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "a test draws its input, and fails by panicking"
)]

use core::num::NonZeroUsize;
use core::time::Duration;

use dashstream_metrics::{
    ActiveReasons, Catalogue, Label, Level, Rate, Reading, SettingError, Threshold, Wilson,
    WindowShape,
};

#[path = "props/gate.rs"]
mod gate;

#[test]
fn a_threshold_is_between_nothing_and_everything() {
    for (ppm, ok) in [
        (0, false),
        (1, true),
        (2, true),
        (999_998, true),
        (999_999, true),
        (1_000_000, false),
        (u32::MAX, false),
    ] {
        let expected = if ok {
            Ok(())
        } else {
            Err(SettingError::Threshold { ppm })
        };
        assert_eq!(Threshold::from_ppm(ppm).map(|_| ()), expected);
    }
    let percent = Threshold::from_ppm(10_000).unwrap();
    assert_eq!(percent, Threshold::ONE_PERCENT);
    assert_eq!(percent.fraction() * 100.0, 1.0);
}

#[test]
fn a_gate_needs_a_positive_z_of_at_most_ten_and_an_event() {
    for (z, events, ok) in [
        (0.0, 1, false),
        (-1.0, 1, false),
        (f64::MIN_POSITIVE, 1, true),
        (9.999, 1, true),
        (10.0, 1, true),
        (10.001, 1, false),
        (f64::INFINITY, 1, false),
        (f64::NAN, 1, false),
        (3.0, 0, false),
        (3.0, 1, true),
        (3.0, 2, true),
        (3.0, u64::MAX, true),
    ] {
        let expected = if ok { Ok(()) } else { Err(SettingError::Gate) };
        let made = Wilson::new(z, events).map(|_| ());
        assert_eq!(made, expected, "z = {z}, {events} events");
    }
    assert_eq!(Wilson::new(3.0, 3), Ok(Wilson::DEFAULT));
}

#[test]
fn three_events_open_a_gate_and_its_minimum_can_be_moved() {
    let opens = |least, k| {
        let gate = Wilson::new(3.0, least).unwrap();
        gate.is_open(k, k, Threshold::ONE_PERCENT, false)
    };
    for (k, open) in [(2, false), (3, true), (4, true)] {
        assert_eq!(opens(3, k), open, "{k} of {k}");
    }
    assert!(!opens(4, 3) && opens(2, 2));
}

#[test]
fn an_open_gate_closes_below_its_threshold_or_when_nothing_is_left() {
    let stays = |k, n| Wilson::DEFAULT.is_open(k, n, Threshold::ONE_PERCENT, true);
    assert!(stays(1, 120), "one in 120 may still be more than 1 %");
    assert!(!stays(0, 120) && !stays(0, 0));
    // The upper bound of one bad record crosses 1 % between these two.
    let n = (1..10_000).find(|n| !stays(1, *n)).unwrap();
    assert!(stays(1, n - 1) && !stays(1, n) && !stays(1, n + 1), "{n}");
}

#[test]
fn a_gate_that_is_sure_of_less_pages_more() {
    let pages = |z, events| {
        let gate = Wilson::new(z, events).unwrap();
        gate::openings_a_day(gate, Threshold::ONE_PERCENT, 0.005)
    };
    assert!(pages(1.96, 1) > 10.0, "{}", pages(1.96, 1));
    assert!(pages(4.0, 3) < 0.5, "{}", pages(4.0, 3));
}

/// Wilson's interval with z = 1.96, from Newcombe, "Two-sided confidence intervals for the single
/// proportion", 1998, table I (method 3), to four places.
#[test]
fn the_interval_is_as_published() {
    let gate = Wilson::new(1.959_964, 1).unwrap();
    for (k, n, lower, upper) in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ] {
        let (low, high) = gate.bounds(k, n);
        let near = |ratio: f64, place: f64| (ratio - place).abs() < 0.000_05;
        assert!(near(low, lower), "{k} of {n}: {}", low);
        assert!(near(high, upper), "{k} of {n}: {}", high);
    }
}

#[test]
fn nothing_says_nothing_and_more_bad_than_all_is_all() {
    let gate = Wilson::DEFAULT;
    let (low, high) = gate.bounds(0, 0);
    assert_eq!((low, high), (0.0, 1.0));
    assert_eq!(gate.bounds(7, 5), gate.bounds(5, 5));
    assert_eq!(gate.events_min(), 3);
    assert_eq!(Wilson::new(2.0, 9).unwrap().events_min(), 9);
}

#[test]
fn pages_and_delays_are_as_computed() {
    let pages = gate::openings_a_day(Wilson::DEFAULT, Threshold::ONE_PERCENT, 0.005);
    assert!((1.9..1.95).contains(&pages), "{pages}");
    let seen = |seconds| gate::seen_after(Wilson::DEFAULT, Threshold::ONE_PERCENT, seconds);
    assert!(seen(9.0) < 0.95 && seen(10.0) >= 0.95, "{}", seen(10.0));
}

#[test]
fn a_rate_says_what_it_was_judged_by() {
    let now = Duration::from_secs(1000);
    let (_, window) = Catalogue::<Reading>::build(now, |c| {
        c.window("events", Label::NONE, WindowShape::SHORT, NonZeroUsize::MIN)
    })
    .unwrap();
    window.record(now, (), 4);
    let readings = window.read_at(now + Duration::from_secs(1));
    let judge = |bad: bool, threshold, was_open| {
        Rate::judge(
            Wilson::DEFAULT,
            &readings,
            |()| bad,
            |()| true,
            threshold,
            was_open,
        )
    };
    let rate = judge(true, Threshold::ONE_PERCENT, false);
    assert_eq!((rate.k, rate.n, rate.open, rate.torn), (4, 4, true, false));
    assert_eq!((rate.lower, rate.upper), Wilson::DEFAULT.bounds(4, 4));
    assert_eq!(
        (rate.window, rate.covered),
        (readings.window, readings.covered)
    );
    assert_eq!(rate.threshold, Threshold::ONE_PERCENT.fraction());
    assert!(!judge(false, Threshold::ONE_PERCENT, false).open);
    let nearly_all = Threshold::from_ppm(999_999).unwrap();
    assert!(!judge(true, nearly_all, false).open && judge(true, nearly_all, true).open);
}

#[test]
fn each_refusal_has_a_code() {
    assert_eq!(SettingError::Gate.code(), "health_gate");
    assert_eq!(
        SettingError::Threshold { ppm: 0 }.code(),
        "health_threshold"
    );
}

#[test]
fn bad_events_are_counted_among_those_that_the_rate_is_of() {
    const KEY: Label<usize> = Label {
        name: "key",
        values: &[0, 1],
        text: |key| if key == 0 { "a" } else { "b" },
        index: |key| key,
    };
    let now = Duration::from_secs(1000);
    let (_, window) = Catalogue::<Reading>::build(now, |c| {
        c.window("events", KEY, WindowShape::SHORT, NonZeroUsize::MIN)
    })
    .unwrap();
    window.record(now, 0, 5);
    let readings = window.read_at(now);
    let threshold = Threshold::ONE_PERCENT;
    let rate = Rate::judge(
        Wilson::DEFAULT,
        &readings,
        |key| key == 0,
        |key| key == 1,
        threshold,
        false,
    );
    assert_eq!((rate.k, rate.n, rate.open), (0, 0, false));
}

#[test]
fn a_reason_stays_active_after_the_latest_of_its_verdicts() {
    const CODE: Label<()> = Label {
        name: "reason",
        values: &[()],
        text: |()| "lag",
        index: |()| 0,
    };
    let mut active = ActiveReasons::new(CODE);
    for now in [200, 50] {
        active.note(Duration::from_secs(now), [((), Level::Fail)]);
        assert!(active.is_active((), Level::Fail), "{now}");
    }
}
