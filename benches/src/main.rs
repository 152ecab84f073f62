//! `cargo xtask figures [area or beginning of a name] [--quick]`: one JSON object a line, non-zero exit on a missed goal.
//!
//! `allocations`, `workload` and `features` are for `cargo xtask allocations` and `instructions`.

mod codec;
mod counted;
mod end_to_end;
#[cfg(feature = "kafka")]
mod kafka;
mod measure;
mod metrics;
mod policy;
mod reducer;
mod zstd;

use std::process::ExitCode;

use measure::{Run, Strictness};

type Area = (&'static str, fn(&mut Run));

/// Each area adds its rows to the run; the order is that of the printed lines.
const AREAS: &[Area] = &[
    ("zstd", zstd::run),
    ("codec", codec::run),
    ("reducer", reducer::run),
    ("metrics", metrics::run),
    ("policy", policy::run),
    ("end-to-end", end_to_end::run),
    #[cfg(feature = "kafka")]
    ("kafka", kafka::run),
];

fn main() -> ExitCode {
    let mut wanted = String::new();
    let mut strictness = Strictness::Exact;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--quick" => strictness = Strictness::Quick,
            counted::ALLOCATIONS => {
                counted::allocations(std::env::args().any(|more| more == counted::PLANT));
                return ExitCode::SUCCESS;
            }
            counted::ONE => return counted::one(std::env::args().skip(2)),
            counted::FEATURES => {
                counted::features();
                return ExitCode::SUCCESS;
            }
            end_to_end::PEAK => {
                end_to_end::peak();
                return ExitCode::SUCCESS;
            }
            #[cfg(feature = "kafka")]
            kafka::ONE => {
                kafka::one(std::env::args().skip(2));
                return ExitCode::SUCCESS;
            }
            name if AREAS.iter().any(|(area, _)| is_of(area, name)) => wanted = argument,
            other => {
                eprintln!("no area {other}; there are: {:?}", AREAS.map_names());
                return ExitCode::from(2);
            }
        }
    }
    let mut run = Run::new(strictness, wanted.clone());
    for (name, area) in AREAS {
        if wanted.is_empty() || is_of(name, &wanted) {
            area(&mut run);
        }
    }
    if run.quick() && wanted.is_empty() {
        run.second_chance(is_met_alone);
    }
    run.finish()
}

/// Whether a process of its own, which measures only the figures that begin so, misses none.
fn is_met_alone(figure: &str) -> bool {
    let program = std::env::current_exe().expect("this program's path");
    let mut alone = std::process::Command::new(program);
    let status = alone.args([figure, "--quick"]).status();
    status.is_ok_and(|status| status.success())
}

/// Whether `wanted` is the area, or the beginning of a figure's name in it.
fn is_of(area: &str, wanted: &str) -> bool {
    wanted.split('/').next() == Some(area)
}

trait Names {
    fn map_names(&self) -> Vec<&'static str>;
}

impl Names for [Area] {
    fn map_names(&self) -> Vec<&'static str> {
        self.iter().map(|(name, _)| *name).collect()
    }
}
