//! Errors that a client reported and that have not ended.
//!
//! A client repeats most errors for as long as their reason lasts, several times a second, and others
//! it reports once. None of them says when it is over: that follows from what the broker does next.

use core::time::Duration;

use crate::client_code::ClientCode;

/// An error that has not ended, as far as can be told.
///
/// One that is [permanent](ClientCode::is_permanent) ends when the client that reported it is served again: a
/// record or a committed offset for the consumer, an acknowledgement for the archive's producer. The
/// others end with any answer of the broker that comes five seconds after they were last reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StandingError {
    /// Which client reported it.
    pub client: ClientRole,
    /// What it reported. [`ClientCode::is_permanent`] says whether it can pass by itself.
    pub code: ClientCode,
    /// When it was first reported.
    pub since: Duration,
    /// When it was last reported. Some errors are reported once and last all the same.
    pub last: Duration,
    /// How often it was reported.
    pub times: u64,
}

/// A client of the broker within one consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a health page shows each of them")]
pub enum ClientRole {
    /// The member of the group, which reads the topic.
    Consumer,
    /// The one that asks for watermarks and committed offsets.
    Admin,
    /// The producer that writes dead letters.
    Archive,
}

impl ClientRole {
    /// The stable word for logs and pages.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Admin => "observer",
            Self::Archive => "archive",
        }
    }
}

/// Something by which a broker shows that it serves a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Served {
    /// Records, or the word that there are no more.
    Fetched,
    /// The group gave partitions to the consumer, or took a commit.
    Member,
    /// The admin got an answer.
    Observed,
    /// The archive acknowledged a letter.
    Archived,
}

/// The errors that stand. There are as many as there are codes and clients, a few dozen at most.
#[derive(Debug, Default)]
pub(crate) struct Standing(Vec<StandingError>);

impl Standing {
    /// Takes note of an error, and says whether it begins with this report.
    pub(crate) fn reported(&mut self, now: Duration, client: ClientRole, code: ClientCode) -> bool {
        let known = |error: &&mut StandingError| (error.client, error.code) == (client, code);
        if let Some(error) = self.0.iter_mut().find(known) {
            error.last = now;
            error.times = error.times.saturating_add(1);
            return false;
        }
        self.0.push(StandingError {
            client,
            code,
            since: now,
            last: now,
            times: 1,
        });
        true
    }

    /// Ends what an answer of the broker shows to be over, and says whether that was anything.
    pub(crate) fn served(&mut self, now: Duration, served: Served) -> bool {
        let before = self.0.len();
        self.0.retain(|error| !ends(error, now, served));
        self.0.len() < before
    }

    /// Ends what a client reported that is not there any more.
    pub(crate) fn replaced(&mut self, client: ClientRole) {
        self.0.retain(|error| error.client != client);
    }

    pub(crate) fn list(&self) -> &[StandingError] {
        &self.0
    }
}

/// Whether `served` shows that `error` is over.
fn ends(error: &StandingError, now: Duration, served: Served) -> bool {
    let quiet_for = now.saturating_sub(error.last);
    if !error.code.is_permanent() {
        return quiet_for >= TRANSIENT_QUIET;
    }
    let by_itself = match (error.client, served) {
        // A fetch is served by the leader of a partition, and says nothing of the group's coordinator.
        (ClientRole::Consumer, Served::Fetched) => !error.code.is_about_the_group(),
        // A member may be refused the topic all the same.
        (ClientRole::Consumer, Served::Member) => !error.code.is_about_a_topic(),
        (ClientRole::Admin, Served::Observed) | (ClientRole::Archive, Served::Archived) => true,
        (ClientRole::Consumer, Served::Observed | Served::Archived)
        | (ClientRole::Admin, Served::Fetched | Served::Member | Served::Archived)
        | (ClientRole::Archive, Served::Fetched | Served::Member | Served::Observed) => false,
    };
    // All clients prove themselves alike, and a connection that is refused is tried again: one that
    // nobody complains about any more is there.
    by_itself || (error.code.is_about_the_connection() && quiet_for >= CONNECTION_QUIET)
}

/// An error that may pass is repeated several times a second, or at the next attempt to connect.
const TRANSIENT_QUIET: Duration = Duration::from_secs(5);

/// The client reports the same refusal of a connection every 30 s at least, and tries again after
/// 10 s at most.
const CONNECTION_QUIET: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
