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
            suite(&cluster.address, Some(&cluster.login_address()?))
        }
    }
}

/// `login` is where the users of [`Cluster`] log in; without it the tests about them are left out.
fn suite(brokers: &str, login: Option<&str>) -> Result<()> {
    for mut tests in tests() {
        // Most of the time is spent waiting for groups to form.
        tests
            .args(["--no-fail-fast", "--", "--include-ignored"])
            .args(["--test-threads", "12"])
            .env("DASHSTREAM_TEST_BROKERS", brokers);
        match login {
            Some(login) => tests.env("DASHSTREAM_TEST_LOGIN", login),
            None => tests.args(["--skip", "::logins::"]),
        };
        sh::run(&mut tests)?;
    }
    Ok(())
}

fn tests() -> [std::process::Command; 3] {
    [
        &["-p", "dashstream-kafka", "--tests"][..],
        &["-p", "dashstream-gateway", "--test", "suite", "broker::"],
        &["-p", "dashstream", "--features", "cli", "--test", "command"],
    ]
    .map(|which| sh::cargo(&[&["test", "--locked"], which].concat()))
}

/// Several times what the suite takes.
const LIFE: Duration = Duration::from_secs(900);
