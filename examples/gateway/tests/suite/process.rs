//! The process as an operator meets it: arguments, exit codes, messages, pages, and how it ends.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::TcpListener;
use std::process::Output;

use crate::support::{Running, gateway};

fn output(args: &[&str], env: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = gateway(args).envs(env.iter().copied()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// A port that is closed, and stays so for a while.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

#[test]
fn bad_arguments_are_named_and_the_exit_code_is_two() {
    type Case = (
        &'static [&'static str],
        &'static [(&'static str, &'static str)],
        &'static str,
    );
    let cases: [Case; 12] = [
        (&["--no-such-flag"], &[], "--no-such-flag"),
        (&["--for", "soon"], &[], "--for"),
        (&["--partitions", "0"], &[], "--partitions"),
        (
            &["--brokers", "b:9092", "--partitions", "2"],
            &[],
            "--partitions",
        ),
        (
            &[],
            &[("KAFKA_ON_DECODE_ERROR", "pasue")],
            "KAFKA_ON_DECODE_ERROR",
        ),
        (
            &[],
            &[("WEBSOCKET_MAX_PAYLOAD_BYTES", "10MB")],
            "WEBSOCKET_MAX_PAYLOAD_BYTES",
        ),
        (&[], &[("KAFKA_TOPIC", "no spaces")], "KAFKA_TOPIC"),
        (&[], &[("KAFKA_ARCHIVE", "nonsense")], "KAFKA_ARCHIVE"),
        (&["--archive", "nonsense"], &[], "--archive"),
        (&[], &[("RUST_LOG", "gateway=loud")], "RUST_LOG"),
        (&["--brokers", "b:9092"], &[], "--group"),
        (
            &["--topic", "t", "--archive-topic", "t"],
            &[],
            "archive topic",
        ),
    ];
    for (args, env, named) in cases {
        let (code, stdout, stderr) = output(args, env);
        assert_eq!(code, Some(2), "{args:?} {env:?}: {stderr}");
        assert!(stderr.contains(named), "{named}: {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        assert_eq!(stdout, "");
    }
}

#[test]
fn help_and_version_go_to_stdout() {
    let (code, stdout, stderr) = output(&["--help"], &[]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(stdout.contains("KAFKA_ON_DECODE_ERROR"));
    let (code, stdout, _) = output(&["--version"], &[]);
    assert_eq!(code, Some(0));
    assert!(stdout.starts_with("dashstream-gateway "));
}

#[cfg(not(feature = "tls"))]
#[test]
fn tls_that_was_not_built_in_is_refused_with_the_way_out() {
    for protocol in ["ssl", "SASL_SSL"] {
        let (code, _, stderr) = output(&[], &[("KAFKA_SECURITY_PROTOCOL", protocol)]);
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains("--features tls"), "{stderr}");
    }
}

#[test]
fn a_dead_broker_is_reported_and_does_not_hang() {
    let brokers = format!("127.0.0.1:{}", closed_port());
    let args = [
        "--brokers",
        &brokers,
        "--group",
        "g",
        "--listen",
        "127.0.0.1:0",
    ];
    let (code, stdout, stderr) = output(&args, &[]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains(&brokers), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert_eq!(stdout, "");
}

#[test]
fn a_busy_port_is_reported() {
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    let (code, _, stderr) = output(&["--listen", &address, "--for", "5s"], &[]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(
        stderr.contains(&address) && !stderr.contains("panicked"),
        "{stderr}"
    );
}

#[test]
fn a_timed_run_ends_with_a_report_that_adds_up() {
    let args = ["--for", "7s", "--report", "json", "--listen", "127.0.0.1:0"];
    let (code, stdout, stderr) = output(&args, &[]);
    assert_eq!(code, Some(0), "{stderr}");
    // What leaves with each dead letter is said at the start.
    assert!(stderr.contains("the first and last 16 bytes"), "{stderr}");
    let report: serde_json::Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    let count = |name: &str| report[name].as_u64().unwrap();
    let refused = report["unprocessable"].as_object().unwrap();
    let refused: u64 = refused.values().map(|n| n.as_u64().unwrap()).sum();
    assert!(count("received") > 1_000, "{report}");
    assert_eq!(count("decoded") + refused, count("received"));
    assert_eq!(report["ledger"]["agreed"], report["received"]);
    // Eighteen kinds of bytes, each refused at the offset where it was written.
    assert_eq!(
        report["ledger"]["hostile"].as_object().unwrap().len(),
        18,
        "{report}"
    );
    assert_eq!(report["partitions"].as_array().unwrap().len(), 4);
    assert_eq!(report["problems"].as_array().unwrap().len(), 0);
}

#[test]
fn every_dead_letter_finds_room_in_as_many_sends_as_the_variable_allows() {
    let args =
        "--for 6s --report json --listen 127.0.0.1:0 --demo-rate 5000 --demo-hostile-every 3";
    let args: Vec<&str> = args.split(' ').collect();
    let (code, stdout, stderr) = output(&args, &[("MAX_CONCURRENT_DLQ_SENDS", "1000")]);
    assert_eq!(code, Some(0), "{stderr}");
    let report: serde_json::Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    let refused = report["unprocessable"].as_object().unwrap();
    let refused: u64 = refused.values().map(|n| n.as_u64().unwrap()).sum();
    assert!(refused > 1_000, "{report}");
    assert_eq!(report["archived"].as_u64(), Some(refused), "{report}");
}

#[test]
fn lines_about_lost_letters_are_few_and_say_how_many_there_are() {
    let args =
        "--for 6s --report json --listen 127.0.0.1:0 --demo-rate 5000 --demo-hostile-every 3";
    let args: Vec<&str> = args.split(' ').collect();
    let (code, stdout, stderr) = output(&args, &[("MAX_CONCURRENT_DLQ_SENDS", "1")]);
    assert_eq!(code, Some(0), "{stderr}");
    let report: serde_json::Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    let refused = report["unprocessable"].as_object().unwrap();
    let refused: u64 = refused.values().map(|n| n.as_u64().unwrap()).sum();
    let lost = refused - report["archived"].as_u64().unwrap();
    assert!(lost > 100, "{report}");
    let lines = stderr
        .lines()
        .filter(|line| line.contains("archive refused"));
    let (mut written, mut left_out) = (0, 0);
    for line in lines {
        written += u64::from(!line.contains("lines left out"));
        let (_, count) = line.split_once("left_out=").unwrap();
        left_out += count.split(' ').next().unwrap().parse::<u64>().unwrap();
    }
    assert!((5..=20).contains(&written), "{written} lines");
    assert_eq!(written + left_out, lost, "{stderr}");
    let archive = "archive_failing".into();
    assert!(
        report["health"]["reasons"]
            .as_array()
            .unwrap()
            .contains(&archive),
        "{report}"
    );
}

#[test]
fn the_pages_tell_what_goes_on_and_an_interrupt_ends_in_order() {
    let mut gateway = Running::start(&["--report", "json", "--on-unprocessable", "pause"], &[]);
    let page = gateway.get("/");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("content-security-policy"));
    assert!(
        gateway
            .get("/version")
            .contains("\"decode_error_policy\":\"pause\"")
    );
    let held = gateway.wait_for("/health", "paused_by_policy");
    assert!(
        held.starts_with("HTTP/1.1 200") && held.contains("\"verdict\":\"fail\""),
        "{held}"
    );
    assert!(gateway.get("/readyz").starts_with("HTTP/1.1 503"));
    // A restart would meet the same record: a held partition must not cause one.
    assert!(gateway.get("/livez").starts_with("HTTP/1.1 200"));
    let metrics = gateway.get("/metrics");
    assert!(metrics.contains("# TYPE websocket_kafka_messages_total counter"));
    assert!(
        gateway
            .get("/health")
            .contains("\"self_scrape\":{\"compared\":true,\"differences\":0}")
    );
    assert!(gateway.get("/nothing").starts_with("HTTP/1.1 404"));

    let (code, stdout) = gateway.interrupt();
    assert_eq!(code, Some(0), "{stdout}");
    let report: serde_json::Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    assert_eq!(report["problems"].as_array().unwrap().len(), 0);
}
