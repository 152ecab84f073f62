//! The workloads under criterion: `cargo bench --manifest-path benches/Cargo.toml`.

use criterion::{Criterion, criterion_group, criterion_main};
use dashstream_benches::workloads::{ALL, Capture};

fn workloads(criterion: &mut Criterion) {
    let capture = Capture::load();
    for workload in ALL {
        let mut body = (workload.start)(&capture);
        criterion.bench_function(workload.name, |bencher| bencher.iter(&mut body));
    }
}

criterion_group!(benches, workloads);
criterion_main!(benches);
