//! The admin client, which only asks: committed offsets, watermarks, which topics exist.
//!
//! It never joins the group, so its questions neither disturb a rebalance nor delay a poll.

use core::fmt;
use core::ops::Range;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use dashstream_policy::TopicPartition;
use rdkafka::ClientConfig;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::groups::GroupList;
use rdkafka::topic_partition_list::Offset;

use crate::client_code::ClientCode;
use crate::clock::Patience;
use crate::config::{Config, Start};
use crate::error::{StartError, asked};
use crate::query_client::{QueryClient, QueryContext};
use crate::settings;
use crate::topics::Topics;
use crate::watermarks::Watermarks;

/// Reads what the broker knows about a topic and a group, without joining the group.
///
/// Of a configuration with several topics it is the first; for another one make a [`Config`] that names it.
pub struct Admin {
    client: QueryClient,
    topics: Topics,
    group: String,
    start: Start,
    timeout: Duration,
}

impl Admin {
    /// Creates the client. It connects when it is first asked something.
    ///
    /// # Errors
    ///
    /// [`StartError`] when the client library refuses a setting.
    pub fn new(config: &Config) -> Result<Self, StartError> {
        Self::with(config, &settings::admin(config))
    }

    /// One whose watermarks are those of the log, behind an open transaction as well.
    pub(crate) fn of_the_log(config: &Config) -> Result<Self, StartError> {
        let mut settings = settings::admin(config);
        settings.set("isolation.level", "read_uncommitted");
        Self::with(config, &settings)
    }

    fn with(config: &Config, settings: &ClientConfig) -> Result<Self, StartError> {
        Ok(Self {
            client: QueryContext::client(config, settings)?,
            topics: Topics::new(config.topics()),
            group: config.group.clone(),
            start: config.start,
            timeout: config.request_timeout,
        })
    }

    /// The topic's partitions. Asks again until [`Config::request_timeout`] is over before it says that
    /// there is no such topic: a broker may not know one yet that was created a moment ago.
    ///
    /// # Errors
    ///
    /// [`StartError::NoSuchTopic`]; [`StartError::Unreachable`], [`StartError::AuthenticationFailed`],
    /// [`StartError::TlsFailed`] or [`StartError::NotAuthorized`] when there was no answer in time.
    pub fn partitions(&self) -> Result<Vec<i32>, StartError> {
        self.partitions_of(self.topic(), asked::TOPIC)
    }

    /// The partitions of all topics, as [`Admin::partitions`] of each.
    pub(crate) fn all_partitions(&self) -> Result<Vec<TopicPartition>, StartError> {
        let mut all = Vec::new();
        for (topic, name) in self.topics.iter() {
            let numbers = self.partitions_of(name, asked::TOPIC)?;
            all.extend(
                numbers
                    .iter()
                    .map(|number| TopicPartition::new(topic, *number)),
            );
        }
        Ok(all)
    }

    /// The offset the group would continue at, for each partition of the topic; none where it never
    /// committed one.
    ///
    /// # Errors
    ///
    /// Those of [`Admin::partitions`].
    pub fn committed(&self) -> Result<BTreeMap<i32, Option<i64>>, StartError> {
        let partitions = of_first(&self.partitions()?);
        Ok(numbers(self.committed_of(&partitions)?))
    }

    /// A partition's watermarks, fresh from its leader: the oldest offset that it holds, and behind the last the
    /// one that the next record gets.
    ///
    /// # Errors
    ///
    /// Those of [`Admin::partitions`].
    pub fn watermarks(&self, partition: i32) -> Result<Range<i64>, StartError> {
        self.client
            .fetch_watermarks(self.topic(), partition, self.timeout)
            .map(|(low, high)| low..high)
            .map_err(|error| StartError::unanswered(asked::WATERMARKS, ClientCode::of(&error)))
    }

    /// The partitions of the topic that no member of the group owns although records wait in them, and
    /// how many. Nothing when it cannot be said: while the group rebalances, of a group of the protocol of KIP-848,
    /// which the client cannot describe, when the broker does not describe groups, or when one of those partitions
    /// gave no answer, as without a leader.
    ///
    /// # Errors
    ///
    /// Those of [`Admin::partitions`].
    pub fn unowned(&self) -> Result<Option<BTreeMap<i32, u64>>, StartError> {
        let groups = self.groups()?;
        let mut groups = groups.groups().iter();
        let group = groups.find(|group| group.name() == self.group);
        let owned = match group.map(|group| (group, group.state())) {
            // A group that nobody is in is forgotten, or kept for its offsets. One of the protocol of KIP-848 is
            // on the list and described as dead.
            None | Some((_, "Empty")) => BTreeSet::new(),
            Some((group, "Stable")) => {
                let members = group.members().iter();
                let parts = members.map(|member| owned(member.assignment()?, self.topic()));
                match parts.collect::<Option<Vec<_>>>() {
                    Some(parts) => parts.into_iter().flatten().collect(),
                    // A member whose assignment cannot be read may own any partition.
                    None => return Ok(None),
                }
            }
            Some(_) => return Ok(None),
        };
        let mut left = self.partitions()?;
        left.retain(|partition| !owned.contains(partition));
        if left.is_empty() {
            return Ok(Some(BTreeMap::new()));
        }
        let left = of_first(&left);
        let committed = self.committed_of(&left)?;
        let watermarks = self.watermarks_of(&left);
        Ok(waiting(&left, &committed, &watermarks, self.start))
    }

