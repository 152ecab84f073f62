//! Documents and patches drawn from bytes. A short input ends in zeros, which draw the simplest.

use serde_json::{Map, Value, json};

pub struct Entropy<'a>(&'a [u8]);

impl<'a> Entropy<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    pub fn below(&mut self, bound: usize) -> usize {
        let drawn = usize::from(self.byte()) << 8 | usize::from(self.byte());
        if bound == 0 { 0 } else { drawn % bound }
    }

    pub fn word(&mut self) -> u64 {
        (0..8).fold(0, |word, _| word << 8 | u64::from(self.byte()))
    }

    /// A value with at most `depth` containers inside each other.
    pub fn value(&mut self, depth: usize) -> Value {
        match self.byte() % if depth == 0 { 10 } else { 14 } {
            0 => Value::Null,
            1 => json!(self.byte() % 2 == 0),
            2 | 3 => json!(self.byte() as i64 - 100),
            4 => json!(f64::from(self.byte()) - 100.0),
            5 => json!(f64::from(self.byte()) / 8.0),
            6 => match self.byte() % 4 {
                0 => json!(self.word()),
                1 => json!(self.word() as i64),
                _ => {
                    let float = f64::from_bits(self.word());
                    if float.is_finite() {
                        json!(float)
                    } else {
                        json!(1e300)
                    }
                }
            },
            7 | 8 => json!(self.name()),
            9 => json!(format!(
                "{}{}",
                self.name(),
                "long enough to be shared ".repeat(self.byte() as usize % 4)
            )),
            10 | 11 => {
                // Now and then long enough for several levels of the tree.
                let len = match self.byte() {
                    250.. => 40 + self.below(80),
                    byte => usize::from(byte) % 6,
                };
                (0..len).map(|_| self.value(depth - 1)).collect()
            }
            _ => {
                let len = match self.byte() {
                    250.. => 40 + self.below(80),
                    byte => usize::from(byte) % 6,
                };
                let members: Map<_, _> = (0..len)
                    .map(|_| (self.name(), self.value(depth - 1)))
                    .collect();
                Value::Object(members)
            }
        }
    }

    pub fn name(&mut self) -> String {
        const NAMES: [&str; 16] = [
            "",
            "a",
            "b",
            "c",
            "id",
            "0",
            "1",
            "-",
            "a/b",
            "m~n",
            "é",
            "\u{FB01}",
            "\u{1F600}",
            "\"\n",
            "__proto__",
            "a name of more than 22 bytes",
        ];
        match self.byte() {
            byte @ 0..200 => NAMES[usize::from(byte) % NAMES.len()].to_owned(),
            byte => format!("k{byte}{}", self.byte()),
        }
    }

    /// A state: mostly an object with something in it, as states are.
    pub fn state(&mut self) -> Value {
        if self.byte() % 16 == 0 {
            return self.value(4);
        }
        let members = 2 + self.below(6);
        let members: Map<_, _> = (0..members).map(|_| (self.name(), self.value(3))).collect();
        Value::Object(members)
    }

    /// A pointer to something that exists in `state`.
    pub fn existing(&mut self, state: &Value) -> String {
        let mut pointer = String::new();
        let mut value = state;
        while self.byte() >= 40 {
            match value {
                Value::Array(elements) if !elements.is_empty() => {
                    let index = self.below(elements.len());
                    pointer.push_str(&format!("/{index}"));
                    value = &elements[index];
                }
                Value::Object(members) if !members.is_empty() => {
                    let index = self.below(members.len());
                    let (name, member) = members.iter().nth(index).unwrap();
                    pointer.push_str(&escaped(name));
                    value = member;
                }
                _ => break,
            }
        }
        if self.byte() >= 240 {
            self.spoil(&mut pointer)
        }
        pointer
    }

    /// A pointer to a place where `state` can take a new value.
    pub fn place(&mut self, state: &Value) -> String {
        let mut pointer = self.existing(state);
        while !pointer.is_empty()
            && !state
                .pointer(&pointer)
                .is_some_and(|v| v.is_array() || v.is_object())
        {
            pointer.truncate(pointer.rfind('/').unwrap_or(0));
        }
        match state.pointer(&pointer) {
            Some(Value::Array(elements)) => match self.byte() {
                0..60 => pointer.push_str("/-"),
                60..120 => pointer.push_str("/0"),
                _ => pointer.push_str(&format!("/{}", self.below(elements.len() + 1))),
            },
            Some(Value::Object(_)) => pointer.push_str(&escaped(&self.name())),
            _ => {}
        }
        if self.byte() >= 240 {
            self.spoil(&mut pointer)
        }
        pointer
    }

    fn spoil(&mut self, pointer: &mut String) {
        match self.byte() % 9 {
            0 => pointer.push_str("/-"),
            1 => pointer.push_str("/01"),
            2 => pointer.push_str("/~2"),
            3 => pointer.push_str("/18446744073709551616"),
            4 => pointer.push_str("/0"),
            5 => pointer.push_str("/+1"),
            6 => *pointer = "a".to_owned(),
            7 => pointer.truncate(pointer.rfind('/').unwrap_or(0)),
            _ => pointer.push_str(&escaped(&self.name())),
        }
    }

    /// A value that exists in `state`, or its number in another spelling, or anything.
    pub fn probe(&mut self, state: &Value, path: &str) -> Value {
        match (self.byte() % 16, state.pointer(path)) {
            (0, _) | (_, None) => self.value(2),
            (1..6, Some(Value::Number(number))) => {
                number.as_f64().map_or(Value::Null, |f| json!(f))
            }
            (_, Some(value)) => value.clone(),
        }
    }

    /// Operations, each drawn for the state that the ones before leave.
    pub fn patch(&mut self, state: &Value) -> Vec<Value> {
        let len = 1 + self.below(12);
        let mut state = state.clone();
        let mut patch = Vec::new();
        for _ in 0..len {
            let operation = self.operation(&state);
            // A part of the patches goes on after an operation that fails: nobody looks at the rest.
            if let Ok(next) = super::model::apply(&state, std::slice::from_ref(&operation)) {
                // Copies double a state until a limit is crossed that the model does not have.
                if !super::patching::is_small(&next) {
                    continue;
                }
                state = next;
            }
            patch.push(operation);
        }
        patch
    }

    pub fn operation(&mut self, state: &Value) -> Value {
        match self.byte() % 10 {
            0..3 => json!({"op": "add", "path": self.place(state), "value": self.value(2)}),
            3 => json!({"op": "remove", "path": self.existing(state)}),
            4 | 5 => json!({"op": "replace", "path": self.existing(state), "value": self.value(2)}),
            6 => json!({"op": "move", "from": self.existing(state), "path": self.place(state)}),
            7 => json!({"op": "copy", "from": self.existing(state), "path": self.place(state)}),
            _ => {
                let path = self.existing(state);
                json!({"op": "test", "value": self.probe(state, &path), "path": path})
            }
        }
    }
}

fn escaped(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}
