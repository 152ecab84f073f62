//! The command `dashstream`: reads dead letters, explains refused records, sends letters again.
#![forbid(unsafe_code)]

mod args;
mod capture;
mod dlq;
mod failure;
mod generate;
mod generated;
mod hold;
mod inspect;
mod lint;
mod records;
mod replay;
mod shadow;
mod show;
mod text;
mod why;

use std::io::{self, BufWriter, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use self::args::{Args, Command, DlqCommand};
use self::failure::{Failure, Found};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        // Help and version come this way too, and their output can fail as any other.
        Err(error) => {
            return match error.print().map_err(Failure::Output) {
                Ok(()) => ExitCode::from(if error.use_stderr() { 2 } else { 0 }),
                Err(failure) => report(&failure),
            };
        }
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let done = run(&args, &mut out);
    // Flushed by hand, because a `BufWriter` that is dropped loses the error.
    match done.and_then(|found| out.flush().map(|()| found).map_err(Failure::Output)) {
        Ok(found) => found.code(),
        Err(failure) => report(&failure),
    }
}

fn run(args: &Args, out: &mut impl io::Write) -> Result<Found, Failure> {
    match &args.command {
        Command::Dlq(DlqCommand::List(list)) => dlq::list(args, list, out),
        Command::Dlq(DlqCommand::Show(show)) => show::letter(args, show, out),
        Command::Dlq(DlqCommand::Redrive(redrive)) => dlq::redrive(args, redrive, out),
        Command::Inspect(from) => inspect::inspect(args, from, out),
        Command::Decode(from) => inspect::decode(args, from, out),
        Command::Why(why) => why::why(args, why, out),
        Command::Shadow(shadow) => shadow::shadow(args, shadow, out),
        Command::Record { topic } => records::record(args, topic, out),
        Command::Replay(replay) => replay::replay(args, replay, out),
        Command::Hold { gateway, order } => hold::hold(args, gateway, order, out),
        Command::Generate {
            what,
            records,
            bad_every,
        } => generate::generate(*what, *records, *bad_every, out),
        Command::Lint { files, partial } => lint::lint(args, files, *partial, out),
        Command::Completions { shell } => {
            // Into memory first: `generate` returns no error, and one of the output must not be lost.
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut Args::command(), "dashstream", &mut text);
            out.write_all(&text)?;
            Ok(Found::NothingWrong)
        }
    }
}

fn report(failure: &Failure) -> ExitCode {
    if !failure.is_closed_pipe() {
        // Nobody is left to be told that this failed.
        let _told = writeln!(io::stderr(), "dashstream: {failure}");
    }
    failure.code()
}
