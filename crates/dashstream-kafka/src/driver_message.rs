//! What reaches the thread that drives the engine, from every other thread.

use core::time::Duration;
use std::collections::BTreeMap;

use dashstream_policy::{
    Breaker, Cause, CommandOutcome, Delivered, OperatorCommand, TopicPartition,
};
use tokio::sync::oneshot;

use crate::archive::delivery_report::{SendFailure, Sent};
use crate::archive_finding::ArchiveFinding;
use crate::client_code::ClientCode;
use crate::message::RejectedMessage;
use crate::standing_errors::ClientRole;
use crate::watermarks::Watermarks;

pub(crate) enum DriverMessage {
    Rejected(Delivered, Cause, RejectedMessage),
    /// The same of a record that the host did not get to see.
    RejectedUnseen(Delivered, Cause, RejectedMessage),
    Released(Delivered, Cause, RejectedMessage),
    /// A record was dropped by the host without a word.
    Dropped(Delivered, RejectedMessage),
    /// The host has no resources for a record now.
    Deferred(Delivered, RejectedMessage),
    /// A record that the host gives back unprocessed, since its batch ended before it.
    Returned(Delivered, RejectedMessage),
    /// The host will not look at these records.
    Unread(usize),
    /// How a send to the archive ended.
    Archived(Sent, Result<(), SendFailure>),
    /// A client other than the consumer reported an error.
    ClientFailed(ClientRole, ClientCode),
    /// What the check of a best-effort archive's topic found: how many partitions it has, if it exists.
    ArchiveFound(Option<usize>, Vec<ArchiveFinding>),
    Order(OperatorCommand, oneshot::Sender<CommandOutcome>),
    Breaker(Breaker),
    /// Watermarks that were asked for at that time; a partition that is missing gave no answer.
    Watermarks {
        asked: Duration,
        fresh: BTreeMap<TopicPartition, Watermarks>,
        took: Duration,
        complete: bool,
    },
    /// How long topics keep records; without those that keep them for ever or of which nobody tells.
    Retention(BTreeMap<u16, Duration>),
    /// Finish what is taken, then close.
    Drain,
    /// Close now.
    Stop,
}
