//! One agent run as its producer would report it: a graph of nodes that call models and tools, a
//! state that grows by patches, and checkpoints.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use dashstream_codec::v1::dash_stream_message::Message;
use dashstream_codec::v1::diff_operation::OpType;
use dashstream_codec::v1::{
    Checkpoint, Event, EventBatch, EventType, ExecutionStage, ExecutionTrace, FinishReason, Header,
    MessageType, MetricType, MetricValue, Metrics, NodeExecutionRecord, StateDiff, TokenChunk,
    TokenStats, ToolExecution, attribute_value, metric_value,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use self::parts::{
    MODEL, NODES, PIECES, QUESTIONS, SOURCES, attributes, flag, number, operation, text, uuid,
};
use crate::rng::Rng;

mod parts;

/// A message of a run, and what a consumer that saw every earlier one must make of it.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) message: Message,
    pub(crate) effect: Effect,
}

/// What a message does to its run's state in the eyes of a correct consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing, or a patch on top of what is there.
    Follows,
    /// The whole state: whatever went wrong before is over.
    Restores,
    /// A patch beyond the caps: the run is out of step until the next message that restores it.
    Breaks,
}

/// One run, from its graph's start to its end.
#[derive(Debug)]
pub(crate) struct Agent {
    /// Microseconds since 1970.
    clock: fn() -> i64,
    thread: String,
    sequence: u64,
    state: Value,
    base: Bytes,
    nodes: u32,
    node: u32,
    queue: VecDeque<Made>,
    ended: bool,
}

impl Agent {
    pub(crate) fn new(thread: String, clock: fn() -> i64, rng: &mut Rng) -> Self {
        let state = json!({
            "iteration": 0,
            "messages": [{"role": "user", "content": rng.pick(QUESTIONS)}],
            "scratchpad": {},
            "usage": {"completion_tokens": 0, "prompt_tokens": 0},
        });
        let nodes = u32::try_from(rng.below(8)).unwrap_or(0).saturating_add(6);
        let mut agent = Self {
            clock,
            thread,
            sequence: 0,
            state,
            base: Bytes::new(),
            nodes,
            node: 0,
            queue: VecDeque::new(),
            ended: false,
        };
        agent.start(rng);
        agent
    }

    pub(crate) fn thread(&self) -> &str {
        &self.thread
    }

    /// The next message, or `None` after the graph's end.
    pub(crate) fn next(&mut self, rng: &mut Rng) -> Option<Made> {
        if self.queue.is_empty() && !self.ended {
            if self.node < self.nodes {
                self.work(rng);
            } else {
                self.end(rng);
            }
        }
        self.queue.pop_front()
    }

    /// Lets the run send a patch that doubles a value with each operation: every operation is well
    /// formed, and forty of them would need a tebibyte. It takes its place behind the messages that
    /// have their numbers already.
    pub(crate) fn plant_bomb(&mut self, rng: &mut Rng) {
        let seed = json!({"filler": "x".repeat(1024)});
        let mut operations = vec![operation(OpType::Add, "/bomb", Some(&seed))];
        for index in 0..40 {
            let mut copy = operation(OpType::Copy, &format!("/bomb/copy{index}"), None);
            copy.from = "/bomb".to_owned();
            operations.push(copy);
        }
        let header = self.header(MessageType::StateDiff, rng);
        let message = Message::StateDiff(StateDiff {
            header: Some(header),
            base_checkpoint_id: self.base.clone(),
            operations,
            ..StateDiff::default()
        });
        self.queue.push_back(made(message, Effect::Breaks));
    }

    fn start(&mut self, rng: &mut Rng) {
        let initial = self.state.to_string();
        self.event(
            rng,
            EventType::GraphStart,
            "",
            &[
                ("graph_name", text("research_agent")),
                ("graph_entry_point", text("planner")),
                ("graph_node_count", number(4)),
                ("initial_state_json", text(&initial)),
            ],
        );
        self.snapshot(rng);
    }

    fn work(&mut self, rng: &mut Rng) {
        let name = rng.pick(NODES);
        self.event(rng, EventType::NodeStart, name, &[("attempt", number(1))]);
        let spoken = if name == "tools" {
            self.tool(rng)
        } else {
            self.model(rng, name)
        };
        self.progress(rng, name);
        self.patch(rng, name, &spoken);
        self.event(rng, EventType::NodeEnd, name, &[("succeeded", flag(true))]);
        self.node = self.node.saturating_add(1);
        if self.node.is_multiple_of(CHECKPOINT_EVERY) {
            self.checkpoint(rng);
        }
    }

