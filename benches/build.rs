//! The peers' types, from the same schema as ours.

use std::path::PathBuf;
use std::{env, error, fs};

use protox::prost::Message as _;

const SCHEMA: &str = "dashstream/v1/dashstream.proto";

fn main() -> Result<(), Box<dyn error::Error>> {
    println!("cargo::rerun-if-changed=../proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let descriptors = protox::compile([SCHEMA], ["../proto"])?;

    let prost = out.join("prost");
    fs::create_dir_all(&prost)?;
    prost_build::Config::new()
        .out_dir(prost)
        .compile_fds(descriptors.clone())?;

    let set = out.join("dashstream.bin");
    fs::write(&set, descriptors.encode_to_vec())?;
    let buffa = out.join("buffa");
    fs::create_dir_all(&buffa)?;
    buffa_build::Config::new()
        .files(&[SCHEMA])
        .descriptor_set(&set)
        .out_dir(&buffa)
        .include_file("mod.rs")
        .compile()?;
    Ok(())
}
