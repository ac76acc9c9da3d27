//! The command that takes a database on the unit.

use crate::args::Ship;
use fleet::ssh::quoted;

/// The command on the unit: a fixed text unless a configuration is named, so that a `sudo` rule can allow exactly this.
pub(super) fn on_the_unit(arguments: &Ship) -> String {
    let mut line = "edge-agent receive --json".to_owned();
    if arguments.sudo {
        line = format!("sudo -n -u edge-agent {line}");
    }
    if let Some(config) = &arguments.remote_config {
        line += &format!(" --config {}", quoted(config));
    }
    line
}

pub(super) fn permission_help(sudo: bool) -> &'static str {
    if sudo {
        "add the ssh user to the group edge-agent-ship on the unit: `sudo adduser USER edge-agent-ship`"
    } else {
        "use --sudo, with the ssh user in the group edge-agent-ship on the unit"
    }
}
