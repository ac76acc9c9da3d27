//! Detects the variant of a JPEG by its header (ITU-T T.81, B.2), and refuses variants that the decoder does not decode
//! correctly.
//!
//! zune-jpeg silently decodes some variants to garbage: one scan for each component with subsampled chroma, or chroma
//! with a higher resolution than luma. It reports others as damaged. This module therefore accepts only variants whose
//! decoded pictures were compared with libjpeg, for each sampling, and refuses all others with the name of the variant.

use super::markers::{self, START_OF_SCAN};
use std::fmt;

/// An unsupported variant of JPEG.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RareKind {
    Arithmetic,
    Lossless,
    Hierarchical,
    BitsPerSample(u8),
    Components(usize),
    /// Horizontal and vertical sampling factors of each component.
    Sampling(Vec<[u8; 2]>),
    /// A sequential JPEG with a scan that does not contain all components in order.
    SeparateScans,
    /// The height follows the first scan (B.2.5).
    HeightBehind,
    /// The colour space is ambiguous: markers and components contradict each other, or it is undefined.
    Colours,
    NoHuffmanTables,
}

/// Why the header does not describe a picture that can be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    Rare(RareKind),
    /// There is no frame header before the first scan, there is no scan, or one of the headers is too short.
    NoHeader,
}

/// Refuses all variants that are not decoded like libjpeg does.
pub(super) fn require_ordinary(bytes: &[u8]) -> Result<(), Unreadable> {
    let (mut frame, mut scan, mut colours, mut tables) = (None, None, Colours::default(), false);
    for marker in markers::header(bytes) {
        let contents = marker.contents;
        match marker.code {
            0xc4 => tables = true,
            0xcc => return Err(RareKind::Arithmetic.into()),
            0xde => return Err(RareKind::Hierarchical.into()),
            code @ 0xc0..=0xcf if code != 0xc8 && frame.is_none() => frame = Some(Frame::read(code, contents)?),
            0xe0 if contents.starts_with(b"JFIF\0") => colours.jfif = true,
            0xe0 if contents.starts_with(b"AVI1\0") => tables = true,
            0xee if contents.starts_with(b"Adobe") => colours.adobe = contents.get(11).copied(),
            START_OF_SCAN => scan = Some(contents),
            _ => {}
        }
    }
    let (frame, scan) = frame.zip(scan).ok_or(Unreadable::NoHeader)?;
    frame.require_ordinary()?;
    colours.require_certain(&frame)?;
    if !tables {
        return Err(RareKind::NoHuffmanTables.into());
    }
    frame.require_one_scan(scan)
}

struct Frame {
    progressive: bool,
    bits: u8,
    height: u16,
    components: Vec<Component>,
}

struct Component {
    id: u8,
    /// Horizontal and vertical sampling factors.
    sampling: [u8; 2],
}

impl Frame {
    /// Reads a frame header (B.2.2). The marker identifies the coding process.
    fn read(code: u8, contents: &[u8]) -> Result<Self, Unreadable> {
        let progressive = match code {
            0xc0 | 0xc1 => false,
            0xc2 => true,
            0xc3 | 0xcb => return Err(RareKind::Lossless.into()),
            0xc9 | 0xca => return Err(RareKind::Arithmetic.into()),
            _ => return Err(RareKind::Hierarchical.into()),
        };
        let [bits, high, low, _, _, count, rest @ ..] = contents else { return Err(Unreadable::NoHeader) };
        let components = rest
            .as_chunks::<3>()
            .0
            .iter()
            .map(|&[id, sampling, _]| Component { id, sampling: [sampling >> 4, sampling & 0x0f] });
        let components: Vec<Component> = components.take((*count).into()).collect();
        if components.len() != usize::from(*count) {
            return Err(Unreadable::NoHeader);
        }
        Ok(Self { progressive, bits: *bits, height: u16::from_be_bytes([*high, *low]), components })
    }

    fn require_ordinary(&self) -> Result<(), RareKind> {
        match self.components.as_slice() {
            _ if self.bits != 8 => Err(RareKind::BitsPerSample(self.bits)),
            _ if self.height == 0 => Err(RareKind::HeightBehind),
            // The sampling of a single component has no effect (A.2.2), but the decoder needs powers of two.
            [Component { sampling: [1 | 2 | 4, 1 | 2], .. }] => Ok(()),
            [first, others @ ..] if matches!(others.len(), 2 | 3) => {
                let subsampled = |other: &Component| {
                    first.sampling.iter().zip(other.sampling).all(|(&full, part)| part > 0 && full % part == 0)
                };
                let ordinary = matches!(first.sampling, [1 | 2 | 4, 1 | 2]) && others.iter().all(subsampled);
                if ordinary { Ok(()) } else { Err(self.rare_sampling()) }
            }
            [_] => Err(self.rare_sampling()),
            components => Err(RareKind::Components(components.len())),
        }
    }

