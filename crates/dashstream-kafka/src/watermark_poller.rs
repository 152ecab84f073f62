//! Fresh watermarks, asked for on a thread of their own so that no answer delays a poll.

use core::time::Duration;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use crate::admin::Admin;
use crate::clock::Clock;
use crate::driver_message::DriverMessage;
use crate::inbox::Inbox;
use crate::standing::ClientRole;

/// Polls watermarks; the answers come as [`DriverMessage::Watermarks`].
#[derive(Debug)]
pub(crate) struct WatermarkPoller(Sender<(Duration, Vec<i32>)>);

impl WatermarkPoller {
    /// Starts the thread, which ends when this value is dropped and its last answer is there.
    pub(crate) fn start(
        clock: Clock,
        admin: Arc<Admin>,
        answers: Arc<Inbox>,
    ) -> Result<Self, std::io::Error> {
        let (asks, asked) = channel::<(Duration, Vec<i32>)>();
        thread::Builder::new()
            .name("dashstream-watermarks".to_owned())
            .spawn(move || {
                while let Ok((mut at, mut partitions)) = asked.recv() {
                    // Questions that piled up behind a slow answer are one question.
                    while let Ok(newer) = asked.try_recv() {
                        (at, partitions) = newer;
                    }
                    let begun = clock.now();
                    let fresh = admin.watermarks_of(&partitions);
                    let took = clock.now().saturating_sub(begun);
                    let complete = fresh.len() == partitions.len();
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
                    if answers.is_closed() {
                        return;
                    }
                }
            })?;
        Ok(Self(asks))
    }

    /// Asks at `now`, which comes back with the answer.
    pub(crate) fn ask(&self, now: Duration, partitions: Vec<i32>) {
        // A thread that is gone leaves the watermarks old, which the status shows.
        let _gone = self.0.send((now, partitions));
    }
}
