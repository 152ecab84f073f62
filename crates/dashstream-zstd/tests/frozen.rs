//! What others rely on by name stays as it is.

use dashstream_testkit::frozen::{Frozen, check, names};

#[test]
fn the_codes_of_errors_are_frozen() {
    check(
        &Frozen {
            manifest_dir: env!("CARGO_MANIFEST_DIR"),
            file: "tests/frozen/names.txt",
            about: "The codes of errors, which hosts match, log and count.",
            test: "-p dashstream-zstd frozen",
        },
        &names(env!("CARGO_MANIFEST_DIR"), &["code"]),
    );
}
