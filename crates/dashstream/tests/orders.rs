//! Orders over HTTP: each ends a hold as it says, and a stranger's is refused.
#![cfg(all(feature = "http", feature = "kafka"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use core::time::Duration;

use dashstream::kafka::{Config, Embedded};
use dashstream::policy::{self, Archiving, Mode, Scope};
use dashstream::{Consumer, HandlerVerdict, Message, OperatorToken, Pages};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const GOOD: &[u8] = b"\0\x0a\x07\x0a\x05\x22\x01t\x28\x01";

struct Served {
    broker: Embedded,
    consumer: Consumer,
    port: u16,
}

impl Served {
    async fn start(token: Option<&str>) -> Self {
        let broker = Embedded::start().unwrap();
        broker.create_topic("runs", 1).unwrap();
        let config = Config::new(broker.brokers(), "runs", "test").unwrap();
        let policy = policy::Config::default()
            .mode(Mode::Pause)
            .scope(Scope::Partition)
            .archiving(Archiving::Off);
        let builder = Consumer::builder(config.clone()).policy(policy);
        let consumer = builder.start(|_: Message<'_>| HandlerVerdict::Accept);
        let consumer = consumer.await.unwrap();
        let mut pages = Pages::new(consumer.monitor().clone());
        if let Some(token) = token {
            let token = OperatorToken::new(token).unwrap();
            pages = pages.orders(token, consumer.kafka().clone(), config);
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let never = core::future::pending();
            pages.serve(listener, axum::Router::new(), never).await;
        });
        Self {
            broker,
            consumer,
            port,
        }
    }

    fn produce(&self, values: &[&[u8]]) {
        for value in values {
            self.broker.produce("runs", None, Some(value)).unwrap();
        }
    }

