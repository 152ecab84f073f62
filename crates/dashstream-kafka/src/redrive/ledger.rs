//! The compacted topic that remembers what was sent again, and where each redrive ends.

use std::collections::BTreeMap;

use dashstream_dlq::{LetterPlace, Redriven};
use rdkafka::admin::{NewTopic, TopicReplication};
use rdkafka::error::RDKafkaErrorCode;

use super::RedriveError;
use crate::admin::Admin;
use crate::client_code::ClientCode;
use crate::config::Config;
use crate::error::{StartError, asked};
use crate::settings;
use crate::topic_reader::{TopicReader, ranges};

/// What the topic says.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) sent: Vec<[u8; 32]>,
    /// Where the redrive of this name ends in each partition.
    pub(super) ends: BTreeMap<i32, i64>,
}

impl Ledger {
    pub(super) fn read(config: &Config, topic: &str, name: &str) -> Result<Self, RedriveError> {
        let mut reader = TopicReader::whole(config, topic)?;
        let mut ledger = Self::default();
        while let Some((_, record)) = reader.read()? {
            let text = |bytes: Option<bytes::Bytes>| {
                let text = bytes.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
                text.ok_or(RedriveError::Ledger)
            };
            let key = text(record.key)?;
            match key.strip_prefix(END) {
                // The value of a note is for people and is not read.
                None => ledger
                    .sent
                    .push(identity(&key).ok_or(RedriveError::Ledger)?),
                Some(end) => {
                    let (partition, own) = end.split_once('/').ok_or(RedriveError::Ledger)?;
                    let partition = partition.parse().map_err(|_| RedriveError::Ledger)?;
                    let end = text(record.value)?
                        .parse()
                        .map_err(|_| RedriveError::Ledger)?;
                    // Ends of other names are checked and dropped:
                    // every record has to be one that a redrive writes.
                    if own == name {
                        ledger.ends.insert(partition, end);
                    }
                }
            }
        }
        Ok(ledger)
    }
}

/// The topic's name.
pub(super) fn topic(archive: &str) -> Result<String, RedriveError> {
    let name = format!("{archive}-redriven");
    crate::config::check_topic("archive_topic", &name).map_err(StartError::Config)?;
    Ok(name)
}

/// Whether the topic is there.
pub(super) fn exists(config: &Config, topic: &str) -> Result<bool, StartError> {
    let admin = Admin::new(config)?;
    // First what is known to be there, which waits for a connection. A missing topic
    // is asked for once: only `create` makes it, and waits until it is known.
    admin.partitions()?;
    match admin.partitions_now(topic, asked::TOPIC) {
        Ok(_) => Ok(true),
        Err(StartError::NoSuchTopic { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Creates the topic unless it is there: compacted, one partition, replicated as the broker's topics are.
pub(super) fn create(config: &Config, topic: &str) -> Result<(), RedriveError> {
    if exists(config, topic)? {
        return Ok(());
    }
    // With tokens the topic has to exist: nobody polls for the client that
    // creates topics, so that it would wait for its first token in vain.
    if config.tokens.are_given() {
        let (what, name) = (asked::TOPIC, topic.into());
        return Err(StartError::NoSuchTopic { what, name }.into());
    }
    let failed = |code| RedriveError::Start(StartError::unanswered(asked::TOPIC, code));
    let (client, options) = settings::topic_admin(config).map_err(failed)?;
    let runtime = settings::runtime().map_err(|_| StartError::Thread)?;
    // A replication factor of -1 is the broker's `default.replication.factor`
    // (KIP-464). Compaction keeps one note of each record for ever.
    let new = NewTopic::new(topic, 1, TopicReplication::Fixed(-1)).set("cleanup.policy", "compact");
    let created = runtime.block_on(client.create_topics(&[new], &options));
    for result in created.map_err(|error| failed(ClientCode::of(&error)))? {
        match result {
            // Another redrive may have created it since the question.
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((_, code)) => return Err(failed(ClientCode::new(code))),
        }
    }
    // A new topic is not known to every broker at once. This
    // waits until it is, before anything is read from it.
    ranges(config, topic)?;
    Ok(())
}

/// The key under which a record is remembered: its identity in hexadecimal.
pub(super) fn key(identity: &[u8; 32]) -> String {
    let digits = identity.iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}

fn identity(key: &str) -> Option<[u8; 32]> {
    let digits = key.as_bytes().chunks_exact(2);
    let bytes = digits.map(|pair| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok());
    let bytes: Vec<_> = bytes.collect::<Option<_>>()?;
    // `chunks_exact` drops a digit without a pair, so that
    // the length of the text counts, not that of the bytes.
    (key.len() == 64).then(|| bytes.try_into().ok()).flatten()
}

/// What people read there: which redrive sent which letter where. No name needs an escape.
pub(super) fn value(name: &str, (partition, offset): LetterPlace, redriven: &Redriven) -> String {
    let topic = &redriven.topic;
    format!(r#"{{"redrive":"{name}","letter":"{partition}:{offset}","sent_to":"{topic}"}}"#)
}

/// The key under which a redrive's end in a partition is remembered.
pub(super) fn end_key(name: &str, partition: i32) -> String {
    format!("{END}{partition}/{name}")
}

// An identity is hexadecimal, so that no key of one begins like this.
const END: &str = "end/";
