//! What others rely on stays as it is: the words of labels and errors.
//! The trace's spelling is held by `tests/traces/every_line.trace`, which is read and written back.

use dashstream_testkit::frozen::{Frozen, check, names};

fn file<'a>(file: &'a str, about: &'a str) -> Frozen<'a> {
    Frozen {
        manifest_dir: env!("CARGO_MANIFEST_DIR"),
        file,
        about,
        test: "-p dashstream-policy frozen",
    }
}

#[test]
fn the_labels_and_the_codes_of_errors_are_frozen() {
    check(
        &file(
            "tests/frozen/names.txt",
            "The words of causes, dispositions, forms and choices, and the codes of errors.",
        ),
        &names(env!("CARGO_MANIFEST_DIR"), &["code", "label"]),
    );
}
