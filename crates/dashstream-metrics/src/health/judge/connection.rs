//! The connection to the brokers, and whether anything arrives over it.

use core::time::Duration;

use crate::health::judge::{Bench, age};
use crate::health::verdict::{Evidence, Level, ReasonCode, Status};
use crate::units::Age;

impl Bench<'_> {
    /// The part of the status that is about the broker, and not about the records.
    pub(super) fn connection(&mut self, now: Duration) -> Status {
        let ago = |moment: Option<Duration>| moment.map(|moment| Age::since(moment, now));
        let silent = ago(self.snapshot.last.message);
        let failed = ago(self.snapshot.last.infrastructure_error);
        let is_silent = silent.is_none_or(|silent| silent.exceeds(self.policy.silence));
        let has_failed =
            failed.is_some_and(|failed| failed.duration() < self.policy.infrastructure);
        if is_silent {
            self.reason(
                ReasonCode::NoRecentMessages,
                Level::Pass,
                age(silent, self.policy.silence),
            );
        }
        if has_failed {
            self.reason(
                ReasonCode::InfrastructureError,
                Level::Warn,
                age(failed, self.policy.infrastructure),
            );
        }
        let is_cut_off = self.broker(now);
        match (has_failed || is_cut_off, is_silent) {
            (true, _) => Status::Reconnecting,
            (false, true) => Status::Waiting,
            (false, false) => Status::Healthy,
        }
    }

    /// What lasts, however long ago the last error was reported: a client reports an outage once.
    fn broker(&mut self, now: Duration) -> bool {
        let broker = &self.snapshot.facts.broker;
        if let Some(since) = broker.unreachable_since {
            let lasts = Age::since(since, now);
            let level = self.level_at(lasts, self.policy.unreachable);
            let evidence = age(Some(lasts), self.policy.unreachable);
            self.reason(ReasonCode::BrokerUnreachable, level, evidence);
        }
        if let Some(refusal) = &broker.refusal {
            let evidence = Evidence::Refusal {
                words: refusal.words.clone(),
                age: Age::since(refusal.since, now),
            };
            self.reason(ReasonCode::BrokerRefusal, Level::Fail, evidence);
        }
        broker.unreachable_since.is_some() || broker.refusal.is_some()
    }
}
