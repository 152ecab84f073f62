//! The DashStream catalogue: every family, in groups. Everything that operators see is derived from it.

mod clients;
mod connection;
mod consumption;
mod instruments;
mod policy;
mod replay;
mod runs;

use dashstream_metrics::{About, Age, Counts, Kind, LabelSpec, Registration, Tally};

pub use clients::Clients;
use connection::Connection;
use consumption::Consumption;
pub use replay::Replay;
pub use runs::Runs;

use crate::facts::PartitionFacts;
use crate::handle::Options;
use crate::labels::{DeadLetterOutcome, Letter};
use crate::snapshot::Snapshot;

/// Groups that a host leaves out when it does not feed them.
pub const OPTIONAL_GROUPS: [&str; 3] = ["runs", "clients", "replay"];

/// What feeds the families, by group.
#[derive(Debug)]
pub(crate) struct Instruments {
    pub(crate) consumption: Consumption,
    pub(crate) connection: Connection,
    pub(crate) letters: Tally<Letter, DeadLetterOutcome>,
    pub(crate) runs: Option<Runs>,
    pub(crate) clients: Option<Clients>,
    pub(crate) replay: Option<Replay>,
}

/// Registers every family of the groups that the host feeds.
pub(crate) fn declare(c: &mut Registration<Snapshot>, options: Options) -> Instruments {
    let instruments = Instruments {
        consumption: consumption::declare(c, options),
        connection: connection::declare(c),
        letters: policy::declare(c),
        runs: options.runs.then(|| runs::declare(c)),
        clients: options.clients.then(|| clients::declare(c)),
        replay: options.replay.then(|| replay::declare(c)),
    };
    instruments::declare(c);
    instruments
}

/// A gauge for each partition that is assigned.
fn by_partition(
    c: &mut Registration<Snapshot>,
    about: About,
    read: fn(&Snapshot, &PartitionFacts) -> f64,
) {
    let labels = vec![LabelSpec::open("partition")];
    c.derive(about, Kind::Gauge, labels, move |s, out| {
        for partition in &s.facts.partitions {
            out.gauge(&[&partition.id.to_string()], read(s, partition));
        }
    });
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
