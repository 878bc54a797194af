//! How much one address may ask of a node before it is known who asks. Nothing is written for it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::error::{Code, Error, Result};
use crate::model::time::Timestamp;

/// The addresses that asked of late.
pub struct Strangers {
    allowance: Allowance,
    /// When an address will have served what it asked.
    served: Mutex<HashMap<IpAddr, Timestamp>>,
}

/// What an address may ask.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// So often at once,
    pub at_once: i64,
    /// and once more after so many seconds.
    pub served_after: i64,
}

/// Addresses that are remembered; about 100 bytes each.
const REMEMBERED: usize = 65_536;

impl Strangers {
    pub fn new(allowance: Allowance) -> Self {
        Self { allowance, served: Mutex::default() }
    }

    /// Counts what is asked before it is done, or says how long this address has to wait.
    pub fn count(&self, address: IpAddr, now: Timestamp) -> Result<()> {
        let Allowance { at_once, served_after } = self.allowance;
        let mut served = self.served();
        if served.len() >= REMEMBERED {
            forget(&mut served, now);
        }
        let until = served.entry(neighbourhood(address)).or_insert(now);
        let after = (*until).max(now).plus_seconds(served_after);
        let wait = now.plus_seconds(at_once * served_after).seconds_until(after);
        if wait > 0 {
            let detail = format!("Too many attempts from this address; try again in {wait} s.");
            return Err(Error::new(Code::RateLimited, detail).retry_after(wait));
        }
        *until = after;
        Ok(())
    }

    /// It was no stranger.
    pub fn give_back(&self, address: IpAddr) {
        if let Entry::Occupied(mut until) = self.served().entry(neighbourhood(address)) {
            let before = until.get().plus_seconds(-self.allowance.served_after);
            until.insert(before);
        }
    }

    fn served(&self) -> MutexGuard<'_, HashMap<IpAddr, Timestamp>> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One subscriber has a whole /64 of IPv6 addresses (RFC 6177), and one of IPv4.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
        v4 => v4,
    }
}

/// Makes room: those that have served their failures go, else any one.
fn forget(served: &mut HashMap<IpAddr, Timestamp>, now: Timestamp) {
    served.retain(|_, until| *until > now);
    if served.len() >= REMEMBERED
        && let Some(any) = served.keys().next().copied()
    {
        served.remove(&any);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWANCE: Allowance = Allowance { at_once: 30, served_after: 2 };

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_may_fail_so_often_at_once_and_then_waits_alone() {
        let (strangers, mut now) = (Strangers::new(ALLOWANCE), Timestamp::from_seconds(1_800_000_000));
        let one = address("192.0.2.1");
        for _ in 0..ALLOWANCE.at_once {
            strangers.count(one, now).unwrap();
        }
        let refused = strangers.count(one, now).unwrap_err();
        assert_eq!((refused.code(), refused.retry_after_seconds()), (Code::RateLimited, Some(2)));
        strangers.count(address("192.0.2.2"), now).unwrap();
        now = now.plus_seconds(2);
        strangers.count(one, now).unwrap();
        assert!(strangers.count(one, now).is_err());
    }

    #[test]
    fn a_check_that_passed_costs_nothing() {
        let (strangers, now) = (Strangers::new(ALLOWANCE), Timestamp::from_seconds(1_800_000_000));
        for _ in 0..3 * ALLOWANCE.at_once {
            strangers.count(address("192.0.2.1"), now).unwrap();
            strangers.give_back(address("192.0.2.1"));
        }
    }

    #[test]
    fn neighbours_in_one_ipv6_network_are_one_and_a_mapped_address_is_itself() {
        assert_eq!(neighbourhood(address("2001:db8:1:2:3::4")), neighbourhood(address("2001:db8:1:2::9")));
        assert_ne!(neighbourhood(address("2001:db8:1:2::9")), neighbourhood(address("2001:db8:1:3::9")));
        assert_eq!(neighbourhood(address("::ffff:192.0.2.1")), address("192.0.2.1"));
    }
}
