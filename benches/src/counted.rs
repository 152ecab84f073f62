//! The workloads as counts, which do not depend on how busy the machine is: calls of the allocator,
//! and one workload alone for a tool that counts instructions.

use std::hint::black_box;
use std::process::ExitCode;

use dashstream_benches::workloads::{ALL, Capture, Workload};
use dashstream_testkit::alloc::measure;

/// Prints a line `workload calls` for each workload.
pub const ALLOCATIONS: &str = "allocations";
/// Runs one workload: its name follows.
pub const ONE: &str = "workload";
/// Prints the features of the processor by which libraries choose their code.
pub const FEATURES: &str = "features";
/// Plants the defect that the gate has to find: one allocation a call, or 3 % more calls.
pub const PLANT: &str = "--plant";

/// Calls of a workload whose instructions are counted.
const CALLS: u32 = 100;
/// Calls with 3 % planted.
const CALLS_PLANTED: u32 = 103;
/// Calls before anything is counted: buffers and contexts are made in the first one.
const CALLS_BEFORE: u32 = 2;
/// Calls whose allocations are counted.
const CALLS_ALLOCATING: u32 = 10;

pub fn allocations(planted: bool) {
    let capture = Capture::load();
    for workload in ALL {
        let mut body = started(workload, &capture);
        let ((), usage) = measure(|| {
            for _ in 0..CALLS_ALLOCATING {
                body();
                if planted {
                    drop(black_box(Box::new(0_u64)));
                }
            }
        });
        println!("{} {}", workload.name, usage.calls);
    }
}

/// The name of a workload, and perhaps [`PLANT`].
pub fn one(mut arguments: impl Iterator<Item = String>) -> ExitCode {
    let name = arguments.next().unwrap_or_default();
    let Some(workload) = ALL.iter().find(|workload| workload.name == name) else {
        ALL.iter()
            .for_each(|workload| println!("{}", workload.name));
        return ExitCode::from(2);
    };
    let calls = match arguments.next().as_deref() {
        Some(PLANT) => CALLS_PLANTED,
        _ => CALLS,
    };
    let mut body = started(workload, &Capture::load());
    measured(&mut *body, calls);
    ExitCode::SUCCESS
}

/// What is counted is what happens under this name.
#[inline(never)]
fn measured(body: &mut dyn FnMut(), calls: u32) {
    for _ in 0..black_box(calls) {
        body();
    }
}

fn started(workload: &Workload, capture: &Capture) -> Box<dyn FnMut()> {
    let mut body = (workload.start)(capture);
    (0..CALLS_BEFORE).for_each(|_| body());
    body
}

pub fn features() {
    #[cfg(target_arch = "x86_64")]
    for (name, is_there) in [
        ("avx2", is_x86_feature_detected!("avx2")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("bmi2", is_x86_feature_detected!("bmi2")),
        ("sha", is_x86_feature_detected!("sha")),
        ("sse4.1", is_x86_feature_detected!("sse4.1")),
        ("ssse3", is_x86_feature_detected!("ssse3")),
    ] {
        println!("{name} {is_there}");
    }
    println!("arch {}", std::env::consts::ARCH);
}
