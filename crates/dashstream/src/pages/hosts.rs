//! For which hosts requests are answered.
//!
//! A page of a stranger can make a browser talk to this server under the stranger's own name, by
//! letting that name resolve to this machine, and then read the answer: DNS rebinding. The `Host`
//! field gives it away.

use core::net::IpAddr;

use axum::http::{HeaderMap, Uri, Version, header};

use super::PagesError;

/// Names that requests may be for, besides loopback and the address that they came in on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(Vec<Box<str>>);

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostError {
    /// It names none, or more than one.
    Ambiguous,
    /// It is for somebody else.
    Foreign,
}

impl Hosts {
    /// Reads a list of names and addresses without ports, separated by commas.
    ///
    /// # Errors
    ///
    /// [`PagesError`] for an entry that is something else.
    pub fn parse(list: &str) -> Result<Self, PagesError> {
        let names = list
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        names
            .map(|name| match split(name) {
                Some((host, None)) => Ok(host.to_ascii_lowercase().into()),
                Some((_, Some(_))) | None => Err(PagesError::NotAHost {
                    entry: name.to_owned(),
                }),
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether a request with these fields, which came in on the address `local` if that is known, is for
    /// this server.
    pub(super) fn check(
        &self,
        version: Version,
        uri: &Uri,
        headers: &HeaderMap,
        local: Option<IpAddr>,
    ) -> Result<(), HostError> {
        let mut fields = headers.get_all(header::HOST).iter();
        // RFC 9112 section 3.2: one field, or the request is bad. Before 1.1 there was none, and no
        // browser speaks that.
        let field = match (fields.next(), fields.next()) {
            (Some(field), None) => Some(field.to_str().map_err(|_| HostError::Foreign)?),
            (None, None) if version <= Version::HTTP_10 => None,
            (None, _) | (Some(_), Some(_)) => return Err(HostError::Ambiguous),
        };
        // RFC 9112 section 3.2.2: a target in absolute form replaces the field. Both are checked here,
        // whichever a page of `more` goes by.
        let target = uri.authority().map(axum::http::uri::Authority::as_str);
        for authority in [field, target].into_iter().flatten() {
            let Some((host, _)) = split(authority) else {
                return Err(HostError::Foreign);
            };
            if !self.has(host, local) {
                return Err(HostError::Foreign);
            }
        }
        Ok(())
    }

    /// Whether a page that a browser loaded from `origin` is one of this server (RFC 6454 section 6.2).
    #[cfg(any(test, feature = "kafka"))]
    pub(super) fn is_own_origin(&self, origin: &str, local: Option<IpAddr>) -> bool {
        let rest = origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"));
        let host = rest.and_then(split);
        host.is_some_and(|(host, _)| self.has(host, local))
    }

    fn has(&self, host: &str, local: Option<IpAddr>) -> bool {
        let named = self.0.iter().any(|name| name.eq_ignore_ascii_case(host));
        // Canonical, since on a socket for IPv6 and IPv4 the address 127.0.0.1 is ::ffff:127.0.0.1.
        let address = host.parse::<IpAddr>().map(|address| address.to_canonical());
        named
            || host.eq_ignore_ascii_case("localhost")
            || address.is_ok_and(|one| {
                one.is_loopback() || local.is_some_and(|local| one == local.to_canonical())
            })
    }
}

/// Takes the port and the brackets of an address off, and the dot that ends a full name.
fn split(authority: &str) -> Option<(&str, Option<&str>)> {
    let (host, rest) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => match authority.find(':') {
            Some(at) => authority.split_at(at),
            None => (authority, ""),
        },
    };
    let port = match rest.strip_prefix(':') {
        Some(port) => Some(port),
        None if rest.is_empty() => None,
        None => return None,
    };
    // `localhost.` is the same name as `localhost`.
    let host = host.strip_suffix('.').unwrap_or(host);
    // A colon can only be one of an IPv6 address here: without brackets the host ends at the first.
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
    let digits = port.is_none_or(|port| port.bytes().all(|b| b.is_ascii_digit()));
    (!host.is_empty() && host.bytes().all(legal) && digits).then_some((host, port))
}

#[cfg(test)]
mod tests;
