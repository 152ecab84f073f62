//! Whether the archive topic can hold what will be sent to it, as the broker says it is set.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;

use dashstream_dlq::{LetterFormat, REDUCED_BYTES_MAX};
use dashstream_policy::Archiving;
use rdkafka::admin::{ConfigResource, OwnedResourceSpecifier, ResourceSpecifier};
use rdkafka::error::RDKafkaErrorCode;

use crate::admin::Admin;
use crate::archive_finding::ArchiveFinding;
use crate::client_code::ClientCode;
use crate::clock::Patience;
use crate::config::Config;
use crate::driver_message::DriverMessage;
use crate::error::{StartError, asked};
use crate::inbox::Inbox;
use crate::settings;

/// Checks the archive topic before the group is joined: how many partitions it has, if it exists, and what is
/// wrong with how it is set.
///
/// Its existence and its settings are waited for only where the archive is required. Otherwise
/// nothing depends on them, and they come as an [`DriverMessage::ArchiveFound`].
pub(crate) fn check(
    admin: &Arc<Admin>,
    config: &Config,
    archiving: Archiving,
    answers: &Arc<Inbox>,
) -> Result<(Option<usize>, Vec<ArchiveFinding>), StartError> {
    let name = config.archive_topic.as_str();
    match archiving {
        Archiving::Off => Ok((None, Vec::new())),
        Archiving::Required => {
            // Before the settings: a missing topic is fatal, and
            // settings that the broker does not tell are not.
            let partitions = admin.partitions_of(name, asked::ARCHIVE_TOPIC)?;
            let findings = findings(config);
            match findings.iter().find(|finding| finding.is_fatal()) {
                Some(fatal) => Err(StartError::Archive(*fatal)),
                None => Ok((Some(partitions.len()), findings)),
            }
        }
        Archiving::BestEffort => {
            // Asked for once: where the topic seems missing, the
            // thread below asks again, and the start does not wait.
            let partitions = match admin.partitions_now(name, asked::ARCHIVE_TOPIC) {
                Ok(partitions) => Some(partitions.len()),
                Err(StartError::NoSuchTopic { .. }) => None,
                // Only a missing topic is put up with. No answer, or
                // no right to see the topic, is an error of the start.
                Err(_) => Some(admin.partitions_of(name, asked::ARCHIVE_TOPIC)?.len()),
            };
            let (admin, answers) = (Arc::clone(admin), answers.clone());
            let config = config.clone();
            // Ends with the answers, or when the questions have timed out.
            thread::Builder::new()
                .name("dashstream-archive-check".to_owned())
                .spawn(move || {
                    let name = config.archive_topic.as_str();
                    let again = || admin.partitions_of(name, asked::ARCHIVE_TOPIC).ok();
                    let found = partitions.or_else(|| Some(again()?.len()));
                    let findings = found.map_or_else(Vec::new, |_| findings(&config));
                    answers.send(DriverMessage::ArchiveFound(found, findings));
                })
                .map_err(|_| StartError::Thread)?;
            Ok((partitions, Vec::new()))
        }
    }
}

