//! The targets that may be called: https, and only addresses that anyone on the internet could call.
//!
//! A destination that names an address inside somebody's network would turn this Worker into a way
//! in. The URL is read as a browser reads it, so every spelling of an address (decimal, octal, hex,
//! mapped into IPv6) is the address that would be called.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

use crate::location::ParseUrl;

/// The reason why a URL is not called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It is no absolute URL.
    NotAUrl,
    /// Its scheme is not https.
    NotHttps,
    /// It has a user or a password in it.
    Credentials,
    /// Its host is not public.
    NotPublic,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAUrl => "must be an absolute URL, such as https://example.com/3scale",
            Self::NotHttps => "must be https: events hold personal data and keys",
            Self::Credentials => {
                "must not hold a user or password: use the destination's AUTHORIZATION secret"
            }
            Self::NotPublic => "must not be a private, loopback, link-local or metadata address",
        })
    }
}

/// Checks a target. With `allow_local` (development) plain http and private addresses pass.
///
/// # Errors
///
/// The reason why it is not called.
pub fn check(parse_url: ParseUrl, url: &str, allow_local: bool) -> Result<(), Refused> {
    let url = parse_url(url).ok_or(Refused::NotAUrl)?;
    match url.scheme.as_str() {
        "https" => {}
        "http" if allow_local => {}
        _ => return Err(Refused::NotHttps),
    }
    if url.credentials {
        return Err(Refused::Credentials);
    }
    (allow_local || is_public(&url.host))
        .then_some(())
        .ok_or(Refused::NotPublic)
}

fn is_public(host: &str) -> bool {
    if let Some(address) = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        return address.parse().is_ok_and(is_public_v6);
    }
    // A host that ends in a number is an IPv4 address in the URL standard, and is spelt as one here.
    host.parse()
        .map_or_else(|_| is_public_name(host), is_public_v4)
}

/// `true` if the host is an IP address, which Workers cannot call.
#[must_use]
pub fn names_ip_address(parse_url: ParseUrl, url: &str) -> bool {
    parse_url(url)
        .is_some_and(|url| url.host.starts_with('[') || url.host.parse::<Ipv4Addr>().is_ok())
}

/// Names, each with all that is below it, which lead into a network rather than to a place on the internet.
const LOCAL_NAMES: &[&str] = &[
    // Special-use names: RFC 6761, 6762, 7686, 8375, 9476, and ICANN's `internal`.
    "localhost",
    "local",
    "test",
    "invalid",
    "onion",
    "alt",
    "home.arpa",
    "internal",
    // Names that routers, operating systems and offices use without registration. ICANN never gives out `home`, `corp`
    // and `mail`.
    "localdomain",
    "localdomain4",
    "localdomain6",
    "lan",
    "home",
    "corp",
    "mail",
    "intranet",
    "private",
    "domain",
    "workgroup",
    // Service discovery: Kubernetes, Consul, Docker.
    "svc",
    "pod",
    "consul",
    "docker",
    // Metadata services outside `internal`: Google, Tencent.
    "metadata.goog",
    "metadata.tencentyun.com",
    // Public services that answer with the address that the name spells, or with 127.0.0.1.
    "nip.io",
    "sslip.io",
    "xip.io",
    "localtest.me",
    "lvh.me",
];

/// A name with a single label is resolved inside a network too.
fn is_public_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name.contains('.')
        && !LOCAL_NAMES.iter().any(|local| {
            name.strip_suffix(local)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
}

/// Azure's "wire server", public by its number only: it answers machines inside Azure with their secrets.
const AZURE_PLATFORM: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);

