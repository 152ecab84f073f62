//! What the engine asks for, carried out at the client.

use core::mem;
use core::time::Duration;

use dashstream_policy::{
    Action, ArchiveFault, ArchiveRequest, Assignment, Count, Input, Offset, PartitionState,
    StoreOffset, StoreReason, TopicPartition,
};

use crate::archive::Archive;
use crate::archive::delivery_report::{SendFailure, Sent};
use crate::consumer_calls;
use crate::consumer_event::ConsumerEvent;
use crate::driver::{Client, Driver, Phase};
use crate::standing_errors::{ClientRole, Served};

impl Driver {
    /// Carries out every action the engine has, and hands out what they bring.
    pub(crate) fn perform(&mut self, client: &Client) {
        let mut holds = false;
        let mut answer = None;
        // Stores that follow each other are one call of the client. The engine hands them out in a row,
        // before any pause or seek, so that gathering them changes no order.
        let mut stores = Vec::new();
        loop {
            let action = match self.engine.poll_action() {
                Some(Action::Store(store)) => {
                    stores.push(store);
                    continue;
                }
                action => action,
            };
            let now = self.wiring.clock.now();
            let stored = !stores.is_empty();
            if stored {
                self.store(client, now, &mem::take(&mut stores));
            }
            // The answers to the stores may have brought new actions, so the engine is asked once more.
            let Some(action) = action else {
                if stored {
                    continue;
                }
                break;
            };
            match action {
                // The match above has gathered every store. It is handled all the same: no store may be lost.
                Action::Store(store) => stores.push(store),
                Action::Archive(request) => self.send(now, &request),
                Action::Pause {
                    partition,
                    assignment,
                } => {
                    self.set_paused(client, partition, assignment, true);
                }
                Action::Resume {
                    partition,
                    assignment,
                } => {
                    self.set_paused(client, partition, assignment, false);
                }
                Action::Seek {
                    partition,
                    assignment,
                    to,
                } => {
                    // After the seek these records come again, and the host must not get both copies of one.
                    self.withdraw(partition, to.get());
                    let ok = self.seek(client, partition, assignment, to);
                    // `tell` would call this function again. The loop carries out what follows.
                    self.engine.handle(
                        now,
                        Input::SeekCompleted {
                            partition,
                            assignment,
                            to,
                            ok,
                        },
                    );
                }
                Action::StopPolling => self.taking = false,
                Action::ResumePolling => self.taking = true,
                Action::Deliver {
                    delivered,
                    payload: kept,
                } => {
                    self.deliver(kept.message, delivered);
                }
                Action::Count(count) => {
                    holds |= matches!(count, Count::Held { .. });
                    self.report(&ConsumerEvent::Count(count));
                }
                Action::Audit(audit) => {
                    let outcome = audit.outcome;
                    self.report(&ConsumerEvent::Audit(audit));
                    self.published = None;
                    // Only orders make audits, and one is given at a time, so this is the answer to it.
                    if let Some(reply) = self.order.take() {
                        answer = Some((reply, outcome));
                    }
                }
            }
        }
        self.push_outgoing();
        if holds {
            self.give_up_behind_holds();
            self.write_trace();
        }
        self.commit_wanted(client);
        // This comes last, when the order is carried out. Nobody may wait for the answer any more, which is
        // no error: the order holds all the same, and the audit event has told of it.
        if let Some((reply, outcome)) = answer {
            let _gone = reply.send(outcome);
        }
    }

    /// Stores offsets, and tells the engine which of them the client took.
    fn store(&mut self, client: &Client, now: Duration, stores: &[StoreOffset]) {
        let offsets = stores.iter().map(|store| (store.partition(), store.next()));
        let results = consumer_calls::store(client, &self.topics, offsets);
        for (store, result) in stores.iter().zip(results) {
            let (partition, next) = (store.partition(), store.next());
            let ok = result.is_ok();
            if ok && let Some(state) = self.partitions.get_mut(&partition) {
                let before = state.stored.or(state.committed);
                // This stays set: from here on a committed offset that is higher may be that of the old log.
                state.went_back |= before.is_some_and(|at| at > next.get());
                state.stored = Some(next.get());
                if !state.judged.is_empty() {
                    // What the offset has passed cannot be held any more. Kept, it would fill the map.
                    state.judged = state.judged.split_off(&next.get());
                }
                // A position that an operator set is committed whatever the configuration says: the client's
                // own commits pass over an offset that is not above the one that it committed last.
                let ordered = store.reason() == StoreReason::Ordered;
                if store.commit_now() && (self.config.commit_rejections || ordered) {
                    self.commits.want(partition, next.get());
                }
            }
            // Only a stored offset clears the suspicion that processes died of a record before it.
            if ok && let Some(guard) = &mut self.guard {
                guard.passed(partition, next.get());
            }
            match result {
                Ok(()) => self.report(&ConsumerEvent::Stored {
                    partition,
                    next: next.get(),
                    because: store.reason(),
                }),
                Err(code) => self.consumer_failed(code),
            }
            // The engine hears of refusals too, and asks for the store again later.
            self.engine.handle(
                now,
                Input::Stored {
                    partition,
                    assignment: store.assignment(),
                    next,
                    ok,
                },
            );
        }
    }

