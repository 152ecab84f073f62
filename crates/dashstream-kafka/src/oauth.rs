//! Tokens for SASL/OAUTHBEARER (RFC 7628, KIP-255), which the host gets from its identity provider.

use core::error::Error;
use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use rdkafka::client::OAuthToken as ClientToken;

/// A token for the broker, and until when it is valid.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "hosts make it")]
pub struct OAuthToken {
    /// The token as the broker reads it, such as a JWT (RFC 7519).
    pub token: String,
    /// The principal that the client takes it to be of, for its own log. The broker reads the token's claims.
    pub principal: String,
    /// When it expires, since the Unix epoch. The client asks for another one when four fifths of the time
    /// until then have passed.
    pub expires_at: Duration,
}

impl fmt::Debug for OAuthToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever reads the token can use it.
        f.debug_struct("OAuthToken")
            .field("principal", &self.principal)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Why there is no token, in the host's words.
type NoToken = Box<dyn Error + Send + Sync>;

/// Where tokens come from.
type Source = dyn Fn() -> Result<OAuthToken, NoToken> + Send + Sync;

/// Tokens for clients, where the host gives them.
#[derive(Clone, Default)]
pub(crate) struct Tokens(Option<Arc<Source>>);

impl Tokens {
    pub(crate) fn new(
        source: impl Fn() -> Result<OAuthToken, NoToken> + Send + Sync + 'static,
    ) -> Self {
        Self(Some(Arc::new(source)))
    }

    pub(crate) const fn are_given(&self) -> bool {
        self.0.is_some()
    }

    /// A token, as a client's context has to give it.
    pub(crate) fn next(&self) -> Result<ClientToken, Box<dyn Error>> {
        // The client asks for a token wherever `sasl.mechanism` says so, also where no function was given.
        let source = self
            .0
            .as_ref()
            .ok_or("no function gives tokens: Config::oauth_tokens")?;
        let OAuthToken {
            token,
            principal: principal_name,
            expires_at,
        } = source().map_err(|error| error as Box<dyn Error>)?;
        // Named a lifetime by rdkafka, it is the time of expiry since the Unix epoch.
        let lifetime_ms = i64::try_from(expires_at.as_millis()).unwrap_or(i64::MAX);
        Ok(ClientToken {
            token,
            principal_name,
            lifetime_ms,
        })
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tokens").field(&self.are_given()).finish()
    }
}
