//! Records from a file, in the format of `dashstream record`.

use std::path::{Path, PathBuf};
use std::{env, fs};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dashstream_codec::{DecodeOptions, Decoder, Message};
use serde_json::Value;

/// The values of a stream's records, in order. Records without a value are left out.
#[derive(Clone, Debug)]
pub struct Capture {
    pub values: Vec<Vec<u8>>,
}

impl Capture {
    /// The variable that names another file.
    pub const VARIABLE: &str = "DASHSTREAM_CAPTURE";

    /// The records of the file that [`Capture::VARIABLE`] names, or of the repository's own.
    ///
    /// # Panics
    ///
    /// When the file cannot be read or a line of it is no record.
    pub fn load() -> Self {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/capture.jsonl");
        let path = env::var_os(Self::VARIABLE).map_or(own, PathBuf::from);
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let value = |(at, line): (usize, &str)| {
            let record: Value = serde_json::from_str(line)
                .unwrap_or_else(|e| panic!("{}: line {}: {e}", path.display(), at + 1));
            let value = record.get("value")?.as_str()?;
            Some(STANDARD.decode(value).expect("base64"))
        };
        let values: Vec<_> = text.lines().enumerate().filter_map(value).collect();
        assert!(!values.is_empty(), "{} holds no records", path.display());
        Self { values }
    }

    /// What can be decoded, decoded.
    pub fn messages(&self) -> Vec<Message> {
        let mut decoder = Decoder::new(DecodeOptions::new());
        let decode = |value: &Vec<u8>| Some(decoder.decode(value).ok()?.message);
        self.values.iter().filter_map(decode).collect()
    }
}
