//! Whatever a page, an expression or a file of rules says, reading it ends without a panic.
#![no_main]

use dashstream_metrics::lint::{check, expressions};
use dashstream_metrics::{Registry, compare};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = compare(text, &Registry::new(), &[0]);
    for expression in expressions(text) {
        let _ = check(&expression);
    }
    let expression = dashstream_metrics::lint::Expression { line: 1, text: text.into() };
    let _ = check(&expression);
});
