//! A rule as a value: from it come a reason of the verdict, a series, and an alert.

use core::cmp::Reverse;
use core::fmt;
use core::time::Duration;

use crate::label::Label;
use crate::units::Age;

/// How bad something is.
#[expect(
    clippy::exhaustive_enums,
    reason = "an orchestrator and a person act on three levels"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Nothing needs attention.
    Pass,
    /// Somebody should look.
    Warn,
    /// Somebody must look now.
    Fail,
}

/// When something is wrong. `C` is what the host judges: its snapshot with the time and whatever else it
/// reads; `K` the codes of its reasons; `E` the numbers behind one.
#[expect(
    clippy::exhaustive_structs,
    reason = "a rule is written down with all of its parts"
)]
#[derive(Debug)]
pub struct Rule<K, C, E> {
    /// The code of its reasons, a stable name.
    pub code: K,
    /// What is wrong, in one sentence without an apostrophe or a colon: the alert's summary.
    pub summary: &'static str,
    /// The families that it reads.
    pub reads: &'static [&'static str],
    /// The most severe level that it reaches.
    pub worst: Level,
    /// The page of the runbook; the code is its anchor.
    pub runbook: &'static str,
    /// The age at which a warning becomes a failure; `None` when none does.
    pub fails_after: fn(&C) -> Option<Duration>,
    /// Finds what is wrong.
    pub find: fn(&C, &mut Vec<Finding<E>>),
}

/// What a rule found.
#[expect(clippy::exhaustive_structs, reason = "rules make it")]
#[derive(Clone, Debug, PartialEq)]
pub struct Finding<E> {
    /// How bad it is, before its age is asked.
    pub level: Level,
    /// How long it has lasted; `None` when its level does not depend on that.
    pub lasts: Option<Age>,
    /// The numbers that say so.
    pub measured: E,
}

/// One thing that is wrong or worth knowing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Reason<K, E> {
    /// What it is about.
    pub code: K,
    /// How bad it is.
    pub level: Level,
    /// The numbers that say so.
    pub measured: E,
}

/// The reasons that `rules` find in `case`, the most severe first and otherwise in the rules' order.
pub fn judge<K: Copy, C, E>(rules: &[Rule<K, C, E>], case: &C) -> Vec<Reason<K, E>> {
    let mut reasons = Vec::new();
    let mut found = Vec::new();
    for rule in rules {
        (rule.find)(case, &mut found);
        let limit = (rule.fails_after)(case);
        // Drained and not replaced: one allocation serves all rules.
        reasons.extend(found.drain(..).map(|finding| Reason {
            code: rule.code,
            level: finding.level_at(limit),
            measured: finding.measured,
        }));
    }
    // A stable sort: reasons of one level stay in the order of the rules.
    reasons.sort_by_key(|reason| Reverse(reason.level));
    reasons
}

impl<E> Finding<E> {
    /// Something of this level, however long it has lasted.
    pub const fn new(level: Level, measured: E) -> Self {
        Self {
            level,
            lasts: None,
            measured,
        }
    }

    /// A warning that has lasted so long, and is a failure beyond the rule's age.
    pub const fn lasting(age: Age, measured: E) -> Self {
        Self {
            level: Level::Warn,
            lasts: Some(age),
            measured,
        }
    }

    fn level_at(&self, limit: Option<Duration>) -> Level {
        match (self.lasts, limit) {
            (Some(age), Some(limit)) if age.exceeds(limit) => self.level.max(Level::Fail),
            _ => self.level,
        }
    }
}

impl Level {
    /// The levels that a page's health series has.
    pub const LABEL: Label<Self> = Label {
        name: "level",
        values: &[Self::Pass, Self::Warn, Self::Fail],
        text: Self::as_str,
        index: |level| level as usize,
    };

    /// The level as verdicts and the health series print it: `pass`, `warn` or `fail`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<K: fmt::Display, E: fmt::Display> fmt::Display for Reason<K, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.measured)
    }
}