    fn model(&mut self, rng: &mut Rng, node: &str) -> String {
        let request = format!("req-{:08x}", rng.below(1 << 32));
        self.event(rng, EventType::LlmStart, node, &[("model", text(MODEL))]);
        let count = rng.below(5).saturating_add(3);
        let mut spoken = String::new();
        for index in 0..count {
            let piece = rng.pick(PIECES);
            spoken.push_str(piece);
            let header = self.header(MessageType::TokenChunk, rng);
            let last = index.saturating_add(1) == count;
            self.push(Message::TokenChunk(TokenChunk {
                header: Some(header),
                request_id: request.clone(),
                text: piece.to_owned(),
                token_ids: vec![u32::try_from(rng.below(50_000)).unwrap_or(0)],
                chunk_index: u32::try_from(index).unwrap_or(u32::MAX),
                is_final: last,
                finish_reason: if last {
                    FinishReason::Stop
                } else {
                    FinishReason::None
                }
                .into(),
                model: MODEL.to_owned(),
                stats: last.then(|| TokenStats {
                    prompt_tokens: 180,
                    completion_tokens: u32::try_from(count).unwrap_or(u32::MAX),
                    total_tokens: u32::try_from(count).unwrap_or(u32::MAX).saturating_add(180),
                }),
                ..TokenChunk::default()
            }));
        }
        self.event(
            rng,
            EventType::LlmEnd,
            node,
            &[("tokens_completion", number(count.cast_signed()))],
        );
        spoken
    }

    fn tool(&mut self, rng: &mut Rng) -> String {
        let call = format!("call-{:08x}", rng.below(1 << 32));
        let result = json!({"hits": rng.below(40), "source": rng.pick(SOURCES)}).to_string();
        for stage in [ExecutionStage::Requested, ExecutionStage::Completed] {
            let header = self.header(MessageType::ToolExecution, rng);
            let done = stage == ExecutionStage::Completed;
            self.push(Message::ToolExecution(ToolExecution {
                header: Some(header),
                call_id: call.clone(),
                tool_name: "search".to_owned(),
                stage: stage.into(),
                arguments: Bytes::from_static(b"{\"query\":\"trains to Lyon\",\"limit\":20}"),
                result: if done {
                    Bytes::from(result.clone())
                } else {
                    Bytes::new()
                },
                duration_us: if done { 41_000 } else { 0 },
                ..ToolExecution::default()
            }));
        }
        result
    }

    /// A batch, as the producer sends small events: its own header has no sequence number.
    fn progress(&mut self, rng: &mut Rng, node: &str) {
        let events = [0, 25, 50, 75]
            .map(|percent| Event {
                header: Some(self.header(MessageType::Event, rng)),
                event_type: EventType::Progress.into(),
                node_id: node.to_owned(),
                attributes: attributes(&[
                    (
                        "message",
                        text("reading what came back, and weighing it against the plan"),
                    ),
                    ("percent", number(percent)),
                ]),
                ..Event::default()
            })
            .into();
        let mut header = self.header(MessageType::EventBatch, rng);
        self.sequence = self.sequence.saturating_sub(1);
        header.sequence = 0;
        self.push(Message::EventBatch(EventBatch {
            header: Some(header),
            events,
        }));
    }

    fn patch(&mut self, rng: &mut Rng, node: &str, spoken: &str) {
        let iteration = json!(self.node.saturating_add(1));
        let role = if node == "tools" { "tool" } else { "assistant" };
        let message = json!({"role": role, "name": node, "content": spoken});
        let note = json!({"finding": rng.pick(PIECES), "confidence_percent": rng.below(100)});
        let key = format!("note_{}", self.node);
        if let Some(messages) = self.state.get_mut("messages").and_then(Value::as_array_mut) {
            messages.push(message.clone());
        }
        if let Some(notes) = self
            .state
            .get_mut("scratchpad")
            .and_then(Value::as_object_mut)
        {
            notes.insert(key.clone(), note.clone());
        }
        if let Some(counter) = self.state.get_mut("iteration") {
            *counter = iteration.clone();
        }
        let header = self.header(MessageType::StateDiff, rng);
        self.push(Message::StateDiff(StateDiff {
            header: Some(header),
            base_checkpoint_id: self.base.clone(),
            operations: vec![
                operation(OpType::Add, "/messages/-", Some(&message)),
                operation(OpType::Replace, "/iteration", Some(&iteration)),
                operation(OpType::Add, &format!("/scratchpad/{key}"), Some(&note)),
            ],
            state_hash: self.hash(),
            ..StateDiff::default()
        }));
    }

