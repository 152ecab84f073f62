//! Users who log in over TLS, by SASL/SCRAM and by SASL/OAUTHBEARER.
//!
//! It needs the users and the certificate of the broker that `cargo xtask broker-test` starts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dashstream_kafka::policy::{Archiving, Cause, Form, Scope};
use dashstream_kafka::{ArchiveFinding, Consumer, ConsumerEvent, OAuthToken, TopicReader, policy};

use crate::support::host::{Host, POISON, Place, run};
use crate::support::{Broker, unique, within};

const LIMIT: Duration = Duration::from_secs(90);
const JOIN: Duration = Duration::from_secs(20);

/// How a user comes to `place`, with the broker's certificate and nothing to prove himself by.
fn over_tls(place: &Place) -> dashstream_kafka::Config {
    let variable = |name| std::env::var(name).expect("cargo xtask broker-test");
    let mut place = place.clone();
    place.brokers = variable("DASHSTREAM_TEST_SECURE");
    let certificate = variable("DASHSTREAM_TEST_CERTIFICATE");
    let config = place.config().set("security.protocol", "sasl_ssl");
    let config = config.and_then(|config| config.set("ssl.ca.location", certificate));
    config.unwrap()
}

fn scram(place: &Place, user: &str, password: &str) -> dashstream_kafka::Config {
    let config = over_tls(place).set("sasl.mechanism", "SCRAM-SHA-256");
    let config = config.and_then(|config| config.set("sasl.username", user));
    let config = config.and_then(|config| config.set("sasl.password", password));
    config.unwrap()
}

