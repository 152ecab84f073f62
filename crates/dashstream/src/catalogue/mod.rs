//! The DashStream catalogue: every family, in groups. Everything that operators see is derived from it.

/// Declares families, in the order of the page: how each is read and by which labels, its name, its help,
/// who watches it, the field of `/health` that shows it, and its number in a snapshot.
macro_rules! families {
    ($c:ident: $(
        $declare:ident[$($labels:expr),+] $name:literal
            $help:literal
            $Coverage:ident($alert:literal) $(shown as $shown:literal)?, $read:expr;
    )+) => {$(
        let desc = dashstream_metrics::MetricDesc::new($name, $help, $Coverage($alert));
        $c.$declare(desc$(.shown_as($shown))?, $($labels,)+ $read);
    )+};
}

/// Declares the families that instruments feed, and makes a group of the instruments.
macro_rules! instruments {
    ($c:ident: $Group:ident { $($other:ident),* } $(
        $field:ident: $declare:ident[$($labels:expr),+] $name:literal
            $help:literal
            $Coverage:ident($alert:literal) $(shown as $shown:literal)?;
    )+) => {
        $Group {
            $( $field: {
                let desc = dashstream_metrics::MetricDesc::new($name, $help, $Coverage($alert));
                $c.$declare(desc$(.shown_as($shown))?, $($labels),+)
            }, )+
            $($other),*
        }
    };
}

mod clients;
mod connection;
mod consumption;
mod instruments;
mod policy;
mod replay;
mod runs;

use core::time::Duration;

use dashstream_metrics::{Age, Counter, Counts, Reading, Registration, Samples, Tally};
use dashstream_policy::FailureReason;

pub use clients::Clients;
use connection::Connection;
use consumption::Consumption;
pub use replay::Replay;
pub use runs::Runs;

use crate::labels::{DLQ_FAILURE, DeadLetterOutcome, ErrorType};
use crate::observation::{Observation, PartitionObservation};
use crate::options::Options;
use crate::outcome::Outcome;
use crate::snapshot::{Last, Snapshot, Totals, Windows};

/// Groups that a host leaves out when it does not feed them.
pub const OPTIONAL_GROUPS: [&str; 4] = ["breaker", "runs", "clients", "replay"];

/// What feeds the families, by group.
#[derive(Debug)]
pub(crate) struct Instruments {
    pub(crate) consumption: Consumption,
    pub(crate) connection: Connection,
    pub(crate) letters: Tally<Result<ErrorType, FailureReason>, DeadLetterOutcome>,
    pub(crate) runs: Option<Runs>,
    pub(crate) clients: Option<Clients>,
    pub(crate) replay: Option<Replay>,
}

impl Instruments {
    /// Everything that they say at one moment, with what the host says.
    pub(crate) fn snapshot(
        &self,
        opened_at: Duration,
        reading: Reading,
        observed: Observation,
    ) -> Snapshot {
        let outcomes = self.consumption.outcomes.read(&reading);
        let infrastructure = self.connection.infrastructure.read(&reading);
        let letters = self.letters.read(&reading);
        let clients = self.clients.as_ref();
        let sends = clients.map(|clients| clients.sends.read(&reading));
        let drops = clients.map(|clients| clients.drops.read(&reading));
        let total = |counter: &Counter<()>| counter.read(&reading).total();
        let runs = self.runs.as_ref();
        let replay = self.replay.as_ref();
        Snapshot {
            taken_at: reading.taken_at(),
            opened_at,
            last: Last {
                message: outcomes.last(|_| true),
                decode_error: outcomes.last(Outcome::is_decode_error),
                payload_missing: outcomes.last(Outcome::is_payload_missing),
                old_data_error: outcomes.last(|outcome| matches!(outcome, Outcome::OldData(_))),
                infrastructure_error: infrastructure.last(|_| true),
                drop: drops.as_ref().and_then(|drops| drops.last(|_| true)),
                archived: letters.last(|letter| letter.is_ok()),
                archive_failure: letters.last(|letter| letter.is_err()),
            },
            windows: Windows {
                short: outcomes.short,
                long: outcomes.long,
                sends: sends.as_ref().map(|sends| sends.short.clone()),
                drops: drops.as_ref().map(|drops| drops.short.counts.total()),
                dead_letters: letters.short,
                torn: outcomes.torn,
            },
            totals: Totals {
                outcomes: outcomes.totals,
                infrastructure: infrastructure.totals,
                dlq_sends: Counts::from_fn(ErrorType::LABEL, |kind| letters.totals.get(Ok(kind))),
                dlq_failures: Counts::from_fn(DLQ_FAILURE, |reason| {
                    letters.totals.get(Err(reason))
                }),
                sends: sends.map(|sends| sends.totals),
                drops: drops.map(|drops| drops.totals.total()),
                resyncs: runs.map(|runs| runs.resyncs.read(&reading)),
                sequence: runs.map_or([0; 3], |runs| {
                    [&runs.gaps, &runs.duplicates, &runs.reorders].map(total)
                }),
                replay: replay.map(|replay| replay.answers().map(total)),
            },
            observed,
            reading,
        }
    }
}

/// Registers every family of the groups that the host feeds.
pub(crate) fn declare(c: &mut Registration<Snapshot>, options: Options) -> Instruments {
    let instruments = Instruments {
        consumption: consumption::declare(c, options),
        connection: connection::declare(c),
        letters: policy::declare(c, options.breaker),
        runs: options.runs.then(|| runs::declare(c)),
        clients: options.clients.then(|| clients::declare(c)),
        replay: options.replay.then(|| replay::declare(c)),
    };
    instruments::declare(c);
    instruments
}

/// A number for each partition that is assigned.
fn by_partition(
    read: fn(&Snapshot, &PartitionObservation) -> f64,
) -> impl Fn(&Snapshot, &mut Samples<'_>) + Send + Sync {
    move |s, out| {
        // A partition that was revoked has no series: its last value would be shown for ever.
        for partition in &s.observed.partitions {
            out.gauge(&[&partition.id.to_string()], read(s, partition));
        }
    }
}

/// Seconds, or -1 for never, as existing dashboards expect of the ages.
fn age(age: Option<Age>) -> f64 {
    age.map_or(-1.0, Age::seconds)
}

fn flag(on: bool) -> f64 {
    f64::from(u8::from(on))
}

fn of<K: Copy>(counts: Option<&Counts<K>>, key: K) -> u64 {
    counts.map_or(0, |counts| counts.get(key))
}