    fn snapshot(&mut self, rng: &mut Rng) {
        let header = self.header(MessageType::StateDiff, rng);
        let message = Message::StateDiff(StateDiff {
            header: Some(header),
            base_checkpoint_id: self.base.clone(),
            state_hash: self.hash(),
            full_state: self.state.to_string().into(),
            ..StateDiff::default()
        });
        self.queue.push_back(made(message, Effect::Restores));
    }

    fn checkpoint(&mut self, rng: &mut Rng) {
        let state = self.state.to_string();
        let id = Bytes::copy_from_slice(&uuid(rng));
        let header = self.header(MessageType::Checkpoint, rng);
        let message = Message::Checkpoint(Checkpoint {
            header: Some(header),
            checkpoint_id: id.clone(),
            checksum: Bytes::copy_from_slice(&Sha256::digest(&state)),
            state: state.into(),
            state_type: "serde_json::Value".to_owned(),
            ..Checkpoint::default()
        });
        self.base = id;
        self.queue.push_back(made(message, Effect::Restores));
    }

    fn end(&mut self, rng: &mut Rng) {
        self.event(rng, EventType::GraphEnd, "", &[("succeeded", flag(true))]);
        let header = self.header(MessageType::Metrics, rng);
        let metric = |value, unit: &str| MetricValue {
            unit: unit.to_owned(),
            r#type: MetricType::Counter.into(),
            value: Some(value),
        };
        self.push(Message::Metrics(Metrics {
            header: Some(header),
            scope: "graph".to_owned(),
            scope_id: self.thread.clone(),
            metrics: BTreeMap::from([
                (
                    "duration_us".to_owned(),
                    metric(metric_value::Value::IntValue(2_400_000), "us"),
                ),
                (
                    "cost_usd".to_owned(),
                    metric(metric_value::Value::FloatValue(0.0125), "usd"),
                ),
            ]),
            ..Metrics::default()
        }));
        let header = self.header(MessageType::ExecutionTrace, rng);
        let record = NodeExecutionRecord {
            node: "planner".to_owned(),
            duration_ms: 180,
            succeeded: true,
            ..NodeExecutionRecord::default()
        };
        self.push(Message::ExecutionTrace(ExecutionTrace {
            header: Some(header),
            thread_id: self.thread.clone(),
            execution_id: format!("exec-{}", self.thread),
            nodes_executed: vec![record; usize::try_from(self.nodes).unwrap_or(0)],
            total_duration_ms: 2_400,
            completed: true,
            final_state: self.state.to_string().into(),
            ..ExecutionTrace::default()
        }));
        self.ended = true;
    }

    fn event(
        &mut self,
        rng: &mut Rng,
        event_type: EventType,
        node: &str,
        named: &[(&str, attribute_value::Value)],
    ) {
        let header = self.header(MessageType::Event, rng);
        self.push(Message::Event(Event {
            header: Some(header),
            event_type: event_type.into(),
            node_id: node.to_owned(),
            attributes: attributes(named),
            ..Event::default()
        }));
    }

    fn header(&mut self, kind: MessageType, rng: &mut Rng) -> Header {
        self.sequence = self.sequence.saturating_add(1);
        Header {
            message_id: Bytes::copy_from_slice(&uuid(rng)),
            timestamp_us: (self.clock)(),
            tenant_id: "demo".to_owned(),
            thread_id: self.thread.clone(),
            sequence: self.sequence,
            r#type: kind.into(),
            schema_version: 1,
            ..Header::default()
        }
    }

    /// The state's hash as producers send it: SHA-256 of the JSON text with sorted members, which is
    /// how serde_json writes a map that keeps no other order.
    fn hash(&self) -> Bytes {
        Bytes::copy_from_slice(&Sha256::digest(self.state.to_string()))
    }

    fn push(&mut self, message: Message) {
        self.queue.push_back(made(message, Effect::Follows));
    }
}

/// Nodes between two checkpoints.
const CHECKPOINT_EVERY: u32 = 3;

const fn made(message: Message, effect: Effect) -> Made {
    Made { message, effect }
}

#[cfg(test)]
mod tests;
