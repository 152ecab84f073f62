use std::net::TcpListener;

use super::*;

/// `localhost` may be `::1` first, where a gateway on 127.0.0.1 does not listen.
#[test]
fn a_gateway_is_found_at_any_address_of_its_name() {
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let here = TcpListener::bind("127.0.0.1:0").unwrap();
    let addresses = [&deaf, &here].map(|listener| listener.local_addr().unwrap());
    drop(deaf);
    let connected = connect(addresses.into_iter()).unwrap();
    assert_eq!(connected.peer_addr().unwrap(), addresses[1]);
    let nobody = connect(addresses.into_iter().take(1));
    assert!(matches!(nobody, Err(GatewayError::Unreachable(_))));
    let nameless = connect(core::iter::empty());
    assert!(matches!(nameless, Err(GatewayError::Address)));
}
