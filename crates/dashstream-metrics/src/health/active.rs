//! Which reasons are active, for longer than they last: so long that no scrape misses one.

use core::time::Duration;

use crate::catalogue::Registration;
use crate::family::{LabelSpec, MetricDesc, MetricKind};
use crate::health::rule::Level;
use crate::label::Label;

/// How long a reason stays active after it ended, as `keep_firing_for` does for an alert: two scrapes of
/// 60 s, and ten seconds for what is late.
pub const KEEP_ACTIVE: Duration = Duration::from_secs(130);

/// The reasons of the last verdicts, each for [`KEEP_ACTIVE`] after it ended.
#[derive(Clone, Debug)]
pub struct ActiveReasons<K: 'static> {
    codes: Label<K>,
    now: Duration,
    /// By code: when it was last a warning, and when a failure.
    last: Box<[[Option<Duration>; 2]]>,
}

/// The levels that have a series.
const LEVELS: [Level; 2] = [Level::Warn, Level::Fail];

impl<K: Copy> ActiveReasons<K> {
    /// No reason is active.
    #[must_use]
    pub fn new(codes: Label<K>) -> Self {
        Self {
            codes,
            now: Duration::ZERO,
            last: codes.values.iter().map(|_| [None; 2]).collect(),
        }
    }

    /// Takes note of the reasons of a verdict at `now`.
    pub fn note(&mut self, now: Duration, reasons: impl IntoIterator<Item = (K, Level)>) {
        // A verdict with an earlier time must not make ended reasons young again.
        self.now = self.now.max(now);
        for (code, level) in reasons {
            let last = self.last.get_mut((self.codes.index)(code));
            let levels = last.into_iter().flatten().zip(LEVELS);
            // A reason of level `Pass` matches none of the levels that have a series, and leaves no trace.
            for (last, _) in levels.filter(|(_, of)| *of == level) {
                *last = (*last).max(Some(now));
            }
        }
    }

    /// Whether a reason is active at a level, as of the last verdict.
    #[must_use]
    pub fn is_active(&self, code: K, level: Level) -> bool {
        let last = self.last.get((self.codes.index)(code));
        let mut levels = last.into_iter().flatten().zip(LEVELS);
        levels.any(|(last, of)| {
            of == level && last.is_some_and(|last| self.now.saturating_sub(last) <= KEEP_ACTIVE)
        })
    }
}

impl<K> PartialEq for ActiveReasons<K> {
    fn eq(&self, other: &Self) -> bool {
        // Without the label: it holds function pointers, whose addresses do not say whether they are equal.
        (self.now, &self.last) == (other.now, &other.last)
    }
}

impl<S: 'static> Registration<S> {
    /// The family of the health series, with the labels `reason` and `level`: 1 while a reason is active.
    pub fn health<K: Copy + Send + Sync>(
        &mut self,
        desc: MetricDesc,
        codes: Label<K>,
        reasons: fn(&S) -> &ActiveReasons<K>,
    ) {
        let level = LabelSpec {
            name: "level",
            values: Some(LEVELS.map(Level::as_str).into()),
        };
        let labels = vec![codes.into(), level];
        self.derive(desc, MetricKind::Gauge, labels, move |snapshot, out| {
            let reasons = reasons(snapshot);
            for code in codes.values {
                for level in LEVELS {
                    let active = reasons.is_active(*code, level);
                    let text = (codes.text)(*code);
                    out.gauge(&[text, level.as_str()], f64::from(u8::from(active)));
                }
            }
        });
    }
}
