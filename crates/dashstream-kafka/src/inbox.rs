//! Messages for the thread that drives the engine, and that thread's only place to wait.
//!
//! A wake-up costs more than a record. What the host accepts is therefore kept in the delivery queue,
//! and the first of it wakes the thread a little later; everything else wakes it at once.

use core::mem;
use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::driver_message::DriverMessage;
use crate::mutex::lock;

/// The sending end, shared by everybody who has something to say.
#[derive(Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    arrived: Condvar,
    /// How long what the host accepts waits for more of it.
    linger: Duration,
}

#[derive(Default)]
struct State {
    messages: Vec<DriverMessage>,
    /// The thread is not to wait any longer.
    is_urgent: bool,
    /// The host has accepted something.
    is_soon: bool,
    /// The thread waits for room, which is made by what the host accepts.
    is_without_room: bool,
    /// Nobody takes messages any more.
    is_closed: bool,
}

/// The receiving end. With it goes whatever is still in the inbox, so that who waits for an answer
/// learns that there will be none.
pub(crate) struct Receiver(Arc<Inbox>);

impl Inbox {
    /// An inbox and its one receiver.
    pub(crate) fn open(linger: Duration) -> (Arc<Self>, Receiver) {
        let inbox = Arc::new(Self {
            linger,
            ..Self::default()
        });
        (Arc::clone(&inbox), Receiver(inbox))
    }

    /// Puts a message down. Once the receiver is gone the consumer is closed, and the message is
    /// dropped: what it took is read again by the next member.
    pub(crate) fn send(&self, message: DriverMessage) {
        let mut state = self.state();
        if state.is_closed {
            return;
        }
        state.messages.push(message);
        // The lock is let go first, so that the thread that is woken does not wait for it.
        drop(state);
        self.arrived.notify_one();
    }

    /// Whether the receiver is gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    /// The client has something to poll, or the host is without a record and what it accepted makes
    /// room for others.
    pub(crate) fn wake(&self) {
        self.state().is_urgent = true;
        self.arrived.notify_one();
    }

    /// The host has begun to accept records, and perhaps waits for one.
    pub(crate) fn wake_soon(&self, host_waits: bool) {
        let mut state = self.state();
        state.is_soon = true;
        // This is for where both wait: the host for a record, and the thread for the room that this makes.
        state.is_urgent |= host_waits && state.is_without_room;
        drop(state);
        self.arrived.notify_one();
    }

    /// What the host has accepted is about to be taken.
    pub(crate) fn clear_wake_soon(&self) {
        self.state().is_soon = false;
    }

    /// Takes all messages, on the thread that has the receiver.
    pub(crate) fn take(&self) -> Vec<DriverMessage> {
        mem::take(&mut self.state().messages)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Receiver {
    /// Takes all messages.
    pub(crate) fn take(&self) -> Vec<DriverMessage> {
        self.0.take()
    }

    /// How long what the host accepts waits for more of it.
    pub(crate) fn linger(&self) -> Duration {
        self.0.linger
    }

    /// Waits until there is something to do, for at most `time`. What the host accepts waits for `linger`.
    pub(crate) fn wait(&self, time: Duration, linger: Duration) {
        let inbox = &*self.0;
        let idle = |state: &mut State| !state.is_urgent && state.messages.is_empty();
        let quiet = |state: &mut State| idle(state) && !state.is_soon;
        let mut state = inbox.state();
        // The driver gives a shorter linger than usual only where it has no room.
        state.is_without_room = linger < inbox.linger;
        // The condition is checked before the wait, so that what came earlier ends it at once.
        let waited = inbox.arrived.wait_timeout_while(state, time, quiet);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if state.is_soon {
            // More acceptances do not end this wait; anything that is urgent does.
            let waited = inbox.arrived.wait_timeout_while(state, linger, idle);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        // The step that follows looks after what set this. `is_soon` stays until the acceptances are taken,
        // which may not be due yet.
        state.is_urgent = false;
        state.is_without_room = false;
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.is_closed = true;
        let unread = mem::take(&mut state.messages);
        drop(state);
        // They are dropped without the lock: a reply among them wakes the task that waits for it, and a waker
        // is no code to run under it.
        drop(unread);
    }
}

#[cfg(test)]
mod tests;
