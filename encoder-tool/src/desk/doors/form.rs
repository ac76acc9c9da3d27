//! The form that says how to reach a door: for a new one, and for one of the list.

use super::doors_file::Door;
use crate::desk::page::{field, needed_field};
use crate::desk::request::Request;
use crate::desk::texts::{Texts, fill};
use anyhow::anyhow;
use maud::{Markup, html};
use std::num::NonZeroU16;

/// The fields, with what was typed, or what the list says about a door.
pub(super) fn fields(t: &Texts, door: &Door, typed: Option<&Request>) -> Markup {
    let text = |name: &str, of_door: &str| typed.map_or(of_door, |request| request.form(name)).to_owned();
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let has_sudo = typed.map_or(door.sudo, |request| request.form("sudo") == "yes");
    let port = door.port.map(|port| port.to_string()).unwrap_or_default();
    let identity = door.identity.as_ref().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
    html! {
        (needed_field("name", t.name, "", &text("name", &door.name)))
        (needed_field("host", t.host, t.host_hint, &text("host", &door.host)))
        label.check { input type="checkbox" name="sudo" value="yes" checked[has_sudo]; span { (t.with_sudo) } }
        details.wide open[typed.is_some()] {
            summary { (t.more_choices) }
            (field("port", t.ssh_port, "", &text("port", &port)))
            (field("identity", t.ssh_identity, t.ssh_identity_hint, &text("identity", &identity)))
            (field("config", t.unit_config, t.unit_config_hint, &text("config", &optional(&door.config))))
            (field("key", t.unit_key, t.unit_key_hint, &text("key", &optional(&door.key))))
        }
    }
}

/// The door that the form describes. Options of ssh stay those of `before`: they can start programs, so only somebody who can
/// write the file sets them.
///
/// # Errors
/// If the port is none.
pub(super) fn door_of(t: &Texts, request: &Request, before: &Door) -> anyhow::Result<Door> {
    let optional = |name: &str| Some(request.form(name).trim().to_owned()).filter(|text| !text.is_empty());
    let port = optional("port")
        .map(|port| port.parse::<NonZeroU16>().map_err(|_| anyhow!("{}", fill(t.not_a_port, &[&port]))));
    Ok(Door {
        name: request.form("name").trim().to_owned(),
        host: request.form("host").trim().to_owned(),
        port: port.transpose()?.map(NonZeroU16::get),
        identity: optional("identity").map(Into::into),
        ssh_options: before.ssh_options.clone(),
        sudo: request.form("sudo") == "yes",
        config: optional("config"),
        key: optional("key"),
    })
}
