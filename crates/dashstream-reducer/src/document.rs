//! The persistent JSON document.

mod read_limits;

pub use self::read_limits::{ReadError, ReadLimits};

/// Containers inside each other that a document may have: what serde_json reads by default.
pub const DEPTH_MAX: u16 = 127;

/// A JSON value that is cheap to clone, to edit and to measure.
#[derive(Clone)]
pub struct Document {
    root: serde_json::Value,
}

impl Document {
    /// Reads one JSON text.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    pub fn from_slice(text: &[u8], limits: &ReadLimits) -> Result<Self, ReadError> {
        let _ = limits;
        let root = serde_json::from_slice(text).map_err(|_| ReadError::Truncated)?;
        Ok(Self { root })
    }

    /// Reads one JSON text.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    #[expect(clippy::should_implement_trait, reason = "limits are an argument")]
    pub fn from_str(text: &str, limits: &ReadLimits) -> Result<Self, ReadError> {
        Self::from_slice(text.as_bytes(), limits)
    }

    /// Copies a [`serde_json::Value`].
    ///
    /// # Errors
    ///
    /// [`ReadError::TooDeep`] and the other limits; [`ReadLimits::text_bytes`] is not looked at.
    pub fn from_value(value: &serde_json::Value, limits: &ReadLimits) -> Result<Self, ReadError> {
        let _ = limits;
        Ok(Self {
            root: value.clone(),
        })
    }

    /// Copies the document out as a [`serde_json::Value`].
    #[must_use]
    pub fn to_value(&self) -> serde_json::Value {
        self.root.clone()
    }

    /// The length of the canonical text in bytes, in constant time.
    #[must_use]
    pub fn canonical_len(&self) -> u64 {
        0
    }

    /// Appends the canonical text: members by name, no white space.
    pub fn to_canonical(&self, out: &mut Vec<u8>) {
        let _ = out;
    }

    /// Every scalar, array and object is one node. Constant time.
    #[must_use]
    pub fn nodes(&self) -> u64 {
        0
    }

    /// Containers inside each other: 0 for a scalar, 1 for `[]`. Constant time.
    #[must_use]
    pub fn depth(&self) -> u16 {
        0
    }
}

impl core::fmt::Debug for Document {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Document").finish_non_exhaustive()
    }
}
