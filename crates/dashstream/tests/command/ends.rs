//! How the command ends: its exit codes.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Stdio;

use crate::setup::*;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Where a server listens that says this, once.
fn answers_with(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _asked = stream.read(&mut [0; 1024]).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
    });
    address.to_string()
}

#[test]
fn every_way_to_end_has_its_code() {
    let cluster = poisoned();
    let none = "127.0.0.1:1";
    let refused = file("refused.bin", b"{\"not\": \"a frame\"}");
    let malformed = file("malformed.properties", b"# a comment\nsasl.mechanism\n");
    let capture = file("cut.jsonl", b"{\"partition\":0,\"offset\":0,");
    let rules = file(
        "wrong.yml",
        b"rules:\n  - expr: dashstream_no_such_metric > 1\n",
    );
    let [refused, malformed, capture, rules] =
        [&refused, &malformed, &capture, &rules].map(|path| path.to_str().unwrap());
    let stranger = answers_with("220 a mail server\r\n");
    let silent = answers_with("HTTP/1.1 404 Not Found\r\n\r\n");
    let order = |gateway| {
        let order = ["retry", "0", "--who", "ann", "--why", "a test"];
        let gateway = ["hold", "--gateway", gateway, "--operator-token", TOKEN];
        [&gateway[..], &order[..]].concat()
    };
    let (away, other, off) = (order("127.0.0.1:1"), order(&stranger), order(&silent));
    let there = cluster.brokers();
    let cases: &[(&str, &[&str], i32, &str)] = &[
        (none, &["generate", "alerts"], 0, ""),
        (none, &["lint", CATALOGUE[0], CATALOGUE[1]], 0, ""),
        (none, &["lint", "--partial", rules], 1, ""),
        (none, &["lint", "/nowhere"], 3, "/nowhere"),
        (there, &["record", "events"], 0, ""),
        (there, &["record", "missing"], 3, "does not exist"),
        (there, &["replay", "events"], 1, ""),
        (none, &["replay", "--capture", capture], 2, "line 1"),
        (none, &["inspect", "--capture", capture], 2, "line 1"),
        (none, &["inspect", "--capture", CAPTURE], 1, ""),
        (none, &["decode", "--capture", CAPTURE], 1, ""),
        (
            none,
            &["inspect", "--capture", CAPTURE, "--at", "9:9"],
            3,
            "no record at 9:9",
        ),
        (there, &["shadow", "events", "--group", "billing"], 1, ""),
        (
            there,
            &["shadow", "events", "--group", "biling"],
            3,
            "committed nothing",
        ),
        (
            there,
            &["shadow", "missing", "--group", "billing"],
            3,
            "does not exist",
        ),
        (none, &away, 5, "did not answer"),
        (none, &other, 5, "no gateway"),
        (none, &off, 3, "takes no orders"),
        (
            none,
            &["hold", "--gateway", "nowhere", "list"],
            2,
            "HOST:PORT",
        ),
        (
            none,
            &["hold", "retry", "0", "--who", "ann", "--why", "x"],
            2,
            "--operator-token",
        ),
        (none, &["--help"], 0, ""),
        (none, &["completions", "bash"], 0, ""),
        (there, &["dlq", "list", "events-dlq"], 0, ""),
        // Its records are no letters.
        (there, &["dlq", "list", "events"], 1, ""),
        (
            there,
            &[
                "dlq",
                "show",
                "events-dlq",
                "0:2",
                "--value-to",
                "/nowhere/x",
            ],
            3,
            "the letter at 0:2 does not hold",
        ),
        (
            none,
            &[
                "hold",
                "--operator-token",
                "two words",
                "retry",
                "0",
                "--who",
                "ann",
                "--why",
                "x",
            ],
            2,
            "visible ASCII",
        ),
        (none, &["inspect", "--file", refused], 1, ""),
        (none, &["decode", "--file", refused], 1, ""),
        (there, &["dlq", "show", "events", "0:0"], 1, ""),
        (none, &[], 2, "Usage"),
        (none, &["dlq", "redrive", "events-dlq"], 2, "--name"),
        (none, &["dlq", "show", "events-dlq", "0"], 2, "such as 0:42"),
        (none, &["dlq", "list", "a b"], 2, "legal topic name"),
        (
            there,
            &["dlq", "redrive", "events-dlq", "--name", "a b"],
            2,
            "1 to 100",
        ),
        (
            there,
            &["dlq", "list", "t", "--from", "yesterday"],
            2,
            "such as 2026",
        ),
        (
            there,
            &["--client-config", malformed, "dlq", "list", "t"],
            2,
            "line 2",
        ),
        (none, &["inspect", "--file", "/nowhere"], 3, "/nowhere"),
        (there, &["dlq", "list", "missing-dlq"], 3, "does not exist"),
        (
            there,
            &["dlq", "show", "events-dlq", "0:3"],
            3,
            "no record at 0:3",
        ),
        (
            there,
            &["dlq", "show", "events-dlq", "7:0"],
            3,
            "no record at 7:0",
        ),
        (none, &["dlq", "list", "events-dlq"], 5, "failed"),
        (
            there,
            &["why", "events", "0:0", "--group", "billing"],
            0,
            "",
        ),
        (
            there,
            &["why", "events", "0:3", "--group", "billing"],
            3,
            "no record at 0:3",
        ),
    ];
    for &(brokers, args, code, words) in cases {
        let ended = run(brokers, args);
        let told = text(&ended.stderr);
        assert_eq!(ended.status.code(), Some(code), "{args:?}: {told}");
        assert!(told.contains(words), "{args:?}: {told}");
        assert_eq!(told.is_empty(), words.is_empty(), "{args:?}: {told}");
    }
    for args in [&["--help"][..], &["dlq", "list", "events-dlq"]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = dashstream(there, args);
        let ended = command
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(ended.status.code(), Some(6), "{args:?}");
        assert!(
            text(&ended.stderr).contains("could not be written"),
            "{args:?}"
        );
        let mut command = dashstream(there, args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        assert_eq!(
            (ended.status.code(), text(&ended.stderr)),
            (Some(0), String::new()),
            "{args:?}"
        );
    }
}

/// Against a broker that knows users; those of `cargo xtask broker-test`.
mod apache {
    mod logins {
        use crate::setup::*;

        #[test]
        #[ignore = "needs Apache Kafka: cargo xtask broker-test"]
        fn without_a_right_or_with_a_wrong_password_the_code_is_four() {
            #[expect(
                clippy::disallowed_methods,
                reason = "the stage says where users log in"
            )]
            let brokers = std::env::var("DASHSTREAM_TEST_LOGIN").unwrap();
            let login = |user: &str, password: &str| {
                let settings = format!(
                    "security.protocol=sasl_plaintext\nsasl.mechanism=PLAIN\n\
                     sasl.username={user}\nsasl.password={password}\n"
                );
                file(
                    &format!("{user}-{password}.properties"),
                    settings.as_bytes(),
                )
            };
            for (who, args) in [
                (login("reader", "wrong"), &["dlq", "list", "t-dlq"][..]),
                (login("stranger", "secret"), &["dlq", "list", "t-dlq"]),
                (
                    login("stranger", "secret"),
                    &["shadow", "t", "--group", "g"],
                ),
                (
                    login("stranger", "secret"),
                    &["why", "t", "0:0", "--group", "g"],
                ),
                (login("stranger", "secret"), &["record", "t"]),
            ] {
                let who = ["--client-config", who.to_str().unwrap()];
                let ended = run(&brokers, &[&who[..], args].concat());
                let told = text(&ended.stderr);
                assert_eq!(ended.status.code(), Some(4), "{args:?}: {told}");
            }
        }
    }
}
