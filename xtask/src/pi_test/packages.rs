//! The Debian packages for the emulation: downloaded once and unpacked, never installed.

use crate::process::{self, command};
use crate::requirements::{self, CROSS};
use crate::workspace;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The emulator and the libraries that an ordinary system lacks. Unpacked, because installing them could conflict with
/// another version of the emulator.
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

/// The packages of the machine, except its kernel.
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

/// Libraries that the emulator shares with many programs. They are installed normally.
const SHARED_LIBRARIES: [&str; 6] =
    ["libpixman-1-0", "libglib2.0-0", "libpng16-16", "liburing2", "libfuse3-3", "libaio1"];

/// The metapackage of Debian's newest kernel.
const KERNEL: &str = "linux-image-arm64:arm64";

/// The unpacked packages.
pub(super) struct Packages {
    host: PathBuf,
    guest: PathBuf,
}

impl Packages {
    /// Downloads and unpacks the packages if that has not been done.
    ///
    /// # Errors
    /// If the Debian packages are not available.
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

    /// A command of the emulator, with the path to its libraries.
    pub(super) fn emulator(&self) -> std::process::Command {
        let libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"].map(|path| self.host.join(path));
        let mut emulator = command::<&str>(&self.host.join("usr/bin/qemu-system-aarch64").to_string_lossy(), []);
        emulator.env("LD_LIBRARY_PATH", libraries.map(|path| path.display().to_string()).join(":"));
        emulator.arg("-L").arg(self.host.join("usr/share/qemu"));
        emulator
    }

    /// The path of a file in the machine's packages.
    pub(super) fn of_guest(&self, path: &str) -> PathBuf {
        self.guest.join(path)
    }

    /// The kernel version, as in its folder names.
    ///
    /// # Errors
    /// If there is no kernel.
    pub(super) fn kernel_version(&self) -> Result<String> {
        let modules = workspace::sorted_entries(&self.of_guest("lib/modules"))?;
        let name = modules.first().and_then(|folder| folder.file_name()).context("there is no kernel")?;
        Ok(name.to_string_lossy().into_owned())
    }
}

/// The name of the kernel package that the metapackage depends on.
fn newest_kernel() -> Result<String> {
    let depends = process::answer_of(&mut command("apt-cache", ["depends", KERNEL]), &[0])?;
    let named = depends.lines().find_map(|line| line.trim().strip_prefix("Depends: "));
    Ok(named.with_context(|| format!("{KERNEL} names no kernel"))?.trim().to_owned())
}

/// Finds a file below a folder, by its name.
pub(super) fn find(folder: &Path, matches: &dyn Fn(&str) -> bool) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|path| path.is_dir());
    let named = |path: &&PathBuf| path.file_name().is_some_and(|name| matches(&name.to_string_lossy()));
    files.iter().find(named).cloned().or_else(|| folders.iter().find_map(|folder| find(folder, matches)))
}
