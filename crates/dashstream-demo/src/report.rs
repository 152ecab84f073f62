//! The closing report: what was decided, what the broker kept of it, and whether both agree with
//! what was written.

use std::collections::BTreeMap;
use std::sync::Arc;

use dashstream::reducer::{Reducer, ResyncReason, Runs};
use dashstream::{Ended, PartitionObservation};
use serde::Serialize;

use crate::decisions::Counted;
use crate::ledger::{Comparison, Ledger};

/// What one run of a consumer came to.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct RunReport {
    /// Records decided.
    pub received: u64,
    /// Records decoded, or ignored.
    pub decoded: u64,
    /// Records that could not be processed, by cause.
    pub unprocessable: BTreeMap<&'static str, u64>,
    /// Records that the archive acknowledged.
    pub archived: u64,
    /// The partitions at the end.
    pub partitions: Vec<PartitionReport>,
    /// The runs at the end.
    pub runs: RunsReport,
    /// The verdict at the end.
    pub health: HealthReport,
    /// What the demo wrote against what was decided; absent without a demo.
    pub ledger: Option<Comparison>,
    /// What does not add up. Empty for a run to be trusted.
    pub problems: Vec<String>,
}

/// One partition at the end.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct PartitionReport {
    /// Its number.
    pub id: i32,
    /// What it was doing before the consumer left.
    pub state: &'static str,
    /// The first record met; absent when there was none.
    pub first_offset: Option<i64>,
    /// Where the group goes on, as a second client reads it back; absent when nothing was committed.
    pub stored_next: Option<i64>,
    /// The record it is held at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poison_offset: Option<i64>,
    /// Why that record could not be processed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<&'static str>,
}

/// The runs at the end.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct RunsReport {
    /// Runs whose state can be relied on.
    pub synced: usize,
    /// Runs that wait for a full state.
    pub needs_resync: usize,
    /// Runs in step whose newest state matched the producer's hash of it.
    pub proven: usize,
    /// Updates applied since the start.
    pub applied: u64,
    /// The first runs by thread id, 32 at most.
    pub listed: Vec<RunLine>,
}

/// One run at the end.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct RunLine {
    /// Its thread id.
    pub thread: String,
    /// Whether its state can be relied on.
    pub synced: bool,
    /// The number of the message that made the state.
    pub sequence: Option<u64>,
    /// The number of the last message whose hash the state matched.
    pub last_proven_at: Option<u64>,
}

/// Runs that are listed one by one: a page of them.
const LISTED: usize = 32;

/// The verdict at the end.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct HealthReport {
    /// The word that existing consumers show.
    pub status: &'static str,
    /// pass, warn or fail.
    pub verdict: &'static str,
    /// Why.
    pub reasons: Vec<&'static str>,
}

/// What the report is made from.
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever reports has all of it at hand"
)]
#[derive(Clone, Copy, Debug)]
pub struct Ending<'a> {
    /// What was decided.
    pub counted: &'a Counted,
    /// What the group goes on at, by partition.
    pub committed: &'a BTreeMap<i32, Option<i64>>,
    /// What the consumer left.
    pub ended: &'a Ended,
    /// What the demo wrote, if there was one.
    pub ledger: Option<&'a Ledger>,
    /// Whether everything that the demo wrote ought to have been decided.
    pub complete: bool,
}

/// The first runs by thread id, of all workers.
fn listed(runs: &[Runs]) -> Vec<RunLine> {
    let all: BTreeMap<_, _> = runs.iter().flat_map(Runs::iter).collect();
    all.into_iter().take(LISTED).map(run_line).collect()
}

fn run_line((thread, run): (&str, &Reducer)) -> RunLine {
    RunLine {
        thread: thread.to_owned(),
        synced: run.needs_resync().is_none(),
        sequence: run.sequence(),
        last_proven_at: run.proof().map(|proof| proof.sequence),
    }
}

