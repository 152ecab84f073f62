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
