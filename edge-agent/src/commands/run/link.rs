//! Opens the socket of the link.

use crate::config::Config;
use crate::database::trust;
use crate::link_requests::{self, Entrance};
use crate::signed_orders::{LastOrderFile, SignedOrders};
use crate::unit::LinkDesk;
use anyhow::anyhow;
use std::io::ErrorKind;
use terminal::{Help, ShowPath};

/// Takes requests of a link on its socket. If it cannot be opened, the unit runs without it. The unit's own key is read
/// once: after it was made, the unit must be restarted.
///
/// # Errors
/// If another unit answers there, or a signer's key cannot be read.
pub(super) fn desk(config: &Config) -> anyhow::Result<LinkDesk> {
    let (entrance, asked) = Entrance::for_signers(trust::signers(&config.database)?);
    let socket = config.link_socket();
    match link_requests::serve(&socket, &entrance) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(anyhow!("a unit runs already: {} answers", socket.shown()))
                .help("stop it first (`systemctl stop edge-agent`), or set another [link] socket for this unit");
        }
        Err(error) => {
            tracing::warn!("[link] socket {}: {error}; no link can reach this unit", socket.shown());
        }
    }
    let unit = trust::fingerprint(&config.database.identity).unwrap_or_else(|error| {
        tracing::warn!("{error:#}; signed orders that name this unit by its id are refused");
        None
    });
    let orders = SignedOrders::restored(LastOrderFile::at(&config.last_order())?, unit, config.unit.groups.clone());
    Ok(LinkDesk::new(asked, orders, &config.audit.path))
}