/// A token that the broker takes without a signature, as it does for trying.
fn token(subject: &str, life: Duration) -> OAuthToken {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap();
    let claims = format!(
        r#"{{"sub":"{subject}","iat":{},"exp":{}}}"#,
        now.as_secs(),
        (now + life).as_secs()
    );
    let [header, claims] = [r#"{"alg":"none"}"#, &claims].map(|part| URL_SAFE_NO_PAD.encode(part));
    OAuthToken {
        token: format!("{header}.{claims}."),
        principal: subject.to_owned(),
        expires_at: now + life,
    }
}

fn oauth(place: &Place, life: Duration) -> (dashstream_kafka::Config, Arc<AtomicU32>) {
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let config = over_tls(place).set("sasl.mechanism", "OAUTHBEARER");
    let config = config.unwrap().oauth_tokens(move || {
        count.fetch_add(1, Ordering::Relaxed);
        Ok(token("member", life))
    });
    (config, asked)
}

/// Why a consumer does not start: a code, and a sentence.
fn refused(config: dashstream_kafka::Config) -> (&'static str, String) {
    let started = run(Consumer::start(config, policy::Config::default(), |_| {}));
    match started {
        Ok(_) => panic!("nothing may be consumed"),
        Err(error) => (error.code(), error.to_string()),
    }
}

/// Reads a poison record and another, and has the first one archived.
async fn consume(host: &mut Host) {
    let judged = host.judge(2, JOIN, Cause::DecodeError).await;
    assert_eq!(judged, [(0, 0), (0, 1)]);
    host.until("archived", |status| {
        let counters = &status.policy.counters;
        counters.archive_acked(Cause::DecodeError, Form::Full) == 1
    })
    .await;
}

fn required() -> policy::Config {
    policy::Config::default()
        .archiving(Archiving::Required)
        .scope(Scope::Partition)
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn a_member_that_logs_in_by_scram_over_tls_consumes_archives_and_commits() {
    within(LIMIT, || {
        let broker = Broker::outside();
        let place = Place::new(&broker, 1);
        broker.append(&place.topic, 0, &[Some(POISON), Some("a")]);
        run(async {
            let mut host = Host::start(scram(&place, "member", "secret"), required()).await;
            consume(&mut host).await;
            let closing = host.shutdown().await;
            assert!(closing.committed, "{closing:?}");
        });
        assert_eq!(broker.committed(&place.group, &place.topic, 0), Some(2));
    });
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn a_member_that_logs_in_by_tokens_consumes_archives_and_asks_for_the_next_in_time() {
    within(LIMIT, || {
        let broker = Broker::outside();
        let place = Place::new(&broker, 1);
        broker.append(&place.topic, 0, &[Some(POISON), Some("a")]);
        let (config, asked) = oauth(&place, Duration::from_secs(10));
        run(async {
            let mut host = Host::start(config.clone(), required()).await;
            consume(&mut host).await;
            // How topics are set is not known, and said to be so.
            let events = host.events();
            let is_unknown = |event: &ConsumerEvent| {
                matches!(
                    event,
                    ConsumerEvent::Archive(ArchiveFinding::Unanswered { .. })
                )
            };
            assert!(events.iter().any(is_unknown), "{events:?}");
            // Beyond the life of the first token.
            let before = asked.load(Ordering::Relaxed);
            tokio::time::sleep(Duration::from_secs(12)).await;
            assert!(asked.load(Ordering::Relaxed) > before);
            broker.append(&place.topic, 0, &[Some("b")]);
            assert_eq!(host.judge(1, JOIN, Cause::DecodeError).await, [(0, 2)]);
            let closing = host.shutdown().await;
            assert!(closing.committed, "{closing:?}");
        });
        let mut reader = TopicReader::whole(&config, &place.archive).unwrap();
        let (_, letter) = reader.read().unwrap().unwrap();
        assert!(letter.value.is_some());
    });
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn a_wrong_password_a_wrong_certificate_and_a_missing_token_are_told_apart() {
    within(LIMIT, || {
        let place = Place::new(&Broker::outside(), 1);
        for (user, password) in [("reader", "wrong"), ("nobody", "secret")] {
            let (code, _) = refused(scram(&place, user, password));
            assert_eq!(code, "authentication_failed", "{user}");
        }
        let (code, _) = refused(scram(&place, "stranger", "secret"));
        assert_eq!(code, "not_authorized");
        let other = std::env::temp_dir().join(unique("certificate"));
        std::fs::write(&other, OTHER_CERTIFICATE).unwrap();
        let config = scram(&place, "reader", "secret");
        let config = config.set("ssl.ca.location", other.to_str().unwrap());
        let (code, sentence) = refused(config.unwrap());
        assert_eq!(code, "tls_failed");
        assert!(sentence.contains("certificate"), "{sentence}");
        std::fs::remove_file(other).unwrap();
        let config = over_tls(&place).set("sasl.mechanism", "OAUTHBEARER");
        let config = config.unwrap();
        let (code, sentence) = refused(
            config
                .clone()
                .oauth_tokens(|| Err("the provider is away".into())),
        );
        assert_eq!(code, "authentication_failed");
        assert!(sentence.contains("the provider is away"), "{sentence}");
        let (code, sentence) = refused(config);
        assert_eq!(code, "authentication_failed");
        assert!(sentence.contains("oauth_tokens"), "{sentence}");
    });
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn a_client_of_another_protocol_than_the_listener_s_is_told_so_in_the_client_s_words() {
    within(LIMIT, || {
        let place = Place::new(&Broker::outside(), 1);
        let plain = over_tls(&place).set("security.protocol", "plaintext");
        let (code, sentence) = refused(plain.unwrap());
        assert_eq!(code, "unreachable");
        assert!(sentence.contains("in state APIVERSION_QUERY"), "{sentence}");
        let tls = place.config().set("security.protocol", "ssl");
        let (code, sentence) = refused(tls.unwrap());
        assert_eq!(code, "unreachable");
        assert!(sentence.contains("SSL_HANDSHAKE"), "{sentence}");
    });
}

/// Of an authority that has signed nothing here.
const OTHER_CERTIFICATE: &str = include_str!("support/other-certificate.pem");
