//! A client that asks the broker, outside the group, and keeps what it says about an answer that does not come.

use core::error::Error;
use core::time::Duration;
use std::sync::Mutex;

use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{ClientConfig, ClientContext};

use crate::client_code::ClientCode;
use crate::config::Config;
use crate::error::{StartError, asked};
use crate::mutex::lock;
use crate::oauth::Tokens;
use crate::settings;

pub(crate) type QueryClient = BaseConsumer<QueryContext>;

/// The context of such a client.
pub(crate) struct QueryContext {
    tokens: Tokens,
    /// The last error's sentence.
    reason: Mutex<Box<str>>,
}

impl QueryContext {
    /// Makes a client. It connects when it is first asked something.
    pub(crate) fn client(
        config: &Config,
        settings: &ClientConfig,
    ) -> Result<QueryClient, StartError> {
        let context = Self {
            tokens: config.tokens.clone(),
            reason: Mutex::default(),
        };
        let client: QueryClient = settings
            .clone()
            // `log` needs the lines about closed connections, which the client logs at
            // this level. The default follows the host's logger and may leave them out.
            .set_log_level(RDKafkaLogLevel::Info)
            .create_with_context(context)
            .map_err(|error| settings::culprit(settings, config, &error))?;
        // It asks for its first token when it is polled, and a question to the broker polls nothing.
        if config.tokens.are_given()
            && let Some(Err(error)) = client.poll(FIRST_TOKEN_TIME)
        {
            let failed = StartError::unanswered(asked::TOKEN, ClientCode::of(&error));
            return Err(failed.because(client.context().reason()));
        }
        Ok(client)
    }

    fn keep(&self, reason: &str) {
        *lock(&self.reason) = reason.into();
    }

    /// What the client said last of an error, in its own words.
    pub(crate) fn reason(&self) -> Box<str> {
        lock(&self.reason).clone()
    }
}

impl ClientContext for QueryContext {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn error(&self, error: KafkaError, reason: &str) {
        // That no broker is left says less than why the last one went.
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::AllBrokersDown) {
            self.keep(reason);
        }
    }

    fn log(&self, _level: RDKafkaLogLevel, facility: &str, line: &str) {
        // A listener of another protocol closes the connection, which is no error to the client: only a line
        // of its log says what that might come from.
        if facility == "FAIL" {
            // `[thrd:…]: ` names a thread.
            self.keep(line.split_once("]: ").map_or(line, |(_, line)| line));
        }
    }

    fn generate_oauth_token(&self, _config: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.tokens.next()
    }
}

impl ConsumerContext for QueryContext {}

/// The request for the first token is there as soon as the client is.
const FIRST_TOKEN_TIME: Duration = Duration::from_millis(20);
