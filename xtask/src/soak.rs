//! Two groups of two gateways on Apache Kafka, a member of each killed every five seconds: nothing
//! is lost, nothing passes a held record, and the health pages say what is.

mod archive;

use core::time::Duration;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use self::archive::places;
use crate::gateway::Gateway;
use crate::group::{
    LOOK_EVERY, Offsets, Pair, finish, number, partitions, shown, stored, wait, wait_for_the_end,
};
use crate::kafka::Cluster;
use crate::sh;

/// Writes for `span` while members are killed, then compares what is left with what was written.
///
/// The writer reads its own records in a group that is left alone and archives the hostile ones: that
/// is what there is. The skipping group must have passed all of it and archived the same records, and
/// the pausing group must be held at the first of them in each partition.
pub(crate) fn run(span: Duration) -> Result<()> {
    let program = Gateway::build()?;
    let reader = sh::built("dashstream", "dashstream", "cli")?;
    let broker = Cluster::start(1, span.saturating_add(MARGIN))?;
    for (topic, partitions) in [(TOPIC, PARTITIONS), (HOSTILE, 1), (ARCHIVE, 1)] {
        broker.create_topic(topic, partitions)?;
    }
    let start = |args: &str| {
        let place = format!("--brokers {} --topic {TOPIC}", broker.address);
        let args = place.split(' ').chain(args.split(' '));
        Gateway::start(&program, args)
    };
    let seconds = span.as_secs();
    let writer = start(&format!(
        "--group writer --archive required --archive-topic {HOSTILE} --demo --for {seconds}s"
    ))?;
    // Sessions are short, so that a killed member's partitions move before the next one is killed.
    let skip =
        format!("--group skip --session-timeout 3s --archive required --archive-topic {ARCHIVE}");
    let pause = "--group pause --session-timeout 3s --archive off --on-unprocessable pause \
                 --pause-scope partition";
    let mut skipping = [start(&skip)?, start(&skip)?];
    let mut pausing = [start(pause)?, start(pause)?];

    let (mut kills, mut pages) = (0_usize, 0_u64);
    let begun = Instant::now();
    while begun.elapsed() < span {
        let round = Instant::now();
        while round.elapsed() < KILL_EVERY {
            pages += look(&skipping, false)? + look(&pausing, true)?;
            thread::sleep(LOOK_EVERY);
        }
        for (pair, args) in [(&mut skipping, skip.as_str()), (&mut pausing, pause)] {
            let one = pair.get_mut(kills % 2).context("a pair has two")?;
            // What was there is killed when it is replaced.
            *one = start(args)?;
        }
        kills += 1;
    }
    let written = writer.report().context("the writer")?;
    let ends = stored(&written)?;
    wait_for_the_end(&skipping, PARTITIONS)?;
    wait("the pausing group is held everywhere", || {
        shown(&pausing, "held_at").len() == PARTITIONS
    })?;
    let held = shown(&pausing, "held_at");

    let (skipped, paused) = (finish(skipping)?, finish(pausing)?);
    ensure!(
        skipped == ends,
        "the skipping group goes on at {skipped:?}, the end is {ends:?}"
    );
    let hostile = places(&reader, &broker.address, HOSTILE)?;
    let archived = places(&reader, &broker.address, ARCHIVE)?;
    ensure!(
        archived == hostile,
        "archived {archived:?}, hostile {hostile:?}"
    );
    let mut first = Offsets::new();
    for (partition, offset) in &hostile {
        first.entry(*partition).or_insert(*offset);
    }
    ensure!(
        held == first,
        "held at {held:?}, the first hostile records are at {first:?}"
    );
    ensure!(
        paused == first,
        "the pausing group goes on at {paused:?}, held at {first:?}"
    );
    eprintln!(
        "{kills} members of each group killed; {} records in {PARTITIONS} partitions, {} hostile, \
         each archived; {pages} health pages held true; skip ends at {skipped:?}, pause at {paused:?}",
        written.get("received").unwrap_or(&Value::Null),
        hostile.len(),
    );
    Ok(())
}

/// Reads the pages that answer and returns how many did. Each must tell the truth: its exposition is
/// the catalogue, nothing is held in a group that skips, and what is held fails the verdict.
fn look(pair: &Pair, may_hold: bool) -> Result<u64> {
    let mut pages = 0;
    for health in pair.iter().filter_map(Gateway::health) {
        pages += 1;
        let differences = health.pointer("/self_scrape/differences");
        ensure!(
            differences == Some(&Value::from(0)),
            "self-scrape: {differences:?}"
        );
        let held = partitions(&health).any(|one| number(one, "held_at").is_some());
        ensure!(may_hold || !held, "held in a group that skips: {health}");
        let verdict = health.get("verdict");
        ensure!(
            !held || verdict == Some(&Value::from("fail")),
            "held, and {verdict:?}"
        );
    }
    Ok(pages)
}

const TOPIC: &str = "soak";
const HOSTILE: &str = "soak-hostile";
const ARCHIVE: &str = "soak-archive";
const PARTITIONS: usize = 4;

/// What starting, catching up and comparing take beside the writing, with room.
const MARGIN: Duration = Duration::from_secs(480);
const KILL_EVERY: Duration = Duration::from_secs(5);
