//! Fresh watermarks, asked for on a thread of their own so that no answer delays a poll.

use core::time::Duration;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use crate::clock::Clock;
use crate::event::Event;
use crate::observer::Observer;
use crate::standing::ClientRole;

/// Asks the broker for watermarks; the answers come as [`Event::Watermarks`].
#[derive(Debug)]
pub(crate) struct Watch(Sender<(Duration, Vec<i32>)>);

impl Watch {
    /// Starts the thread, which ends when this value is dropped and its last answer is there.
    pub(crate) fn start(
        clock: Clock,
        observer: Arc<Observer>,
        answers: Sender<Event>,
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
                    let fresh = observer.watermarks_of(&partitions);
                    let took = clock.now().saturating_sub(begun);
                    let complete = fresh.len() == partitions.len();
                    for code in observer.reported() {
                        let _closed = answers.send(Event::ClientFailed(ClientRole::Observer, code));
                    }
                    let answer = Event::Watermarks {
                        asked: at,
                        fresh,
                        took,
                        complete,
                    };
                    if answers.send(answer).is_err() {
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
