//! The gateway's process: arguments in, one run, an exit code out.

use std::io::Write as _;
use std::process::ExitCode;

use dashstream_gateway::{Report, Settings, start_log};

fn main() -> ExitCode {
    let settings = match Settings::parse_from(std::env::args_os(), environment) {
        Ok(settings) => settings,
        // Prints help and version to stdout and everything else to stderr; 2 for a mistake.
        Err(error) => error.exit(),
    };
    start_log(&settings.log);
    match run(&settings) {
        Ok(code) => code,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let report = runtime.block_on(dashstream_gateway::run(settings, interrupted()));
    // What still blocks is a call into the Kafka client, which ends with the process.
    runtime.shutdown_background();
    let report = report?;
    for problem in &report.problems {
        tracing::error!("{problem}");
    }
    if settings.report == Some(Report::Json) {
        let mut stdout = std::io::stdout().lock();
        serde_json::to_writer(&mut stdout, &report)?;
        writeln!(stdout)?;
    }
    Ok(if report.problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(DOES_NOT_ADD_UP)
    })
}

/// Ready when the process is asked to end: by Ctrl-C, or by whoever runs services.
async fn interrupted() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await,
            Err(_) => core::future::pending().await,
        };
    };
    tokio::select! {
        // Without a handler nobody can ask; the process ends as processes do.
        result = tokio::signal::ctrl_c() => if result.is_err() { core::future::pending::<()>().await },
        () = terminate => {}
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program reads the environment that its libraries must not"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The exit code of a run whose books do not agree.
const DOES_NOT_ADD_UP: u8 = 3;
