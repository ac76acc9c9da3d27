//! What the result of a drill depends on at this unit.

use crate::config::Config;
use drill::Basis;
use models::bundle::PadManifest;
use policy::Rules;
use sha2::{Digest, Sha256};
use shared::gallery::ModelHash;

/// The basis of a drill with this configuration: the sections that change what is let in. Where the log is written does
/// not matter, which camera is used does.
pub(crate) fn basis(config: &Config, model: &ModelHash, pad: Option<&PadManifest>, rules: &Rules) -> Basis {
    let Config { camera, model: networks, policy, lamp, liveness, .. } = config;
    let sections = format!("{camera:?} {networks:?} {policy:?} {lamp:?} {liveness:?} {:?}", rules.face_alone);
    Basis {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        configuration: hash(&sections),
        model: model.to_string(),
        // The manifest has the hash of the network.
        pad_network: pad.map(|manifest| hash(&format!("{manifest:?}"))),
        threshold: rules.threshold,
    }
}

fn hash(text: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_matters_changes_the_basis() {
        let basis_of = |text: &str| {
            let config = Config::parse(text).unwrap();
            basis(&config, &ModelHash([0; 32]), None, &config.rules_with_threshold(1.0))
        };
        let drilled = basis_of("");
        for (text, has_changed) in [
            ("[audit]\nkeep-days = 7\n", false),
            ("[door]\nunlock-seconds = 3.0\n", false),
            ("[policy]\nmode = \"face\"\n", true),
            ("[camera]\nwidth = 640\n", true),
            ("[lamp]\npin = 12\n", true),
            ("[liveness]\nrequired = [\"head-turn\"]\n", true),
        ] {
            assert_eq!(!basis_of(text).changed_since(&drilled).is_empty(), has_changed, "{text}");
        }
    }
}
