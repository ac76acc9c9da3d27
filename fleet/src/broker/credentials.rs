//! The files that say to the broker who this workstation is, and which broker it believes.

use files::{key_file, read_bounded};
use rumqttc::TlsConfiguration;
use std::path::{Path, PathBuf};
use terminal::{ShowPath, on_one_line};

/// The largest file of certificates, in bytes.
const MAX_CERTIFICATES_BYTES: u64 = 1 << 20;

/// The largest file with a private key, in bytes: RSA with 8192 bits has less than half of it.
const MAX_KEY_BYTES: u64 = 16 << 10;

/// Believes these authorities only, and shows this certificate.
///
/// # Errors
/// If a file cannot be read, is not PEM, or others could read the key.
pub(super) fn tls(ca: &Path, certificate: Option<&(PathBuf, PathBuf)>) -> Result<TlsConfiguration, String> {
    let client_auth = match certificate {
        Some((certificate, key)) => Some((pem(certificate, "certificate")?, private_key(key)?)),
        None => None,
    };
    Ok(TlsConfiguration::Simple { ca: pem(ca, "ca")?, alpn: None, client_auth })
}

/// Reads a password.
///
/// # Errors
/// If it cannot be read, is empty, or others could read it.
pub(super) fn password(path: &Path) -> Result<String, String> {
    let text = key_file::read_secret(path).map_err(|error| on_one_line(&error))?;
    match text.trim_end_matches(['\n', '\r']) {
        "" => Err(format!("{} contains no password", path.shown())),
        password => Ok(password.to_owned()),
    }
}

fn pem(path: &Path, key: &str) -> Result<Vec<u8>, String> {
    let bytes = read_bounded(path, MAX_CERTIFICATES_BYTES).map_err(|error| format!("[broker] {key}: {error}"))?;
    match bytes.windows(17).any(|part| part == b"BEGIN CERTIFICATE") {
        true => Ok(bytes),
        false => Err(format!("[broker] {key}: {} contains no certificate in PEM", path.shown())),
    }
}

fn private_key(path: &Path) -> Result<Vec<u8>, String> {
    let text = key_file::read_secret_of_at_most(path, MAX_KEY_BYTES).map_err(|error| on_one_line(&error))?;
    match text.contains("PRIVATE KEY-----") {
        true => Ok(text.as_bytes().to_vec()),
        false => Err(format!("[broker] key: {} is not a private key in PEM", path.shown())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_not_a_certificate_key_or_password_is_refused_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str, mode: u32| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            path
        };
        let ca = file("ca", "-----BEGIN CERTIFICATE-----\n", 0o644);
        let key = file("key", "-----BEGIN PRIVATE KEY-----\n", 0o600);
        assert!(tls(&ca, Some(&(ca.clone(), key.clone()))).is_ok());
        let text = file("text", "text", 0o600);
        let open = file("open", "-----BEGIN PRIVATE KEY-----\n", 0o644);
        for (ca, key, expected) in
            [(&text, &key, "text contains no"), (&ca, &text, "text is not a private"), (&ca, &open, "other users")]
        {
            let refused = tls(ca, Some(&(ca.clone(), key.clone()))).err().unwrap();
            assert!(refused.contains(expected), "{refused}");
        }
        assert_eq!(password(&file("password", "secret\n", 0o600)).unwrap(), "secret");
        assert!(password(&file("empty", "\n", 0o600)).is_err());
        assert!(password(&file("shown", "secret\n", 0o640)).is_err());
    }
}
