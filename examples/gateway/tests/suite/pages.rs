//! The pages under clients that mean no good.

#![expect(
    clippy::disallowed_methods,
    reason = "a test measures how long another process takes"
)]

use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use crate::support::Running;

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or(answer)
}

#[test]
fn half_sent_requests_do_not_keep_a_probe_out_and_are_ended() {
    let gateway = Running::start_within(256, &[]);
    let _joined = gateway.wait_for("/livez", "ok");
    let mut idle: Vec<TcpStream> = (0..324).map(|_| gateway.connect()).collect();
    for stream in &mut idle {
        // Those that gave their places to others are reset.
        let _sent = stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n");
    }
    let begun = Instant::now();
    for page in ["/livez", "/readyz", "/health", "/metrics"] {
        let asked = Instant::now();
        let answer = gateway.get(page);
        assert!(answer.starts_with("HTTP/1.1 "), "{page}: {answer}");
        assert!(asked.elapsed() < Duration::from_secs(1), "{page}");
    }
    // Without a whole head within five seconds a connection is over, room or not.
    for stream in &mut idle {
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let mut answer = Vec::new();
        // A reset is an end as well.
        let _read = stream.read_to_end(&mut answer);
    }
    assert!(begun.elapsed() < Duration::from_secs(15));
}

#[test]
fn only_requests_for_this_server_are_answered() {
    let names = [("WEBSOCKET_ALLOWED_HOSTS", "dash.example")];
    let gateway = Running::start(&[], &names);
    let port = gateway.address().rsplit(':').next().unwrap().to_owned();
    let ask = |page: &str, hosts: &[&str]| {
        let fields: Vec<_> = hosts.iter().map(|h| format!("Host: {h}\r\n")).collect();
        let head = format!(
            "GET {page} HTTP/1.1\r\n{}Connection: close",
            fields.concat()
        );
        let answer = gateway.ask(&head);
        assert!(!answer.contains("evil"), "a stranger's text in {answer}");
        status(&answer).to_owned()
    };
    for page in ["/", "/health", "/metrics", "/version", "/livez"] {
        for host in ["localhost", "127.0.0.1", "dash.example", "DASH.example:80"] {
            assert_eq!(ask(page, &[host]), "200", "{page} for {host}");
        }
        let own_port = format!("evil.example:{port}");
        for host in [
            "evil.example",
            &own_port,
            "localhost.evil.example",
            "10.0.0.1",
        ] {
            assert_eq!(ask(page, &[host]), "421", "{page} for {host}");
        }
        assert_eq!(ask(page, &[]), "400");
        assert_eq!(ask(page, &["localhost", "evil.example"]), "400");
    }
    let absolute =
        "GET http://evil.example/health HTTP/1.1\r\nHost: localhost\r\nConnection: close";
    assert_eq!(status(&gateway.ask(absolute)), "421");
}

#[test]
fn a_scraper_that_takes_gzip_gets_it() {
    let gateway = Running::start(&[], &[]);
    // Of HTTP/1.0, so that the body comes in one piece.
    let ask = |takes: &str| {
        let mut stream = gateway.connect();
        let head = format!("GET /metrics HTTP/1.0\r\nHost: localhost\r\nAccept-Encoding: {takes}");
        write!(stream, "{head}\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
        let body = answer.split_off(end.unwrap() + 4);
        (String::from_utf8(answer).unwrap().to_lowercase(), body)
    };
    let families = |page: &str| {
        let types = page.lines().filter(|line| line.starts_with("# TYPE "));
        types.map(str::to_owned).collect::<Vec<_>>()
    };
    let (head, plain) = ask("identity");
    assert!(!head.contains("content-encoding"), "{head}");
    let (head, deflated) = ask("gzip");
    assert!(head.contains("content-encoding: gzip"), "{head}");
    assert!(head.contains("vary: accept-encoding"), "{head}");
    assert!(deflated.len() * 4 < plain.len(), "{}", deflated.len());
    let mut page = String::new();
    let mut inflating = flate2::read::GzDecoder::new(&deflated[..]);
    inflating.read_to_string(&mut page).unwrap();
    let plain = String::from_utf8(plain).unwrap();
    assert!(families(&page).len() > 30, "{page}");
    assert_eq!(families(&page), families(&plain));
}