impl RunReport {
    /// The report, with what does not add up.
    #[must_use]
    pub fn new(ending: &Ending<'_>) -> Self {
        let ended = ending.ended;
        let counts: Vec<_> = ended.runs.iter().map(Runs::counts).collect();
        let applied = counts.iter().map(|counts| counts.outcomes);
        let mut report = Self {
            received: ending.counted.received,
            decoded: ending.counted.decoded,
            unprocessable: ending
                .counted
                .unprocessable
                .iter()
                .map(|(cause, count)| (cause.label(), *count))
                .collect(),
            archived: ended.monitor.metrics().latest().totals.dlq_sends.total(),
            partitions: partitions(
                &ended.snapshot.observed.partitions,
                &ending.counted.first,
                ending.committed,
            ),
            runs: RunsReport {
                synced: counts.iter().map(|counts| counts.synced).sum(),
                needs_resync: counts.iter().map(|counts| counts.waiting).sum(),
                proven: counts.iter().map(|counts| counts.proven).sum(),
                applied: applied
                    .map(|sum| sum.applied.saturating_add(sum.recovered))
                    .sum(),
                listed: listed(&ended.runs),
            },
            health: HealthReport {
                status: ended.verdict.status.as_str(),
                verdict: ended.verdict.level.as_str(),
                reasons: ended
                    .verdict
                    .reasons
                    .iter()
                    .map(|reason| reason.code.as_str())
                    .collect(),
            },
            ledger: ending.ledger.map(Ledger::compare),
            problems: Vec::new(),
        };
        report.problems = report.check(ending);
        report
    }

    fn check(&self, ending: &Ending<'_>) -> Vec<String> {
        let mut problems = Vec::new();
        let mut expect = |holds: bool, what: String| {
            if !holds {
                problems.push(what);
            }
        };
        let refused = self
            .unprocessable
            .values()
            .fold(0_u64, |sum, n| sum.saturating_add(*n));
        expect(
            self.decoded.saturating_add(refused) == self.received,
            format!(
                "{} decoded and {refused} refused of {}",
                self.decoded, self.received
            ),
        );
        expect(
            ending.ended.closing.committed,
            "the last offsets were not committed".to_owned(),
        );
        for partition in &self.partitions {
            let Some(poison) = partition.poison_offset else {
                continue;
            };
            // A group that never committed goes on at its first record.
            expect(
                partition.stored_next.unwrap_or(0) == poison,
                format!(
                    "partition {} is held at {poison}, its group goes on at {:?}",
                    partition.id, partition.stored_next
                ),
            );
            expect(
                self.health.verdict != "pass",
                format!("partition {} is held and the verdict is pass", partition.id),
            );
        }
        let (Some(ledger), Some(compared)) = (ending.ledger, &self.ledger) else {
            return problems;
        };
        expect(
            compared.agrees(),
            format!("the books differ: {:?}", compared.examples),
        );
        let decided = compared.decided.saturating_add(compared.again);
        expect(
            decided == self.received,
            format!(
                "{} offsets in the books, {} records counted",
                decided, self.received
            ),
        );
        if ending.complete {
            for partition in self
                .partitions
                .iter()
                .filter(|one| one.poison_offset.is_none())
            {
                let end = ledger.end(partition.id);
                expect(
                    end.is_none() || partition.stored_next == end,
                    format!(
                        "partition {} was written up to {end:?}, its group goes on at {:?}",
                        partition.id, partition.stored_next
                    ),
                );
            }
        }
        expect(
            ledger.runs().is_empty() || self.runs.applied > 0,
            "runs were written and no state was followed".to_owned(),
        );
        let out_of_step: Vec<Arc<str>> = ledger
            .runs()
            .into_iter()
            .filter(|(thread, in_step)| {
                let runs = ending.ended.runs.iter();
                let run = runs.filter_map(|runs| runs.get(thread)).next();
                // Whose partition was away and came back is read again from its middle, and ends before
                // another full state or does not.
                let is_joined = |run: &Reducer| {
                    compared.again > 0 && run.needs_resync() == Some(ResyncReason::NoSnapshot)
                };
                run.is_some_and(|run| run.needs_resync().is_none() != *in_step && !is_joined(run))
            })
            .map(|(thread, _)| thread)
            .collect();
        expect(
            out_of_step.is_empty(),
            format!("runs in another phase than written: {out_of_step:?}"),
        );
        problems
    }
}

fn partitions(
    partitions: &[PartitionObservation],
    first: &BTreeMap<i32, i64>,
    committed: &BTreeMap<i32, Option<i64>>,
) -> Vec<PartitionReport> {
    partitions
        .iter()
        .map(|partition| PartitionReport {
            id: partition.id,
            state: partition.state.as_str(),
            first_offset: first.get(&partition.id).copied(),
            stored_next: committed.get(&partition.id).copied().flatten(),
            poison_offset: partition
                .held_at
                .and_then(|offset| i64::try_from(offset).ok()),
            cause: partition.held_cause.map(|cause| cause.label()),
        })
        .collect()
}
