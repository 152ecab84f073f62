//! The command's arguments, and the client's configuration that follows from them.

use core::time::Duration;
use std::fs;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use dashstream_dlq::{LetterPlace, parse_rfc3339};
use dashstream_kafka::Config;

use crate::failure::Failure;

/// Reads dead letters, says why a record is refused, sends records again, ends holds.
///
/// Exit codes: 0 done; 1 done, and something is wrong with what was looked at, or an order was not
/// carried out; 2 the arguments; 3 no such topic, group, record or file, or a gateway that takes no
/// orders; 4 the broker or the gateway refused the login, the token or a right; 5 the broker or the
/// gateway did not answer, or a transaction was refused; 6 the output could not be written. A closed
/// pipe is no failure.
#[derive(Debug, Parser)]
#[command(name = "dashstream", version)]
pub(crate) struct Args {
    /// Bootstrap brokers, separated by commas
    #[arg(
        long,
        global = true,
        env = "KAFKA_BROKERS",
        default_value = "127.0.0.1:9092"
    )]
    pub(crate) brokers: String,
    /// File of client settings, a `name=value` a line, such as `security.protocol=sasl_ssl`; `#` begins a comment
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) client_config: Option<PathBuf>,
    /// One JSON object a line in place of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Dead letters: list them, look at one, send them again
    #[command(subcommand)]
    Dlq(DlqCommand),
    /// Say whether records are accepted, and if not why: frame, offset, field, hint
    Inspect(From),
    /// Show the messages in records
    Decode(From),
    /// Say what became of a record, by a group's commits and its letters
    Why(Why),
    /// List what a group has passed that would have been rejected here; joins no group, commits nothing
    Shadow(Shadow),
    /// Write what a topic holds now as a capture, a JSON object a line
    Record {
        /// The topic
        topic: String,
    },
    /// Decode records, rebuild their runs, and say what became of both
    Replay(Replay),
    /// List a gateway's holds, and end them
    Hold {
        #[command(flatten)]
        gateway: Gateway,
        #[command(subcommand)]
        order: Order,
    },
    /// Write alert rules, a dashboard, the table of metrics, or records to try a consumer with
    Generate {
        /// What to write
        #[arg(value_enum)]
        what: Generated,
        /// How many records
        #[arg(long, default_value_t = 100)]
        records: u32,
        /// One record in this many is refused by every consumer; 0 for none
        #[arg(long, default_value_t = 0)]
        bad_every: u32,
    },
    /// Hold alert rules and dashboards against the catalogue of metrics
    Lint {
        /// Prometheus rules (YAML) and Grafana dashboards (JSON)
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Metrics that none of the files watches are none of their business
        #[arg(long)]
        partial: bool,
    },
    /// Print a completion script
    Completions {
        /// For this shell
        shell: Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DlqCommand {
    /// List the letters of an archive topic, one a line
    List(List),
    /// Show a letter: where its record stood, why it was rejected, what it carries
    Show(Show),
    /// Send the records of letters again, each once
    Redrive(Redrive),
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// The archive topic
    pub(crate) topic: String,
    #[command(flatten)]
    pub(crate) filter: Filter,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The archive topic
    pub(crate) topic: String,
    /// Where the letter stands
    #[arg(value_name = "PARTITION:OFFSET", value_parser = place)]
    pub(crate) place: LetterPlace,
    /// Write the record's value to this file, to be mended
    #[arg(long, value_name = "FILE")]
    pub(crate) value_to: Option<PathBuf>,
}

/// Sends the records of letters again, each once
///
/// The topic is read as it stands when a name is first used, and a name that was ended is gone on with.
/// What was sent is remembered in the compacted topic `TOPIC-redriven` and skipped under every name. It
/// is produced, remembered and committed in one transaction: consumers with
/// `isolation.level=read_committed` see each record once.
#[derive(Debug, clap::Args)]
pub(crate) struct Redrive {
    /// The archive topic
    pub(crate) topic: String,
    /// Name of this redrive: letters, digits, `.`, `_` and `-`
    #[arg(long, required_unless_present = "dry_run")]
    pub(crate) name: Option<String>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// Only this letter; may be given more than once
    #[arg(long, value_name = "PARTITION:OFFSET", value_parser = place)]
    pub(crate) only: Vec<LetterPlace>,
    /// Send to this topic and not to where the records came from
    #[arg(long, value_name = "TOPIC")]
    pub(crate) to: Option<String>,
    /// Records a second
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,
    /// Leave records that were sent again this often
    #[arg(long, default_value_t = 3)]
    pub(crate) max: u32,
    /// Send again what was sent before
    #[arg(long)]
    pub(crate) force: bool,
    /// Send the file's bytes in place of this letter's value; may be given more than once
    #[arg(long, value_name = "PARTITION:OFFSET=FILE", value_parser = mended)]
    pub(crate) mend: Vec<(LetterPlace, PathBuf)>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Filter {
    /// Only records rejected for this cause; may be given more than once
    #[arg(long)]
    pub(crate) cause: Vec<String>,
    /// Only records rejected then or later, RFC 3339
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) from: Option<Duration>,
    /// Only records rejected before, RFC 3339
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) until: Option<Duration>,
    /// Only records of this topic
    #[arg(long, value_name = "TOPIC")]
    pub(crate) source: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Why {
    /// The topic that holds the record
    pub(crate) topic: String,
    /// Where it stands
    #[arg(value_name = "PARTITION:OFFSET", value_parser = place)]
    pub(crate) place: LetterPlace,
    /// The consumer group that is asked about
    #[arg(long, env = "KAFKA_GROUP_ID")]
    pub(crate) group: String,
    /// The archive topic; `TOPIC-dlq` unless it is given
    #[arg(long, value_name = "TOPIC")]
    pub(crate) archive: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Shadow {
    /// The topic
    pub(crate) topic: String,
    /// The consumer group
    #[arg(long, env = "KAFKA_GROUP_ID")]
    pub(crate) group: String,
    /// Of each partition, only so many offsets before the group's
    #[arg(long, value_name = "OFFSETS", value_parser = clap::value_parser!(i64).range(1..))]
    pub(crate) last: Option<i64>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct From {
    /// The topic that holds the record
    #[arg(required_unless_present_any = ["file", "capture"], requires = "place")]
    pub(crate) topic: Option<String>,
    /// Where it stands
    #[arg(value_name = "PARTITION:OFFSET", value_parser = place)]
    pub(crate) place: Option<LetterPlace>,
    /// A file with a record's value, in place of a topic
    #[arg(long, conflicts_with = "topic")]
    pub(crate) file: Option<PathBuf>,
    /// A file of records, as `record` writes it, in place of a topic
    #[arg(long, value_name = "FILE", conflicts_with_all = ["topic", "file"])]
    pub(crate) capture: Option<PathBuf>,
    /// Of a capture only this record
    #[arg(long, value_name = "PARTITION:OFFSET", value_parser = place, requires = "capture")]
    pub(crate) at: Option<LetterPlace>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Replay {
    /// The topic, as it stands now
    #[arg(required_unless_present = "capture")]
    pub(crate) topic: Option<String>,
    /// A file of records, as `record` writes it, in place of a topic
    #[arg(long, value_name = "FILE", conflicts_with = "topic")]
    pub(crate) capture: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Gateway {
    /// Where the gateway's pages are; plain HTTP, so that another machine's needs a tunnel
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:3002")]
    pub(crate) gateway: String,
    /// What the gateway was started with. Other users of this machine see arguments: prefer the variable
    #[arg(long, env = "DASHSTREAM_OPERATOR_TOKEN", hide_env_values = true)]
    pub(crate) operator_token: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Order {
    /// The partitions that are held, with where and why
    List,
    /// Try the held record again
    Retry(Ordered),
    /// Go on behind the held record
    Skip(Ordered),
    /// Go on at an offset further on
    SkipTo {
        #[command(flatten)]
        ordered: Ordered,
        /// The offset to go on at
        #[arg(value_parser = clap::value_parser!(i64).range(0..))]
        offset: i64,
    },
    /// Hold a partition that runs
    Pause(Ordered),
    /// End a pause
    Resume(Ordered),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Ordered {
    /// The partition
    #[arg(value_parser = clap::value_parser!(i32).range(0..))]
    pub(crate) partition: i32,
    /// Who orders it, for the gateway's log
    #[arg(long, env = "USER")]
    pub(crate) who: String,
    /// Why, for the gateway's log
    #[arg(long)]
    pub(crate) why: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Generated {
    /// Prometheus rules
    Alerts,
    /// A Grafana dashboard
    Dashboard,
    /// A table in Markdown
    Metrics,
    /// A capture
    Records,
}

impl Args {
    /// How to reach the broker; `archive` is the archive topic.
    pub(crate) fn config(&self, archive: &str) -> Result<Config, Failure> {
        // Commands name the topics that they read themselves. `_` stands for the consumed one, since
        // `Config::new` asks for a legal name.
        Ok(self.client("_", "dashstream")?.archive_topic(archive)?)
    }

    /// How to reach the broker, for questions about a topic and a group.
    pub(crate) fn client(&self, topic: &str, group: &str) -> Result<Config, Failure> {
        let mut config = Config::new(&self.brokers, topic, group)?.client_id("dashstream");
        if let Some(path) = &self.client_config {
            let text = read(path)?;
            let text = String::from_utf8_lossy(&text);
            for (number, line) in (1..).zip(text.lines().map(str::trim)) {
                if line.is_empty() || line.starts_with('#') {
                    continue;
                }
                let malformed = || Failure::Settings(path.clone(), number);
                // Split at the first `=`: a value, such as a password, may hold others.
                let (name, value) = line.split_once('=').ok_or_else(malformed)?;
                config = config.set(name.trim(), value.trim())?;
            }
        }
        Ok(config)
    }
}

pub(crate) fn read(path: &PathBuf) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::File(path.clone(), error))
}

fn place(text: &str) -> Result<LetterPlace, String> {
    let place = text
        .split_once(':')
        .and_then(|(partition, offset)| Some((partition.parse().ok()?, offset.parse().ok()?)));
    // Both are signed numbers in Kafka, so that `parse` takes a minus sign.
    let place = place.filter(|(partition, offset)| *partition >= 0 && *offset >= 0);
    place.ok_or_else(|| "a partition and an offset, such as 0:42".to_owned())
}

fn mended(text: &str) -> Result<(LetterPlace, PathBuf), String> {
    let (at, path) = text
        .split_once('=')
        .ok_or("a place and a file, such as 0:42=value.bin")?;
    Ok((place(at)?, path.into()))
}

fn time(text: &str) -> Result<Duration, String> {
    parse_rfc3339(text).ok_or_else(|| "a time such as 2026-11-30T12:00:00Z".to_owned())
}
