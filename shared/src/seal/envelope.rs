//! Encrypts contents with a single-use key, and wraps that key for each recipient.

use super::MAX_RECIPIENTS;
use super::fingerprint::Fingerprints;
use super::sealing::{Identity, Recipient};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce, Tag};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

/// The label of the key derivation for a recipient.
pub const WRAP_LABEL: &[u8] = b"people.db v1 X25519";
/// The overhead of the encrypted contents, in bytes.
pub const TAG_BYTES: usize = 16;
/// Bytes per recipient: the public key and the encrypted contents key.
pub const WRAPPED_BYTES: usize = 32 + 32 + TAG_BYTES;

/// Random bytes for a single envelope.
pub struct SealRandomness {
    /// The ephemeral key.
    pub ephemeral: [u8; 32],
    /// The contents key.
    pub contents_key: [u8; 32],
}

impl Drop for SealRandomness {
    fn drop(&mut self) {
        self.ephemeral.zeroize();
        self.contents_key.zeroize();
    }
}

/// Why an envelope cannot be made or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// There are no recipients or too many.
    #[error("{0} recipients: must be 1 to {MAX_RECIPIENTS}")]
    Recipients(usize),
    /// The envelope has the wrong length or names a recipient twice.
    #[error("the list of recipients of the records is damaged")]
    NoEnvelope,
    /// The envelope was not sealed for any of the keys.
    #[error("the records are sealed for {recipients}, {}", tried_in_words(tried))]
    ForOthers {
        /// The recipients.
        recipients: Fingerprints,
        /// The keys that were tried.
        tried: Fingerprints,
    },
    /// The envelope was sealed for one of the keys, but does not open with it: it was changed.
    #[error("the records do not open with the key that they are sealed for: they were changed")]
    Changed,
}

fn tried_in_words(tried: &Fingerprints) -> alloc::string::String {
    match &tried.0[..] {
        [] => "and there is no key to open them".into(),
        [one] => alloc::format!("and the only key here is {one}"),
        _ => alloc::format!("and the keys here are {tried}"),
    }
}

/// The recipients with the wrapped contents key for each: the ephemeral public key, then [`WRAPPED_BYTES`] for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    ephemeral: Recipient,
    wrapped: Vec<(Recipient, [u8; 32 + TAG_BYTES])>,
}

impl Envelope {
    /// Makes an envelope for these recipients, without duplicates.
    ///
    /// # Errors
    /// [`EnvelopeError`] if there are no recipients or too many.
    pub fn new(recipients: &[Recipient], randomness: &SealRandomness) -> Result<Self, EnvelopeError> {
        let ephemeral = Identity::from_random(&randomness.ephemeral);
        let (mut wrapped, mut known) = (Vec::new(), BTreeSet::new());
        for recipient in recipients {
            if !known.insert(recipient.as_bytes()) {
                continue;
            }
            let key = wrap_key(&ephemeral, recipient, &ephemeral.recipient(), recipient);
            let key = key.ok_or(EnvelopeError::NoEnvelope)?;
            let mut bytes = [0; 32 + TAG_BYTES];
            let (body, tag) = bytes.split_at_mut(32);
            body.copy_from_slice(&randomness.contents_key);
            tag.copy_from_slice(&encrypt(&key, &[], body).ok_or(EnvelopeError::NoEnvelope)?);
            wrapped.push((*recipient, bytes));
        }
        if !(1..=MAX_RECIPIENTS).contains(&wrapped.len()) {
            return Err(EnvelopeError::Recipients(wrapped.len()));
        }
        Ok(Self { ephemeral: ephemeral.recipient(), wrapped })
    }