/// What is wrong with how the topic is set, or unknown about it. Asks again, until the time of one
/// question is over, before it calls anything unknown.
fn findings(config: &Config) -> Vec<ArchiveFinding> {
    let patience = Patience::new(config.request_timeout);
    loop {
        // The archive topic first, as it is taken off again below.
        let mut topics = vec![config.archive_topic.as_str()];
        topics.extend(config.topics());
        let (findings, may_pass) = match ask(config, &topics) {
            Ok(settings) => {
                let needs = settings::record_bytes(config.letter_bytes);
                // Never used: there are settings for each topic that was asked for.
                let nothing = (&TopicSettings::default(), [].as_slice());
                let (archive, sources) = settings.split_first().unwrap_or(nothing);
                let mut findings = Vec::new();
                for source in sources {
                    findings.extend(judge(archive, source, needs, config.archive_keeps));
                    if config.letter_format == LetterFormat::Record {
                        findings.extend(source_larger(archive, source, needs));
                        findings.extend(archive.stamps.then_some(ArchiveFinding::Stamped));
                    }
                }
                // What is wrong for several topics alike is said once.
                let mut said = Vec::new();
                findings.retain(|finding| {
                    let is_new = !said.contains(finding);
                    said.extend(is_new.then_some(*finding));
                    is_new
                });
                let is_unknown = |finding| matches!(finding, &ArchiveFinding::Unknown { .. });
                let may_pass = findings.iter().any(is_unknown);
                (findings, may_pass)
            }
            Err(code) => {
                // A broker that does not know the question will not know it a second later.
                let may_pass = code.raw() != RDKafkaErrorCode::UnsupportedFeature;
                (vec![ArchiveFinding::Unanswered { code }], may_pass)
            }
        };
        if !may_pass || !patience.again() {
            return findings;
        }
    }
}

/// How long each consumed topic keeps records, where it deletes them for their age; nothing where the broker
/// does not tell.
pub(crate) fn retention(config: &Config) -> Option<BTreeMap<u16, Duration>> {
    let topics: Vec<&str> = config.topics().collect();
    let kept = |source: &TopicSettings| {
        let ms = source.ms.filter(|_| source.deletes == Some(true))?;
        ms.limit().map(Duration::from_millis)
    };
    let settings = ask(config, &topics).ok()?;
    let numbered = (0..).zip(&settings);
    let known = numbered.filter_map(|(topic, source)| Some((topic, kept(source)?)));
    Some(known.collect())
}

/// Asks how topics are set, with a client that is gone afterwards.
fn ask(config: &Config, topics: &[&str]) -> Result<Vec<TopicSettings>, ClientCode> {
    if config.tokens.are_given() {
        // Nobody polls for this client, so that it would wait for its first token.
        return Err(ClientCode::new(RDKafkaErrorCode::UnsupportedFeature));
    }
    let (client, options) = settings::topic_admin(config)?;
    let runtime = settings::runtime().map_err(|_| ClientCode::new(RDKafkaErrorCode::Fail))?;
    let asked = topics.iter().map(|name| ResourceSpecifier::Topic(name));
    let asked: Vec<_> = asked.collect();
    let answers = runtime
        .block_on(client.describe_configs(&asked, &options))
        .map_err(|error| ClientCode::of(&error))?;
    // In the order of `topics`, in whatever order the answers come. A topic without an answer stays unknown.
    let mut settings = vec![TopicSettings::default(); topics.len()];
    for answer in answers {
        let answer = answer.map_err(ClientCode::new)?;
        let OwnedResourceSpecifier::Topic(name) = &answer.specifier else {
            continue;
        };
        for (of, _) in settings
            .iter_mut()
            .zip(topics)
            .filter(|(_, topic)| *topic == name)
        {
            *of = TopicSettings::read(&answer);
        }
    }
    Ok(settings)
}

/// What a topic does with records, as far as the broker tells; by default nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct TopicSettings {
    record_bytes: Option<u64>,
    compacts: Option<bool>,
    /// Whether it replaces the timestamps of records. A broker that does not tell has the default, not to.
    stamps: bool,
    /// Whether it deletes records for their age or the log's size.
    deletes: Option<bool>,
    ms: Option<Bound>,
    bytes: Option<Bound>,
}

/// Kafka writes -1 for "no bound".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    None,
    At(u64),
}

