//! Every transition of a run.

mod table;
mod transitions;
