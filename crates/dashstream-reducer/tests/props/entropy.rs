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

    /// A pointer into `state`, mostly to something that exists.
    pub fn pointer(&mut self, state: &Value) -> String {
        let mut pointer = String::new();
        let mut value = state;
        loop {
            let stop = self.byte();
            if stop < 60 {
                break;
            }
            match value {
                Value::Array(elements) if !elements.is_empty() => {
                    let index = self.below(elements.len());
                    pointer.push_str(&format!("/{index}"));
                    value = &elements[index];
                }
                Value::Object(members) if !members.is_empty() => {
                    let index = self.below(members.len());
                    let (name, member) = members.iter().nth(index).unwrap();
                    pointer.push('/');
                    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                    value = member;
                }
                _ => break,
            }
        }
        match self.byte() {
            0..70 => {}
            70..130 => pointer.push_str("/-"),
            130..190 => pointer.push_str(&format!("/{}", self.below(8))),
            190..235 => {
                let name = self.name();
                pointer.push('/');
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
            }
            235..240 => pointer.push_str("/01"),
            240..245 => pointer.push_str("/~2"),
            245..248 => pointer.push_str("/18446744073709551616"),
            _ => pointer = "a".to_owned(),
        }
        pointer
    }

    /// A value that exists in `state`, or its number in another spelling, or anything.
    pub fn probe(&mut self, state: &Value, path: &str) -> Value {
        match (self.byte() % 4, state.pointer(path)) {
            (0, _) | (_, None) => self.value(2),
            (1, Some(Value::Number(number))) => number.as_f64().map_or(Value::Null, |f| json!(f)),
            (_, Some(value)) => value.clone(),
        }
    }

    /// Operations on `state` that were drawn one after the other, without following their effect.
    pub fn patch(&mut self, state: &Value) -> Vec<Value> {
        let len = 1 + self.below(12);
        (0..len).map(|_| self.operation(state)).collect()
    }

    pub fn operation(&mut self, state: &Value) -> Value {
        let kind = self.byte() % 8;
        let path = self.pointer(state);
        match kind {
            0 | 1 => json!({"op": "add", "path": path, "value": self.value(2)}),
            2 => json!({"op": "remove", "path": path}),
            3 | 4 => json!({"op": "replace", "path": path, "value": self.value(2)}),
            5 => json!({"op": "move", "from": self.pointer(state), "path": path}),
            6 => json!({"op": "copy", "from": self.pointer(state), "path": path}),
            _ => json!({"op": "test", "value": self.probe(state, &path), "path": path}),
        }
    }
}