    fn rare_sampling(&self) -> RareKind {
        RareKind::Sampling(self.components.iter().map(|component| component.sampling).collect())
    }

    /// Checks a scan header (B.2.3), which begins with the number of components and two bytes for each.
    fn require_one_scan(&self, scan: &[u8]) -> Result<(), Unreadable> {
        let [count, rest @ ..] = scan else { return Err(Unreadable::NoHeader) };
        let ids = rest.as_chunks::<2>().0.iter().take((*count).into()).map(|&[id, _]| id);
        let whole = ids.eq(self.components.iter().map(|component| component.id));
        if self.progressive || whole { Ok(()) } else { Err(RareKind::SeparateScans.into()) }
    }
}

/// The markers that determine whether three components are YCbCr or RGB.
#[derive(Default)]
struct Colours {
    /// There is a JFIF marker, which means YCbCr (ITU-T T.871).
    jfif: bool,
    /// The transform that Adobe's marker names (ITU-T T.872, 6.5.3): 0 none, 1 YCbCr, 2 YCCK.
    adobe: Option<u8>,
}

impl Colours {
    /// Refuses contradictory markers, because programs interpret them differently.
    fn require_certain(&self, frame: &Frame) -> Result<(), RareKind> {
        let named_rgb = frame.components.iter().map(|component| component.id).eq(*b"RGB");
        let certain = match (frame.components.len(), self.adobe) {
            (3, None) => !(named_rgb && self.jfif),
            (3, Some(0)) => !self.jfif,
            (3, Some(1)) => !named_rgb,
            (4, None | Some(0 | 2)) => true,
            (components, _) => components == 1,
        };
        if certain { Ok(()) } else { Err(RareKind::Colours) }
    }
}

impl From<RareKind> for Unreadable {
    fn from(kind: RareKind) -> Self {
        Self::Rare(kind)
    }
}

