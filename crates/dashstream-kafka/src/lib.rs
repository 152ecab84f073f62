#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod admin;
mod archive;
mod archive_finding;
mod client_code;
mod clock;
mod config;
mod consumer;
mod consumer_calls;
mod consumer_event;
mod crash_loop;
mod delivery_queue;
mod driver;
mod driver_message;
mod embedded;
mod error;
mod inbox;
mod message;
mod mutex;
mod oauth;
mod partition_queues;
mod query_client;
mod record;
mod recorded_engine;
mod redrive;
mod settings;
mod stall_detector;
mod standing_errors;
mod status;
mod time_to_loss;
mod topic_reader;
mod topics;
mod watermark_poller;
mod watermarks;

pub use admin::Admin;
pub use archive_finding::ArchiveFinding;
pub use client_code::ClientCode;
pub use config::{Config, OldData, Start};
pub use consumer::{Consumer, Handle};
pub use consumer_event::ConsumerEvent;
/// Dead letters: how much they disclose is part of this crate's configuration.
pub use dashstream_dlq as dlq;
/// The policy engine, whose configuration, causes and orders are part of this crate's interface.
pub use dashstream_policy as policy;
pub use embedded::{Embedded, EmbeddedError};
pub use error::{ConfigError, MarkerError, StartError};
pub use message::RecordIds;
pub use oauth::OAuthToken;
pub use record::Record;
pub use redrive::{RedriveError, Redriver};
pub use standing_errors::{ClientRole, StandingError};
pub use status::{Closing, PartitionLag, Status};
pub use topic_reader::TopicReader;
