//! A disk that can lose power and can be full.

use files::Storage;
use files::power_cut::PowerCut;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The disk. Clones share it.
#[derive(Clone)]
pub(super) struct Disk {
    pub(super) power: PowerCut,
    is_full: Arc<AtomicBool>,
}

impl Disk {
    pub(super) fn new(power: PowerCut) -> Self {
        Self { power, is_full: Arc::default() }
    }

    pub(super) fn set_full(&self, is_full: bool) {
        self.is_full.store(is_full, Ordering::Relaxed);
    }

    fn room(&self) -> io::Result<()> {
        if self.is_full.load(Ordering::Relaxed) { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl Storage for Disk {
    fn read(&mut self, file: &str) -> io::Result<Option<Vec<u8>>> {
        self.power.read(file)
    }

    fn read_from(&mut self, file: &str, offset: u64, bytes: usize) -> io::Result<Vec<u8>> {
        self.power.read_from(file, offset, bytes)
    }

    fn length(&mut self, file: &str) -> io::Result<Option<u64>> {
        self.power.length(file)
    }

    fn list(&mut self) -> io::Result<Vec<String>> {
        self.power.list()
    }

    fn create(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        self.room()?;
        self.power.create(file, bytes)
    }

    fn append(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        self.room()?;
        self.power.append(file, bytes)
    }

    fn truncate(&mut self, file: &str, length: u64) -> io::Result<()> {
        self.power.truncate(file, length)
    }

    fn reserve(&mut self, file: &str, bytes: u64) -> io::Result<()> {
        self.room()?;
        self.power.reserve(file, bytes)
    }

    fn sync(&mut self, file: &str) -> io::Result<()> {
        self.power.sync(file)
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.power.rename(from, to)
    }

    fn remove(&mut self, file: &str) -> io::Result<()> {
        self.power.remove(file)
    }

    fn sync_names(&mut self) -> io::Result<()> {
        self.power.sync_names()
    }
}
