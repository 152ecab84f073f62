//! Whatever a stranger sends, runs hold no more than they say: against an allocator that counts.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use core::time::Duration;

use dashstream_reducer::patch::Encoded;
use dashstream_reducer::{Outcome, Runs, RunsLimits, Stamp, Update};
use dashstream_testkit::alloc::measure;

const ADD: i32 = 0;
const REMOVE: i32 = 1;
const REPLACE: i32 = 2;
const MOVE: i32 = 3;
const COPY: i32 = 4;

/// One consumer's runs, and what a producer of one thread sends to them.
struct Traffic {
    runs: Runs,
    thread: String,
    sequence: u64,
    sent: u64,
}

impl Traffic {
    fn new() -> Self {
        Self {
            runs: Runs::new(RunsLimits::default()),
            thread: "thread".into(),
            sequence: 0,
            sent: 0,
        }
    }

    fn send(&mut self, update: Update<'_>) -> Outcome {
        self.sequence += 1;
        self.sent += 1;
        let id = self.sent.to_le_bytes().repeat(2);
        let stamp = Stamp::new(self.sequence).with_message_id(&id);
        let now = Duration::from_millis(self.sent);
        self.runs.apply(now, &self.thread, stamp, update)
    }

    fn full(&mut self, state: &str) -> Outcome {
        let hash = &[];
        let state = state.as_bytes();
        self.send(Update::Snapshot { state, hash })
    }

    fn patch(&mut self, operations: &[Encoded<'_>]) -> Outcome {
        self.send(Update::Diff {
            operations: operations.into(),
            hash: &[],
            base: &[],
        })
    }
}

fn operation<'a>(op: i32, path: &'a str, from: &'a str, value: &'a str) -> Encoded<'a> {
    Encoded {
        op,
        path,
        from,
        value: value.as_bytes(),
        ..Encoded::default()
    }
}

fn quoted(len: usize) -> String {
    format!("\"{}\"", "x".repeat(len))
}

