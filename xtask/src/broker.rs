//! The adapter's tests against a broker outside the process.

use core::time::Duration;

use anyhow::Result;

use crate::kafka::Broker;
use crate::sh;

/// Runs the suite against `brokers`, or against a broker of its own that ends with it.
pub(crate) fn run(brokers: Option<&str>) -> Result<()> {
    match brokers {
        Some(brokers) => suite(brokers),
        None => {
            // Built first, so that the broker does not wait for the compiler.
            sh::run(tests().arg("--no-run"))?;
            let broker = Broker::start(LIFE)?;
            suite(&broker.address)
        }
    }
}

fn suite(brokers: &str) -> Result<()> {
    let mut command = tests();
    // Most of the time is spent waiting for groups to form.
    command
        .args(["--no-fail-fast", "--", "--test-threads", "12"])
        .env("DASHSTREAM_TEST_BROKERS", brokers);
    sh::run(&mut command)
}

fn tests() -> std::process::Command {
    sh::cargo(&["test", "--locked", "-p", "dashstream-kafka", "--tests"])
}

/// Several times what the suite takes.
const LIFE: Duration = Duration::from_secs(900);