    /// Which member of the group owns a partition of the topic: its client id and its host. Nothing when
    /// nobody does, while the group rebalances, of a group of the protocol of KIP-848, or when the broker does not
    /// describe groups.
    ///
    /// # Errors
    ///
    /// Those of [`Admin::partitions`].
    pub fn owner(&self, partition: i32) -> Result<Option<String>, StartError> {
        let groups = self.groups()?;
        let groups = groups.groups().iter();
        let mut members = groups
            .filter(|group| group.name() == self.group)
            .flat_map(|group| group.members());
        let owner = members.find(|member| {
            let owned = member
                .assignment()
                .and_then(|bytes| owned(bytes, self.topic()));
            owned.is_some_and(|owned| owned.contains(&partition))
        });
        Ok(owner.map(|member| format!("{} at {}", member.client_id(), member.client_host())))
    }

    fn topic(&self) -> &str {
        self.topics.name(FIRST)
    }

    fn groups(&self) -> Result<GroupList, StartError> {
        self.client
            .fetch_group_list(Some(&self.group), self.timeout)
            .map_err(|error| StartError::unanswered(asked::GROUP, ClientCode::of(&error)))
    }

    /// Fresh watermarks of several partitions in two questions. A partition that gave no answer in
    /// time is left out.
    pub(crate) fn watermarks_of(
        &self,
        partitions: &[TopicPartition],
    ) -> BTreeMap<TopicPartition, Watermarks> {
        // The start first: both ends only grow, so that an
        // end that is asked for later does not lie before it.
        let low = self.list_offsets(partitions, Offset::Beginning);
        let high = self.list_offsets(partitions, Offset::End);
        low.iter()
            .filter_map(|(partition, low)| {
                let (low, high) = (*low, *high.get(partition)?);
                Some((*partition, Watermarks { low, high }))
            })
            .collect()
    }

    /// Asks for the first or the next offset. The list goes out with a time stamp in each offset,
    /// where the protocol has -2 for the first and -1 for the next, and comes back with offsets.
    fn list_offsets(
        &self,
        partitions: &[TopicPartition],
        which: Offset,
    ) -> BTreeMap<TopicPartition, i64> {
        let asked = partitions.iter().map(|partition| (*partition, which));
        let answer = self
            .topics
            .offsets(asked)
            .and_then(|asked| self.client.offsets_for_times(asked, self.timeout));
        let Ok(answer) = answer else {
            return BTreeMap::new();
        };
        let mut offsets = BTreeMap::new();
        for element in answer.elements() {
            let partition = self.topics.partition(element.topic(), element.partition());
            // A partition without a leader has an error of its own, and the others have their answer.
            if let (Ok(()), Some(partition), Offset::Offset(offset)) =
                (element.error(), partition, element.offset())
            {
                offsets.insert(partition, offset);
            }
        }
        offsets
    }

    pub(crate) fn committed_of(
        &self,
        partitions: &[TopicPartition],
    ) -> Result<BTreeMap<TopicPartition, Option<i64>>, StartError> {
        let unanswered = |error| StartError::unanswered(asked::COMMITTED, ClientCode::of(&error));
        let asked = self.topics.list(partitions);
        let answer = self.client.committed_offsets(asked, self.timeout);
        let answer = answer.map_err(unanswered)?;
        let mut committed = BTreeMap::new();
        for element in answer.elements() {
            // One partition's error is an error of all: without an
            // offset it would look like one that was never committed.
            element.error().map_err(unanswered)?;
            let offset = match element.offset() {
                Offset::Offset(offset) => Some(offset),
                Offset::Beginning
                | Offset::End
                | Offset::Stored
                | Offset::Invalid
                | Offset::OffsetTail(_) => None,
            };
            let partition = self.topics.partition(element.topic(), element.partition());
            committed.extend(partition.map(|partition| (partition, offset)));
        }
        Ok(committed)
    }

    /// The partitions of a topic, asked for until there is an answer or the time is over: a topic that
    /// was created a moment ago is not known to every broker yet, and a cluster that has just lost a
    /// node answers again soon.
    pub(crate) fn partitions_of(
        &self,
        topic: &str,
        what: &'static str,
    ) -> Result<Vec<i32>, StartError> {
        let patience = Patience::new(self.timeout.max(CONNECT_TIMEOUT));
        let mut missing = None;
        let because = |error: StartError| error.because(self.client.context().reason());
        loop {
            let answer = self.partitions_within(topic, what, patience.left());
            // Kept, since the last question may only time out,
            // and that would hide why the others had no answer.
            if let Err(error @ StartError::NoSuchTopic { .. }) = &answer {
                missing = Some(error.clone());
            }
            let refused = |code: &ClientCode| code.is_permanent();
            let answered = answer.as_ref().err().and_then(StartError::unanswered_code);
            // The question only timed out; why nobody answered, the client reports on the side.
            match (answered, self.reported().into_iter().find(refused)) {
                (Some(code), _) if refused(&code) => return answer.map_err(because),
                (Some(_), Some(code)) => return Err(because(StartError::unanswered(what, code))),
                (_, _) if answer.is_ok() => return answer,
                // The last question may have had no time left to be answered in.
                (_, _) if !patience.again() => {
                    return missing.map_or_else(|| answer.map_err(because), Err);
                }
                (_, _) => {}
            }
        }
    }

