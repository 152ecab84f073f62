//! What scripts and deployments rely on stays as it is: variables and flags with their defaults, exit
//! codes, the keys of the report and of `/version`, and the paths of the pages.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use core::time::Duration;
use std::collections::BTreeSet;
use std::thread;

use crate::support::{Running, gateway};
use dashstream_kafka::Embedded;
use dashstream_testkit::frozen::{Frozen, check, names};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use serde_json::Value;

fn file<'a>(file: &'a str, about: &'a str) -> Frozen<'a> {
    Frozen {
        manifest_dir: env!("CARGO_MANIFEST_DIR"),
        file,
        about,
        test: "-p dashstream-gateway frozen",
    }
}

/// The README's table, which a test of its own holds to be the one that is read.
#[test]
fn the_variables_and_their_defaults_are_frozen() {
    let mut lines = Vec::new();
    for line in include_str!("../../README.md").lines() {
        let Some(row) = line.strip_prefix("| `") else {
            continue;
        };
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [name, flag, default, values, ..] = cells.as_slice() else {
            continue;
        };
        let name = name.trim_end_matches('`');
        lines.push(format!("{name} {flag} default {default}"));
        let words: Vec<_> = values.split(", ").collect();
        if words.len() > 1 && words.iter().all(|word| !word.contains(' ')) {
            lines.extend(words.iter().map(|word| format!("{name} may be {word}")));
        }
    }
    check(
        &file(
            "tests/frozen/variables.txt",
            "The variables that are read, the flag that wins over each, and the default.",
        ),
        &lines,
    );
}

#[test]
fn the_flags_and_their_defaults_are_frozen() {
    let help = gateway(&["--help"]).output().unwrap().stdout;
    let mut flag = String::new();
    let mut lines = Vec::new();
    for line in String::from_utf8(help).unwrap().lines().map(str::trim) {
        if let Some((word, _)) = line
            .strip_prefix("- ")
            .and_then(|line| line.split_once(':'))
        {
            lines.push(format!("{flag} {word}"));
            continue;
        }
        if let Some((_, long)) = line.strip_prefix('-').and_then(|line| line.split_once('-')) {
            let mut words = long.trim_start_matches('-').split(' ');
            let value = if long.contains('<') { " VALUE" } else { "" };
            flag = format!("--{}{value}", words.next().unwrap());
            lines.push(flag.clone());
        }
        for note in ["default", "env"] {
            if let Some((_, rest)) = line.split_once(&format!("[{note}: ")) {
                let value = rest.split_once(']').unwrap().0;
                lines.push(format!("{flag} {note} {value}"));
            }
        }
    }
    check(
        &file(
            "tests/frozen/flags.txt",
            "The flags as `--help` shows them, with their defaults and variables.",
        ),
        &lines,
    );
}

/// Two runs at one time: one is held at hostile records; in the other somebody else writes to the
/// demo's topic, so that its books do not agree.
#[test]
fn the_exit_codes_and_the_keys_of_reports_are_frozen() {
    let (held, differing) = thread::scope(|scope| {
        let held = scope.spawn(|| run(&["--on-unprocessable", "pause"], false));
        let differing = scope.spawn(|| run(&[], true));
        (held.join().unwrap(), differing.join().unwrap())
    });
    let failed = gateway(&[
        "--brokers",
        "127.0.0.1:1",
        "--group",
        "g",
        "--listen",
        "127.0.0.1:0",
    ]);
    let refused = gateway(&["--no-such-flag"]);
    let help = gateway(&["--help"]);
    let code =
        |mut command: std::process::Command| command.output().unwrap().status.code().unwrap();
    let codes = [
        ("help", code(help)),
        ("a run whose books agree", held.code),
        ("a broker that cannot be reached", code(failed)),
        ("an argument that is refused", code(refused)),
        ("a run whose books differ", differing.code),
    ];
    let mut lines: Vec<_> = codes
        .map(|(what, code)| format!("exit {code} # {what}"))
        .into();
    let mut keys_of = BTreeSet::new();
    keys("report", &held.report, &mut keys_of);
    keys("report", &differing.report, &mut keys_of);
    keys("/version", &held.version, &mut keys_of);
    lines.extend(keys_of);
    lines.extend(held.pages);
    check(
        &file(
            "tests/frozen/process.txt",
            "Exit codes, the keys of the report and of /version with their types, and the pages.",
        ),
        &lines,
    );
}

/// The kinds of hostile records, which are keys of the report's `ledger.hostile`.
#[test]
fn the_names_of_hostile_records_are_frozen() {
    check(
        &file(
            "tests/frozen/names.txt",
            "The kinds of hostile records, as keys of the report's ledger.",
        ),
        &names(
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/dashstream-demo"),
            &["name"],
        ),
    );
}

/// What one run of the process came to.
struct Ended {
    code: i32,
    report: Value,
    version: Value,
    pages: Vec<String>,
}

fn run(args: &[&str], intruded: bool) -> Ended {
    let cluster = Embedded::start().unwrap();
    cluster.create_topic("dashstream-quality", 1).unwrap();
    cluster.create_topic("dashstream-quality-dlq", 1).unwrap();
    let all = [
        &[
            "--brokers",
            cluster.brokers(),
            "--group",
            "frozen",
            "--demo",
        ],
        &["--demo-hostile-every", "20", "--report", "json"][..],
        args,
    ]
    .concat();
    let mut process = Running::start(&all, &[]);
    let intruder = intruded.then(|| Intruder::new(cluster.brokers()));
    let what = "300 records, or a partition that is held";
    process.wait_until("/health", what, |answer| {
        if let Some(intruder) = &intruder {
            intruder.write();
        }
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        let health: Value = serde_json::from_str(body).unwrap();
        let received = health["metrics"]["kafka_messages_received"].as_u64();
        received > Some(300) || answer.contains("paused_by_policy")
    });
    let pages = ["/", "/health", "/livez", "/metrics", "/version", "/nothing"];
    let pages = pages.map(|path| {
        let answer = process.get(path);
        let status = answer.split(' ').nth(1).unwrap();
        format!("GET {path} {status}")
    });
    let answer = process.get("/version");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let (code, stdout) = process.interrupt();
    Ended {
        code: code.unwrap(),
        report: serde_json::from_str(stdout.lines().last().unwrap()).unwrap(),
        version: serde_json::from_str(body).unwrap(),
        pages: pages.into(),
    }
}

/// Writes records that the demo knows nothing of.
struct Intruder(BaseProducer);

impl Intruder {
    fn new(brokers: &str) -> Self {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", brokers);
        Self(config.create().unwrap())
    }

    fn write(&self) {
        let record = BaseRecord::<[u8], [u8]>::to("dashstream-quality").payload(b"?".as_slice());
        self.0.send(record).map_err(|(error, _)| error).unwrap();
        self.0.flush(Duration::from_secs(5)).unwrap();
    }
}

/// Every path with the type of its value. The keys of two objects are words of their own.
fn keys(path: &str, value: &Value, lines: &mut BTreeSet<String>) {
    let kind = match value {
        // What a run happened not to come to.
        Value::Null => return,
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(items) if items.is_empty() => "list",
        Value::Array(items) => {
            for item in items {
                keys(&format!("{path}[]"), item, lines);
            }
            "list"
        }
        Value::Object(_) if path.ends_with("unprocessable") || path.ends_with("hostile") => {
            "counts"
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                keys(&format!("{path}.{key}"), value, lines);
            }
            "object"
        }
    };
    lines.insert(format!("{path} {kind}"));
}
