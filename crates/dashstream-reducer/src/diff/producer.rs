//! The producer's side: the state that consumers have, and what to send them next.

use crate::diff::{DiffError, DiffLimits, diff};
use crate::document::Document;
use crate::hash::Hasher;
use crate::patch::Operation;

/// Limits and choices of a [`Producer`]. Write it as a literal, with
/// `..Default::default()` for the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "written as a literal")]
pub struct ProducerLimits {
    /// What comparing two states may cost.
    pub diff: DiffLimits,
    /// Bytes of a state's canonical text. Default 10 MiB: consumers refuse a longer full state.
    pub state_bytes: u64,
    /// Nodes of a state. Default 4 M: consumers refuse more, as [`ReadLimits`](crate::ReadLimits) do.
    pub state_nodes: u64,
    /// Every how many emissions carry a hash, which costs the state's text: 1 is each, 0 is none.
    /// Default 1.
    pub hash_every: u32,
}

impl Default for ProducerLimits {
    fn default() -> Self {
        Self {
            diff: DiffLimits::default(),
            state_bytes: 10 << 20,
            state_nodes: 4 << 20,
            hash_every: 1,
        }
    }
}

/// What to send so that a consumer who has the state before has the new one, bit for bit.
///
/// Like the wire's message: no operations and no full state say that nothing changed. That may be sent,
/// since its hash can be checked, and need not be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "consumers do not have the state until it is sent"]
pub struct Emission {
    /// What changed of the state before; none where the state is sent in full.
    pub operations: Vec<Operation>,
    /// The new state's canonical text, where it is sent in full.
    pub full_state: Option<Vec<u8>>,
    /// The limit that the comparison exceeded, where it is sent in full for that.
    pub exceeded: Option<DiffError>,
    /// SHA-256 of the new state's canonical text, where one is due.
    pub hash: Option<[u8; 32]>,
    /// The last checkpoint that was sent; empty without one.
    pub base: Vec<u8>,
}

/// One run's producer: holds the state that consumers have, and tells what makes the next one of it.
///
/// A state is sent in full when it is the first, when the host asks for it, when the operations are
/// no shorter as JSON text than the state, or when the comparison exceeds a limit, among them the
/// number of operations. Otherwise by operations. An emission that is made must be sent, in order:
/// the next one follows from it. Sequence numbers count every message of a run, so the host gives
/// them.
#[derive(Clone, Debug)]
pub struct Producer {
    limits: ProducerLimits,
    /// What consumers have.
    last: Option<Document>,
    /// Whether the next emission is a full state in any case.
    full: bool,
    base: Vec<u8>,
    hasher: Hasher,
    /// Emissions since the last hash.
    unhashed: u32,
}

impl Producer {
    /// A run whose consumers have nothing yet.
    #[must_use]
    pub const fn new(limits: ProducerLimits) -> Self {
        Self {
            limits,
            last: None,
            full: false,
            base: Vec::new(),
            hasher: Hasher::new(),
            unhashed: 0,
        }
    }

    /// Compares `state` with the one that consumers have, which it then is.
    ///
    /// Costs what [`diff`] does; the length of the state's text where it is sent in full, and where a
    /// hash is due.
    ///
    /// # Errors
    ///
    /// [`DiffError::StateTooLarge`] or [`DiffError::TooManyNodes`]. Consumers keep the state before, and so does the producer.
    pub fn emit(&mut self, state: &Document) -> Result<Emission, DiffError> {
        // Before anything is changed: a state that consumers would refuse does not become the one they have.
        let (limit, len) = (self.limits.state_bytes, state.canonical_len());
        if len > limit {
            return Err(DiffError::StateTooLarge { limit, len });
        }
        let (limit, nodes) = (self.limits.state_nodes, state.nodes());
        if nodes > limit {
            return Err(DiffError::TooManyNodes { limit, nodes });
        }
        let mut emission = Emission {
            operations: Vec::new(),
            full_state: None,
            exceeded: None,
            hash: self.hash(state),
            base: self.base.clone(),
        };
        // Whatever the comparison says: from here on the state is sent, by operations or in full.
        let mut last = self.last.replace(state.clone());
        if core::mem::take(&mut self.full) {
            // Consumers may not have the state before, so that there is nothing to compare with.
            last = None;
        }
        match last.map(|last| diff(&last, state, &self.limits.diff)) {
            // No operations are sent as such even if `[]` is longer than the state, as it is for `1`.
            Some(Ok(found)) if found.operations.is_empty() || found.text_bytes < len => {
                emission.operations = found.operations;
                return Ok(emission);
            }
            Some(Err(error)) => emission.exceeded = Some(error),
            Some(Ok(_)) | None => {}
        }
        let mut text = Vec::new();
        state.to_canonical(&mut text);
        emission.full_state = Some(text);
        Ok(emission)
    }

    /// Notes that consumers got `state` in another way, as the initial state of a start message or in
    /// a checkpoint: the next emission follows from it.
    pub fn sent(&mut self, state: Document) {
        self.last = Some(state);
        self.full = false;
    }

    /// Notes that a checkpoint was sent: emissions name it from now on.
    pub fn checkpoint(&mut self, id: &[u8]) {
        id.clone_into(&mut self.base);
    }

    /// Makes the next emission a full state: a consumer asked for it, or an emission was lost.
    pub const fn ask_full(&mut self) {
        self.full = true;
    }

    /// The state that consumers have, if they have one.
    #[must_use]
    pub const fn last(&self) -> Option<&Document> {
        self.last.as_ref()
    }

    fn hash(&mut self, state: &Document) -> Option<[u8; 32]> {
        self.unhashed = self.unhashed.saturating_add(1);
        let every = self.limits.hash_every;
        if every == 0 || self.unhashed < every {
            return None;
        }
        self.unhashed = 0;
        Some(self.hasher.hash(state))
    }
}
