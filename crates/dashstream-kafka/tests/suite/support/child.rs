//! A test of this binary, run alone in a process that may die.

use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const TOLD: &str = "DASHSTREAM_TEST_CHILD";

/// What the process was told, in one that [`run`] has started.
pub fn told() -> Option<String> {
    std::env::var(TOLD).ok()
}

/// Runs the test called `name` in a process of its own, and returns how it ended.
pub fn run(name: &str, told: &str, limit: Duration) -> ExitStatus {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--include-ignored"])
        .env(TOLD, told)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > limit {
            let _gone = child.kill();
            let _reaped = child.wait();
            panic!("not over in time: {name} {told}");
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// SIGKILL to this very process: no destructor, no flush, no commit.
pub fn die() -> ! {
    let id = std::process::id().to_string();
    let _sent = Command::new("kill").args(["-9", &id]).status();
    loop {
        thread::park();
    }
}
