//! Names of one exposition page, so that two metrics cannot share one.

use thiserror::Error;

use crate::catalogue::{CATALOGUE, Kind};

/// The names that are taken on one exposition page.
///
/// A host that appends its own metrics to the page claims their names here first.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    taken: Vec<Claim>,
}

#[derive(Clone, Copy, Debug)]
struct Claim {
    name: &'static str,
    kind: Kind,
}

/// Why a registration did not happen. Nothing was registered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The page already has this name, or one whose series would collide with it.
    #[error("metric {ours} collides with {theirs}, which is registered already")]
    NameTaken {
        /// The name that was to be registered.
        ours: &'static str,
        /// The name that is there.
        theirs: Box<str>,
    },
    /// The caller's registry refuses the catalogue, but none of its names alone.
    #[error("the registry refuses the catalogue")]
    Refused,
}

impl RegisterError {
    /// A stable name for logs and tests.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NameTaken { .. } => "metric_name_taken",
            Self::Refused => "metrics_refused",
        }
    }
}

impl Registry {
    /// A page without metrics.
    #[must_use]
    pub const fn new() -> Self {
        Self { taken: Vec::new() }
    }

    /// Takes one name for a metric of the host.
    ///
    /// # Errors
    ///
    /// [`RegisterError::NameTaken`] when it, or a series that follows from it, is there already.
    pub fn claim(&mut self, name: &'static str, kind: Kind) -> Result<(), RegisterError> {
        let ours = Claim { name, kind };
        if let Some(theirs) = self.taken.iter().find(|theirs| collide(&ours, theirs)) {
            return Err(RegisterError::NameTaken {
                ours: name,
                theirs: theirs.name.into(),
            });
        }
        self.taken.push(ours);
        Ok(())
    }

    /// Whether a sample of this name belongs to a metric that is registered here.
    pub(crate) fn has_series(&self, sample: &str) -> bool {
        self.taken.iter().any(|claim| {
            let suffixes = match claim.kind {
                Kind::Counter | Kind::Gauge => claim.kind.suffixes(),
                // A histogram has no sample of its bare name.
                Kind::Histogram => claim.kind.suffixes().get(1..).unwrap_or_default(),
            };
            sample
                .strip_prefix(claim.name)
                .is_some_and(|suffix| suffixes.contains(&suffix))
        })
    }

    /// Takes every name of the catalogue, or none.
    pub(crate) fn claim_catalogue(&mut self) -> Result<(), RegisterError> {
        let before = self.taken.len();
        for metric in CATALOGUE {
            if let Err(error) = self.claim(metric.name, metric.kind) {
                self.taken.truncate(before);
                return Err(error);
            }
        }
        Ok(())
    }
}

fn collide(a: &Claim, b: &Claim) -> bool {
    series(a).any(|one| series(b).any(|other| one == other))
}

/// The names under which a metric's samples appear, as (name, suffix) joined for comparison.
fn series(claim: &Claim) -> impl Iterator<Item = Joined> {
    claim
        .kind
        .suffixes()
        .iter()
        .map(move |suffix| Joined(claim.name, suffix))
}

/// A name with a suffix; equal when the joined texts are.
#[derive(Clone, Copy)]
struct Joined(&'static str, &'static str);

impl PartialEq for Joined {
    fn eq(&self, other: &Self) -> bool {
        let bytes = |joined: &Self| joined.0.bytes().chain(joined.1.bytes());
        bytes(self).eq(bytes(other))
    }
}
