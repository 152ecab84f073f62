//! Messages for the thread that drives the engine, and that thread's only place to wait.
//!
//! A wake-up costs more than a record. Accepted records therefore wait [`LINGER`] for company, unless
//! the host has no other record left; everything else wakes the thread at once.

use core::mem;
use core::time::Duration;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::driver_message::DriverMessage;

/// The sending end, shared by everybody who has something to say.
#[derive(Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    messages: Vec<DriverMessage>,
    /// The thread is not to wait any longer.
    is_urgent: bool,
    /// Nobody takes messages any more.
    is_closed: bool,
}

/// The receiving end. With it goes whatever is still in the inbox, so that who waits for an answer
/// learns that there will be none.
pub(crate) struct Receiver(Arc<Inbox>);

impl Inbox {
    /// An inbox and its one receiver.
    pub(crate) fn open() -> (Arc<Self>, Receiver) {
        let inbox = Arc::new(Self::default());
        (Arc::clone(&inbox), Receiver(inbox))
    }

    /// Puts a message down. Once the receiver is gone the consumer is closed, and the message is
    /// dropped: what it took is read again by the next member.
    pub(crate) fn send(&self, message: DriverMessage) {
        let mut state = self.state();
        if state.is_closed {
            return;
        }
        let can_wait = matches!(message, DriverMessage::Accepted(_));
        let is_first = state.messages.is_empty();
        state.messages.push(message);
        state.is_urgent |= !can_wait;
        drop(state);
        if !can_wait || is_first {
            self.arrived.notify_one();
        }
    }

    /// Whether the receiver is gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    /// The host has no record left: what it accepted makes room for others.
    pub(crate) fn hurry(&self) {
        let mut state = self.state();
        if !state.messages.is_empty() {
            state.is_urgent = true;
            drop(state);
            self.arrived.notify_one();
        }
    }

    /// The client has something to poll.
    pub(crate) fn client_ready(&self) {
        self.state().is_urgent = true;
        self.arrived.notify_one();
    }

    /// Takes all messages, on the thread that has the receiver.
    pub(crate) fn take(&self) -> Vec<DriverMessage> {
        mem::take(&mut self.state().messages)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Receiver {
    /// Takes all messages.
    pub(crate) fn take(&self) -> Vec<DriverMessage> {
        self.0.take()
    }

    /// Waits until there is something to do, for at most `time`.
    pub(crate) fn wait(&self, time: Duration) {
        let inbox = &*self.0;
        let idle = |state: &mut State| !state.is_urgent && state.messages.is_empty();
        let waited = inbox.arrived.wait_timeout_while(inbox.state(), time, idle);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if !state.is_urgent && !state.messages.is_empty() {
            let linger = |state: &mut State| !state.is_urgent;
            let waited = inbox.arrived.wait_timeout_while(state, LINGER, linger);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state.is_urgent = false;
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.is_closed = true;
        let unread = mem::take(&mut state.messages);
        drop(state);
        // Records among them may be dropped, which tells this inbox again.
        drop(unread);
    }
}

/// How long accepted records wait for others. At most a thousand wake-ups a second are for them alone,
/// and a commit is due no sooner than a hundred times that.
const LINGER: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests;