impl fmt::Display for RareKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arithmetic => f.write_str("arithmetic coding"),
            Self::Lossless => f.write_str("lossless coding"),
            Self::Hierarchical => f.write_str("hierarchical coding"),
            Self::BitsPerSample(bits) => write!(f, "{bits} bits per sample"),
            Self::Components(count) => write!(f, "{count} colour components"),
            Self::Sampling(sampling) => {
                let each: Vec<String> = sampling.iter().map(|[across, down]| format!("{across}x{down}")).collect();
                write!(f, "sampling {}", each.join(","))
            }
            Self::SeparateScans => f.write_str("separate scans for colour components"),
            Self::HeightBehind => f.write_str("its height follows the picture data"),
            Self::Colours => f.write_str("its colour space is ambiguous"),
            Self::NoHuffmanTables => f.write_str("it has no Huffman tables"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Marker, bits, components with id and sampling, ids in the first scan; JFIF, Adobe's transform.
    struct Header<'a> {
        code: u8,
        bits: u8,
        components: &'a [(u8, u8)],
        scan: &'a [u8],
        jfif: bool,
        adobe: Option<u8>,
    }

    const YCC: &[(u8, u8)] = &[(1, 0x22), (2, 0x11), (3, 0x11)];
    const ORDINARY: Header<'_> =
        Header { code: 0xc0, bits: 8, components: YCC, scan: &[1, 2, 3], jfif: true, adobe: None };

    fn written(header: &Header<'_>) -> Vec<u8> {
        let segment = |code: u8, contents: &[u8]| {
            [&[0xff, code][..], &(contents.len() as u16 + 2).to_be_bytes(), contents].concat()
        };
        let mut bytes = b"\xff\xd8".to_vec();
        if header.jfif {
            bytes.extend(segment(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"));
        }
        if let Some(transform) = header.adobe {
            bytes.extend(segment(0xee, &[b"Adobe\0\x64\0\0\0\0", &[transform][..]].concat()));
        }
        bytes.extend(segment(0xc4, b"tables"));
        let mut frame = vec![header.bits, 0, 16, 0, 24, header.components.len() as u8];
        frame.extend(header.components.iter().flat_map(|&(id, sampling)| [id, sampling, 0]));
        bytes.extend(segment(header.code, &frame));
        let mut scan = vec![header.scan.len() as u8];
        scan.extend(header.scan.iter().flat_map(|&id| [id, 0]));
        scan.extend([0, 63, 0]);
        [bytes, segment(START_OF_SCAN, &scan)].concat()
    }

    #[test]
    fn every_unsupported_kind_is_named() {
        let rgb: &[(u8, u8)] = &[(b'R', 0x11), (b'G', 0x11), (b'B', 0x11)];
        let cmyk: &[(u8, u8)] = &[(1, 0x22), (2, 0x11), (3, 0x11), (4, 0x22)];
        for (header, expected) in [
            (ORDINARY, "ordinary"),
            (Header { code: 0xc1, ..ORDINARY }, "ordinary"),
            (Header { code: 0xc2, scan: &[1], ..ORDINARY }, "ordinary"),
            (Header { components: &[(1, 0x22)], scan: &[1], ..ORDINARY }, "ordinary"),
            (Header { components: &[(1, 0x41), (2, 0x21), (3, 0x11)], ..ORDINARY }, "ordinary"),
            (Header { components: rgb, scan: b"RGB", jfif: false, ..ORDINARY }, "ordinary"),
            (Header { components: cmyk, scan: &[1, 2, 3, 4], adobe: Some(2), ..ORDINARY }, "ordinary"),
            (Header { scan: &[1], ..ORDINARY }, "separate scans for colour components"),
            (Header { scan: &[1, 2], code: 0xc1, ..ORDINARY }, "separate scans for colour components"),
            (Header { scan: &[3, 2, 1], ..ORDINARY }, "separate scans for colour components"),
            (Header { code: 0xc3, ..ORDINARY }, "lossless coding"),
            (Header { code: 0xcb, ..ORDINARY }, "lossless coding"),
            (Header { code: 0xc5, ..ORDINARY }, "hierarchical coding"),
            (Header { code: 0xcf, ..ORDINARY }, "hierarchical coding"),
            (Header { code: 0xc9, ..ORDINARY }, "arithmetic coding"),
            (Header { code: 0xca, ..ORDINARY }, "arithmetic coding"),
            (Header { bits: 12, ..ORDINARY }, "12 bits per sample"),
            (Header { components: &[(1, 0x11), (2, 0x11)], scan: &[1, 2], ..ORDINARY }, "2 colour components"),
            (Header { components: &[(1, 0x31), (2, 0x11), (3, 0x11)], ..ORDINARY }, "sampling 3x1,1x1,1x1"),
            (Header { components: &[(1, 0x11), (2, 0x21), (3, 0x11)], ..ORDINARY }, "sampling 1x1,2x1,1x1"),
            (Header { components: &[(1, 0x21), (2, 0x12), (3, 0x11)], ..ORDINARY }, "sampling 2x1,1x2,1x1"),
            (Header { components: &[(1, 0x22), (2, 0x10), (3, 0x11)], ..ORDINARY }, "sampling 2x2,1x0,1x1"),
            (Header { components: &[(1, 0x14), (2, 0x12), (3, 0x12)], ..ORDINARY }, "sampling 1x4,1x2,1x2"),
            (Header { components: &[(1, 0x33)], scan: &[1], ..ORDINARY }, "sampling 3x3"),
            (Header { adobe: Some(0), ..ORDINARY }, "its colour space is ambiguous"),
            (Header { adobe: Some(9), ..ORDINARY }, "its colour space is ambiguous"),
            (Header { components: rgb, scan: b"RGB", ..ORDINARY }, "its colour space is ambiguous"),
            (
                Header { components: cmyk, scan: &[1, 2, 3, 4], adobe: Some(1), ..ORDINARY },
                "its colour space is ambiguous",
            ),
        ] {
            let found = match require_ordinary(&written(&header)) {
                Ok(()) => "ordinary".to_owned(),
                Err(Unreadable::Rare(kind)) => kind.to_string(),
                Err(Unreadable::NoHeader) => "no header".to_owned(),
            };
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_header_cut_anywhere_is_no_header() {
        let whole = written(&ORDINARY);
        for length in 0..whole.len() - 3 {
            assert_ne!(require_ordinary(&whole[..length]), Ok(()), "{length} bytes");
        }
    }
}