    /// Reads the bytes of [`Envelope::to_bytes`].
    ///
    /// # Errors
    /// [`EnvelopeError`]
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let (ephemeral, rest) = bytes.split_first_chunk::<32>().ok_or(EnvelopeError::NoEnvelope)?;
        let (each, []) = rest.as_chunks::<WRAPPED_BYTES>() else { return Err(EnvelopeError::NoEnvelope) };
        if !(1..=MAX_RECIPIENTS).contains(&each.len()) {
            return Err(EnvelopeError::Recipients(each.len()));
        }
        let (mut wrapped, mut known) = (Vec::with_capacity(each.len()), BTreeSet::new());
        for one in each {
            let (Some((recipient, _)), Some((_, key))) =
                (one.split_first_chunk::<32>(), one.split_last_chunk::<{ 32 + TAG_BYTES }>())
            else {
                return Err(EnvelopeError::NoEnvelope);
            };
            if !known.insert(recipient) {
                return Err(EnvelopeError::NoEnvelope);
            }
            wrapped.push((Recipient::from_bytes(recipient), *key));
        }
        Ok(Self { ephemeral: Recipient::from_bytes(ephemeral), wrapped })
    }

    /// The form stored in a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32 + self.wrapped.len() * WRAPPED_BYTES);
        bytes.extend(self.ephemeral.as_bytes());
        for (recipient, key) in &self.wrapped {
            bytes.extend(recipient.as_bytes());
            bytes.extend(key);
        }
        bytes
    }

    /// The recipients.
    pub fn recipients(&self) -> Vec<Recipient> {
        self.wrapped.iter().map(|(recipient, _)| *recipient).collect()
    }

    /// Encrypts contents in place and returns their tag. The bytes `before` them are authenticated too.
    ///
    /// # Errors
    /// [`EnvelopeError::NoEnvelope`] for 256 GiB or more.
    pub fn seal(
        randomness: &SealRandomness,
        before: &[u8],
        contents: &mut [u8],
    ) -> Result<[u8; TAG_BYTES], EnvelopeError> {
        encrypt(&randomness.contents_key, before, contents).ok_or(EnvelopeError::NoEnvelope)
    }

    /// Decrypts what [`Envelope::seal`] encrypted, followed by its tag. The result is overwritten when it is dropped.
    ///
    /// # Errors
    /// [`EnvelopeError`] if it is for other recipients, or was changed.
    pub fn open(
        &self,
        identities: &[Identity],
        before: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        let key = self.contents_key(identities)?;
        let (contents, tag) = sealed.split_last_chunk::<TAG_BYTES>().ok_or(EnvelopeError::Changed)?;
        let mut contents = Zeroizing::new(contents.to_vec());
        decrypt(&key, before, &mut contents, tag).ok_or(EnvelopeError::Changed)?;
        Ok(contents)
    }

    fn contents_key(&self, identities: &[Identity]) -> Result<Zeroizing<[u8; 32]>, EnvelopeError> {
        let mut is_for_one = false;
        for identity in identities {
            let recipient = identity.recipient();
            let Some((_, wrapped)) = self.wrapped.iter().find(|(other, _)| *other == recipient) else { continue };
            is_for_one = true;
            let Some(key) = wrap_key(identity, &self.ephemeral, &self.ephemeral, &recipient) else { continue };
            let mut contents_key = Zeroizing::new([0; 32]);
            let (body, tag) = wrapped.split_at(32);
            contents_key.copy_from_slice(body);
            let Ok(tag) = tag.try_into() else { continue };
            if decrypt(&key, &[], &mut contents_key[..], &tag).is_some() {
                return Ok(contents_key);
            }
        }
        if is_for_one {
            return Err(EnvelopeError::Changed);
        }
        let recipients = self.wrapped.iter().map(|(recipient, _)| recipient.fingerprint()).collect();
        let tried = identities.iter().map(|identity| identity.recipient().fingerprint()).collect();
        Err(EnvelopeError::ForOthers { recipients: Fingerprints(recipients), tried: Fingerprints(tried) })
    }
}

fn wrap_key(
    ours: &Identity,
    theirs: &Recipient,
    ephemeral: &Recipient,
    recipient: &Recipient,
) -> Option<Zeroizing<[u8; 32]>> {
    let secret = ours.shared_secret(theirs)?;
    let mut salt = [0; 64];
    salt[..32].copy_from_slice(ephemeral.as_bytes());
    salt[32..].copy_from_slice(recipient.as_bytes());
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(&salt), secret.as_bytes()).expand(WRAP_LABEL, &mut key[..]).ok()?;
    Some(key)
}

/// Each key encrypts once, so a zero nonce is safe.
fn encrypt(key: &[u8; 32], before: &[u8], contents: &mut [u8]) -> Option<[u8; TAG_BYTES]> {
    let cipher = ChaCha20Poly1305::new(key.into());
    let tag = cipher.encrypt_inout_detached(&Nonce::default(), before, contents.into()).ok()?;
    Some(tag.into())
}

