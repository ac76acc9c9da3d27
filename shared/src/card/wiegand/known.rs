//! The formats that are known by name.
//!
//! Sources: SIA AC-01 of 1996 (26 bits); HID's "Understanding card data formats" (which bits are facility and number);
//! the parity of the Corporate 1000 formats, which HID gives to its customers only, from `wiegand_formats.c` of the
//! Proxmark 3 client and the Wiegand example of Suprema's `BioStar` 2 device SDK.

/// Name, fields and parity bits, as [`super::WiegandFormat::drawn`] takes them.
///
/// A format of 34 bits whose two halves have other names than H10306's is the same frame. H10302 has 37 bits without a
/// facility code; its number of 35 bits is that of `h10304`, facility code and number together.
pub const KNOWN_WIEGAND_FORMATS: &[(&str, &str, &[&str])] = &[
    ("h10301", "PFFFFFFFFNNNNNNNNNNNNNNNNP", &["EXXXXXXXXXXXX.............", ".............XXXXXXXXXXXXO"]),
    (
        "h10306",
        "PFFFFFFFFFFFFFFFFNNNNNNNNNNNNNNNNP",
        &["EXXXXXXXXXXXXXXXX.................", ".................XXXXXXXXXXXXXXXXO"],
    ),
    (
        "corporate-1000-35",
        "PPFFFFFFFFFFFFNNNNNNNNNNNNNNNNNNNNP",
        &[
            ".EXX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.",
            ".XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.O",
            "OXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
        ],
    ),
    (
        "h10304",
        "PFFFFFFFFFFFFFFFFNNNNNNNNNNNNNNNNNNNP",
        &["EXXXXXXXXXXXXXXXXXX..................", "..................XXXXXXXXXXXXXXXXXXO"],
    ),
    (
        "corporate-1000-48",
        "PPFFFFFFFFFFFFFFFFFFFFFFNNNNNNNNNNNNNNNNNNNNNNNP",
        &[
            ".E.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.",
            "..XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.XX.O",
            "OXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
        ],
    ),
];
