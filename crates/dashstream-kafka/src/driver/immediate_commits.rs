//! Commits that do not wait for the client's own: of rejections, and of positions that an operator
//! set, which may lie before what is committed.

use core::time::Duration;
use std::collections::BTreeMap;

use dashstream_policy::TopicPartition;

use crate::consumer_calls;
use crate::driver::{Client, Driver};

/// What is to be committed, one request at a time.
#[derive(Debug, Default)]
pub(super) struct Commits {
    wanted: BTreeMap<TopicPartition, i64>,
    /// What was sent, and when. The client answers its own commits and not these: the next of its
    /// answers counts, which comes within [`crate::Config::commit_interval`] where anything is stored.
    sent: Option<(Duration, BTreeMap<TopicPartition, i64>)>,
    not_before: Duration,
}

impl Commits {
    pub(super) fn want(&mut self, partition: TopicPartition, next: i64) {
        self.wanted.insert(partition, next);
    }

    pub(super) fn forget(&mut self, partition: TopicPartition) {
        self.wanted.remove(&partition);
        // What is on its way cannot be called back, but if it fails it must not be sent again.
        if let Some((_, sent)) = &mut self.sent {
            sent.remove(&partition);
        }
    }

    /// Takes what is to be sent now.
    fn due(&mut self, now: Duration, patience: Duration) -> Option<BTreeMap<TopicPartition, i64>> {
        // One request is under way at a time, since an answer does not say which request it is to. It is
        // waited for no longer than a request may take.
        let waits = |(at, _): &(Duration, _)| now.saturating_sub(*at) < patience;
        if self.wanted.is_empty() || now < self.not_before || self.sent.as_ref().is_some_and(waits)
        {
            return None;
        }
        Some(core::mem::take(&mut self.wanted))
    }

    /// A commit was answered, perhaps another one than this: then the next is sent too early, or this one
    /// twice, which does no harm.
    pub(super) fn answered(&mut self, now: Duration, ok: bool) {
        if let Some((_, sent)) = self.sent.take()
            && !ok
        {
            self.again(now, sent);
        }
    }

    /// What failed is sent again, but for what is wanted more recently.
    fn again(&mut self, now: Duration, failed: BTreeMap<TopicPartition, i64>) {
        self.not_before = now.saturating_add(AFTER_A_FAILURE);
        for (partition, next) in failed {
            self.wanted.entry(partition).or_insert(next);
        }
    }
}

impl Driver {
    /// Sends what is to be committed at once. It is over when the broker has answered, and a process
    /// that dies after that does not meet the records again.
    pub(super) fn commit_wanted(&mut self, client: &Client) {
        let now = self.wiring.clock.now();
        let Some(wanted) = self.commits.due(now, self.config.request_timeout) else {
            return;
        };
        match consumer_calls::commit(client, &self.topics, &wanted) {
            Ok(()) => self.commits.sent = Some((now, wanted)),
            Err(code) => {
                self.consumer_failed(code);
                self.commits.again(now, wanted);
            }
        }
    }

    /// As [`Driver::commit_wanted`], for the last time: nothing is waited for.
    pub(crate) fn commit_last(&mut self, client: &Client) {
        // The answer to what is under way is not waited for: no step follows that would look at it.
        self.commits.sent = None;
        self.commits.not_before = Duration::ZERO;
        self.commit_wanted(client);
    }
}

/// While the group rebalances every commit fails.
const AFTER_A_FAILURE: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests;