    /// Hands a rejected record to the archive. Its answer comes as a message, unless it is refused
    /// here.
    fn send(&mut self, now: Duration, request: &ArchiveRequest) {
        // The errors of the producer that is replaced end with it: no acknowledgement could end them.
        if self.archive.as_mut().is_some_and(Archive::renew) {
            self.standing.replaced(ClientRole::Archive);
        }
        let found_at = self.wiring.clock.unix(now);
        let result = match (&self.archive, self.engine.engine().payload(request.id)) {
            (Some(archive), Some(kept)) => {
                let topic = self.topics.name(kept.message.partition.topic());
                archive.send(request, (topic, kept), found_at, self.received)
            }
            // An archive is there whenever the policy uses one, and the record while a request for it
            // is.
            (None, _) | (_, None) => Err(SendFailure {
                fault: ArchiveFault::Refused,
                code: None,
            }),
        };
        // The producer reports only on letters that it has taken.
        if let Err(refused) = result {
            self.archived(now, Sent::of(request), Err(refused));
        }
    }

    /// Tells the engine how a send ended.
    pub(super) fn archived(&mut self, now: Duration, sent: Sent, result: Result<(), SendFailure>) {
        let result = match result {
            Ok(()) => {
                self.served(now, Served::Archived);
                Ok(sent.form)
            }
            Err(refused) => {
                if let Some(code) = refused.code {
                    self.client_failed(ClientRole::Archive, code);
                }
                Err(refused.fault)
            }
        };
        let answer = Input::Archived {
            id: sent.id,
            attempt: sent.attempt,
            result,
        };
        self.engine.handle(now, answer);
    }

    /// Takes what lies behind held records off the queue. A hold gives it up at once, while the seek that
    /// would do the same may have to wait for the answer to an earlier one.
    fn give_up_behind_holds(&mut self) {
        // Every hold is looked at, not only the new ones: to withdraw twice changes nothing.
        for partition in self.engine.engine().status().partitions {
            if let PartitionState::Held {
                offset: Some(held), ..
            } = partition.state
            {
                self.withdraw(partition.partition, held.get());
            }
        }
    }

    pub(super) fn set_paused(
        &mut self,
        client: &Client,
        at: TopicPartition,
        assignment: Assignment,
        paused: bool,
    ) {
        let partition = self.partitions.get_mut(&at);
        // It was revoked meanwhile. If it came back, its state is told under the new assignment.
        let Some(partition) = partition.filter(|of| of.assignment == assignment) else {
            return;
        };
        // While draining everything stays paused.
        let pause = paused || self.phase != Phase::Running;
        partition.paused = pause;
        let result = consumer_calls::set_paused(client, &self.topics, &[at], pause);
        if let Err(code) = result {
            self.consumer_failed(code);
        }
        self.published = None;
    }

    pub(super) fn pause_all(&mut self, client: &Client) {
        let all: Vec<_> = self.partitions.keys().copied().collect();
        for partition in self.partitions.values_mut() {
            partition.paused = true;
        }
        if let Err(code) = consumer_calls::set_paused(client, &self.topics, &all, true) {
            self.consumer_failed(code);
        }
    }

    pub(super) fn seek(
        &mut self,
        client: &Client,
        at: TopicPartition,
        assignment: Assignment,
        to: Offset,
    ) -> bool {
        let now = self.wiring.clock.now();
        let partition = self.partitions.get_mut(&at);
        let Some(partition) = partition.filter(|of| of.assignment == assignment) else {
            return false;
        };
        // Watermarks and errors from before this moment are about the old position, and are told apart by it.
        partition.progress.moved(now, to.get());
        partition.sought = Some(now);
        self.reposition(client, at, to.get())
    }

    /// Sets a partition's position at the client. After an error about a position that the broker
    /// does not have, the client has stopped the partition and refuses to seek in it; then it is
    /// assigned again at the position.
    pub(super) fn reposition(&mut self, client: &Client, at: TopicPartition, to: i64) -> bool {
        let mut result = consumer_calls::seek(client, &self.topics, at, to);
        // Inside a rebalance the group is changing the assignment that this would replace. There the seek
        // counts as failed, and the engine asks for it again.
        if result.is_err() && self.position_refused && !self.rebalancing {
            let places: Vec<consumer_calls::AssignedPosition> = self
                .partitions
                .iter()
                .map(|(at, partition)| consumer_calls::AssignedPosition {
                    partition: *at,
                    next: partition.progress.next(),
                    paused: partition.paused,
                })
                .collect();
            // An assigned partition fetches again; what the client had fetched of it is thrown away.
            result = consumer_calls::reassign(client, &self.topics, at, &places);
            self.position_refused = result.is_err();
        }
        result.map_err(|code| self.consumer_failed(code)).is_ok()
    }
}
