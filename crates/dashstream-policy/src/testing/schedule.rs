//! Random schedules, and what is left at their end.

use core::time::Duration;
use std::collections::BTreeSet;

use super::bed::{Part, Testbed};
use super::{Event, Mistake};
use crate::{
    Assignment, Cause, Command, Config, Delivery, Offset, Operator, OperatorCommand, Ordering,
    TopicPartition,
};

/// Drives a host through one random schedule over two partitions of twelve records: fetches, verdicts,
/// answers of the archive, rebalances and an operator, and at the end everything that is left. The same seed
/// gives the same schedule. Hundreds of them take less than a second. Records are
/// [`Ordering::Unordered`]: in which order handlers get them is not looked at.
///
/// `host` does what the host does when an event happens at a time: before it returns, it carries out
/// everything that the engine asks for, in order.
///
/// # Errors
///
/// The first [`Mistake`].
///
/// # Panics
///
/// When `config` is refused by [`Engine::new`](crate::Engine::new).
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
pub fn conforms(
    host: impl FnMut(Duration, Event, &mut Testbed),
    config: &Config,
    seed: u64,
) -> Result<(), Mistake> {
    let bed = Testbed::new(config.clone().ordering(Ordering::Unordered))
        .expect("the engine refuses the configuration");
    let mut run = Run {
        host,
        bed,
        now: Duration::ZERO,
        random: seed,
        assigned: 0,
        poison: BTreeSet::new(),
    };
    for partition in 0..PARTITIONS {
        run.bed.parts.insert(place(partition), Part::default());
        for offset in 0..RECORDS {
            if run.below(4) == 0 {
                run.poison.insert((partition, offset));
            }
        }
    }
    for _ in 0..STEPS {
        if let Some(event) = run.choose() {
            run.tell(event)?;
        }
    }
    run.finish()
}

/// A schedule under way.
struct Run<H> {
    host: H,
    bed: Testbed,
    now: Duration,
    random: u64,
    /// Assignments so far.
    assigned: u64,
    poison: BTreeSet<(i32, i64)>,
}

impl<H: FnMut(Duration, Event, &mut Testbed)> Run<H> {
    /// The next event, if the one that was drawn can happen now.
    fn choose(&mut self) -> Option<Event> {
        let partition = place(i32::try_from(self.below(2)).unwrap_or(0));
        match self.below(16) {
            0..=6 => self.fetch(partition),
            7..=10 => self.verdict(),
            11 | 12 => self.answer(),
            13 => {
                let command = [Command::Retry, Command::SkipOne];
                let at = usize::try_from(self.below(2)).unwrap_or(0);
                self.order(partition, *command.get(at)?)
            }
            14 => match self.below(4) {
                0 => self.revoke(partition),
                _ => self.assign(partition),
            },
            _ => Some(Event::Tick),
        }
    }

    /// Lets one event happen, and looks at what the host made of it.
    fn tell(&mut self, event: Event) -> Result<(), Mistake> {
        self.now = self.now.saturating_add(Duration::from_millis(7));
        let shown = format!("{event:?}");
        self.bed.told = false;
        (self.host)(self.now, event, &mut self.bed);
        let bed = &mut self.bed;
        if !bed.told {
            bed.mistake(Mistake::NotTold(shown));
        }
        // What the host has not even asked for is left out as well.
        while bed.poll_action().is_some() {}
        if let Some(asked) = bed.asked.pop_front() {
            bed.mistake(Mistake::LeftOut(asked));
        }
        if let Some(done) = bed.unanswered.pop_front() {
            bed.mistake(Mistake::Unanswered(done));
        }
        bed.mistake.take().map_or(Ok(()), Err)
    }

