//! What is measured, apart from how: `figures`, criterion and callgrind run the same functions.

pub mod workloads;
