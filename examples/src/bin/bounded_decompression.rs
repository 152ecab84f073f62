//! Decompresses standard input to standard output, never past a limit.
//!
//! `bounded_decompression 1000000 < message.zst > message`
//!
//! A service would keep the decoder and its output buffer for the next message.
#![expect(
    clippy::disallowed_macros,
    reason = "a command-line tool reports on standard error"
)]

use std::io::{self, Read, Write};
use std::process::ExitCode;

use dashstream_zstd::{Decoder, Limits, Plan};

fn main() -> ExitCode {
    let limit = match std::env::args().nth(1).map(|text| text.parse()) {
        None => Limits::new().output_bytes(),
        Some(Ok(bytes)) => bytes,
        Some(Err(error)) => {
            eprintln!("not a number of bytes: {error}");
            return ExitCode::from(2);
        }
    };
    match run(limit) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(limit: u64) -> Result<(), Box<dyn core::error::Error>> {
    let mut input = Vec::new();
    io::stdin().lock().read_to_end(&mut input)?;

    // The decoder does this itself; shown here is what is known before anything is allocated.
    let limits = Limits::new().with_output_bytes(limit);
    let plan = Plan::inspect(&input, &limits).inspect_err(|refusal| {
        eprintln!("refused: {}", refusal.code());
    })?;
    eprintln!(
        "{} bytes in {} blocks hold {} to {} bytes",
        input.len(),
        plan.blocks,
        plan.output_bytes_min,
        plan.output_bytes_max,
    );

    let output = Decoder::new(limits).decompress(&input)?;
    io::stdout().lock().write_all(&output)?;
    Ok(())
}
