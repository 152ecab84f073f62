//! The gate against chance, computed: what it does to records that arrive at random, one a second.
//!
//! Arrivals are Poisson, the window has 120 slots of a second and is judged at the end of each, so that the
//! good and the bad in any set of slots are independent Poisson numbers. Everything below sums over
//! all of them, down to one in 10^15.

use super::{Threshold, Wilson};

/// Slots of either window.
const SLOTS: f64 = 120.0;
const DAY_SECONDS: f64 = 86_400.0;

/// At least as many times a day as the gate opens, when `bad_share` of the records are bad: how often
/// what the window holds turns into something that opens a gate, whether one is open already or not.
pub(crate) fn openings_a_day(gate: Wilson, threshold: Threshold, bad_share: f64) -> f64 {
    let opens = |k, n| gate.is_open(k, n, threshold, false);
    let short = DAY_SECONDS * turns_a_judgement(opens, bad_share);
    let long = DAY_SECONDS * long_window_is_open(opens, bad_share);
    short + long
}

/// The probability, at least, that a total failure was seen by the judgement after `seconds` of it.
pub(crate) fn seen_after(gate: Wilson, threshold: Threshold, seconds: f64) -> f64 {
    let mut seen = 0.0;
    for (k, p_bad) in poisson(seconds) {
        for (good, p_good) in poisson(SLOTS - seconds) {
            // It may have been seen before, and not be now: only the present is counted.
            if gate.is_open(k, k + good, threshold, false) {
                seen += p_bad * p_good;
            }
        }
    }
    seen
}

/// The probability that the window of one judgement opens a closed gate and the one before does not.
///
/// Two judgements share all slots but one each, and those two are alike and independent.
fn turns_a_judgement(opens: impl Fn(u64, u64) -> bool, bad_share: f64) -> f64 {
    let slot: Vec<(u64, u64, f64)> = poisson(bad_share)
        .into_iter()
        .flat_map(|(bad, p)| {
            let good = poisson(1.0 - bad_share);
            good.into_iter().map(move |(good, q)| (bad, good, p * q))
        })
        .collect();
    let mut turns = 0.0;
    for (bad, p_bad) in poisson((SLOTS - 1.0) * bad_share) {
        for (good, p_good) in poisson((SLOTS - 1.0) * (1.0 - bad_share)) {
            let with_slot: f64 = slot
                .iter()
                .filter(|(more, good_too, _)| opens(bad + more, bad + more + good + good_too))
                .map(|(.., p)| p)
                .sum();
            turns += p_bad * p_good * with_slot * (1.0 - with_slot);
        }
    }
    turns
}

/// The probability that the long window opens a gate at one judgement: no less than that it turns to.
///
/// Its last slot has only begun. The fewer seconds it covers, the more it takes for a proof, and the
/// larger is chance; the least is taken for all.
fn long_window_is_open(opens: impl Fn(u64, u64) -> bool, bad_share: f64) -> f64 {
    let seconds = (SLOTS - 1.0) * 30.0;
    let mut open = 0.0;
    for (bad, p_bad) in poisson(seconds * bad_share) {
        for (good, p_good) in poisson(seconds * (1.0 - bad_share)) {
            if opens(bad, bad + good) {
                open += p_bad * p_good;
            }
        }
    }
    open
}

/// Every number with its probability at this mean, without what is less likely than one in 10^15.
fn poisson(mean: f64) -> Vec<(u64, f64)> {
    let mut found = Vec::new();
    // In logarithms, because e^-3600 is no number.
    let mut log = -mean;
    let mut n = 0_u64;
    loop {
        if log > -34.5 {
            found.push((n, log.exp()));
        } else if n as f64 > mean {
            return found;
        }
        n += 1;
        log += (mean / n as f64).ln();
    }
}
