//! The adapter's tests, the gateway's and the command's, against a broker outside the process.

use core::time::Duration;

use anyhow::Result;

use crate::kafka::Cluster;
use crate::sh;

/// Runs the tests against `brokers`, or against a broker of its own that ends with it.
pub(crate) fn run(brokers: Option<&str>) -> Result<()> {
    match brokers {
        Some(brokers) => suite(brokers, None),
        None => {
            // Built first, so that the broker does not wait for the compiler.
            for mut tests in tests() {
                sh::run(tests.arg("--no-run"))?;
            }
            let cluster = Cluster::start(1, LIFE)?;
            cluster.grant()?;
            suite(&cluster.address, Some(&cluster))
        }
    }
}

/// The tests about users are left out where nobody knows how they log in, at a broker that is not ours.
fn suite(brokers: &str, ours: Option<&Cluster>) -> Result<()> {
    for mut tests in tests() {
        // Most of the time is spent waiting for groups to form.
        tests
            .args(["--no-fail-fast", "--", "--include-ignored"])
            .args(["--test-threads", "12"])
            .env("DASHSTREAM_TEST_BROKERS", brokers);
        match ours {
            Some(cluster) => tests
                .env("DASHSTREAM_TEST_LOGIN", cluster.login_address()?)
                .env("DASHSTREAM_TEST_SECURE", cluster.secure_address()?)
                .env("DASHSTREAM_TEST_CERTIFICATE", cluster.certificate()?),
            None => tests.args(["--skip", "::logins::", "--skip", "::secure::"]),
        };
        sh::run(&mut tests)?;
    }
    Ok(())
}

fn tests() -> [std::process::Command; 3] {
    [
        &["-p", "dashstream-kafka", "--features", "tls", "--tests"][..],
        &["-p", "dashstream-gateway", "--test", "suite", "broker::"],
        &["-p", "dashstream", "--features", "cli", "--test", "command"],
    ]
    .map(|which| sh::cargo(&[&["test", "--locked"], which].concat()))
}

/// Several times what the suite takes.
const LIFE: Duration = Duration::from_secs(900);
