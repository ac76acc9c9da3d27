//! `kind = "pad"`: a placeholder for a network for presentation attack detection (PAD, ISO/IEC 30107), which tells live
//! faces from pictures of faces. Such a bundle is read and checked, but nothing runs it yet; opening it gives an error.

use super::MANIFEST_FILE;
use super::manifest::{CropGeometry, Input, Network, Provenance};
use super::rules::require;
use crate::ModelError;
use serde::{Deserialize, Serialize};

/// The manifest of a PAD network.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PadManifest {
    /// The family of the network, for human readers.
    pub profile: String,
    /// The network itself.
    pub network: Network,
    /// How pixels become the input tensor.
    pub input: Input,
    /// How the crop is cut from the frame.
    pub crop: CropGeometry,
    /// The smallest output at which a face counts as bona fide, 0 to 1.
    pub bona_fide_from: f32,
    /// Where the network comes from.
    pub provenance: Provenance,
}

#[derive(Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Tagged {
    Pad(PadManifest),
}

impl PadManifest {
    /// Parses and checks a `manifest.toml`; `None` if it is of another kind.
    ///
    /// # Errors
    /// [`ModelError::Description`] names the invalid key and its valid values.
    pub fn parse(text: &str) -> Result<Option<Self>, ModelError> {
        let wrong = |reason: String| ModelError::Description { path: MANIFEST_FILE.into(), reason };
        let is_pad = toml::from_str::<toml::Table>(text)
            .is_ok_and(|table| table.get("kind").and_then(toml::Value::as_str) == Some("pad"));
        if !is_pad {
            return Ok(None);
        }
        let Tagged::Pad(manifest) = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        manifest.check().map_err(wrong)?;
        Ok(Some(manifest))
    }

    fn check(&self) -> Result<(), String> {
        self.network.check()?;
        self.input.check()?;
        self.crop.check()?;
        require((0.0..=1.0).contains(&self.bona_fide_from), "bona-fide-from must be 0 to 1")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::Bundle;
    use std::fs;

    fn manifest() -> String {
        let digest = "0".repeat(64);
        format!(
            "kind = \"pad\"\nprofile = \"somebodys\"\nbona-fide-from = 0.5\n\
             [network]\nfile = \"pad.onnx\"\nsha256 = \"{digest}\"\n\
             [input]\nchannels = \"bgr\"\nsubtract = 0.0\ndivide = 255.0\n\
             [crop]\nalign = \"box\"\nside = 80\nenlarge = 2.7\nshift-down = 0.0\nstretch = false\n\
             [provenance]\nname = \"somebody's network\"\nlicence = \"Apache-2.0\"\nsource = \"somewhere\"\nsource-sha256 = \"{digest}\"\n"
        )
    }

    #[test]
    fn a_pad_network_has_a_place_and_is_not_run() {
        assert_eq!(PadManifest::parse(&manifest()).unwrap().map(|pad| pad.bona_fide_from), Some(0.5));
        assert_eq!(PadManifest::parse("kind = \"encoder\"\n").unwrap(), None);
        assert_eq!(PadManifest::parse("no manifest").unwrap(), None);
        for (right, wrong, named) in [
            ("bona-fide-from = 0.5", "bona-fide-from = 2.0", "bona-fide-from"),
            ("divide = 255.0", "divide = 0.0", "input.divide"),
            ("file = \"pad.onnx\"", "file = \"../pad.onnx\"", "network.file"),
            ("profile", "profil", "profil"),
        ] {
            let error = PadManifest::parse(&manifest().replace(right, wrong)).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(MANIFEST_FILE), manifest()).unwrap();
        let refused = Bundle::open(folder.path()).unwrap_err().to_string();
        assert!(refused.contains("nothing runs it yet"), "{refused}");
    }
}
