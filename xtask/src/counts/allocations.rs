//! Calls of the allocator for each workload, against the counts that are checked in.

use std::fs;

use anyhow::{Result, bail, ensure};

use super::{beyond, parse, printed, program, text};
use crate::sh;

const FILE: &str = "benches/record/allocations.txt";
const HEAD: &str = "# Calls of the allocator in ten calls of each workload, after two that are not counted.\n\
                    # Compared exactly by `cargo xtask allocations`; written by it with --record.\n";

pub(crate) fn run(record: bool) -> Result<()> {
    let program = program(&sh::root())?;
    let now = parse(&printed(&program, &["allocations"])?)?;
    // The gate is no decoration: one more allocation a call must be found in every workload.
    let planted = parse(&printed(&program, &["allocations", "--plant"])?)?;
    let found = beyond(&now, &planted, 0.0).len();
    ensure!(
        found == now.len(),
        "{found} planted allocations found of {}",
        now.len()
    );

    let path = sh::root().join(FILE);
    if record {
        return Ok(fs::write(path, text(HEAD, &now))?);
    }
    let changed = beyond(&parse(&fs::read_to_string(path)?)?, &now, 0.0);
    if !changed.is_empty() {
        bail!(
            "allocations differ from {FILE}:\n  {}\nif that is meant: cargo xtask allocations --record",
            changed.join("\n  ")
        );
    }
    eprintln!(
        "{} workloads allocate as recorded; {found} planted allocations found",
        now.len()
    );
    Ok(())
}
