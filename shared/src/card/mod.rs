//! Cards: the canonical number, independent of reader and notation, and the keyed hash stored in a database.
//!
//! The door unit's readers read cards. A card number is secret, so nothing here prints it.

mod hash;
mod number;
mod wiegand;

pub use hash::{CardHash, CardKey};
pub use number::{CardFormat, CardNumber, CardNumberError, MAX_DIGITS};
pub use wiegand::{
    ByteOrder, DrawingError, KNOWN_WIEGAND_FORMATS, MAX_FRAME_BITS, MAX_WIEGAND_FORMATS, MIN_FRAME_BITS, TableError,
    WiegandError, WiegandFormat, WiegandFormats,
};
