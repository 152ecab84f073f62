//! A run's state rebuilt from snapshots and JSON Patch diffs: atomic, bounded, with resync signalling.
