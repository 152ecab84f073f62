//! Reasons and rates, with every number that a person needs to check them.

use serde::{Deserialize, Serialize};

use crate::document::Fields;
use dashstream_metrics::Rate;

use crate::health::{Measured, Reason};
use crate::reason_code::ReasonCode;
use dashstream_metrics::Age;

/// One reason of the verdict. Of the numbers, those that its kind has are there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReasonPart {
    /// What it is about: [`ReasonCode`].
    pub code: String,
    /// How bad it is: [`Level`](dashstream_metrics::Level).
    pub level: String,
    /// The same for people.
    pub message: String,
    /// A rate beyond its threshold: all of its numbers, each once. Less is no rate, and is not kept.
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    pub rate: Option<RateNumbers>,
    /// What was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
    /// The most of it that passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// How old something is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<f64>,
    /// The oldest that passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_seconds: Option<f64>,
    /// A partition's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<i32>,
    /// The offset it is held at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// For how long it has not moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_seconds: Option<f64>,
    /// The least time until retention removes the record there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_seconds: Option<f64>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub other: Fields,
}

/// One rate that was judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RatePart {
    /// What it is the rate of: the [`ReasonCode`] that it gives.
    pub of: String,
    /// Whether it is beyond its threshold.
    pub open: bool,
    /// Whether the window was torn while it was read.
    pub torn: bool,
    /// Its numbers.
    #[serde(flatten)]
    pub numbers: RateNumbers,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub other: Fields,
}

/// The numbers of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateNumbers {
    /// Bad events.
    pub k: u64,
    /// All events.
    pub n: u64,
    /// The true rate is hardly below this.
    pub lower: f64,
    /// The true rate is hardly above this.
    pub upper: f64,
    /// What it is compared with.
    pub threshold: f64,
    /// The window's length.
    pub window_seconds: u64,
    /// The time that the window covers.
    pub covered_seconds: f64,
}

impl ReasonPart {
    pub(super) fn new(reason: &Reason) -> Self {
        let mut part = Self {
            code: reason.code.as_str().into(),
            level: reason.level.as_str().into(),
            message: reason.to_string(),
            ..Self::default()
        };
        match reason.measured {
            Measured::Rate(rate) => part.rate = Some(RateNumbers::new(&rate)),
            Measured::Count { value, limit } => {
                part.value = Some(value);
                part.limit = Some(limit);
            }
            Measured::Age { age, limit } => {
                part.age_seconds = age.map(Age::seconds);
                part.limit_seconds = Some(limit.as_secs_f64());
            }
            Measured::Partition { id, offset, held } => {
                part.partition = Some(id);
                part.offset = offset;
                part.held_seconds = Some(held.seconds());
            }
            Measured::Lag {
                id,
                records,
                limit,
                lowest,
            } => {
                part.partition = Some(id);
                part.value = Some(records);
                part.limit = Some(limit);
                part.age_seconds = Some(lowest.seconds());
            }
            Measured::Loss {
                id,
                offset,
                left,
                limit,
            } => {
                part.partition = Some(id);
                part.offset = offset;
                part.loss_seconds = Some(left.as_secs_f64());
                part.limit_seconds = Some(limit.as_secs_f64());
            }
            Measured::Unowned {
                partitions: _,
                records,
                age,
                limit,
            } => {
                part.value = Some(records);
                part.age_seconds = Some(age.seconds());
                part.limit_seconds = Some(limit.as_secs_f64());
            }
            Measured::Refusal { words: _, age } => part.age_seconds = Some(age.seconds()),
        }
        part
    }
}

impl RatePart {
    pub(super) fn new(of: ReasonCode, rate: &Rate) -> Self {
        Self {
            of: of.as_str().into(),
            open: rate.open,
            torn: rate.torn,
            numbers: RateNumbers::new(rate),
            other: Fields::new(),
        }
    }
}

impl RateNumbers {
    const fn new(rate: &Rate) -> Self {
        Self {
            k: rate.k,
            n: rate.n,
            lower: rate.lower.fraction(),
            upper: rate.upper.fraction(),
            threshold: rate.threshold.fraction(),
            window_seconds: rate.window.as_secs(),
            covered_seconds: rate.covered.as_secs_f64(),
        }
    }
}
