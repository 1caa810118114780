//! `virsh domifaddr`: where guests are reached. Whoever knows is asked, one after the other: the guest
//! agent, the leases of libvirt's own networks, the host's ARP table. Nobody knowing is no error.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::DomainFacts;
use crate::host::{Command, Host};
use crate::names::DomainArg;
use crate::plan::DomainState;

/// An agent that hangs holds nobody up for longer.
const LIMIT: Duration = Duration::from_secs(3);
/// So many guests are asked about at a time.
const AT_ONCE: usize = 32;

/// The addresses of all that run, by name.
pub(super) fn of(host: &dyn Host, domains: &[DomainFacts]) -> BTreeMap<String, Vec<IpAddr>> {
    let running: Vec<&str> = domains
        .iter()
        .filter(|domain| domain.state == DomainState::Running)
        .map(|domain| domain.domain.name.as_str())
        .collect();
    let mut found = BTreeMap::new();
    for part in running.chunks(AT_ONCE) {
        std::thread::scope(|scope| {
            let threads: Vec<_> = part.iter().map(|name| (name, scope.spawn(|| one(host, name)))).collect();
            let addresses =
                threads.into_iter().filter_map(|(name, thread)| Some(((*name).to_owned(), thread.join().ok()?)));
            found.extend(addresses);
        });
    }
    found
}

fn one(host: &dyn Host, name: &str) -> Vec<IpAddr> {
    let ask = |source: &'static str| {
        let command = Command::virsh("domifaddr").arg(DomainArg(name)).arg("--source").arg(source).within(LIMIT);
        let output = host.run(&command).ok().filter(crate::host::Output::is_ok)?;
        parse_addresses(&output.stdout).filter(|addresses| !addresses.is_empty())
    };
    ["agent", "lease", "arp"].into_iter().find_map(ask).unwrap_or_default()
}

/// The addresses in the output of `virsh -q domifaddr`: interface, MAC address, protocol, address with
/// prefix. IPv4 first; without those of the guest's loopback and link-local ones. `None` if a line is
/// not understood.
#[must_use]
pub fn parse_addresses(text: &str) -> Option<Vec<IpAddr>> {
    let mut found = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, _, "ipv4" | "ipv6", address] = words.as_slice() else { return None };
        let address: IpAddr = address.split('/').next()?.parse().ok()?;
        let is_local = match address {
            IpAddr::V4(four) => four.is_loopback() || four.is_link_local(),
            IpAddr::V6(six) => six.is_loopback() || six.is_unicast_link_local(),
        };
        if !is_local && !found.contains(&address) {
            found.push(address);
        }
    }
    found.sort_by_key(IpAddr::is_ipv6);
    Some(found)
}
