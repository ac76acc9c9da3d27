//! Programs and libraries that a command needs beyond cargo and a C compiler. Missing ones are installed, with a
//! message. The packages of crates.io, PyPI and npm are in [`crate::tools`].

use crate::process::{self, command, succeeds};
use anyhow::{Context, Result};
use std::process::Command;

/// A program or library that must be present.
pub(crate) struct Requirement {
    /// A command that succeeds if it is present.
    probe: &'static [&'static str],
    source: Source,
}

/// Where to install it from.
enum Source {
    DebianPackage(&'static str),
    /// Packages of this architecture and of a foreign one.
    DebianPackages {
        foreign: &'static str,
        names: &'static [&'static str],
    },
    RustupComponent(&'static str),
}

pub(crate) const RUSTFMT: Requirement =
    Requirement { probe: &["cargo", "fmt", "--version"], source: Source::RustupComponent("rustfmt") };
pub(crate) const CLIPPY: Requirement =
    Requirement { probe: &["cargo", "clippy", "--version"], source: Source::RustupComponent("clippy") };
/// Python with the modules for virtual environments, which Debian packages separately.
pub(crate) const PYTHON: Requirement =
    Requirement { probe: &["python3", "-c", "import venv, ensurepip"], source: Source::DebianPackage("python3-venv") };

/// The compiler for libFuzzer.
pub(crate) const CPLUSPLUS: Requirement =
    Requirement { probe: &["c++", "--version"], source: Source::DebianPackage("g++") };

/// The door unit's build generates bindings to the kernel's video interface from its headers.
pub(crate) const LIBCLANG: Requirement = Requirement {
    probe: &["sh", "-c", "PATH=$PATH:/sbin:/usr/sbin; ldconfig -p | grep -q 'libclang[-.][0-9s]'"],
    source: Source::DebianPackage("libclang-dev"),
};

/// Cross compiler and emulator for 64-bit ARM: Debian's Rust, which has a standard library for that architecture.
pub(crate) const CROSS: Requirement = Requirement {
    probe: &[
        "sh",
        "-c",
        "qemu-aarch64-static -version && aarch64-linux-gnu-gcc --version && test -x /usr/bin/cargo \
         && test -d \"$(/usr/bin/rustc --print sysroot)/lib/rustlib/aarch64-unknown-linux-gnu\"",
    ],
    source: Source::DebianPackages {
        foreign: "arm64",
        names: &[
            "rustc-web",
            "cargo-web",
            "libstd-rust-web-dev:arm64",
            "gcc-aarch64-linux-gnu",
            "libc6-dev-arm64-cross",
            "binutils-aarch64-linux-gnu",
            "qemu-user-static",
        ],
    },
};

/// A shell for the folder in which the package is tested.
pub(crate) const BUSYBOX: Requirement =
    Requirement { probe: &["/bin/busybox", "true"], source: Source::DebianPackage("busybox-static") };
/// The SSH server for the test that ships databases.
pub(crate) const SSH_SERVER: Requirement =
    Requirement { probe: &["test", "-x", "/usr/sbin/sshd"], source: Source::DebianPackage("openssh-server") };
/// The bus on which systemd answers, for the test of the service's sandbox.
pub(crate) const DBUS: Requirement =
    Requirement { probe: &["test", "-x", "/usr/bin/dbus-daemon"], source: Source::DebianPackage("dbus") };
/// Checks the sudoers file of the package.
pub(crate) const SUDO: Requirement =
    Requirement { probe: &["visudo", "--version"], source: Source::DebianPackage("sudo") };
/// The HEIC decoder, for the test of HEIC photos.
pub(crate) const HEIF_DECODER: Requirement = Requirement {
    probe: &["sh", "-c", "command -v heif-dec || command -v heif-convert"],
    source: Source::DebianPackage("libheif-examples"),
};
/// Opens backups of keys, for the test that another program can.
pub(crate) const AGE: Requirement = Requirement { probe: &["age", "--version"], source: Source::DebianPackage("age") };
/// The browser in which pages are tested.
pub(crate) const CHROMIUM: Requirement =
    Requirement { probe: &["test", "-x", "/usr/bin/chromium"], source: Source::DebianPackage("chromium") };
/// Runs what commands the browser, which needs this version.
pub(crate) const NODE: Requirement = Requirement {
    probe: &["node", "-e", "process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)"],
    source: Source::DebianPackage("nodejs"),
};
pub(crate) const NPM: Requirement = Requirement { probe: &["npm", "--version"], source: Source::DebianPackage("npm") };
pub(crate) const MAN: Requirement =
    Requirement { probe: &["man", "--version"], source: Source::DebianPackage("man-db") };

/// Installs the missing requirements.
///
/// # Errors
/// If the installation fails; the error names what is missing.
pub(crate) fn ensure(requirements: &[Requirement]) -> Result<()> {
    requirements.iter().try_for_each(|requirement| {
        if is_there(requirement) {
            return Ok(());
        }
        match requirement.source {
            Source::DebianPackage(package) => install_packages(&[package]),
            Source::DebianPackages { foreign, names } => {
                process::run(&mut as_root(&["dpkg", "--add-architecture", foreign]))?;
                install_packages(names)
            }
            Source::RustupComponent(component) => {
                println!("{component} is missing: installing it");
                process::run(&mut command("rustup", ["component", "add", component]))
            }
        }
    })
}

/// Installs the missing ones of these Debian packages.
///
/// # Errors
/// If the installation fails.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let installed = |package: &&str| succeeds(&mut command("dpkg-query", ["-s", package]));
    let missing: Vec<&str> = packages.iter().copied().filter(|package| !installed(package)).collect();
    if missing.is_empty() { Ok(()) } else { install_packages(&missing) }
}

/// Whether it is there, in the version that is needed.
pub(crate) fn is_there(requirement: &Requirement) -> bool {
    let (program, arguments) = requirement.probe.split_first().unwrap_or((&"true", &[]));
    succeeds(&mut command(program, arguments))
}

fn install_packages(packages: &[&str]) -> Result<()> {
    let named = packages.join(", ");
    println!("Debian packages are missing: installing {named}");
    let install = ["apt-get", "-qq", "install", "--yes", "--no-install-recommends"];
    process::run(&mut as_root(&["apt-get", "-qq", "update"]))
        .and_then(|()| process::run(&mut as_root(&[&install, packages].concat())))
        .with_context(|| format!("{named} could not be installed: install them by hand"))
}

fn as_root(words: &[&str]) -> Command {
    let mut all: Vec<&str> = if is_root() { vec![] } else { vec!["sudo"] };
    all.extend(["env", "DEBIAN_FRONTEND=noninteractive"]);
    all.extend(words);
    command(all[0], &all[1..])
}

fn is_root() -> bool {
    let id = process::answer_of(&mut command("id", ["-u"]), &[0]);
    id.is_ok_and(|id| id.trim() == "0")
}