    /// Everything that is left: no more faults, and an operator who skips what is held.
    fn finish(&mut self) -> Result<(), Mistake> {
        for _ in 0..STEPS {
            for partition in (0..PARTITIONS).map(place) {
                // All four are drawn before the first is told. `assign` has set the assignment by then, for
                // `fetch`.
                let events = [
                    self.assign(partition),
                    self.fetch(partition),
                    self.verdict(),
                    self.answer(),
                ];
                for event in events.into_iter().flatten() {
                    self.tell(event)?;
                }
                if let Some(order) = self.order(partition, Command::SkipOne) {
                    self.tell(order)?;
                }
            }
            // To the next timer, so that no wait lasts longer than a step.
            let due = self.bed.engine.poll_timeout().unwrap_or(self.now);
            self.now = self.now.max(due);
            self.tell(Event::Tick)?;
        }
        let missing = |part: &&Part| part.stored != Some(RECORDS);
        match self.bed.parts.values().find(missing) {
            None => Ok(()),
            Some(part) => Err(Mistake::NotStored {
                end: RECORDS,
                stored: part.stored,
            }),
        }
    }

    fn assign(&mut self, partition: TopicPartition) -> Option<Event> {
        let part = self.bed.parts.get_mut(&partition)?;
        if part.assignment.is_some() {
            return None;
        }
        self.assigned = self.assigned.saturating_add(1);
        let assignment = Assignment::new(self.assigned);
        part.assignment = Some(assignment);
        // A new owner reads from what was stored: what the last one had taken beyond comes again.
        part.position = part.stored.unwrap_or(0);
        part.paused = false;
        let committed = part.stored.and_then(|next| Offset::new(next).ok());
        Some(Event::Assigned(partition, assignment, committed))
    }

    fn revoke(&self, partition: TopicPartition) -> Option<Event> {
        let assignment = self.bed.parts.get(&partition)?.assignment?;
        Some(Event::Revoked(partition, assignment))
    }

    fn fetch(&mut self, partition: TopicPartition) -> Option<Event> {
        let part = self.bed.parts.get_mut(&partition)?;
        let assignment = part.assignment?;
        if part.paused || part.position >= RECORDS {
            return None;
        }
        let offset = Offset::new(part.position).ok()?;
        // A client moves on with what it delivers, so that a refused record comes again only after a seek.
        part.position = part.position.saturating_add(1);
        let delivery = Delivery::new(partition, assignment, offset);
        Some(Event::Fetched(delivery))
    }

    fn verdict(&mut self) -> Option<Event> {
        let count = u64::try_from(self.bed.tokens.len()).unwrap_or(0);
        let at = usize::try_from(self.below(count.max(1))).unwrap_or(0);
        if at >= self.bed.tokens.len() {
            return None;
        }
        // Handlers are done in any order.
        let record = self.bed.tokens.swap_remove(at);
        let offset = record.offset().get();
        let is_poison = self
            .poison
            .contains(&(record.partition().partition(), offset));
        Some(if is_poison {
            Event::Rejected(record, Cause::DecodeError, offset)
        } else {
            Event::Accepted(record)
        })
    }

    fn answer(&mut self) -> Option<Event> {
        let send = self.bed.sends.pop_front()?;
        Some(Event::Archived(send.id, send.attempt, Ok(send.form)))
    }

    fn order(&self, partition: TopicPartition, command: Command) -> Option<Event> {
        self.bed.held_at(partition)?;
        let operator = Operator::new("conformance test", "ends what it held").ok()?;
        let order = OperatorCommand::new(partition, command, operator);
        Some(Event::Ordered(order))
    }

    /// A number below `bound`, which is not 0.
    fn below(&mut self, bound: u64) -> u64 {
        // SplitMix64 (Steele, Lea, Flood 2014).
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = self.random ^ (self.random >> 30);
        let mixed = mixed.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)).checked_rem(bound).unwrap_or(0)
    }
}

const fn place(partition: i32) -> TopicPartition {
    TopicPartition::new(0, partition)
}

const PARTITIONS: i32 = 2;
const RECORDS: i64 = 12;

/// Enough for each record to be met, refused and met again several times.
const STEPS: usize = 200;
