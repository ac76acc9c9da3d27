//! A site that reaches everything else over one line, which can be cut: a network namespace and a pair of interfaces.

use std::net::Ipv4Addr;
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A site, until it is dropped.
pub(super) struct Site {
    number: u32,
}

impl Site {
    /// `None` where this user may not make namespaces.
    pub(super) fn start() -> Option<Self> {
        static SITES: AtomicU32 = AtomicU32::new(0);
        let number = (process::id() * 4 + SITES.fetch_add(1, Ordering::Relaxed)) % (1 << 14);
        let name = name(number);
        let mut made = ip(&format!("netns add {name}"));
        if !made.stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
            eprintln!("SKIPPED: this user may not make network namespaces, or iproute2 is not there");
            return None;
        }
        let site = Self { number };
        let (outside, inside) = (site.line(), "line");
        let [office, doors] = [site.office(), site.address(2)];
        for words in [
            format!("link add {outside} type veth peer name {inside} netns {name}"),
            format!("addr add {office}/30 dev {outside}"),
            format!("link set {outside} up"),
            format!("-n {name} addr add {doors}/30 dev {inside}"),
            format!("-n {name} link set {inside} up"),
        ] {
            succeeds(&words);
        }
        Some(site)
    }

    /// The words before a command that runs in the site.
    pub(super) fn inside(&self) -> [String; 4] {
        ["ip", "netns", "exec", &name(self.number)].map(str::to_owned)
    }

    /// The other end of the line, where the office is.
    pub(super) fn office(&self) -> Ipv4Addr {
        self.address(1)
    }

    pub(super) fn cut(&self) {
        succeeds(&format!("link set {} down", self.line()));
    }

    pub(super) fn mend(&self) {
        succeeds(&format!("link set {} up", self.line()));
    }

    fn line(&self) -> String {
        format!("edge-s{}", self.number)
    }

    fn address(&self, end: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(Ipv4Addr::new(10, 78, 0, 0).to_bits() + self.number * 4 + end)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        for words in [format!("link del {}", self.line()), format!("netns del {}", name(self.number))] {
            ip(&words).stderr(Stdio::null()).status().ok();
        }
    }
}

fn name(number: u32) -> String {
    format!("edge-site-{number}")
}

fn ip(words: &str) -> Command {
    let mut command = Command::new("ip");
    command.args(words.split(' ')).stdin(Stdio::null());
    command
}

fn succeeds(words: &str) {
    assert!(ip(words).status().unwrap().success(), "ip {words}");
}
