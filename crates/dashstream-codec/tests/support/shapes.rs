//! Payloads that become more than they weigh: each a little wire for a lot of heap, for every list, map,
//! string and message of the schema.

use crate::wire::{header, len, number, varint};

/// A shape's name, and its payload with `count` of what it repeats.
pub(crate) type Shape = (&'static str, fn(usize) -> Vec<u8>);

/// Every shape. None has a header where it does not need one: read them with headers optional.
pub(crate) const SHAPES: [Shape; 44] = [
    ("empty events", |n| batch([0x12, 0].repeat(n))),
    ("events with an empty header", |n| {
        batch(len(2, len(1, [])).repeat(n))
    }),
    ("events with an empty entry", |n| {
        batch(len(2, len(4, [])).repeat(n))
    }),
    ("events with a short string", |n| {
        batch(len(2, len(3, "x")).repeat(n))
    }),
    ("events with all of a header", |n| {
        batch(len(2, len(1, ids())).repeat(n))
    }),
    ("empty operations", |n| len(2, [0x1A, 0].repeat(n))),
    ("operations with a path", |n| {
        len(2, len(3, len(2, "/")).repeat(n))
    }),
    ("operations with a value", |n| {
        len(2, len(3, len(3, "1")).repeat(n))
    }),
    ("one large state", |n| len(2, len(5, vec![b'1'; n]))),
    ("token ids, packed", |n| len(3, len(4, vec![0; n]))),
    ("token ids, one by one", |n| len(3, number(4, 7).repeat(n))),
    ("token ids, both ways", |n| {
        len(3, [number(4, 7), len(4, [1, 2, 3])].concat().repeat(n))
    }),
    ("logprobs, packed", |n| len(3, len(5, vec![0; 4 * n]))),
    ("logprobs, one by one", |n| {
        len(3, [0x2D, 0, 0, 0, 0].repeat(n))
    }),
    ("token stats again and again", |n| {
        len(3, len(10, number(1, 7)).repeat(n))
    }),
    ("empty node records", |n| trace(len(4, []).repeat(n))),
    ("node records with times", |n| {
        trace(len(4, [len(7, "x"), len(8, "y")].concat()).repeat(n))
    }),
    ("node records with metadata", |n| {
        trace(len(4, len(11, text_entry("k"))).repeat(n))
    }),
    ("node records with input", |n| {
        trace(len(4, len(9, "x")).repeat(n))
    }),
    ("empty error records", |n| trace(len(7, []).repeat(n))),
    ("error records with texts", |n| {
        trace(len(7, [len(1, "a"), len(2, "b"), len(6, "c")].concat()).repeat(n))
    }),
    ("metadata of bytes", |n| trace(entries(n, 12, text_entry))),
    ("metadata under one key", |n| {
        trace(len(12, text_entry("k")).repeat(n))
    }),
    ("context of an error", |n| len(7, entries(n, 5, text_entry))),
    ("empty suggestions", |n| len(7, len(8, []).repeat(n))),
    ("short suggestions", |n| len(7, len(8, "x").repeat(n))),
    ("metrics", |n| {
        len(6, entries(n, 4, |key| entry(key, number(1, 7))))
    }),
    ("metrics with units", |n| {
        len(6, entries(n, 4, |key| entry(key, len(6, "ms"))))
    }),
    ("tags", |n| len(6, entries(n, 5, text_entry))),
    ("metadata of a checkpoint", |n| {
        len(5, entries(n, 8, text_entry))
    }),
    ("attributes", |n| {
        len(1, entries(n, 4, |key| entry(key, number(2, 7))))
    }),
    ("attributes under one key", |n| {
        len(1, len(4, text_entry("k")).repeat(n))
    }),
    ("attributes of bytes", |n| {
        len(1, entries(n, 4, |key| entry(key, len(5, "x"))))
    }),
    ("an array of nothing", |n| {
        attribute(len(6, [0x0A, 0].repeat(n)))
    }),
    ("an array of short strings", |n| {
        attribute(len(6, len(1, len(1, "x")).repeat(n)))
    }),
    ("an array that merges", |n| {
        attribute(len(6, len(1, []).repeat(8)).repeat(n))
    }),
    ("a map", |n| {
        attribute(len(7, entries(n, 1, |key| entry(key, number(2, 7)))))
    }),
    ("a map that merges", |n| {
        attribute(len(7, len(1, entry("k", len(1, "x")))).repeat(n))
    }),
    ("arrays of arrays", |n| {
        attribute(len(6, len(1, len(6, [0x0A, 0].repeat(4))).repeat(n)))
    }),
    ("the details of a tool's error", |n| {
        len(4, len(8, len(8, "x")).repeat(n))
    }),
    ("a message again and again", |n| {
        len(2, len(3, len(2, "/"))).repeat(n)
    }),
    ("a header again and again", |n| {
        len(1, header("t").repeat(n))
    }),
    ("a string that grows", |n| {
        let strings = (0..n.min(600)).flat_map(|at| len(3, "x".repeat(at)));
        len(1, strings.collect::<Vec<_>>())
    }),
    ("fields that nobody knows", |n| {
        len(1, number(15, 7).repeat(n))
    }),
];

fn batch(events: Vec<u8>) -> Vec<u8> {
    len(8, events)
}

fn trace(fields: Vec<u8>) -> Vec<u8> {
    len(9, fields)
}

fn attribute(value: Vec<u8>) -> Vec<u8> {
    len(1, len(4, len(2, value)))
}

/// `n` entries of the map in `field`, each under a key of its own.
fn entries(n: usize, field: u32, entry: impl Fn(&str) -> Vec<u8>) -> Vec<u8> {
    (0..n)
        .flat_map(|at| len(field, entry(&format!("{at:x}"))))
        .collect()
}

fn entry(key: &str, value: Vec<u8>) -> Vec<u8> {
    [len(1, key), len(2, value)].concat()
}

fn text_entry(key: &str) -> Vec<u8> {
    [len(1, key), len(2, "v")].concat()
}

fn ids() -> Vec<u8> {
    [
        len(1, [7; 16]),
        len(3, "t"),
        len(4, "r"),
        len(7, [8; 16]),
        varint(9 << 3),
        vec![1],
    ]
    .concat()
}
