//! Who writes what next, and to which partition.

use std::sync::Arc;

use dashstream_codec::{EncodeOptions, Encoder};

use crate::agent::Agent;
use crate::backlog::Backlog;
use crate::hostile::Hostile;
use crate::ledger::Written;
use crate::rng::Rng;
use crate::target::Target;

/// What the demo producer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever produces names all of it"
)]
pub struct Demo {
    /// Records a second.
    pub rate: u32,
    /// Agent runs under way at one time.
    pub runs: u16,
    /// One record in this many is hostile; 0 for none.
    pub hostile_every: u32,
    /// Where the runs and records begin to repeat.
    pub seed: u64,
}

/// One record on its way to the topic.
pub(super) struct Record {
    pub(super) partition: i32,
    pub(super) key: Arc<str>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) headers: &'static [Header],
    pub(super) written: Written,
}

/// A header's name, and its value if it has one.
pub(super) type Header = (&'static str, Option<&'static [u8]>);

/// Decides what is written next, by whom, and to which partition.
pub(super) struct Script {
    demo: Demo,
    target: Target,
    rng: Rng,
    agents: Vec<Agent>,
    begun: u64,
    hostile: Vec<Hostile>,
    turn: u64,
    encoder: Encoder,
}

impl Script {
    pub(super) fn new(demo: Demo, target: Target) -> Self {
        let hostile = Hostile::under(target.max_payload_bytes);
        let mut script = Self {
            demo,
            target,
            rng: Rng::new(demo.seed),
            agents: Vec::new(),
            begun: 0,
            hostile,
            turn: 0,
            encoder: Encoder::new(EncodeOptions::new()),
        };
        for _ in 0..demo.runs {
            let agent = script.begin();
            script.agents.push(agent);
        }
        script
    }

    /// A run whose thread id nobody used before.
    fn begin(&mut self) -> Agent {
        self.begun = self.begun.saturating_add(1);
        let thread = format!("run-{:05}-{:08x}", self.begun, self.rng.below(1 << 32));
        Agent::new(thread, self.target.clock, &mut self.rng)
    }

    /// The next record, or `None` when the partition whose turn it is has enough before it.
    pub(super) fn next(&mut self, backlog: &Backlog) -> Option<Record> {
        let index = usize::try_from(self.rng.below(self.agents.len() as u64)).unwrap_or(0);
        let partition = self.partition_of(self.agents.get(index)?.thread());
        if !backlog.has_room(partition) {
            return None;
        }
        self.turn = self.turn.saturating_add(1);
        let hostile_turn = self.turn.checked_div(u64::from(self.demo.hostile_every));
        if let Some(turn) = hostile_turn
            && self.turn.is_multiple_of(u64::from(self.demo.hostile_every))
        {
            return self.hostile(index, partition, turn);
        }
        self.message(index)
    }

    /// The next message of a run; when it has none, another run begins in its place.
    fn message(&mut self, index: usize) -> Option<Record> {
        let mut made = self.agents.get_mut(index)?.next(&mut self.rng);
        if made.is_none() {
            let fresh = self.begin();
            let agent = self.agents.get_mut(index)?;
            *agent = fresh;
            made = agent.next(&mut self.rng);
        }
        let mut made = made?;
        let thread: Arc<str> = Arc::from(self.agents.get(index)?.thread());
        // Payloads above the encoder's threshold are compressed, so that the topic has both forms.
        let value = match self.encoder.encode(&mut made.message) {
            Ok(encoded) => encoded.record.to_vec(),
            Err(error) => {
                tracing::error!(code = error.code(), "a demo message was not encoded");
                return None;
            }
        };
        let effect = made.effect;
        Some(Record {
            partition: self.partition_of(&thread),
            value: Some(value),
            headers: &[],
            written: Written::Message {
                thread: Arc::clone(&thread),
                effect,
            },
            key: thread,
        })
    }

    /// A hostile record, in turn of their kinds; after each round a patch over the caps, which is a
    /// legal record that its run does not survive.
    fn hostile(&mut self, index: usize, partition: i32, turn: u64) -> Option<Record> {
        let round = (self.hostile.len() as u64).saturating_add(1);
        let at = usize::try_from(turn.checked_rem(round)?).ok()?;
        let agent = self.agents.get_mut(index)?;
        let Some(kind) = self.hostile.get(at).copied() else {
            agent.plant_bomb(&mut self.rng);
            return self.message(index);
        };
        let thread: Arc<str> = Arc::from(agent.thread());
        let value = kind.value(&thread, self.target.max_payload_bytes, &mut self.rng);
        Some(Record {
            partition,
            key: thread,
            value,
            headers: HOSTILE_HEADERS,
            written: Written::Hostile(kind),
        })
    }

    /// A run stays in one partition. The producer chooses it, rather than the client's partitioner,
    /// so that it knows how far behind the reader is there before it writes.
    fn partition_of(&self, thread: &str) -> i32 {
        let hash = thread
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        let count = self.target.partitions.len() as u64;
        let index = (hash >> 32)
            .checked_rem(count)
            .and_then(|at| usize::try_from(at).ok());
        index
            .and_then(|at| self.target.partitions.get(at))
            .copied()
            .unwrap_or(0)
    }
}

impl Record {
    /// What the record takes at the broker, roughly and rather more than less.
    pub(super) fn bytes(&self) -> usize {
        let value = self.value.as_ref().map_or(0, Vec::len);
        value
            .saturating_add(self.key.len())
            .saturating_add(RECORD_OVERHEAD)
    }
}

/// Whoever copies a record must keep a name that comes twice, and tell no value from an empty one.
const HOSTILE_HEADERS: &[Header] = &[
    ("source", Some(b"demo")),
    ("source", Some(b"")),
    ("note", None),
];

/// A record's header, its batch's header when it travels alone, and the broker's own notes.
const RECORD_OVERHEAD: usize = 128;