impl TopicSettings {
    fn read(topic: &ConfigResource) -> Self {
        let value = |name| {
            let entry = topic.entries.iter().find(|entry| entry.name == name)?;
            entry.value.as_deref()
        };
        let cleans = |by| value(CLEANUP).map(|how| how.split(',').any(|how| how.trim() == by));
        let deletes = cleans("delete");
        // A topic that deletes nothing, as one that is only compacted, has these settings all the same.
        let bound = |name| match deletes {
            Some(false) => Some(Bound::None),
            Some(true) | None => value(name).and_then(Bound::read),
        };
        Self {
            record_bytes: value(RECORD_BYTES).and_then(|bytes| bytes.parse().ok()),
            stamps: value(TIMESTAMP).is_some_and(|kind| kind == "LogAppendTime"),
            compacts: cleans("compact"),
            deletes,
            ms: bound(MS),
            bytes: bound(BYTES),
        }
    }
}

impl Bound {
    fn read(value: &str) -> Option<Self> {
        match value.parse::<i64>().ok()? {
            -1 => Some(Self::None),
            // Another negative number means nothing to Kafka. It is unknown, never unlimited.
            bound => u64::try_from(bound).ok().map(Self::At),
        }
    }

    const fn limit(self) -> Option<u64> {
        match self {
            Self::None => None,
            Self::At(limit) => Some(limit),
        }
    }
}

fn judge(
    archive: &TopicSettings,
    source: &TopicSettings,
    needs: u64,
    keeps: Option<Duration>,
) -> Vec<ArchiveFinding> {
    let mut findings = Vec::new();
    match archive.record_bytes {
        Some(accepts) if accepts < needs => {
            findings.push(ArchiveFinding::RecordsTooSmall { accepts, needs });
        }
        Some(_) => {}
        None => findings.push(ArchiveFinding::Unknown {
            setting: RECORD_BYTES,
        }),
    }
    match archive.compacts {
        Some(true) => findings.push(ArchiveFinding::Compacted),
        Some(false) => {}
        None => findings.push(ArchiveFinding::Unknown { setting: CLEANUP }),
    }
    // A configured time takes the place of the source's, which then need not be known.
    let keeps = keeps.map(|time| Bound::At(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)));
    findings.extend(short(archive.ms, keeps.or(source.ms), MS, |ms, wanted| {
        ArchiveFinding::KeptTooShort { ms, wanted }
    }));
    findings.extend(short(
        archive.bytes,
        source.bytes,
        BYTES,
        |bytes, wanted| ArchiveFinding::KeptTooLittle { bytes, wanted },
    ));
    findings
}

/// Whether the source takes records that are too large for a letter of at most `letter` bytes, or for
/// the archive topic, with the headers about the failure.
fn source_larger(
    archive: &TopicSettings,
    source: &TopicSettings,
    letter: u64,
) -> Option<ArchiveFinding> {
    let (accepts, source_bytes) = (archive.record_bytes?, source.record_bytes?);
    let headers = u64::try_from(REDUCED_BYTES_MAX).unwrap_or(u64::MAX);
    let whole = accepts.min(letter).saturating_sub(headers);
    (whole < source_bytes).then_some(ArchiveFinding::SourceLarger {
        whole,
        source_bytes,
    })
}

/// What is to be said about one bound, given the one that is wanted.
fn short(
    has: Option<Bound>,
    wanted: Option<Bound>,
    setting: &'static str,
    finding: fn(u64, Option<u64>) -> ArchiveFinding,
) -> Option<ArchiveFinding> {
    match (has, wanted) {
        // It keeps everything, which is enough whether or not it is known what is wanted.
        (Some(Bound::None), _) => None,
        (Some(Bound::At(has)), Some(wanted)) => {
            // Where the source has no limit, an archive with one never keeps enough.
            let enough = wanted.limit().is_some_and(|wanted| has >= wanted);
            (!enough).then(|| finding(has, wanted.limit()))
        }
        (None, _) | (Some(_), None) => Some(ArchiveFinding::Unknown { setting }),
    }
}

const RECORD_BYTES: &str = "max.message.bytes";
const CLEANUP: &str = "cleanup.policy";
const TIMESTAMP: &str = "message.timestamp.type";
const MS: &str = "retention.ms";
const BYTES: &str = "retention.bytes";

#[cfg(test)]
mod tests;
