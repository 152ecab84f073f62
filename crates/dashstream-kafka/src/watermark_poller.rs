//! Fresh watermarks, asked for on a thread of their own so that no answer delays a poll.

use core::time::Duration;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use dashstream_policy::TopicPartition;

use crate::admin::Admin;
use crate::archive;
use crate::clock::Clock;
use crate::config::Config;
use crate::driver_message::DriverMessage;
use crate::inbox::Inbox;
use crate::standing_errors::ClientRole;

/// Polls watermarks; the answers come as [`DriverMessage::Watermarks`].
#[derive(Debug)]
pub(crate) struct WatermarkPoller(Sender<(Duration, Vec<TopicPartition>, bool)>);

impl WatermarkPoller {
    /// Starts the thread, which ends when this value is dropped and its last answer is there.
    pub(crate) fn start(
        clock: Clock,
        admin: Arc<Admin>,
        config: Config,
        answers: Arc<Inbox>,
    ) -> Result<Self, std::io::Error> {
        let (asks, asked) = channel::<(Duration, Vec<TopicPartition>, bool)>();
        thread::Builder::new()
            .name("dashstream-watermarks".to_owned())
            .spawn(move || {
                let mut retention_at: Option<Duration> = None;
                while let Ok((mut at, mut partitions, mut held)) = asked.recv() {
                    // Questions that piled up behind a slow answer are one question.
                    while let Ok(newer) = asked.try_recv() {
                        (at, partitions, held) = newer;
                    }
                    let begun = clock.now();
                    let fresh = admin.watermarks_of(&partitions);
                    let took = clock.now().saturating_sub(begun);
                    let complete = fresh.len() == partitions.len();
                    // The errors are sent first, since the answer shows that those before it are over.
                    for code in admin.reported() {
                        answers.send(DriverMessage::ClientFailed(ClientRole::Admin, code));
                    }
                    let answer = DriverMessage::Watermarks {
                        asked: at,
                        fresh,
                        took,
                        complete,
                    };
                    answers.send(answer);
                    // An operator may change it to save what is held.
                    let is_due = |asked| clock.now().saturating_sub(asked) >= RETENTION_AGE;
                    // This is not asked at other times, since each question makes a client of its own.
                    if held && retention_at.is_none_or(is_due) {
                        retention_at = Some(clock.now());
                        // Without an answer what is known stays: a question that failed changes no topic.
                        if let Some(retention) = archive::retention(&config) {
                            answers.send(DriverMessage::Retention(retention));
                        }
                    }
                    // The driver that asks lives until the client is closed, which may take long.
                    if answers.is_closed() {
                        return;
                    }
                }
            })?;
        Ok(Self(asks))
    }

    /// Asks at `now`, which comes back with the answer.
    /// Where a record is held, it is asked as well how long topics keep records.
    pub(crate) fn ask(&self, now: Duration, partitions: Vec<TopicPartition>, held: bool) {
        // A thread that is gone leaves the watermarks old, which the status shows.
        let _gone = self.0.send((now, partitions, held));
    }
}

/// How often it is asked how long the topic keeps records, while one is held.
const RETENTION_AGE: Duration = Duration::from_secs(30);
