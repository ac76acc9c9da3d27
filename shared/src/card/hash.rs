//! The keyed hash of a card's number. It hides the number from an attacker who has only the hashes. It does not hide it
//! from an attacker who also has the key, because all card numbers can be tried.

use super::number::{CardFormat, CardNumber};
use crate::person_id::PersonId;
use core::fmt;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

/// A card that belongs to a person: a keyed hash over its canonical number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CardHash {
    /// The encoding of the number.
    pub format: CardFormat,
    /// The first 16 bytes of the keyed hash.
    pub hash: [u8; 16],
}

/// The key of a database's card hashes: random bytes, made with the database.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardKey(pub [u8; 32]);

impl CardKey {
    /// HMAC-SHA-256 (RFC 2104) over the format's number (1 byte) and the card's (8 bytes, big-endian).
    pub fn hash(&self, card: CardNumber) -> CardHash {
        let format = card.format();
        // HMAC takes a key of any length, so this cannot fail; `new` would pad the key in the same way.
        let mut block = [0; 64];
        block[..32].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(&[format.0]);
        mac.update(&card.value().to_be_bytes());
        let whole: [u8; 32] = mac.finalize().into_bytes().into();
        let mut hash = [0; 16];
        hash.copy_from_slice(&whole[..16]);
        CardHash { format, hash }
    }
}

impl CardNumber {
    /// Eight bits of a hash over a person's id and the number: the first byte of SHA-256 over the id and the number (8
    /// bytes, big-endian). They distinguish two cards of a person in 255 of 256 cases, are the same in every database,
    /// and leave 65 000 candidates for the number of a 24-bit card.
    pub fn tag(self, person: &PersonId) -> u8 {
        let hash = Sha256::new().chain_update(person.0).chain_update(self.value().to_be_bytes()).finalize();
        hash[0]
    }
}

impl Zeroize for CardKey {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for CardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardKey(not shown)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with Python: `hmac.digest(bytes(range(32)), b"\x01" + (8108654).to_bytes(8, "big"), "sha256")[:16]`.
    #[test]
    fn a_hash_is_that_of_another_implementation() {
        let mut key = [0; 32];
        (0..32).for_each(|index| key[index] = index as u8);
        let hashed = CardKey(key).hash(CardNumber::new(8_108_654).unwrap());
        assert_eq!(hashed.format, CardFormat::BITS_24);
        let found = u128::from_be_bytes(hashed.hash);
        assert_eq!(found, 0x574799bd2ab4c70d8fec38b61e365d35);
    }

    #[test]
    fn another_key_or_number_makes_another_hash() {
        let number = |value| CardNumber::new(value).unwrap();
        let hash = CardKey([1; 32]).hash(number(5));
        assert_eq!(hash, CardKey([1; 32]).hash(number(5)));
        assert_ne!(hash, CardKey([2; 32]).hash(number(5)));
        assert_ne!(hash, CardKey([1; 32]).hash(number(6)));
    }

    #[test]
    fn keys_are_not_printed() {
        assert_eq!(std::format!("{:?}", CardKey([0xab; 32])), "CardKey(not shown)");
    }
}
