//! The adapter against a broker: one inside this process for each test, or the one that
//! `DASHSTREAM_TEST_BROKERS` names.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::std_instead_of_core,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    reason = "a test fails by panicking, and waits in real time"
)]

mod archive_topic;
mod client_facts;
mod crash_loop;
mod damage;
mod failures;
mod frozen;
mod hosts;
mod kill;
mod memory;
mod ordering;
mod policies;
mod positions;
mod reading;
mod redrive;
mod redrive_edges;
mod refusals;
mod repeats;
#[cfg(feature = "tls")]
mod secure;
mod support;
mod topics;
mod trace;
mod unowned;
