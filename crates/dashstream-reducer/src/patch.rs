//! RFC 6902 patches: complete, atomic and bounded.

mod change;
mod edit;
mod encoded;
mod engine;
mod error;
mod limits;
mod operation;

pub(crate) use self::encoded::OwnedOperations;
pub use self::encoded::{Encoded, Operations};
pub use self::engine::{Applied, apply};
pub use self::error::{PatchError, PatchErrorKind};
pub use self::limits::PatchLimits;
pub use self::operation::{Operation, parse};
