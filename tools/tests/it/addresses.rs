//! Where guests are reached.

use kai_tools::facts::parse_addresses;
use kai_tools::sim::Agent;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::support::{Lab, request};

fn ips(lab: &Lab, vm: &str) -> Value {
    let request = request("kvm_list", json!({ "vm": vm }));
    request.read(&lab.facts(&request)).unwrap().unwrap().json()[0]["ip"].clone()
}

#[test]
fn a_running_guest_is_listed_with_its_addresses() {
    let lab = Lab::new();
    let lease = ips(&lab, "web1");
    assert!(lease[0].as_str().unwrap().starts_with("192.168.122.") && lease.as_array().unwrap().len() == 1, "{lease}");
    assert_eq!(ips(&lab, "db1"), json!([]), "it does not run");
    lab.sim.change(|state| state.domains.get_mut("web1").unwrap().agent = Some(Agent::Well)).unwrap();
    let agent = ips(&lab, "web1");
    assert_eq!(agent[0], lease[0]);
    assert!(agent[1].as_str().unwrap().starts_with("fd00::") && agent.as_array().unwrap().len() == 2, "{agent}");
    // Nobody is asked where nothing is shown.
    for tool in ["kvm_snap", "kvm_delete"] {
        assert!(!request(tool, json!({ "vm": "web1" })).scope().addresses);
    }
}

#[test]
fn what_virsh_prints_is_read() {
    let text = " Name       MAC\n";
    assert_eq!(parse_addresses(text), None);
    let text = " lo         00:00:00:00:00:00    ipv4         127.0.0.1/8\n -          -                    ipv6         ::1/128\n \
                eth0       52:54:00:12:34:56    ipv6         fe80::1/64\n -          -                    ipv6         2001:db8::5/64\n \
                -          -                    ipv4         10.0.0.5/24\n\n";
    let found: Vec<String> = parse_addresses(text).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(found, ["10.0.0.5", "2001:db8::5"]);
    assert_eq!(parse_addresses("\n"), Some(Vec::new()));
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(text in "\\PC{0,80}|( [a-z0-9:./-]{1,20}){0,8}\n( vnet0 - ipv4 [0-9./:a-f]{0,20}\n){0,3}") {
        let _ = parse_addresses(&text);
    }
}
