//! Requests of all runs together: spread, and no more than so many a second.

use core::time::Duration;
use std::collections::BTreeMap;

/// The runs that wait to ask, and when the next one may.
#[derive(Debug)]
pub(super) struct Requests {
    /// By the order in which they came to wait.
    waiting: BTreeMap<u64, u64>,
    waited: u64,
    now: Duration,
    /// Time that belongs to one request; `None` where none may be made.
    each: Option<Duration>,
    /// How far ahead of its time a request may be made.
    ahead: Duration,
    /// The time of the next request, were they evenly spread.
    next: Duration,
}

impl Requests {
    pub(super) fn new(a_second: u32) -> Self {
        // `None` for 0 a second. Together with `ahead` and `next` this is the generic cell rate algorithm:
        // one number in place of a bucket that is refilled.
        let each = Duration::from_secs(1).checked_div(a_second);
        let at_once = a_second.checked_div(AT_ONCE).unwrap_or(0).max(1);
        Self {
            waiting: BTreeMap::new(),
            waited: 0,
            now: Duration::ZERO,
            each,
            ahead: each
                .unwrap_or_default()
                .saturating_mul(at_once.saturating_sub(1)),
            next: Duration::ZERO,
        }
    }

    /// Time has passed.
    pub(super) fn tell(&mut self, now: Duration) {
        self.now = self.now.max(now);
    }

    /// A run waits to ask. Answers its place.
    pub(super) fn push(&mut self, arrival: u64) -> u64 {
        self.waited = self.waited.saturating_add(1);
        self.waiting.insert(self.waited, arrival);
        self.waited
    }

    /// The run that has waited longest.
    pub(super) fn pop(&mut self) -> Option<u64> {
        self.waiting.pop_first().map(|(_, arrival)| arrival)
    }

    pub(super) fn withdraw(&mut self, place: u64) {
        self.waiting.remove(&place);
    }

    pub(super) fn may_ask(&self) -> bool {
        self.each.is_some() && self.next <= self.now.saturating_add(self.ahead)
    }

    /// A request was handed out.
    pub(super) fn asked(&mut self) {
        let each = self.each.unwrap_or_default();
        // Time in which nobody asked is not saved up: no burst is larger than `ahead` allows.
        self.next = self.next.max(self.now).saturating_add(each);
    }

    /// When a run that waits may ask, if none may now.
    pub(super) fn next_at(&self) -> Option<Duration> {
        let waits = self.each.is_some() && !self.waiting.is_empty() && !self.may_ask();
        waits.then(|| self.next.saturating_sub(self.ahead))
    }
}

/// The part of a second's requests that may be made at once.
const AT_ONCE: u32 = 10;
