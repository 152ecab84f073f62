//! The appendix of RFC 6902, the pointers of RFC 6901, and the edges between them.
#![allow(
    clippy::allow_attributes,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use dashstream_reducer::patch::{self, PatchLimits};
use dashstream_reducer::{Document, ReadLimits};

fn document(text: &str) -> Document {
    Document::from_str(text, &ReadLimits::default()).unwrap()
}

/// The state after the patch, or the code of the refusal and the operation's index.
fn apply(state: &str, text: &str) -> Result<String, (usize, &'static str)> {
    let limits = PatchLimits::default();
    let mut state = document(state);
    let before = state.to_string();
    let result = patch::parse(text.as_bytes(), &ReadLimits::default(), &limits)
        .and_then(|operations| patch::apply(&mut state, operations.as_slice().into(), &limits));
    match result {
        Ok(_) => Ok(state.to_string()),
        Err(error) => {
            assert_eq!(state.to_string(), before, "a refused patch changes nothing");
            Err((error.index, error.code()))
        }
    }
}

#[test]
fn the_appendix_of_rfc_6902_holds() {
    // section, state, patch, result
    let rows = [
        (
            "A.1",
            r#"{"foo":"bar"}"#,
            r#"[{"op":"add","path":"/baz","value":"qux"}]"#,
            Ok(r#"{"baz":"qux","foo":"bar"}"#),
        ),
        (
            "A.2",
            r#"{"foo":["bar","baz"]}"#,
            r#"[{"op":"add","path":"/foo/1","value":"qux"}]"#,
            Ok(r#"{"foo":["bar","qux","baz"]}"#),
        ),
        (
            "A.3",
            r#"{"baz":"qux","foo":"bar"}"#,
            r#"[{"op":"remove","path":"/baz"}]"#,
            Ok(r#"{"foo":"bar"}"#),
        ),
        (
            "A.4",
            r#"{"foo":["bar","qux","baz"]}"#,
            r#"[{"op":"remove","path":"/foo/1"}]"#,
            Ok(r#"{"foo":["bar","baz"]}"#),
        ),
        (
            "A.5",
            r#"{"baz":"qux","foo":"bar"}"#,
            r#"[{"op":"replace","path":"/baz","value":"boo"}]"#,
            Ok(r#"{"baz":"boo","foo":"bar"}"#),
        ),
        (
            "A.6",
            r#"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#,
            r#"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
            Ok(r#"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#),
        ),
        (
            "A.7",
            r#"{"foo":["all","grass","cows","eat"]}"#,
            r#"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#,
            Ok(r#"{"foo":["all","cows","eat","grass"]}"#),
        ),
        (
            "A.8",
            r#"{"baz":"qux","foo":["a",2,"c"]}"#,
            r#"[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]"#,
            Ok(r#"{"baz":"qux","foo":["a",2,"c"]}"#),
        ),
        (
            "A.9",
            r#"{"baz":"qux"}"#,
            r#"[{"op":"test","path":"/baz","value":"bar"}]"#,
            Err((0, "test_failed")),
        ),
        (
            "A.10",
            r#"{"foo":"bar"}"#,
            r#"[{"op":"add","path":"/child","value":{"grandchild":{}}}]"#,
            Ok(r#"{"child":{"grandchild":{}},"foo":"bar"}"#),
        ),
        (
            "A.11",
            r#"{"foo":"bar"}"#,
            r#"[{"op":"add","path":"/baz","value":"qux","xyz":123}]"#,
            Ok(r#"{"baz":"qux","foo":"bar"}"#),
        ),
        (
            "A.12",
            r#"{"foo":"bar"}"#,
            r#"[{"op":"add","path":"/baz/bat","value":"qux"}]"#,
            Err((0, "path_not_found")),
        ),
        (
            "A.13",
            r#"{"foo":"bar"}"#,
            r#"[{"op":"add","path":"/baz","value":"qux","op":"remove"}]"#,
            Err((0, "patch_document")),
        ),
        (
            "A.14",
            r#"{"/":9,"~1":10}"#,
            r#"[{"op":"test","path":"/~01","value":10}]"#,
            Ok(r#"{"/":9,"~1":10}"#),
        ),
        (
            "A.15",
            r#"{"/":9,"~1":10}"#,
            r#"[{"op":"test","path":"/~01","value":"10"}]"#,
            Err((0, "test_failed")),
        ),
        (
            "A.16",
            r#"{"foo":["bar"]}"#,
            r#"[{"op":"add","path":"/foo/-","value":["abc","def"]}]"#,
            Ok(r#"{"foo":["bar",["abc","def"]]}"#),
        ),
    ];
    for (section, state, text, expected) in rows {
        assert_eq!(apply(state, text), expected.map(str::to_owned), "{section}");
    }
}

#[test]
fn the_edges_of_rfc_6902_hold() {
    let rows = [
        // The root can be replaced by anything and tested, not removed.
        (
            r#"{"a":1}"#,
            r#"[{"op":"replace","path":"","value":7}]"#,
            Ok("7"),
        ),
        (
            "null",
            r#"[{"op":"add","path":"","value":{"a":1}}]"#,
            Ok(r#"{"a":1}"#),
        ),
        ("[1]", r#"[{"op":"test","path":"","value":[1]}]"#, Ok("[1]")),
        (
            "[1]",
            r#"[{"op":"remove","path":""}]"#,
            Err((0, "remove_root")),
        ),
        // Numbers are equal by value, members in any order.
        (
            "[1]",
            r#"[{"op":"test","path":"/0","value":1.0}]"#,
            Ok("[1]"),
        ),
        (
            r#"{"a":{"x":1,"y":2}}"#,
            r#"[{"op":"test","path":"/a","value":{"y":2e0,"x":1}}]"#,
            Ok(r#"{"a":{"x":1,"y":2}}"#),
        ),
        (
            "[9007199254740993]",
            r#"[{"op":"test","path":"/0","value":9007199254740992.0}]"#,
            Err((0, "test_failed")),
        ),
        // A move onto itself does nothing, but the value must exist.
        (
            r#"{"a":1}"#,
            r#"[{"op":"move","from":"/a","path":"/a"}]"#,
            Ok(r#"{"a":1}"#),
        ),
        (
            r#"{"a":1}"#,
            r#"[{"op":"move","from":"/b","path":"/b"}]"#,
            Err((0, "path_not_found")),
        ),
        (
            r#"{"a":{}}"#,
            r#"[{"op":"move","from":"/a","path":"/a/b"}]"#,
            Err((0, "move_into_self")),
        ),
        (
            r#"{"a":1}"#,
            r#"[{"op":"move","from":"/a","path":"/ab"}]"#,
            Ok(r#"{"ab":1}"#),
        ),
        (
            r#"{"a":1}"#,
            r#"[{"op":"move","from":"","path":"/a"}]"#,
            Err((0, "move_into_self")),
        ),
        // A missing value is not null.
        (
            "[]",
            r#"[{"op":"add","path":"/-"}]"#,
            Err((0, "patch_member")),
        ),
        (
            "[]",
            r#"[{"op":"add","path":"/-","value":null}]"#,
            Ok("[null]"),
        ),
        (
            "[]",
            r#"[{"op":"swap","path":"/-"}]"#,
            Err((0, "unknown_operation")),
        ),
        ("[]", r#"{"op":"add"}"#, Err((0, "patch_shape"))),
        ("[]", r#"[3]"#, Err((0, "patch_shape"))),
        // Nothing is made up and nothing goes through a scalar.
        (
            r#"{"a":1}"#,
            r#"[{"op":"add","path":"/a/b","value":1}]"#,
            Err((0, "path_not_found")),
        ),
        (
            r#"{"a":null}"#,
            r#"[{"op":"add","path":"/a/b","value":1}]"#,
            Err((0, "path_not_found")),
        ),
        (
            r#"{"a":1}"#,
            r#"[{"op":"replace","path":"/b","value":1}]"#,
            Err((0, "path_not_found")),
        ),
        (
            "[0,1]",
            r#"[{"op":"remove","path":"/-"}]"#,
            Err((0, "index_out_of_bounds")),
        ),
        (
            "[0,1]",
            r#"[{"op":"add","path":"/3","value":1}]"#,
            Err((0, "index_out_of_bounds")),
        ),
        (
            "[0,1]",
            r#"[{"op":"add","path":"/18446744073709551616","value":1}]"#,
            Err((0, "index_out_of_bounds")),
        ),
        (
            "[0,1]",
            r#"[{"op":"add","path":"/01","value":1}]"#,
            Err((0, "index_malformed")),
        ),
        (
            "[0,1]",
            r#"[{"op":"add","path":"/-1","value":1}]"#,
            Err((0, "index_malformed")),
        ),
        (
            "[0,1]",
            r#"[{"op":"add","path":"/1e0","value":1}]"#,
            Err((0, "index_malformed")),
        ),
        (
            "{}",
            r#"[{"op":"add","path":"a","value":1}]"#,
            Err((0, "pointer_malformed")),
        ),
        (
            "{}",
            r#"[{"op":"add","path":"/~2","value":1}]"#,
            Err((0, "pointer_malformed")),
        ),
        // Names that other languages fear are names.
        (
            "{}",
            r#"[{"op":"add","path":"/__proto__","value":{"constructor":1}}]"#,
            Ok(r#"{"__proto__":{"constructor":1}}"#),
        ),
    ];
    for (state, text, expected) in rows {
        assert_eq!(
            apply(state, text),
            expected.map(str::to_owned),
            "{state} {text}"
        );
    }
}

#[test]
fn the_pointers_of_rfc_6901_name_what_they_name() {
    let state = document(
        r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#,
    );
    let rows = [
        ("/foo", r#"["bar","baz"]"#),
        ("/foo/0", r#""bar""#),
        ("/", "0"),
        ("/a~1b", "1"),
        ("/c%d", "2"),
        ("/e^f", "3"),
        ("/g|h", "4"),
        ("/i\\j", "5"),
        ("/k\"l", "6"),
        ("/ ", "7"),
        ("/m~0n", "8"),
    ];
    for (pointer, expected) in rows {
        assert_eq!(
            state.part(pointer).unwrap().to_string(),
            expected,
            "{pointer}"
        );
    }
    assert_eq!(state.part("").unwrap(), state);
    for pointer in ["foo", "/foo/-", "/foo/2", "/foo/00", "/bar", "/m~n", "/ /x"] {
        assert!(state.part(pointer).is_none(), "{pointer}");
    }
}
