//! Thin binaries, one idea each; see `src/bin`.
