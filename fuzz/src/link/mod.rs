//! The fuzz targets of a unit's link, of a workstation's fleet, of the messages between them, and of the local web server. They are
//! built without tract.

mod desk;
mod fleet_messages;
mod network;
mod unit;
mod workstation;

pub use desk::desk_request;
pub use fleet_messages::{aim_picture, fleet_request, record_batch, statement, topic};
pub use network::{file_server, link_message};
pub use unit::{unit_answer, unit_records};
pub use workstation::{collected_batch, collected_log, fleet_toml};
#[cfg(test)]
pub(crate) use workstation::{fleet_of_one, log_key};

use ::fleet_messages::Topics;
use shared::seal::Fingerprint;

/// The unit whose link it is.
fn unit_id() -> Fingerprint {
    match "5f0c-8a71-0000-1111-2222".parse() {
        Ok(id) => id,
        Err(_) => panic!("it is an id"),
    }
}

fn topics() -> Topics {
    match Topics::below("p") {
        Ok(topics) => topics,
        Err(_) => panic!("it begins topics"),
    }
}
