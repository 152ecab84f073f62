//! The stream through the usual packages, put together as existing consumers do: a buffer of the
//! limit's size for each inflation, prost, a clone of the state for each diff so that a failed one
//! leaves nothing behind, the state's text hashed as a string, and a window behind a lock.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use dashstream_codec::Message;
use dashstream_codec::v1::{self, DashStreamMessage, attribute_value, diff_operation::OpType};
use prost::Message as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Outcome;

#[derive(Default)]
pub struct Usual {
    states: HashMap<String, Value>,
    window: Mutex<VecDeque<(Duration, bool)>>,
    taken: u64,
    outcome: Outcome,
}

impl Usual {
    pub fn take(&mut self, record: &[u8]) {
        let now = Duration::from_millis(self.taken);
        self.taken += 1;
        let decoded = decode(record);
        let ok = decoded.is_some();
        match decoded {
            Some(message) => {
                self.outcome.processed += 1;
                self.apply(message);
            }
            None => self.outcome.refused += 1,
        }
        let mut window = self.window.lock().expect("nobody panics");
        window.push_back((now, ok));
        while window.front().is_some_and(|(at, _)| now - *at > WINDOW) {
            window.pop_front();
        }
    }

    pub fn outcome(&mut self) -> Outcome {
        let states = self.states.iter();
        let states = states
            .map(|(thread, state)| (thread.clone(), state.to_string()))
            .collect();
        let Outcome {
            processed,
            refused,
            verified,
            ..
        } = self.outcome;
        Outcome {
            processed,
            refused,
            verified,
            states,
        }
    }

    fn apply(&mut self, message: Message) {
        match message {
            Message::Event(event) if event.event_type == v1::EventType::GraphStart as i32 => {
                let state = event.attributes.get("initial_state_json");
                let Some(attribute_value::Value::StringValue(text)) =
                    state.and_then(|state| state.value.as_ref())
                else {
                    return;
                };
                let thread = event
                    .header
                    .map(|header| header.thread_id)
                    .unwrap_or_default();
                self.states
                    .insert(thread, serde_json::from_str(text).expect("JSON"));
            }
            Message::StateDiff(diff) => {
                let thread = diff.header.as_ref().map(|header| header.thread_id.as_str());
                let Some(state) = thread.and_then(|thread| self.states.get_mut(thread)) else {
                    return;
                };
                let operations: Vec<Value> = diff.operations.iter().map(operation).collect();
                let patch: json_patch::Patch =
                    serde_json::from_value(Value::Array(operations)).expect("operations");
                let mut next = state.clone();
                if json_patch::patch(&mut next, &patch).is_err() {
                    return;
                }
                // Without `preserve_order` members are sorted, so that this is the canonical text.
                let hash = Sha256::digest(next.to_string());
                self.outcome.verified += u64::from(hash.as_slice() == &diff.state_hash[..]);
                *state = next;
            }
            _ => {}
        }
    }
}

fn decode(record: &[u8]) -> Option<Message> {
    let (tag, payload) = record.split_first()?;
    match tag {
        0 => DashStreamMessage::decode(payload).ok()?.message,
        1 => {
            let inflated = zstd::bulk::decompress(payload, LIMIT).ok()?;
            DashStreamMessage::decode(&inflated[..]).ok()?.message
        }
        _ => None,
    }
}

fn operation(operation: &v1::DiffOperation) -> Value {
    let value: Value = serde_json::from_slice(&operation.value).expect("JSON");
    let op = if operation.op == OpType::Add as i32 {
        "add"
    } else {
        "replace"
    };
    json!({"op": op, "path": operation.path, "value": value})
}

const LIMIT: usize = 10 << 20;
const WINDOW: Duration = Duration::from_secs(120);
