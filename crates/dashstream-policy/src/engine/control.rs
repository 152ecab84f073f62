//! Which stores, pauses, seeks and resumes the client still has to be told.

use crate::partition::Step;
use crate::timers::{Due, Timer};
use crate::{Action, StoreOffset};

use super::{Engine, Stop};

impl<P> Engine<P> {
    /// The next offset to store: the latest of a partition, whatever came about in between.
    pub(super) fn next_store(&mut self) -> Option<StoreOffset> {
        // An entry may be stale: its partition was revoked, or assigned anew and queued again.
        while let Some(partition) = self.stores.pop_front() {
            let Some(state) = self.partitions.get_mut(&partition) else {
                continue;
            };
            state.store_queued = false;
            let Some((next, reason)) = state.released else {
                continue;
            };
            let ours = state.revoked.is_none();
            #[cfg(mutant = "store_after_revoke")]
            let ours = true;
            // Only `go_back` and a failed store clear `handed`; elsewhere an offset never goes down.
            if ours && state.handed.is_none_or(|handed| handed < next) {
                state.handed = Some(next);
                return Some(StoreOffset {
                    partition,
                    assignment: state.assignment,
                    next,
                    reason,
                    commit_now: core::mem::take(&mut state.commit_now),
                });
            }
        }
        None
    }

    /// The next pause, seek or resume.
    pub(super) fn next_control(&mut self) -> Option<Action<P>> {
        // The host polls after every call, and nearly none changes what the client is to be told: partitions
        // are looked through only where one may have changed.
        if !self.control {
            return None;
        }
        let everywhere = self.consumer_held() || self.pauses_for_room();
        self.reopen();
        // In the order of the partitions, so that the same calls give the same actions.
        for (&partition, state) in &mut self.partitions {
            let assignment = state.assignment;
            if let Some(step) = state.next_step(everywhere) {
                return Some(match step {
                    Step::Pause => Action::Pause {
                        partition,
                        assignment,
                    },
                    Step::Seek(to) => Action::Seek {
                        partition,
                        assignment,
                        to,
                    },
                    Step::Resume => Action::Resume {
                        partition,
                        assignment,
                    },
                });
            }
        }
        // Only when no partition has a step left: each call tells one.
        self.control = false;
        None
    }

    /// Lets partitions go on that were full and have room again.
    fn reopen(&mut self) {
        let limits = self.limits();
        for state in self.partitions.values_mut() {
            state.is_full = state.is_full && !limits.has_plenty(state);
        }
    }

    /// Whether the host has to be told to take records, or not to.
    pub(super) fn next_polling(&mut self) -> Option<Action<P>> {
        let takes = !matches!(self.stop, Stop::Closed { .. });
        if takes == self.told_taking {
            return None;
        }
        // Compared with what was told, so that a lack of room that is over at once is not told at all.
        self.told_taking = takes;
        let action = if takes {
            Action::ResumePolling
        } else {
            Action::StopPolling
        };
        Some(action)
    }

    pub(super) fn drain(&mut self) {
        #[cfg(not(mutant = "drain_keeps_taking"))] // an order to stop waits for the topic's end
        {
            // `make_room` does not open again while draining; `poll_due` still lets the host poll in time.
            self.draining = true;
            self.close();
        }
    }

    pub(super) fn poll_due(&mut self, due: Due) {
        if let Stop::Closed { since, due: own } = self.stop
            && own == due
        {
            #[cfg(not(mutant = "silent_when_full"))] // the group takes the consumer for dead
            {
                self.stop = Stop::Paused { since };
            }
            // The pauses are told before `ResumePolling`: see `poll_action`.
            self.control = true;
        }
    }

    /// Whether every partition is paused so that the host can poll without taking.
    pub(super) fn pauses_for_room(&self) -> bool {
        matches!(self.stop, Stop::Paused { .. })
    }

    pub(super) fn close(&mut self) {
        if self.stop == Stop::Open {
            // Set once, when the taking stops: a later reason to stop does not put the next poll off.
            let at = self.now.saturating_add(self.config.keep_polling);
            let due = self.timers.set(at, Timer::Poll);
            self.stop = Stop::Closed {
                since: self.now,
                due,
            };
        }
    }
}