/// The special-purpose blocks of RFC 6890 and its registry.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0 // this network
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local() // with the metadata services
        || (a == 100 && (64..128).contains(&b)) // carriers' NAT, RFC 6598
        || (a == 192 && b == 0 && (c == 0 || c == 2)) // protocol assignments, documentation
        || (a == 192 && b == 88 && c == 99) // 6to4 relays
        || (a == 198 && (b == 18 || b == 19)) // benchmarks
        || address.is_documentation()
        || address == AZURE_PLATFORM
        || a >= 224) // multicast, reserved, broadcast
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let [a, b, ..] = segments;
    // Addresses that carry an IPv4 address are as public as that one.
    let embedded = match segments {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some((high, low)),
        _ => None,
    };
    if let Some((high, low)) = embedded {
        return is_public_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    }
    // Global unicast is 2000::/3; inside it 2001::/23 is for protocols (Teredo among them), and
    // 2001:db8::/32 and 3fff::/20 are documentation.
    (a & 0xe000) == 0x2000
        && !(a == 0x2001 && (b < 0x200 || b == 0xdb8))
        && !(a == 0x3fff && b < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::location::parse_url;

    fn check(url: &str, allow_local: bool) -> Result<(), Refused> {
        super::check(parse_url, url, allow_local)
    }

    #[test]
    fn a_public_https_url_passes() {
        for url in [
            "https://crm.example.com/3scale",
            "https://crm.example.com:8443/",
            "https://93.184.216.34/",
            "https://[2606:2800:220:1::1]/",
        ] {
            assert_eq!(check(url, false), Ok(()), "{url}");
        }
    }

    #[test]
    fn private_addresses_are_refused_in_every_spelling() {
        for host in [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.localhost",
            "printer",
            "printer.local",
            "db.internal",
            "metadata.google.internal",
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.18.0.1",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[ff02::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a9fe:a9fe]",
            "[64:ff9b::10.0.0.1]",
            "[2002:7f00:1::]",
            "[2001:db8::1]",
            "１２７.0.0.1",
        ] {
            assert_eq!(
                check(&format!("https://{host}/"), false),
                Err(Refused::NotPublic),
                "{host}"
            );
        }
    }

    #[test]
    fn names_that_resolve_inside_a_network_are_refused_in_every_spelling() {
        for name in LOCAL_NAMES {
            for host in [
                (*name).to_owned(),
                format!("a.{name}"),
                format!("A.B.{}", name.to_ascii_uppercase()),
                format!("a.{name}."),
            ] {
                assert_eq!(
                    check(&format!("https://{host}/"), false),
                    Err(Refused::NotPublic),
                    "{host}"
                );
            }
            // Only whole labels count.
            let other = format!("https://not{name}.example.com/");
            assert_eq!(check(&other, false), Ok(()), "{other}");
        }
        for host in [
            "localhost.localdomain",
            "router.home.arpa",
            "home.arpa",
            "kubernetes.default.svc",
            "crm.prod.svc.cluster.local",
            "crm.test",
            "metadata.goog",
            "127.0.0.1.nip.io",
            "168.63.129.16",
            "0xa83f8110",
            "[::ffff:168.63.129.16]",
        ] {
            assert_eq!(
                check(&format!("https://{host}/"), false),
                Err(Refused::NotPublic),
                "{host}"
            );
        }
    }

    #[test]
    fn an_ip_address_is_distinguished_from_a_name() {
        for (url, is_address) in [
            ("https://1.2.3.4/", true),
            ("https://16909060/", true),
            ("https://[2606:2800:220:1::1]/", true),
            ("https://crm.example.com/", false),
            ("https://1.2.3.4.example.com/", false),
            ("no URL", false),
        ] {
            assert_eq!(names_ip_address(parse_url, url), is_address, "{url}");
        }
    }

    #[test]
    fn other_mistakes_are_named() {
        assert_eq!(check("crm.example.com", false), Err(Refused::NotAUrl));
        assert_eq!(
            check("http://crm.example.com/", false),
            Err(Refused::NotHttps)
        );
        assert_eq!(
            check("ftp://crm.example.com/", true),
            Err(Refused::NotHttps)
        );
        assert_eq!(
            check("https://user:pw@crm.example.com/", false),
            Err(Refused::Credentials)
        );
    }

    #[test]
    fn development_lifts_https_and_privacy() {
        assert_eq!(check("http://localhost:9000/", true), Ok(()));
        assert_eq!(check("http://10.0.0.1/", true), Ok(()));
        assert_eq!(
            check("http://user@localhost/", true),
            Err(Refused::Credentials)
        );
    }
}
