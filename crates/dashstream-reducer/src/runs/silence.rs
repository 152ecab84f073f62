//! How long each run has been silent.

use std::collections::BTreeMap;

/// The runs by the message that they were last heard by. A run that is heard is not moved at once: its
/// entry is brought up to date when it comes to the front, so that hearing costs nothing.
#[derive(Debug, Default)]
pub(super) struct Silence {
    // A clock that ticks with each message.
    messages: u64,
    listed: BTreeMap<u64, u64>,
    /// The ones that said that they ended.
    ended: BTreeMap<u64, u64>,
}

/// When a run was heard, and where it is listed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    last: u64,
    listed: u64,
    ended: Option<u64>,
}

impl Silence {
    /// A run arrives.
    pub(super) fn arrive(&mut self, arrival: u64) -> Heard {
        self.messages = self.messages.saturating_add(1);
        self.listed.insert(self.messages, arrival);
        Heard {
            last: self.messages,
            listed: self.messages,
            ended: None,
        }
    }

    /// A run said something, perhaps whether it has ended. A producer's last messages, such as metrics, come
    /// behind the end and do not take it back.
    pub(super) fn hear(&mut self, arrival: u64, heard: &mut Heard, has_ended: Option<bool>) {
        self.messages = self.messages.saturating_add(1);
        // `listed` stays behind until `catch_up`: moving the entry would cost a removal and an insertion each
        // time.
        heard.last = self.messages;
        let before = heard.ended.take();
        if let Some(at) = before {
            self.ended.remove(&at);
        }
        if has_ended.unwrap_or_else(|| before.is_some()) {
            self.ended.insert(self.messages, arrival);
            heard.ended = Some(self.messages);
        }
    }

    /// A run is dropped.
    pub(super) fn leave(&mut self, heard: Heard) {
        self.listed.remove(&heard.listed);
        if let Some(at) = heard.ended {
            self.ended.remove(&at);
        }
    }

    /// Of those that ended the one that has been silent longest, or else the one that is listed first.
    pub(super) fn first(&self) -> Option<u64> {
        let first = self.ended.first_key_value();
        let first = first.or_else(|| self.listed.first_key_value());
        first.map(|(_, arrival)| *arrival)
    }

    /// Lists a run where it was last heard; `false` if it is listed there, so that no other has been
    /// silent longer.
    pub(super) fn catch_up(&mut self, arrival: u64, heard: &mut Heard) -> bool {
        if heard.ended.is_some() || heard.listed == heard.last {
            return false;
        }
        self.listed.remove(&heard.listed);
        self.listed.insert(heard.last, arrival);
        heard.listed = heard.last;
        true
    }
}