    async fn ask(&self, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let len = body.len();
        let request = format!("{head}\r\nContent-Length: {len}\r\nConnection: close\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// The status and the body of the answer to an order of this operator.
    async fn order(&self, order: &str) -> (String, String) {
        let head =
            format!("POST /orders HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}");
        self.sent(&head, order).await
    }

    /// The answer once the order can be carried out: what is retried is held again a moment later, and a
    /// status is a fraction of a second old.
    async fn carried_out(&self, order: &str) -> (String, String) {
        for _ in 0..100 {
            let answer = self.order(order).await;
            if answer.0 == "200" {
                return answer;
            }
            sleep(Duration::from_millis(100)).await;
        }
        self.order(order).await
    }

    async fn sent(&self, head: &str, order: &str) -> (String, String) {
        let by = r#""who":"ann","why":"a test""#;
        let answer = self.ask(head, &format!("{{{order},{by}}}")).await;
        let status = answer.split(' ').nth(1).unwrap().to_owned();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        (status, body.to_owned())
    }

    /// Waits until the partition is held there, or by nobody.
    async fn held_at(&self, offset: Option<u64>) {
        for _ in 0..300 {
            let observed = &self.consumer.monitor().metrics().latest().observed;
            let partition = observed.partitions.first();
            if partition.is_some_and(|partition| partition.held_at == offset) {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
        let observed = self.consumer.monitor().metrics().latest();
        unreachable!("not held at {offset:?}: {:?}", observed.observed.partitions);
    }
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(test);
}

#[test]
fn each_order_ends_a_hold_as_it_says() {
    run(async {
        let served = Served::start(Some(TOKEN)).await;
        served.produce(&[GOOD, b"poison", GOOD]);
        served.held_at(Some(1)).await;
        let applied = |at: u64| {
            let body = format!(r#"{{"offset":{at},"outcome":"applied"}}"#);
            ("200".to_owned(), body)
        };
        // Met again, and held again.
        let retried = served.order(r#""order":"retry","partition":0"#).await;
        assert_eq!(retried, applied(1));
        let skipped = served.carried_out(r#""order":"skip_one","partition":0"#);
        assert_eq!(skipped.await, applied(1));
        served.held_at(None).await;
        served.produce(&[b"poison", b"poison", GOOD]);
        served.held_at(Some(3)).await;
        for (to, outcome) in [(1, "backwards"), (7, "beyond_end")] {
            let order = format!(r#""order":"skip_to","offset":{to},"partition":0"#);
            let (status, body) = served.order(&order).await;
            assert_eq!(status, "409", "{body}");
            assert!(body.contains(outcome), "{body}");
        }
        let order = r#""order":"skip_to","offset":5,"partition":0"#;
        assert_eq!(served.order(order).await.0, "200");
        served.held_at(None).await;
        // A pause lasts until it is lifted, and only then is there something to resume.
        let resume = r#""order":"resume","partition":0"#;
        assert_eq!(served.order(resume).await.0, "409");
        let pause = r#""order":"pause","partition":0"#;
        assert_eq!(served.order(pause).await.0, "200");
        served.produce(&[GOOD]);
        let resumed = served.carried_out(resume).await;
        assert!(resumed.1.contains("applied"), "{resumed:?}");
        let (status, body) = served.order(r#""order":"retry","partition":7"#).await;
        assert_eq!(status, "409");
        assert_eq!(
            body,
            r#"{"offset":null,"outcome":"not_assigned","owner":null}"#
        );
        for _ in 0..300 {
            let snapshot = served.consumer.monitor().metrics().latest();
            if snapshot.totals.outcomes.total() >= 7 {
                break;
            }
            sleep(Duration::from_millis(100)).await;
        }
        let ended = served.consumer.shutdown().await.unwrap();
        assert!(ended.closing.committed);
    });
}

#[test]
fn whoever_is_no_operator_or_asks_from_elsewhere_is_refused() {
    run(async {
        let served = Served::start(Some(TOKEN)).await;
        served.produce(&[b"poison"]);
        served.held_at(Some(0)).await;
        let bearer = format!("Authorization: Bearer {TOKEN}");
        let retry = r#""order":"retry","partition":0"#;
        for (head, status, why) in [
            ("Host: localhost".to_owned(), "401", "unauthorized"),
            (
                "Host: localhost\r\nAuthorization: Bearer 0123456789abcdef0123456789abcdee"
                    .to_owned(),
                "401",
                "unauthorized",
            ),
            (
                format!("Host: localhost\r\nOrigin: http://evil.example\r\n{bearer}"),
                "403",
                "foreign_origin",
            ),
            (
                format!("Host: localhost\r\nOrigin: null\r\n{bearer}"),
                "403",
                "foreign_origin",
            ),
            (
                format!("Host: evil.example\r\n{bearer}"),
                "421",
                "not that host",
            ),
            (bearer.clone(), "400", "one host"),
        ] {
            let head = format!("POST /orders HTTP/1.1\r\n{head}");
            let (answered, body) = served.sent(&head, retry).await;
            assert_eq!(answered, status, "{head}: {body}");
            assert!(body.contains(why), "{head}: {body}");
        }
        // A body that is too large for an order, and one that is none.
        let (status, _) = served.order(&format!("{:5000}{retry}", "")).await;
        assert_eq!(status, "413");
        assert_eq!(served.order(r#""order":"retry""#).await.0, "400");
        // Nothing of that was carried out.
        served.held_at(Some(0)).await;
        let own = format!(
            "POST /orders HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:{}\r\n{bearer}",
            served.port
        );
        assert_eq!(served.sent(&own, retry).await.0, "200");
    });
}

#[test]
fn without_a_token_there_are_no_orders_and_there_are_pages() {
    run(async {
        let served = Served::start(None).await;
        let (status, _) = served.order(r#""order":"retry","partition":0"#).await;
        assert_eq!(status, "404");
        for (page, says) in [
            ("/health", "\"status\""),
            ("/livez", "ok"),
            ("/metrics", "dashstream_runs"),
            ("/version", "\"version\""),
        ] {
            let head = format!("GET {page} HTTP/1.1\r\nHost: localhost");
            let answer = served.ask(&head, "").await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{page}: {answer}");
            assert!(answer.contains(says), "{page}: {answer}");
        }
    });
}

/// The command gives the same orders, and says by its code what came of them.
#[cfg(feature = "cli")]
#[test]
fn the_command_lists_holds_and_ends_them() {
    use std::process::Command;

    async fn hold(port: u16, token: &str, order: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dashstream"));
        let gateway = format!("127.0.0.1:{port}");
        command.args(["hold", "--gateway", &gateway]).args(order);
        command.env("DASHSTREAM_OPERATOR_TOKEN", token);
        let ended = tokio::task::spawn_blocking(move || command.output().unwrap());
        let ended = ended.await.unwrap();
        let said = [ended.stdout, ended.stderr].concat();
        (ended.status.code(), String::from_utf8(said).unwrap())
    }
    run(async {
        let served = Served::start(Some(TOKEN)).await;
        let port = served.port;
        let order = |words: &[&'static str]| {
            let by = ["--who", "ann", "--why", "a test"];
            let words = [words, &by].concat();
            async move { hold(port, TOKEN, &words).await }
        };
        served.produce(&[GOOD, b"poison", GOOD]);
        served.held_at(Some(1)).await;
        let (code, said) = hold(port, TOKEN, &["list"]).await;
        assert_eq!(code, Some(1), "{said}");
        assert!(said.starts_with("partition 0: paused_by_policy at 1 for bad_frame, "));
        assert_eq!(
            order(&["retry", "7"]).await,
            (Some(1), "not_assigned\n".to_owned())
        );
        let backwards = (Some(1), "backwards\n".to_owned());
        assert_eq!(order(&["skip-to", "0", "0"]).await, backwards);
        let not_paused = (Some(1), "not_paused\n".to_owned());
        assert_eq!(order(&["resume", "0"]).await, not_paused);
        for token in ["0123456789abcdef0123456789abcdee", "short"] {
            let retry = ["retry", "0", "--who", "ann", "--why", "a test"];
            let (code, said) = hold(port, token, &retry).await;
            assert_eq!(code, Some(4), "{said}");
            assert!(said.contains("unauthorized"), "{said}");
        }
        let split = ["retry", "0", "--who", "ann", "--why", "a test"];
        assert_eq!(hold(port, "a\r\nb", &split).await.0, Some(2));
        assert_eq!(
            order(&["skip", "0"]).await,
            (Some(0), "applied at 1\n".to_owned())
        );
        served.held_at(None).await;
        assert_eq!(hold(port, TOKEN, &["list"]).await, (Some(0), String::new()));
        assert_eq!(order(&["pause", "0"]).await.0, Some(0));
    });
}
