//! For which hosts requests are answered.
//!
//! A page of a stranger can make a browser talk to this server under the stranger's own name, by
//! letting that name resolve to this machine, and then read the answer: DNS rebinding. The `Host`
//! field gives it away.

use core::net::IpAddr;

use axum::http::{HeaderMap, Uri, Version, header};

/// Names that requests may be for, besides loopback and the address that they came in on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(Vec<Box<str>>);

/// Says what is wrong with a list of hosts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostsError {
    /// An entry is no name or address, or has a port.
    #[error("{entry:?} is no name or address without a port")]
    NotAHost {
        /// The entry.
        entry: String,
    },
}

impl HostsError {
    /// A name for logs and tests that does not change between releases.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAHost { .. } => "not_a_host",
        }
    }
}

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
    /// [`HostsError`] for an entry that is something else.
    pub fn parse(list: &str) -> Result<Self, HostsError> {
        let names = list
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        names
            .map(|name| match split(name) {
                Some((host, None)) => Ok(host.to_ascii_lowercase().into()),
                Some((_, Some(_))) | None => Err(HostsError::NotAHost {
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
    pub(super) fn is_own_origin(&self, origin: &str, local: Option<IpAddr>) -> bool {
        let rest = origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"));
        let host = rest.and_then(split);
        host.is_some_and(|(host, _)| self.has(host, local))
    }

    fn has(&self, host: &str, local: Option<IpAddr>) -> bool {
        let named = self.0.iter().any(|name| name.eq_ignore_ascii_case(host));
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
    let host = host.strip_suffix('.').unwrap_or(host);
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
    let digits = port.is_none_or(|port| port.bytes().all(|b| b.is_ascii_digit()));
    (!host.is_empty() && host.bytes().all(legal) && digits).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: IpAddr = IpAddr::V4(core::net::Ipv4Addr::new(10, 1, 2, 3));

    fn check(hosts: &str, fields: &[&str]) -> Result<(), HostError> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(header::HOST, field.parse().unwrap());
        }
        let hosts = Hosts::parse(hosts).unwrap();
        let uri = Uri::from_static("/");
        hosts.check(Version::HTTP_11, &uri, &headers, Some(LOCAL))
    }

    #[test]
    fn loopback_the_bound_address_and_configured_names_are_answered() {
        for host in [
            "localhost",
            "LOCALHOST:3002",
            "localhost.:80",
            "127.0.0.1:3002",
            "127.9.9.9",
            "[::1]:3002",
            "[::ffff:127.0.0.1]",
            "10.1.2.3:3002",
            "[::ffff:10.1.2.3]",
            "Gateway.example",
            "gateway.example:9",
            "10.9.9.9",
            "[2001:db8::1]:1",
        ] {
            let hosts = "gateway.EXAMPLE, 10.9.9.9,[2001:db8::1]";
            assert_eq!(check(hosts, &[host]), Ok(()), "{host}");
        }
    }

    #[test]
    fn every_other_host_is_foreign() {
        for host in [
            "evil.example",
            "localhost.evil.example",
            "evil.example:3002",
            "10.1.2.4",
            "127.0.0.1.evil.example",
            "2130706433",
            "0.0.0.0",
            "[::]",
            "[::1",
            "::1",
            "localhost:x",
            "localhost:1:2",
            "user@localhost",
            "",
            ":80",
            "local host",
        ] {
            assert_eq!(check("", &[host]), Err(HostError::Foreign), "{host}");
        }
    }

    #[test]
    fn one_host_is_named_and_no_more() {
        assert_eq!(check("", &[]), Err(HostError::Ambiguous));
        let two = ["localhost", "localhost"];
        assert_eq!(check("", &two), Err(HostError::Ambiguous));
        let (hosts, none) = (Hosts::default(), HeaderMap::new());
        let uri = Uri::from_static("/");
        let old = hosts.check(Version::HTTP_10, &uri, &none, None);
        assert_eq!(old, Ok(()));
        // The target of an absolute form counts as well as the field.
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "localhost".parse().unwrap());
        let target = Uri::from_static("http://evil.example/health");
        assert_eq!(
            hosts.check(Version::HTTP_11, &target, &headers, Some(LOCAL)),
            Err(HostError::Foreign)
        );
    }

    #[test]
    fn an_origin_is_own_by_its_host_and_a_null_one_is_not() {
        let hosts = Hosts::parse("dash.example").unwrap();
        for (origin, own) in [
            ("http://localhost:3002", true),
            ("https://dash.example", true),
            ("http://10.1.2.3:3002", true),
            ("http://[::1]:3002", true),
            ("null", false),
            ("", false),
            ("http://", false),
            ("http://evil.example", false),
            ("http://dash.example.evil.example", false),
            ("http://localhost@evil.example", false),
            ("ftp://localhost", false),
            ("http://10.1.2.4", false),
        ] {
            assert_eq!(hosts.is_own_origin(origin, Some(LOCAL)), own, "{origin}");
        }
        assert!(!hosts.is_own_origin("http://10.1.2.3", None));
    }

    #[test]
    fn a_list_has_names_without_ports() {
        for list in ["a:80", "a b", "http://a", "a,b/c", "[::1"] {
            assert!(Hosts::parse(list).is_err(), "{list}");
        }
        assert_eq!(Hosts::parse(" , "), Ok(Hosts::default()));
    }
}
