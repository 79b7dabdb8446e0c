//! Passkeys, the place where they are used, and what they signed.

use kernel::Moment;

/// The place a passkey belongs to: the name of the house on the network, and the origin of its pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The domain, such as `office.example.com`.
    pub domain: String,
    /// Scheme, domain and port as a browser writes them.
    pub origin: String,
}

impl Site {
    /// The site of a house reached under `address`, such as `https://office.example.com`. A browser knows passkeys by
    /// name only, so the machine's own number, and the one that listens everywhere, stand for `localhost`; none for
    /// another number.
    pub fn of_address(address: &str) -> Option<Site> {
        let (scheme, rest) = address.split_once("://")?;
        let host = rest.split('/').next()?.to_ascii_lowercase();
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if port.chars().all(|digit| digit.is_ascii_digit()) => {
                (name.to_owned(), format!(":{port}"))
            }
            _ => (host.clone(), String::new()),
        };
        let own = matches!(name.as_str(), "127.0.0.1" | "[::1]" | "0.0.0.0" | "[::]");
        let name = if own { "localhost".to_owned() } else { name };
        let allowed = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-');
        let is_name =
            !name.is_empty() && name.chars().all(allowed) && name.parse::<std::net::IpAddr>().is_err();
        let is_safe = scheme == "https" || (scheme == "http" && name == "localhost");
        (is_name && is_safe).then(|| Site { origin: format!("{scheme}://{name}{port}"), domain: name })
    }
}

/// A passkey of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// Its key.
    pub id: i64,
    /// Whose.
    pub person_id: i64,
    /// What the person calls it.
    pub name: String,
    /// When it was added.
    pub added_at: Moment,
    /// When it was last used.
    pub last_used_at: Option<Moment>,
    pub(crate) credential_id: Vec<u8>,
    pub(crate) public_key: Vec<u8>,
    pub(crate) state: Vec<u8>,
    pub(crate) transports: u8,
}

/// A signature under an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Its key.
    pub id: i64,
    /// Who signed.
    pub person_id: i64,
    /// With which passkey.
    pub passkey_id: i64,
    /// What was done.
    pub verb: String,
    /// Under which request key; the act is remembered by it.
    pub request_key: String,
    /// SHA-256 of what was asked for.
    pub body_hash: Vec<u8>,
    /// When.
    pub at: Moment,
    /// What the browser collected; it holds the challenge.
    pub client_data: Vec<u8>,
    /// What the authenticator adds.
    pub authenticator_data: Vec<u8>,
    /// The signature over both.
    pub signature: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_has_a_name() {
        let site = |address: &str| Site::of_address(address).map(|site| (site.domain, site.origin));
        let of = |domain: &str, origin: &str| Some((domain.to_owned(), origin.to_owned()));
        assert_eq!(
            site("https://Office.example.com/"),
            of("office.example.com", "https://office.example.com")
        );
        assert_eq!(
            site("https://office.example.com:8443"),
            of("office.example.com", "https://office.example.com:8443")
        );
        for own in ["127.0.0.1", "[::1]", "0.0.0.0", "[::]", "localhost"] {
            assert_eq!(
                site(&format!("http://{own}:7070")),
                of("localhost", "http://localhost:7070"),
                "{own}"
            );
        }
        for address in
            ["http://office.example.com", "https://10.0.0.1", "office", "https://", "ftp://a", "https://a b"]
        {
            assert_eq!(site(address), None, "{address}");
        }
    }
}
