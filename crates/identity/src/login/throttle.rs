//! How long the next try waits.

use std::net::IpAddr;

use kernel::Moment;

use crate::AccessRules;
use crate::secret::sha256;

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    Login,
    Address,
}

impl Counted {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Counted::Login => "login",
            Counted::Address => "address",
        }
    }
    fn free(self, rules: &AccessRules) -> i64 {
        match self {
            Counted::Login => rules.login_failures,
            Counted::Address => rules.address_failures,
        }
    }
}

/// The failures counted under one name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Failures {
    pub failures: i64,
    pub last_at: i64,
    pub refused_until: i64,
    /// Tries refused unseen during the present wait.
    pub refused: i64,
}

impl Failures {
    /// Milliseconds until the next try is looked at; none when it may be looked at now.
    pub(crate) fn wait_ms(&self, now: Moment) -> Option<i64> {
        (self.refused_until > now.millis()).then(|| self.refused_until - now.millis())
    }

    /// With one more failure at `now`.
    pub(crate) fn one_more(self, counted: Counted, rules: &AccessRules, now: Moment) -> Failures {
        let forgotten = self.last_at.saturating_add(rules.failures_forgotten_ms) < now.millis();
        let failures = if forgotten { 1 } else { self.failures.saturating_add(1) };
        let delay = delay_ms(failures - counted.free(rules), rules);
        let now = now.millis();
        Failures { failures, last_at: now, refused_until: now.saturating_add(delay), refused: 0 }
    }
}

/// The wait after the failure number `beyond` beyond the free ones, 0 being the last free one: it doubles each time.
fn delay_ms(beyond: i64, rules: &AccessRules) -> i64 {
    if beyond < 0 {
        return 0;
    }
    // Beyond forty doublings every wait is the longest.
    rules.first_delay_ms.saturating_mul(1 << beyond.min(40)).min(rules.longest_delay_ms)
}

/// The name under which a login is counted, the same length for all.
pub(crate) fn login_name(login: &str) -> String {
    data_encoding::HEXLOWER.encode(&sha256(&[login.as_bytes()]))
}

/// The name under which an address is counted: of IPv6 the first 64 bits, which one house has at least.
pub(crate) fn address_name(address: &str) -> String {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.to_string(),
        Ok(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            Some(address) => address.to_string(),
            None => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        },
        Err(_) => "other".to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// XC-01: the wait begins with the fifth failure, doubles, and has an end.
    #[test]
    fn the_wait_doubles() {
        let rules = AccessRules::on("2026-03-02".parse().unwrap());
        let (mut now, mut seen) = (Moment::from_millis(1_000_000_000_000), Failures::default());
        let mut waits = Vec::new();
        for _ in 0..14 {
            seen = seen.one_more(Counted::Login, &rules, now);
            waits.push(seen.wait_ms(now).unwrap_or(0) / 1_000);
            now = Moment::from_millis(seen.refused_until.max(now.millis() + 1));
            assert_eq!(seen.wait_ms(now), None);
        }
        assert_eq!(waits, [0, 0, 0, 0, 5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
        let later = now.plus_millis(rules.failures_forgotten_ms + 1);
        assert_eq!(seen.one_more(Counted::Login, &rules, later).failures, 1);
        assert_eq!(delay_ms(i64::MAX, &rules), 900_000);
        let address = Failures { failures: 5, last_at: now.millis(), ..Failures::default() };
        assert_eq!(address.one_more(Counted::Address, &rules, now).wait_ms(now), None);
    }

    #[test]
    fn one_house_is_one_address() {
        assert_eq!(address_name("10.1.2.3"), "10.1.2.3");
        assert_eq!(address_name("::ffff:10.1.2.3"), "10.1.2.3");
        assert_eq!(address_name("2001:db8:1:2:3:4:5:6"), address_name("2001:db8:1:2::1"));
        assert_ne!(address_name("2001:db8:1:3::1"), address_name("2001:db8:1:2::1"));
        assert_eq!(address_name("x'; DROP TABLE"), "other");
        assert_eq!(login_name("a").len(), login_name(&"a".repeat(99)).len());
    }
}
