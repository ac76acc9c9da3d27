//! Command-line options that describe a network, combined with its profile.

use super::encoder_input::Taken;
use super::input_image::Layout;
use super::profile::{Profile, TEMPLATE_112, TEMPLATE_SIDE};
use super::rewrite::Normalisation;
use super::source::{Kind, Source};
use accuracy::parse_threshold;
use anyhow::{Result, anyhow, bail};
use clap::ValueEnum;
use models::bundle::{ChannelOrder, CropGeometry};
use terminal::Help;

/// Facts about a network that its file does not contain.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Options {
    /// The kind of network, which determines crop and normalisation. Not needed for FaceNet's weights
    #[arg(long)]
    profile: Option<Profile>,
    #[command(flatten)]
    encoder: EncoderOptions,
}

/// Options that complete or override the profile.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Encoders without a profile, or other than it says")]
struct EncoderOptions {
    /// Order of the colour channels
    #[arg(long)]
    channels: Option<Channels>,
    /// Subtracted from every pixel value (0 to 255) before the network gets it
    #[arg(long, value_name = "NUMBER", requires = "divide", value_parser = parse_subtract)]
    subtract: Option<f32>,
    /// Divisor of every pixel value, after the subtraction
    #[arg(long, value_name = "NUMBER", requires = "subtract", value_parser = parse_divide)]
    divide: Option<f32>,
    /// How the face is cropped
    #[arg(long)]
    crop: Option<Crop>,
    /// Height and width of the crop in pixels, if the network leaves them open
    #[arg(long, value_name = "PIXELS")]
    side: Option<u32>,
    /// With --crop box: size of the crop relative to the detector's box, 0.5 to 3
    #[arg(long, value_name = "FACTOR")]
    enlarge: Option<f32>,
    /// With --crop box: downward shift as a share of the box's height, -0.5 to 0.5
    #[arg(long, value_name = "PART", allow_negative_numbers = true)]
    shift_down: Option<f32>,
    /// With --crop box: use a square with the box's longer side, and do not stretch
    #[arg(long)]
    square: bool,
    /// Memory layout of the input image, if the file does not specify it
    #[arg(long)]
    layout: Option<Layout>,
    /// L2 distance up to which two faces are the same person, for the bundle's calibration
    #[arg(long, value_name = "DISTANCE", value_parser = parse_threshold)]
    threshold: Option<f32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Channels {
    Rgb,
    Bgr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Crop {
    /// Rotated and scaled so that eyes, nose and mouth lie where they do for ArcFace and SFace: 112x112
    Landmarks,
    /// The detector's box, enlarged, shifted and stretched to a square
    Box,
}

impl Options {
    /// Options with only a profile, or with nothing.
    pub(super) fn of_profile(profile: Option<Profile>) -> Self {
        Self { profile, encoder: EncoderOptions::default() }
    }

    /// The profile, if any.
    ///
    /// # Errors
    /// If the source does not match the profile, or encoder options are given for a detector.
    pub(super) fn profile(&self, source: &Source) -> Result<Option<Profile>> {
        let profile = match (source.kind(), self.profile) {
            (Kind::FaceNet, None | Some(Profile::Facenet)) => Some(Profile::Facenet),
            (Kind::FaceNet, Some(other)) => {
                let refused = format!("{} holds FaceNet's weights, which are not {}", source.name(), other.promise());
                return Err(anyhow!(refused)).help("leave out --profile, or give the file that belongs to it");
            }
            (Kind::Onnx, profile) => profile,
        };
        if let Some(profile) = profile.filter(|profile| profile.taken().is_none())
            && self.encoder.says_anything()
        {
            bail!("it is {}; --profile {} determines its input", profile.promise(), profile.name());
        }
        Ok(profile)
    }

    /// The memory layout of the input, if given.
    pub(super) fn layout(&self) -> Option<Layout> {
        self.encoder.layout
    }

    /// The threshold, if given.
    pub(super) fn threshold(&self) -> Option<f32> {
        self.encoder.threshold
    }

    /// The input of an encoder: from its profile, if it has one, and from the options.
    ///
    /// # Errors
    /// If a required option is missing, or the side differs from that of the network or of the template.
    pub(super) fn taken(&self, profile: Option<Profile>, declared_side: Option<u32>) -> Result<Taken> {
        let (options, preset) = (&self.encoder, profile.and_then(Profile::taken));
        let said = options.subtract.zip(options.divide);
        let said = said.map(|(subtract, divide)| Normalisation { subtract, divide });
        let preset_crop = preset.as_ref().map(|preset| preset.crop.clone());
        let channels = options.channels.map(Channels::order).or(preset.as_ref().map(|preset| preset.channels));
        let crop = options.geometry(preset_crop, declared_side)?;
        let (Some(channels), Some(crop)) = (channels, crop) else {
            return Err(anyhow!("the network's input is not described")).help(
                "give --profile; or all of --channels, --crop, --subtract and --divide, and --side if the file leaves it open",
            );
        };
        let normalisation = said.or(preset.and_then(|preset| preset.normalisation));
        Ok(Taken { channels, normalisation, insists: said.is_some(), crop })
    }
}

impl EncoderOptions {
    fn says_anything(&self) -> bool {
        let numbers = [self.subtract, self.divide, self.enlarge, self.shift_down, self.threshold];
        let words = self.channels.is_some() || self.crop.is_some() || self.layout.is_some();
        words || self.square || self.side.is_some() || numbers.iter().any(Option::is_some)
    }

    /// The crop. `None` if neither the profile nor the options specify it, or its size is unknown.
    fn geometry(&self, preset: Option<CropGeometry>, declared_side: Option<u32>) -> Result<Option<CropGeometry>> {
        if let (Some(said), Some(declared)) = (self.side, declared_side)
            && said != declared
        {
            bail!("--side {said} differs from the side of the network's input: {declared}");
        }
        let side = self.side.or(declared_side);
        let of_box = self.enlarge.is_some() || self.shift_down.is_some() || self.square;
        let geometry = match (self.crop, preset) {
            (Some(Crop::Landmarks), _) | (None, Some(CropGeometry::Landmarks { .. })) => {
                if of_box {
                    bail!("--enlarge, --shift-down and --square belong to --crop box");
                }
                let side = side.unwrap_or(TEMPLATE_SIDE);
                if side != TEMPLATE_SIDE {
                    return Err(anyhow!("the network takes {side}x{side} pixels")).help(&format!(
                        "--crop landmarks is known for {TEMPLATE_SIDE}x{TEMPLATE_SIDE}; use --crop box"
                    ));
                }
                Some(CropGeometry::Landmarks { side, template: TEMPLATE_112 })
            }
            (_, Some(CropGeometry::Box { side: preset_side, enlarge, shift_down, stretch })) => {
                Some(self.boxed(side.unwrap_or(preset_side), enlarge, shift_down, stretch))
            }
            (None, Some(in_frame @ CropGeometry::BoxInFrame { .. })) => Some(in_frame),
            (Some(Crop::Box), _) => side.map(|side| self.boxed(side, 1.0, 0.0, true)),
            (None, None) => None,
        };
        Ok(geometry)
    }

    fn boxed(&self, side: u32, enlarge: f32, shift_down: f32, stretch: bool) -> CropGeometry {
        CropGeometry::Box {
            side,
            enlarge: self.enlarge.unwrap_or(enlarge),
            shift_down: self.shift_down.unwrap_or(shift_down),
            stretch: stretch && !self.square,
        }
    }
}

fn parse_subtract(text: &str) -> Result<f32, String> {
    let pixel = text.parse().ok().filter(|number| (0.0..=255.0).contains(number));
    pixel.ok_or_else(|| "the number to subtract must be from 0 to 255".to_owned())
}

fn parse_divide(text: &str) -> Result<f32, String> {
    let positive = text.parse().ok().filter(|number: &f32| number.is_finite() && *number > 0.0);
    positive.ok_or_else(|| "the divisor must be above 0".to_owned())
}

impl Channels {
    fn order(self) -> ChannelOrder {
        match self {
            Self::Rgb => ChannelOrder::Rgb,
            Self::Bgr => ChannelOrder::Bgr,
        }
    }
}

#[cfg(test)]
impl Options {
    /// Parses these options.
    pub(super) fn said(line: &str) -> Self {
        #[derive(clap::Parser)]
        #[command(no_binary_name = true)]
        struct Line {
            #[command(flatten)]
            options: Options,
        }
        <Line as clap::Parser>::parse_from(line.split_whitespace()).options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_their_range() {
        for (text, subtract, divide) in [
            ("127.5", true, true),
            ("0", true, false),
            ("255.5", false, true),
            ("-1", false, false),
            ("nan", false, false),
            ("inf", false, false),
            ("grey", false, false),
        ] {
            assert_eq!((parse_subtract(text).is_ok(), parse_divide(text).is_ok()), (subtract, divide), "{text}");
        }
    }
}
