//! Cards: the canonical number of one, whatever read or wrote it, and the keyed hash that stands for it in a database.
//!
//! Reading one is for the door unit's readers. A number is a secret of its holder, so nothing here prints it.

mod hash;
mod number;
mod wiegand;

pub use hash::{CardFormat, CardHash, CardKey};
pub use number::{CardNumber, CardNumberError, MAX_DIGITS};
pub use wiegand::{MAX_FRAME_BITS, WiegandError, decode_wiegand, encode_wiegand};
