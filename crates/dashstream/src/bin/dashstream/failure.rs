//! How the command ends: the table of exit codes.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use dashstream_dlq::LetterPlace;
use dashstream_kafka::{ConfigError, RedriveError, StartError};

/// What a command that did its work found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    NothingWrong,
    /// A record that is refused, a letter that cannot be read or sent, an order that was not carried out.
    Faults,
}

impl Found {
    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::NothingWrong => 0,
            Self::Faults => 1,
        })
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Kafka(#[from] StartError),
    #[error(transparent)]
    Redrive(#[from] RedriveError),
    #[error("{}: {}", .0.display(), .1)]
    File(PathBuf, io::Error),
    #[error("{}: line {} is no name=value", .0.display(), .1)]
    Settings(PathBuf, usize),
    #[error("no record at {}:{}", .0.0, .0.1)]
    NoRecord(LetterPlace),
    /// A letter that only names its record, shows a part of it, or is of one without a value.
    #[error("the letter at {}:{} does not hold a whole value", .0.0, .0.1)]
    NoValue(LetterPlace),
    /// A file of records with a line that is none.
    #[error("{}: {}", .0.display(), .1)]
    Capture(PathBuf, io::Error),
    /// A group that has committed nothing in a topic.
    #[error("the group {0} has committed nothing there")]
    NoGroup(String),
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    // What `?` makes of an `io::Error` is about the output. Errors of files are mapped where they occur.
    #[error("the output could not be written: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    /// A reader that has seen enough is no failure: `dashstream dlq list … | head`.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// | code | |
    /// |---|---|
    /// | 0 | done; also when the reader of the output has gone |
    /// | 1 | done, and something is wrong with what was looked at, or an order was not carried out |
    /// | 2 | the arguments, what is in a file among them |
    /// | 3 | no such topic, group, record or file, or a gateway that takes no orders |
    /// | 4 | the broker or the gateway refused the login, the token or a right |
    /// | 5 | the broker or the gateway did not answer, or a transaction was refused |
    /// | 6 | the output could not be written |
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Output(_) if self.is_closed_pipe() => 0,
            Self::Output(_) => 6,
            Self::Config(_)
            | Self::Settings(..)
            | Self::Capture(..)
            | Self::Redrive(RedriveError::Name) => 2,
            Self::File(..) | Self::NoRecord(_) | Self::NoValue(_) | Self::NoGroup(_) => 3,
            Self::Gateway(error) => match error {
                GatewayError::Address
                | GatewayError::NoToken
                | GatewayError::TokenText
                | GatewayError::BadOrder(_) => 2,
                GatewayError::TakesNoOrders => 3,
                GatewayError::Forbidden(_) => 4,
                GatewayError::Unreachable(_) | GatewayError::Answer => 5,
            },
            Self::Kafka(error) | Self::Redrive(RedriveError::Start(error)) => kafka(error),
            Self::Redrive(_) => 5,
        })
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not about arguments, names or rights is one code"
)]
fn kafka(error: &StartError) -> u8 {
    match error {
        StartError::Config(_) | StartError::Setting { .. } | StartError::Client => 2,
        StartError::NoSuchTopic { .. } => 3,
        StartError::AuthenticationFailed { .. }
        | StartError::TlsFailed { .. }
        | StartError::NotAuthorized { .. } => 4,
        _ => 5,
    }
}

/// Why a gateway was not asked, or what it said.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GatewayError {
    #[error("--gateway is HOST:PORT, such as 127.0.0.1:3002")]
    Address,
    #[error("orders need --operator-token or DASHSTREAM_OPERATOR_TOKEN")]
    NoToken,
    #[error("an operator's token is of visible ASCII characters, without spaces")]
    TokenText,
    #[error("the gateway did not answer: {0}")]
    Unreachable(io::Error),
    /// It answered, and what it said is no answer of a gateway.
    #[error("what answered is no gateway")]
    Answer,
    #[error("the gateway takes no orders: it was started without a token")]
    TakesNoOrders,
    /// The token, the host or the origin, in its words.
    #[error("the gateway refused: {0}")]
    Forbidden(String),
    #[error("the gateway does not understand the order: {0}")]
    BadOrder(String),
}
