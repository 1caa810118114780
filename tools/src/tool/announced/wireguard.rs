//! WireGuard tunnels.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::announced;
use crate::names::{Endpoint, InterfaceName, IpNetwork, WireguardKey};
use crate::plan::Effect;

/// Peers, their last handshakes and what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WireguardStatus {
    /// Only of this interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<InterfaceName>,
}

/// Make a WireGuard interface with a key of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WireguardSetup {
    /// Its name.
    pub interface: InterfaceName,
    /// Its address.
    pub address: IpNetwork,
    /// Its UDP port.
    #[serde(default = "port")]
    pub listen_port: u16,
}

fn port() -> u16 {
    51820
}

/// What to do about a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeerAction {
    /// Let it in.
    Add,
    /// Shut it out.
    Remove,
}

/// Add a peer to a WireGuard interface, or remove one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WireguardPeer {
    /// The interface.
    pub interface: InterfaceName,
    /// Add or remove.
    pub action: PeerAction,
    /// The key of the peer.
    pub public_key: WireguardKey,
    /// Where it is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Endpoint>,
    /// The addresses that it may use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_ips: Vec<IpNetwork>,
}

announced!(WireguardStatus, "show WireGuard peers", self => Effect::Read);
announced!(WireguardSetup, "set up WireGuard", self => Effect::Change);
announced!(WireguardPeer, "change WireGuard peers", self => Effect::Change);
