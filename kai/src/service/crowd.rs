//! How many connections one address holds. Whoever opens all that there are leaves none for others; this
//! machine's own programs are not counted, since a proxy among them stands for many.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use super::access::Peer;

/// Those who are here.
#[derive(Debug, Clone, Default)]
pub(super) struct Crowd(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A place among them, free again when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    crowd: Crowd,
    of: Option<IpAddr>,
}

impl Crowd {
    /// A place for one more connection of a peer, if it has fewer than `most`.
    pub(super) fn place(&self, peer: Peer, most: usize) -> Option<Place> {
        let of = match peer {
            Peer::Remote(address) => Some(network(address)),
            Peer::Loopback | Peer::Socket => None,
        };
        if let Some(address) = of {
            let mut crowd = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let count = crowd.entry(address).or_default();
            if *count >= most {
                return None;
            }
            *count += 1;
        }
        Some(Place { crowd: self.clone(), of })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(address) = self.of else { return };
        let mut crowd = self.crowd.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = crowd.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                crowd.remove(&address);
            }
        }
    }
}

/// A host with IPv6 has a whole /64 of addresses.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str) -> Peer {
        Peer::Remote(address.parse().unwrap())
    }

    #[test]
    fn one_address_has_so_many_places_and_gets_them_back() {
        let crowd = Crowd::default();
        let places: Vec<Place> = (0..3).map(|_| crowd.place(peer("192.0.2.1"), 3).unwrap()).collect();
        assert!(crowd.place(peer("192.0.2.1"), 3).is_none());
        assert!(crowd.place(peer("192.0.2.2"), 3).is_some());
        assert!(crowd.place(Peer::Loopback, 0).is_some() && crowd.place(Peer::Socket, 0).is_some());
        drop(places);
        assert!(crowd.place(peer("192.0.2.1"), 3).is_some());
        assert!(crowd.0.lock().unwrap().is_empty());
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let crowd = Crowd::default();
        let _place = crowd.place(peer("2001:db8::1"), 1).unwrap();
        assert!(crowd.place(peer("2001:db8::ffff:1"), 1).is_none());
        assert!(crowd.place(peer("2001:db8:0:1::1"), 1).is_some());
    }
}
