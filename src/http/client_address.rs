//! Where a request comes from. Headers that claim something else count only when a trusted proxy sent them.

use std::future::{Ready, ready};
use std::net::{IpAddr, SocketAddr};

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use ipnet::IpNet;

use super::problem::Problem;
use crate::app::App;
use crate::model::error::{Error, Result};

/// The address of the caller, for limits and audit events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl FromRequest for ClientAddress {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request).map_err(Problem::from))
    }
}

impl ClientAddress {
    pub fn of(request: &HttpRequest) -> Result<Self> {
        let peer =
            request.peer_addr().ok_or_else(|| Error::internal("a connection without a peer's address"))?;
        let trusted = request.app_data::<Data<App>>().map(|app| app.config.server.trusted_proxies.as_slice());
        Ok(Self(client(peer.ip().to_canonical(), request.headers(), trusted.unwrap_or_default())))
    }
}

/// The nearest address that is not a trusted proxy's. Each proxy appends what it saw, so the lists are read from
/// behind; what stands before the first address that nobody vouches for could be anything.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(&peer) {
        return peer;
    }
    let nearest = |hops: Vec<Option<IpAddr>>| {
        let mut nearest = peer;
        for hop in hops.into_iter().rev() {
            // What is no address (`unknown`, `_hidden`) ends the chain at the proxy that said so.
            let Some(address) = hop else { break };
            nearest = address;
            if !is_trusted(&address) {
                break;
            }
        }
        nearest
    };
    match (values(headers, "x-forwarded-for"), values(headers, "forwarded")) {
        (None, None) => peer,
        (Some(hops), None) => nearest(hops.iter().map(|hop| address(hop)).collect()),
        (None, Some(hops)) => nearest(hops.iter().map(|hop| forwarded_for(hop)).collect()),
        // A proxy sets one and may pass the caller's other on untouched: two that differ prove nothing.
        (Some(x), Some(f)) => {
            let by_x = nearest(x.iter().map(|hop| address(hop)).collect());
            let by_f = nearest(f.iter().map(|hop| forwarded_for(hop)).collect());
            if by_x == by_f { by_x } else { peer }
        }
    }
}

/// All elements of a list header, over all its lines; `None` when it is not there.
fn values(headers: &HeaderMap, name: &str) -> Option<Vec<String>> {
    if !headers.contains_key(name) {
        return None;
    }
    let lines = headers.get_all(name).map(|value| value.to_str().unwrap_or_default());
    Some(lines.flat_map(|line| line.split(',')).map(|element| element.trim().to_owned()).collect())
}

/// `for=` of one element of `Forwarded` (RFC 7239, section 4).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    address(value.trim().trim_matches('"'))
}

/// An address with or without a port, IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn seen(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let mut request = TestRequest::default();
        for header in headers {
            request = request.append_header(*header);
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        client(peer.parse().unwrap(), request.to_http_request().headers(), &trusted).to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(seen("192.0.2.1", &[("x-forwarded-for", "1.1.1.1")]), "192.0.2.1");
        assert_eq!(seen("192.0.2.1", &[("forwarded", "for=1.1.1.1")]), "192.0.2.1");
    }

    #[test]
    fn the_nearest_address_that_no_proxy_of_ours_has_counts() {
        for (headers, client) in [
            (vec![("x-forwarded-for", "192.0.2.9")], "192.0.2.9"),
            (vec![("x-forwarded-for", "6.6.6.6, 192.0.2.9, 10.1.1.1")], "192.0.2.9"),
            (vec![("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "192.0.2.9")], "192.0.2.9"),
            (vec![("x-forwarded-for", "10.2.2.2")], "10.2.2.2"),
            (vec![("x-forwarded-for", "192.0.2.9:4711")], "192.0.2.9"),
            (vec![("x-forwarded-for", "6.6.6.6, unknown, 10.1.1.1")], "10.1.1.1"),
            (
                vec![("forwarded", r#"for=6.6.6.6, For="[2001:db8::9]:47";proto=https, for=10.1.1.1"#)],
                "2001:db8::9",
            ),
            (vec![("forwarded", "for=_hidden")], "10.0.0.1"),
            (vec![], "10.0.0.1"),
        ] {
            assert_eq!(seen("10.0.0.1", &headers), client, "{headers:?}");
        }
    }

    #[test]
    fn headers_that_contradict_each_other_prove_nothing() {
        let both = [("x-forwarded-for", "192.0.2.9"), ("forwarded", "for=6.6.6.6")];
        assert_eq!(seen("10.0.0.1", &both), "10.0.0.1");
        let agreed = [("x-forwarded-for", "192.0.2.9"), ("forwarded", "for=192.0.2.9")];
        assert_eq!(seen("10.0.0.1", &agreed), "192.0.2.9");
    }
}
