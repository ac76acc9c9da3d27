//! Hands a people database over to the unit, and reads the unit's receipt.

use super::Unit;
use super::error::UnitError;
use super::exchange::connect;
use shared::delivery::{Announcement, MAX_RECEIPT_BYTES, Receipt};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;
use terminal::ShowPath;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// How much is sent at once, in bytes.
const CHUNK: u64 = 256 << 10;
/// A unit that takes nothing for this long is stuck.
const SILENCE: Duration = Duration::from_secs(30);
/// How long the unit may take for a delivery that came before, and for writing the file, before its wait for the verdict.
const TURN: Duration = Duration::from_secs(120);

impl Unit {
    /// Hands over this file, which is the announced one, and waits for the unit's verdict.
    ///
    /// # Errors
    /// [`UnitError`]
    pub async fn hand_over(&self, file: File, announcement: &Announcement) -> Result<Receipt, UnitError> {
        let socket = &self.receive;
        let connected = timeout(SILENCE, connect(socket)).await;
        let mut unit = connected.map_err(|_| UnitError::silent(socket, SILENCE))??;
        // A unit that refuses the file may end the connection before it has read all of it.
        let sent = send(&mut unit, file, announcement, socket).await;
        if let Err(error @ (UnitError::File { .. } | UnitError::Silent { .. })) = sent {
            return Err(error);
        }
        let patience = TURN + Duration::from_secs(u64::from(announcement.wait_seconds));
        let said = timeout(patience, said(&mut unit, socket)).await;
        let receipt = said.map_err(|_| UnitError::silent(socket, patience))?.and_then(|said| receipt(socket, &said));
        match (sent, receipt) {
            (_, Ok(receipt)) => Ok(receipt),
            (Err(error), Err(_)) | (Ok(()), Err(error)) => Err(error),
        }
    }
}

async fn send(
    unit: &mut UnixStream,
    mut file: File,
    announcement: &Announcement,
    socket: &Path,
) -> Result<(), UnitError> {
    let mut chunk = announcement.to_string().into_bytes();
    loop {
        let taken = timeout(SILENCE, unit.write_all(&chunk)).await.map_err(|_| UnitError::silent(socket, SILENCE))?;
        taken.map_err(|error| UnitError::broken(socket, error))?;
        let read = spawn_blocking(move || {
            chunk.clear();
            let read = (&mut file).take(CHUNK).read_to_end(&mut chunk);
            read.map(|_| (file, chunk))
        });
        let read = read.await.map_err(|error| UnitError::File { error: error.into() })?;
        (file, chunk) = read.map_err(|error| UnitError::File { error })?;
        if chunk.is_empty() {
            return unit.shutdown().await.map_err(|error| UnitError::broken(socket, error));
        }
    }
}

async fn said(unit: &mut UnixStream, socket: &Path) -> Result<Vec<u8>, UnitError> {
    let mut said = Vec::new();
    match unit.take(MAX_RECEIPT_BYTES + 1).read_to_end(&mut said).await {
        // A unit that has not read everything resets the connection after its receipt.
        Err(error) if said.is_empty() => Err(UnitError::broken(socket, error)),
        _ => Ok(said),
    }
}

/// Reads a receipt.
///
/// # Errors
/// [`UnitError`]
pub(crate) fn receipt(socket: &Path, said: &[u8]) -> Result<Receipt, UnitError> {
    let most = usize::try_from(MAX_RECEIPT_BYTES).unwrap_or(usize::MAX);
    match said.len() {
        0 => Err(UnitError::CutOff { socket: socket.shown() }),
        found if found > most => Err(UnitError::too_long(socket, most)),
        _ => super::report::parse(socket, said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::scripted::{Delivery, ScriptedUnit};
    use shared::delivery::Outcome;
    use shared::gallery::DatabaseDigest;
    use std::io::{Seek, Write};

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        file
    }

    #[tokio::test(start_paused = true)]
    async fn the_unit_gets_the_announcement_and_the_bytes() {
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
        let announced =
            Announcement { length: bytes.len() as u64, digest: DatabaseDigest::from_file(&bytes), wait_seconds: 5 };
        let unit = ScriptedUnit::new();
        unit.receive(Delivery::Receipt(r#"{"schema":1,"outcome":"running","reason":null,"digest":null,"sequence":7}"#));
        let receipt = unit.client().hand_over(file(&bytes), &announced).await.unwrap();
        assert_eq!((receipt.outcome, receipt.sequence), (Outcome::Running, Some(7)));
        assert_eq!(unit.received(), [[announced.to_string().as_bytes(), &bytes].concat()]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_unit_that_gives_no_receipt_is_told() {
        let bytes = vec![7; 2_000_000];
        let announced =
            Announcement { length: bytes.len() as u64, digest: DatabaseDigest::from_file(&bytes), wait_seconds: 5 };
        let refusal = r#"{"schema":1,"outcome":"busy","reason":"later","digest":null,"sequence":null}"#;
        let long = "x".repeat(100_000);
        for (delivery, expected) in [
            (Delivery::EarlyReceipt(refusal), "Busy"),
            (Delivery::Receipt(r#"{"schema":1,"outcome":"shredded","reason":null}"#), "shredded"),
            (Delivery::Receipt(r#"{"schema":2,"outcome":"running","reason":null}"#), "schema 2"),
            (Delivery::Receipt(""), "CutOff"),
            (Delivery::Receipt(&long), "TooLong"),
            (Delivery::EarlyReceipt(""), "Broken"),
            (Delivery::TakesNothing, "Silent"),
            (Delivery::NoReceipt, "Silent"),
        ] {
            let unit = ScriptedUnit::new();
            unit.receive(delivery);
            let found = format!("{:?}", unit.client().hand_over(file(&bytes), &announced).await);
            assert!(found.contains(expected), "{found}");
        }
    }
}