/// What each kind of traffic is, and the traffic.
type Kind = (&'static str, fn(&mut Traffic));

const KINDS: &[Kind] = &[
    ("diffs that add a megabyte each", |traffic| {
        let _full = traffic.full("{}");
        let value = format!("[{}]", vec!["{}"; 400_000].join(","));
        for at in 0..10 {
            let _outcome = traffic.patch(&[operation(ADD, &format!("/{at}"), "", &value)]);
        }
    }),
    ("copies of copies", |traffic| {
        let _full = traffic.full(&format!(r#"{{"bomb":{{"a":{}}}}}"#, quoted(1_000)));
        let paths: Vec<_> = (0..40).map(|at| format!("/bomb/copy{at}")).collect();
        let copies = paths.iter().map(|path| operation(COPY, path, "/bomb", ""));
        let _outcome = traffic.patch(&copies.collect::<Vec<_>>());
        for at in 0..20 {
            let path = format!("/bomb/copy{at}/a");
            let _outcome = traffic.patch(&[operation(REPLACE, &path, "", "1")]);
        }
    }),
    ("diffs that wait for a state", |traffic| {
        let values = ["1", r#""""#, "{}", &quoted(100), &quoted(10_000)];
        for at in 0..600 {
            let path = format!("/{}", "p".repeat(at % 50));
            let count = at % 4;
            let value = values.get(at % values.len()).copied().unwrap();
            let one = operation(ADD, &path, &path, value);
            let _outcome = traffic.patch(&vec![one; count]);
        }
    }),
    ("many versions of a wide state", |traffic| {
        let members = (0..2_000).map(|at| format!(r#""m{at}":{{"n":{at}}}"#));
        let _full = traffic.full(&format!("{{{}}}", members.collect::<Vec<_>>().join(",")));
        for at in 0..500 {
            let path = format!("/m{}/n", at * 7 % 2_000);
            let _outcome = traffic.patch(&[operation(REPLACE, &path, "", "7")]);
        }
    }),
    ("a new root each time", |traffic| {
        for at in 0..100 {
            let _outcome = traffic.full(&format!("[{},{at}]", quoted(50_000)));
            let _outcome = traffic.patch(&[operation(REPLACE, "", "", &quoted(30_000))]);
        }
    }),
    ("only odd numbers", |traffic| {
        let _full = traffic.full("{}");
        for _ in 0..20_000 {
            traffic.sequence += 1;
            let _outcome = traffic.send(Update::Other);
        }
    }),
    ("only full states at odd numbers", |traffic| {
        for _ in 0..5_000 {
            traffic.sequence += 1;
            let _outcome = traffic.full("{}");
        }
    }),
    ("long ids of checkpoints", |traffic| {
        for at in 0..500_u64 {
            let id = at.to_le_bytes().repeat(1 + usize::try_from(at).unwrap());
            let _outcome = traffic.send(Update::Checkpoint {
                id: &id,
                state: b"[1]",
            });
            let _outcome = traffic.send(Update::PoisonedCheckpoint { id: &id });
        }
    }),
    ("depth", |traffic| {
        let deep = format!("{}0{}", "[".repeat(90), "]".repeat(90));
        let _full = traffic.full(&deep);
        for depth in 0..90 {
            let path = "/0".repeat(depth + 1);
            let _outcome = traffic.patch(&[operation(ADD, &path, "", &quoted(200))]);
        }
    }),
    ("an array that grows at its front", |traffic| {
        let _full = traffic.full("[]");
        let ones = vec![operation(ADD, "/0", "", "[]"); 500];
        for _ in 0..20 {
            let _outcome = traffic.patch(&ones);
        }
    }),
    ("an array that shrinks from its middle", |traffic| {
        let _full = traffic.full(&format!("[{}]", vec!["{}"; 10_000].join(",")));
        for left in (2..20).rev() {
            let path = format!("/{}", left * 100);
            let _outcome = traffic.patch(&vec![operation(REMOVE, &path, "", ""); 500]);
        }
    }),
    ("an object whose members come and go", |traffic| {
        let _full = traffic.full("{}");
        for at in 0..2_000_u64 {
            let path = format!("/{:x}", at.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let _outcome = traffic.patch(&[operation(ADD, &path, "", "null")]);
            if !at.is_multiple_of(3) {
                let _outcome = traffic.patch(&[operation(REMOVE, &path, "", "")]);
            }
        }
    }),
    ("moves", |traffic| {
        let _full = traffic.full(&format!(r#"{{"a":{{"b":{}}},"c":{{}}}}"#, quoted(5_000)));
        for _ in 0..200 {
            let there = operation(MOVE, "/c/b", "/a/b", "");
            let back = operation(MOVE, "/a/b", "/c/b", "");
            let _outcome = traffic.patch(&[there]);
            let _outcome = traffic.patch(&[back]);
        }
    }),
    ("patches that fail at their end", |traffic| {
        let _full = traffic.full(&format!("[{}]", vec!["1"; 5_000].join(",")));
        for _ in 0..20 {
            let mut operations = vec![operation(ADD, "/0", "", "[]"); 500];
            operations.push(operation(REMOVE, "/nowhere", "", ""));
            let _outcome = traffic.patch(&operations);
            let _full = traffic.full(&format!("[{}]", vec!["1"; 5_000].join(",")));
        }
    }),
    ("numbers of a hundred thousand digits", |traffic| {
        let _full = traffic.full("{}");
        let digits = "7".repeat(100_000);
        for at in 0..20 {
            let _outcome = traffic.patch(&[operation(ADD, &format!("/{at}"), "", &digits)]);
        }
    }),
    ("names of ten thousand bytes", |traffic| {
        let _full = traffic.full("{}");
        for at in 0..200 {
            let path = format!("/{at}{}", "n".repeat(10_000));
            let _outcome = traffic.patch(&[operation(ADD, &path, "", "1")]);
        }
    }),
    ("hashes that wait to be checked", |traffic| {
        let _full = traffic.full("{}");
        for at in 0..300_usize {
            let hash = vec![7; at % 70];
            let operations = [operation(ADD, "/n", "", "1")];
            let _outcome = traffic.send(Update::Diff {
                operations: operations.as_slice().into(),
                hash: &hash,
                base: &hash,
            });
        }
    }),
    ("threads that say one thing", |traffic| {
        for at in 0..5_000 {
            traffic.thread = format!("{at:0>256}");
            traffic.sequence = 0;
            let _outcome = traffic.send(Update::Other);
        }
    }),
    ("threads that cannot be", |traffic| {
        for at in 0..2_000 {
            traffic.thread = "t".repeat(300 + at);
            let operations = vec![operation(ADD, "/path", "/from", "[1,2]"); at % 9];
            let _outcome = traffic.patch(&operations);
            let _outcome = traffic.full(&quoted(at));
        }
    }),
    ("restarts", |traffic| {
        for at in 0..300 {
            traffic.sequence = 0;
            let state = format!("[{at},{}]", quoted(2_000));
            let _outcome = traffic.send(Update::Start {
                state: Some(state.as_bytes()),
            });
            let _outcome = traffic.patch(&[operation(ADD, "/-", "", &quoted(500))]);
            let _outcome = traffic.send(Update::End);
        }
    }),
    ("wild numbers", |traffic| {
        let _full = traffic.full("[]");
        for at in 0..2_000_u64 {
            traffic.sequence = at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (at % 60);
            let _outcome = traffic.patch(&[operation(ADD, "/-", "", &quoted(300))]);
        }
    }),
];

#[test]
fn no_traffic_makes_runs_hold_more_than_they_say() {
    for (name, kind) in KINDS {
        let (traffic, usage) = measure(|| {
            let mut traffic = Traffic::new();
            kind(&mut traffic);
            traffic
        });
        let held = u64::try_from(usage.retained).unwrap();
        // The thread's name is the test's own.
        let held = held - u64::try_from(traffic.thread.capacity()).unwrap();
        let said = traffic.runs.bytes() + traffic.runs.counts().quarantine_bytes;
        assert!(held <= said, "{name}: {held} of {said}");
        // Nor much less: a run's indexes, and the room in its lists.
        assert!(said <= 2 * held + 10_000, "{name}: {held} of {said}");
    }
}
