//! Simulated schedules of the policy engine: random ones, and every short one.

use anyhow::Result;

use crate::sh;

/// Runs `schedules` random schedules from `seed` on, then every trace of six events.
pub(crate) fn run(schedules: u64, seed: u64) -> Result<()> {
    let (count, first) = (schedules.to_string(), seed.to_string());
    for arguments in [vec!["schedules", &count, &first], vec!["exhaustive", "6"]] {
        let mut command = sh::cargo(&["run", "--release", "-q", "-p", "dashstream-sim", "--"]);
        sh::run(command.args(arguments))?;
    }
    Ok(())
}
