//! What `/version` answers, under the names that existing servers use.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dashstream::codec::SCHEMA_VERSION;
use dashstream::policy::Mode;
use dashstream_kafka::Config;
use serde::Serialize;

use crate::settings::Settings;

/// Which build this is, and what it was told to do.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Version {
    component: &'static str,
    version: &'static str,
    git_sha: &'static str,
    build_date: &'static str,
    schema_version: u32,
    resume_namespace: String,
    kafka_topic: String,
    kafka_group_id: String,
    max_payload_bytes: usize,
    decode_error_policy: &'static str,
}

impl Version {
    pub(crate) fn new(settings: &Settings, kafka: &Config) -> Self {
        Self {
            component: "dashstream-gateway",
            version: env!("CARGO_PKG_VERSION"),
            git_sha: option_env!("GIT_SHA").unwrap_or("unknown"),
            build_date: option_env!("BUILD_DATE").unwrap_or("unknown"),
            schema_version: SCHEMA_VERSION,
            resume_namespace: resume_namespace(
                settings.cluster_id.as_deref(),
                kafka.topic_name(),
                kafka.group_name(),
                kafka.broker_list(),
            ),
            kafka_topic: kafka.topic_name().to_owned(),
            kafka_group_id: kafka.group_name().to_owned(),
            max_payload_bytes: settings.max_payload_bytes,
            decode_error_policy: match settings.policy.mode {
                Mode::Skip => "skip",
                Mode::Pause => "pause",
            },
        }
    }
}

/// Names the offset space that a client's cursor belongs to, as existing servers do: a cursor of
/// another cluster, topic or group must not be resumed from.
fn resume_namespace(cluster: Option<&str>, topic: &str, group: &str, brokers: &str) -> String {
    let mut brokers: Vec<&str> = brokers
        .split(',')
        .map(str::trim)
        .filter(|broker| !broker.is_empty())
        .collect();
    brokers.sort_unstable();
    let rest = format!("topic={topic};group={group};brokers={}", brokers.join(","));
    match cluster {
        None => format!("v1_{}", URL_SAFE_NO_PAD.encode(rest)),
        Some(cluster) => format!(
            "v2_{}",
            URL_SAFE_NO_PAD.encode(format!("cluster={cluster};{rest}"))
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_does_not_depend_on_the_order_of_the_brokers() {
        let name = |brokers| resume_namespace(None, "t", "g", brokers);
        assert_eq!(name("b:1, a:1,,"), name("a:1,b:1"));
        let text = URL_SAFE_NO_PAD
            .decode(name("b:1,a:1").strip_prefix("v1_").unwrap())
            .unwrap();
        assert_eq!(text, b"topic=t;group=g;brokers=a:1,b:1");
        let text = resume_namespace(Some("c"), "t", "g", "a:1");
        let text = URL_SAFE_NO_PAD
            .decode(text.strip_prefix("v2_").unwrap())
            .unwrap();
        assert_eq!(text, b"cluster=c;topic=t;group=g;brokers=a:1");
    }
}
