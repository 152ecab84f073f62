//! The zstd, codec and reducer tests on 32 bits: built for wasm32-wasip1 and run by node.
//!
//! `tests/verdicts.txt` holds what a 64-bit target says of every vector and record; the same test reads it
//! there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::{sh, system};

/// Debian's compiler comes with the standard library's source, which the pinned toolchain lacks.
const RUSTC: &str = "/usr/bin/rustc";

/// What a test needs of `libpthread` and never calls: there are no threads, and each says so.
const STUBS: &str = "\
int pthread_create(void *a, const void *b, void *(*c)(void *), void *d) { return 6; }
int pthread_join(void *a, void **b) { return 6; }
int pthread_detach(void *a) { return 6; }
int pthread_attr_init(void *a) { return 6; }
int pthread_attr_destroy(void *a) { return 6; }
int pthread_attr_setstacksize(void *a, unsigned long b) { return 6; }
";

/// Test files that need neither threads, nor processes, nor minutes.
const TESTS: &[&str] = &[
    "plans",
    "attacks",
    "verdicts",
    "diagnosis",
    "routing",
    "storing",
    "hostile",
    "rfc",
    "suite",
    "numbers_and_text",
    "transitions",
    "reducer_limits",
    "history",
    "memory",
];

pub(crate) fn run() -> Result<()> {
    system::need(&[
        (RUSTC, "rustc-web rust-web-src"),
        ("clang-19", "clang-19"),
        ("wasm-ld-19", "lld-19"),
        ("llvm-ar-19", "llvm-19"),
        ("node", "nodejs"),
    ])?;
    let scratch = sh::scratch("wasm")?;
    let libraries = libraries(&scratch)?;
    let script = sh::root().join("xtask/wasm/run.mjs");
    let flags = format!(
        "-Clink-self-contained=no -Clinker=wasm-ld-19 -Clinker-flavor=wasm-ld -Lnative={0} \
         -Clink-arg={0}/crt1-command.o -Clink-arg=-zstack-size=524288 -Cpanic=abort",
        libraries.display()
    );
    let mut test = sh::cargo(&["test", "--target", "wasm32-wasip1", "--no-fail-fast"]);
    test.args(["-Zbuild-std=std,panic_abort,test", "-Zbuild-std-features="]);
    for package in ["dashstream-zstd", "dashstream-codec", "dashstream-reducer"] {
        test.args(["--package", package]);
    }
    for name in TESTS {
        test.args(["--test", name]);
    }
    test.env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTC", RUSTC)
        .env("CARGO_TARGET_DIR", sh::target().join("wasm"))
        .env("CC_wasm32_wasip1", "clang-19")
        .env("AR_wasm32_wasip1", "llvm-ar-19")
        .env("CFLAGS_wasm32_wasip1", "-isystem /usr/include/wasm32-wasi")
        .env("CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS", flags)
        .env(
            "CARGO_TARGET_WASM32_WASIP1_RUNNER",
            format!("node --no-warnings {}", script.display()),
        );
    sh::run(&mut test)
}

/// A copy of Debian's `wasi-libc` with the stubs in it.
fn libraries(scratch: &Path) -> Result<PathBuf> {
    const FROM: &str = "/usr/lib/wasm32-wasi";
    if !Path::new(FROM).is_dir() {
        bail!("missing: {FROM}; on Debian and Ubuntu: apt-get install wasi-libc");
    }
    let libraries = scratch.join("lib");
    fs::create_dir_all(&libraries)?;
    for file in fs::read_dir(FROM)? {
        let file = file?;
        fs::copy(file.path(), libraries.join(file.file_name()))?;
    }
    let (source, object) = (scratch.join("stubs.c"), scratch.join("stubs.o"));
    fs::write(&source, STUBS)?;
    let mut compile = Command::new("clang-19");
    compile
        .args(["--target=wasm32-wasi", "-O1", "-c"])
        .arg(source);
    sh::run(compile.arg("-o").arg(&object))?;
    let mut add = Command::new("llvm-ar-19");
    sh::run(add.arg("rs").arg(libraries.join("libc.a")).arg(object))?;
    Ok(libraries)
}
