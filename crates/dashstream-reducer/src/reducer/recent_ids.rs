//! Recently seen message and checkpoint ids, for duplicate detection.

use std::collections::VecDeque;

use crate::reducer::epoch::Id;

/// Message ids by sequence number, and checkpoint ids.
#[derive(Clone, Debug, Default)]
pub(super) struct RecentIds {
    ids: VecDeque<(u64, [u8; 16])>,
    start: Option<[u8; 16]>,
    /// Everything up to here is contained in a full state.
    full_at: u64,
    checkpoints: VecDeque<Vec<u8>>,
    /// Whether a base that is not known may have come before the state did.
    adopt: bool,
}

impl RecentIds {
    pub(super) fn note(&mut self, sequence: u64, id: Option<[u8; 16]>, most: usize) {
        if let Some(id) = id
            && most > 0
        {
            while self.ids.len() >= most {
                self.ids.pop_front();
            }
            self.ids.push_back((sequence, id));
        }
    }

    /// How the id that is remembered under this number compares with `id`.
    pub(super) fn compare(&self, sequence: u64, id: Option<[u8; 16]>) -> Id {
        let known = self.ids.iter().find(|(at, _)| *at == sequence);
        match (known, id) {
            (Some((_, known)), Some(id)) if *known == id => Id::Same,
            (Some(_), Some(_)) => Id::Other,
            (Some(_) | None, _) => Id::Unknown,
        }
    }

    /// Whether the number is contained in a full state.
    pub(super) const fn is_contained(&self, sequence: u64) -> bool {
        sequence <= self.full_at
    }

    /// A new epoch begins: numbers, ids and checkpoints of the last one say nothing any more.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The run begins with this message.
    pub(super) const fn start(&mut self, id: Option<[u8; 16]>) {
        self.start = id;
    }

    /// Whether this is the message that the run began with. Without ids there is no telling.
    pub(super) fn is_start(&self, id: Option<[u8; 16]>) -> bool {
        id.is_some() && self.start == id
    }

    /// The state is complete as of `sequence`. Diffs go on naming a checkpoint from before it.
    pub(super) fn full_state(&mut self, sequence: u64) {
        self.full_at = sequence;
        self.adopt = true;
    }

    pub(super) fn checkpoint(&mut self, id: &[u8], most: usize) {
        let known = self.checkpoints.iter().any(|known| known == id);
        if !is_none(id) && id.len() <= ID_BYTES_MAX && !known && most > 0 {
            while self.checkpoints.len() >= most {
                self.checkpoints.pop_front();
            }
            self.checkpoints.push_back(id.to_vec());
        }
    }

    /// Bytes of the tables.
    pub(super) fn bytes(&self) -> u64 {
        let of = |entries: usize, each: usize| entries.saturating_mul(each) as u64;
        of(self.ids.capacity(), size_of::<(u64, [u8; 16])>())
            .saturating_add(of(self.checkpoints.capacity(), size_of::<Vec<u8>>()))
            // Each id is charged as the longest that is kept.
            .saturating_add(of(self.checkpoints.len(), ID_BYTES_MAX))
    }

    /// Whether a diff that names `base` follows from what was seen. The first unknown base after a
    /// full state does: its checkpoint came before the state.
    pub(super) fn knows_base(&mut self, base: &[u8], most: usize) -> bool {
        if is_none(base) || self.checkpoints.iter().any(|known| known == base) {
            return true;
        }
        // Once only: a second unknown base means that a checkpoint in between was missed.
        let adopted = core::mem::take(&mut self.adopt);
        if adopted {
            self.checkpoint(base, most);
        }
        adopted
    }
}

/// Producers write an empty id, or zeros, where there is none.
fn is_none(id: &[u8]) -> bool {
    id.iter().all(|byte| *byte == 0)
}

/// Longest checkpoint id kept: four times a UUID. A longer one is never known.
const ID_BYTES_MAX: usize = 64;
