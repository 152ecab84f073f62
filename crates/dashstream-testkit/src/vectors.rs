//! Vectors and fuzzing corpora that stand as files beside a crate's tests.

use std::fs;
use std::path::Path;

/// Every file directly under `folder` of the crate at `manifest_dir`, as (name, bytes), by name.
///
/// Call it with `env!("CARGO_MANIFEST_DIR")`.
///
/// # Panics
///
/// When the folder is missing, unreadable, or empty: a test that replays nothing proves nothing.
#[must_use]
pub fn load(manifest_dir: &str, folder: &str) -> Vec<(String, Vec<u8>)> {
    let root = Path::new(manifest_dir).join(folder);
    let entries = fs::read_dir(&root).unwrap_or_else(|e| panic!("{}: {e}", root.display()));
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.is_file())
        .map(|path| {
            let name = path
                .file_name()
                .expect("a file has a name")
                .to_string_lossy()
                .into_owned();
            let bytes = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            (name, bytes)
        })
        .collect();
    assert!(!files.is_empty(), "{} holds no vectors", root.display());
    files.sort();
    files
}
