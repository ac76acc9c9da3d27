//! What the emulation is made of, out of Debian's packages: fetched once, unpacked, never installed.

use crate::process::{self, command};
use crate::requirements::{self, CROSS};
use crate::workspace;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The emulator and the libraries that it asks for beyond those of an ordinary system. Unpacked, as an installed
/// emulator of another version would be in the way.
const OF_HOST: [&str; 16] = [
    "qemu-system-arm",
    "qemu-system-common",
    "qemu-system-data",
    "libfdt1",
    "libcapstone4",
    "libslirp0",
    "libvdeplug2",
    "libvdeslirp0",
    "libpmem1",
    "libdaxctl1",
    "libndctl6",
    "libibverbs1",
    "librdmacm1",
    "libnl-3-200",
    "libnl-route-3-200",
    "libkmod2",
];

/// What the machine runs, beside its kernel.
const OF_GUEST: [&str; 10] = [
    "busybox-static",
    "v4l-utils",
    "libv4l-0",
    "libv4lconvert0",
    "libv4l2rds0",
    "libjpeg62-turbo",
    "libudev1",
    "libc6",
    "libstdc++6",
    "libgcc-s1",
];

/// Installed like any other: libraries that the emulator shares with much else.
const SHARED_LIBRARIES: [&str; 6] =
    ["libpixman-1-0", "libglib2.0-0", "libpng16-16", "liburing2", "libfuse3-3", "libaio1"];

/// Names what is always Debian's newest kernel.
const KERNEL: &str = "linux-image-arm64:arm64";

/// The unpacked packages.
pub(super) struct Packages {
    host: PathBuf,
    guest: PathBuf,
}

impl Packages {
    /// Fetches and unpacks them, unless that has been done.
    ///
    /// # Errors
    /// If Debian's packages are not available.
    pub(super) fn fetch() -> Result<Self> {
        let folder = workspace::target().join("pi");
        let packages = Self { host: folder.join("host"), guest: folder.join("guest") };
        let complete = folder.join("complete");
        if complete.exists() {
            return Ok(packages);
        }
        requirements::ensure(&[CROSS])?;
        requirements::install(&SHARED_LIBRARIES)?;
        let downloads = workspace::empty_folder("pi/downloads")?;
        let of_guest = OF_GUEST.iter().map(|name| format!("{name}:arm64"));
        let names: Vec<String> =
            OF_HOST.iter().map(|name| (*name).to_owned()).chain(of_guest).chain([newest_kernel()?]).collect();
        process::run(command("apt-get", ["-qq", "download"]).args(names).current_dir(&downloads))?;
        for package in workspace::sorted_entries(&downloads)? {
            let into = if package.to_string_lossy().ends_with("_arm64.deb") { &packages.guest } else { &packages.host };
            process::run(command("dpkg", ["-x"]).args([&package, into]))?;
        }
        fs::write(&complete, "").with_context(|| format!("{}: cannot be written", complete.display()))?;
        Ok(packages)
    }

    /// The emulator, with its libraries.
    pub(super) fn emulator(&self) -> std::process::Command {
        let libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"].map(|path| self.host.join(path));
        let mut emulator = command::<&str>(&self.host.join("usr/bin/qemu-system-aarch64").to_string_lossy(), []);
        emulator.env("LD_LIBRARY_PATH", libraries.map(|path| path.display().to_string()).join(":"));
        emulator.arg("-L").arg(self.host.join("usr/share/qemu"));
        emulator
    }

    /// A file of the machine's packages.
    pub(super) fn of_guest(&self, path: &str) -> PathBuf {
        self.guest.join(path)
    }

    /// The kernel's version, as its folders are called.
    ///
    /// # Errors
    /// If there is none.
    pub(super) fn kernel_version(&self) -> Result<String> {
        let modules = workspace::sorted_entries(&self.of_guest("lib/modules"))?;
        let name = modules.first().and_then(|folder| folder.file_name()).context("there is no kernel")?;
        Ok(name.to_string_lossy().into_owned())
    }
}

/// The kernel that Debian's package of no content asks for.
fn newest_kernel() -> Result<String> {
    let depends = process::answer_of(&mut command("apt-cache", ["depends", KERNEL]), &[0])?;
    let named = depends.lines().find_map(|line| line.trim().strip_prefix("Depends: "));
    Ok(named.with_context(|| format!("{KERNEL} names no kernel"))?.trim().to_owned())
}

/// A file of that name below a folder.
pub(super) fn find(folder: &Path, matches: &dyn Fn(&str) -> bool) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|path| path.is_dir());
    let named = |path: &&PathBuf| path.file_name().is_some_and(|name| matches(&name.to_string_lossy()));
    files.iter().find(named).cloned().or_else(|| folders.iter().find_map(|folder| find(folder, matches)))
}