    /// The errors that the client has reported since the last
    /// call. They queue up at the client until somebody polls.
    pub(crate) fn reported(&self) -> Vec<ClientCode> {
        let mut codes = Vec::new();
        // With a wait of zero the poll ends at the first event that is no error,
        // such as a line of the log, and the errors behind it stay unseen.
        while let Some(polled) = self.client.poll(REPORT_TIME) {
            // Nothing is subscribed to, so nothing but errors is delivered.
            codes.extend(polled.err().map(|error| ClientCode::of(&error)));
        }
        codes
    }

    /// As [`Admin::partitions_of`], asked for once.
    pub(crate) fn partitions_now(
        &self,
        topic: &str,
        what: &'static str,
    ) -> Result<Vec<i32>, StartError> {
        self.partitions_within(topic, what, self.timeout)
    }

    fn partitions_within(
        &self,
        topic: &str,
        what: &'static str,
        time: Duration,
    ) -> Result<Vec<i32>, StartError> {
        let metadata = self
            .client
            .fetch_metadata(Some(topic), time)
            .map_err(|error| StartError::unanswered(what, ClientCode::of(&error)))?;
        let missing = || StartError::NoSuchTopic {
            what,
            name: topic.into(),
        };
        // A broker names the topic that was asked for, if need
        // be with an error. Without it there is no such topic.
        let Some(found) = metadata.topics().iter().find(|found| found.name() == topic) else {
            return Err(missing());
        };
        match found.error().map(RDKafkaErrorCode::from) {
            None => Ok(found.partitions().iter().map(|p| p.id()).collect()),
            Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
                Err(missing())
            }
            Some(code) => Err(StartError::unanswered(what, ClientCode::new(code))),
        }
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin")
            .field("topics", &self.topics)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

const FIRST: u16 = 0;

/// Partitions of the first topic, by their numbers.
fn of_first(numbers: &[i32]) -> Vec<TopicPartition> {
    let of = |number: &i32| TopicPartition::new(FIRST, *number);
    numbers.iter().map(of).collect()
}

/// How many records wait in these partitions, where any do; nothing unless all have given an answer, since
/// records may wait in one that is silent.
fn waiting(
    partitions: &[TopicPartition],
    committed: &BTreeMap<TopicPartition, Option<i64>>,
    watermarks: &BTreeMap<TopicPartition, Watermarks>,
    start: Start,
) -> Option<BTreeMap<i32, u64>> {
    let mut waiting = BTreeMap::new();
    for partition in partitions {
        let marks = watermarks.get(partition)?;
        let next = match (committed.get(partition).copied().flatten(), start) {
            (Some(next), _) => next,
            (None, Start::Earliest) => marks.low,
            // Such a partition begins when somebody owns it.
            (None, Start::Latest) => marks.high,
        };
        // What lies below the log's start is gone and waits for nobody.
        let records = marks.high.saturating_sub(next.max(marks.low));
        // Negative where the committed offset lies beyond the end, as of a topic that was created again.
        if let Ok(records @ 1..) = u64::try_from(records) {
            waiting.insert(partition.partition(), records);
        }
    }
    Some(waiting)
}

/// The numbers of partitions of one topic.
fn numbers<T>(of: BTreeMap<TopicPartition, T>) -> BTreeMap<i32, T> {
    let number = |(partition, of): (TopicPartition, T)| (partition.partition(), of);
    of.into_iter().map(number).collect()
}

/// The partitions of `topic` in a member's assignment, as consumers write it: version, topics with
/// their partitions, and data of the assignor, which is not read.
fn owned(assignment: &[u8], topic: &str) -> Option<Vec<i32>> {
    let mut rest = assignment;
    let _version: [u8; 2] = take(&mut rest)?;
    // No memory is reserved for a count from outside; one that is too large ends where the bytes end.
    let topics = i32::from_be_bytes(take(&mut rest)?);
    let mut owned = Vec::new();
    for _ in 0..topics {
        let len = u16::from_be_bytes(take(&mut rest)?);
        let (name, after) = rest.split_at_checked(usize::from(len))?;
        rest = after;
        let partitions = i32::from_be_bytes(take(&mut rest)?);
        for _ in 0..partitions {
            let partition = i32::from_be_bytes(take(&mut rest)?);
            if name == topic.as_bytes() {
                owned.push(partition);
            }
        }
    }
    Some(owned)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*bytes)
}

/// Least time for the first answers, since the client has to connect and log in before them.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Longest wait for the next report. All reports are queued
/// already, so that it only passes once none is left.
const REPORT_TIME: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests;