fn decrypt(key: &[u8; 32], before: &[u8], contents: &mut [u8], tag: &[u8; TAG_BYTES]) -> Option<()> {
    let cipher = ChaCha20Poly1305::new(key.into());
    cipher.decrypt_inout_detached(&Nonce::default(), before, contents.into(), &Tag::from(*tag)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    fn randomness() -> SealRandomness {
        let mut ephemeral = [0; 32];
        (0..32).for_each(|index| ephemeral[index] = index as u8);
        SealRandomness { ephemeral, contents_key: [0x22; 32] }
    }

    fn hex(bytes: &[u8]) -> std::string::String {
        bytes.iter().map(|byte| std::format!("{byte:02x}")).collect()
    }

    /// Computed with Python's `cryptography` 48.0: X25519PrivateKey.exchange, HKDF, ChaCha20Poly1305.encrypt.
    #[test]
    fn an_envelope_is_that_of_another_implementation() {
        let device = Identity::from_random(&[0x11; 32]);
        let envelope = Envelope::new(&[device.recipient()], &randomness()).unwrap();
        let expected = "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f\
                        7b4e909bbe7ffe44c465a220037d608ee35897d31ef972f07f74892cb0f73f13\
                        303f8d0525839e004c1310505f5d61def66f498f809f493d8ae4f3f1920b1483d4e1e449be9b7f9767d1b896e1533865";
        assert_eq!(hex(&envelope.to_bytes()), expected);
        let mut contents = *b"Ann Lee";
        let tag = Envelope::seal(&randomness(), b"before", &mut contents).unwrap();
        assert_eq!(hex(&contents) + &hex(&tag), "11a59550ca67ed1e3583566b875a77b1334b5b44328234");
    }

    #[test]
    fn each_recipient_opens_it_and_nobody_else() {
        let keys: vec::Vec<Identity> = (1..=4).map(|number| Identity::from_random(&[number; 32])).collect();
        let recipients: vec::Vec<Recipient> = keys[..3].iter().map(Identity::recipient).collect();
        let named_twice = [&recipients[..], &recipients[..1]].concat();
        let envelope = Envelope::new(&named_twice, &randomness()).unwrap();
        assert_eq!(envelope.recipients(), recipients);
        let read = Envelope::parse(&envelope.to_bytes()).unwrap();
        assert_eq!(read, envelope);
        let mut sealed = b"people".to_vec();
        let tag = Envelope::seal(&randomness(), b"head", &mut sealed).unwrap();
        sealed.extend(tag);
        for key in &keys[..3] {
            let opened = read.open(core::slice::from_ref(key), b"head", &sealed).unwrap();
            assert_eq!(opened.as_slice(), b"people");
            assert_eq!(read.open(core::slice::from_ref(key), b"Head", &sealed), Err(EnvelopeError::Changed));
        }
        let [stranger] = &keys[3..] else { panic!() };
        let refusal = read.open(core::slice::from_ref(stranger), b"head", &sealed).unwrap_err();
        let message = std::format!("{refusal}");
        for key in &keys {
            let fingerprint = std::format!("{}", key.recipient().fingerprint());
            assert!(message.contains(&fingerprint), "{message}");
        }
        let message = std::format!("{}", read.open(&[], b"head", &sealed).unwrap_err());
        assert!(message.ends_with("and there is no key to open them"), "{message}");
    }

    #[test]
    fn any_byte_that_is_changed_is_found() {
        let key = Identity::from_random(&[9; 32]);
        let envelope = Envelope::new(&[key.recipient()], &randomness()).unwrap().to_bytes();
        let mut sealed = b"people".to_vec();
        let tag = Envelope::seal(&randomness(), b"head", &mut sealed).unwrap();
        sealed.extend(tag);
        let opens = |envelope: &[u8], before: &[u8], sealed: &[u8]| {
            Envelope::parse(envelope)?.open(core::slice::from_ref(&key), before, sealed).map(drop)
        };
        assert_eq!(opens(&envelope, b"head", &sealed), Ok(()));
        for at in 0..envelope.len() {
            let mut changed = envelope.clone();
            changed[at] ^= 0x40;
            assert!(opens(&changed, b"head", &sealed).is_err(), "{at}");
            assert!(opens(&envelope[..at], b"head", &sealed).is_err(), "{at}");
        }
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(opens(&envelope, b"head", &changed), Err(EnvelopeError::Changed), "{at}");
            assert_eq!(opens(&envelope, b"head", &sealed[..at]), Err(EnvelopeError::Changed), "{at}");
        }
    }

    #[test]
    fn nobody_and_too_many_are_refused() {
        let identity = |number: usize| {
            let mut random = [7; 32];
            random[8..16].copy_from_slice(&(number as u64).to_le_bytes());
            Identity::from_random(&random)
        };
        let recipients: vec::Vec<Recipient> = (0..=MAX_RECIPIENTS).map(|number| identity(number).recipient()).collect();
        let envelope = Envelope::new(&recipients[1..], &randomness()).unwrap();
        assert_eq!(Envelope::parse(&envelope.to_bytes()).as_ref(), Ok(&envelope));
        let mut sealed = b"people".to_vec();
        let tag = Envelope::seal(&randomness(), b"head", &mut sealed).unwrap();
        sealed.extend(tag);
        let opened = envelope.open(&[identity(MAX_RECIPIENTS)], b"head", &sealed).unwrap();
        assert_eq!(opened.as_slice(), b"people");
        assert_eq!(Envelope::new(&recipients, &randomness()), Err(EnvelopeError::Recipients(MAX_RECIPIENTS + 1)));
        let one_more = [&envelope.to_bytes()[..], &[9; WRAPPED_BYTES]].concat();
        assert_eq!(Envelope::parse(&one_more), Err(EnvelopeError::Recipients(MAX_RECIPIENTS + 1)));
        assert_eq!(Envelope::new(&[], &randomness()), Err(EnvelopeError::Recipients(0)));
        assert_eq!(Envelope::parse(&[0; 32]), Err(EnvelopeError::Recipients(0)));
        let twice = [&[7; 32][..], &[8; 2 * WRAPPED_BYTES]].concat();
        assert_eq!(Envelope::parse(&twice), Err(EnvelopeError::NoEnvelope));
        // A public key of small order: every secret gives zero with it.
        let nobodys = Recipient::from_bytes(&[0; 32]);
        assert_eq!(Envelope::new(&[nobodys], &randomness()), Err(EnvelopeError::NoEnvelope));
    }
}
