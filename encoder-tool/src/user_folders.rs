//! The user's folders.

use std::env;
use std::path::PathBuf;

/// The cache folder: `$XDG_CACHE_HOME/encoder-tool`, else `~/.cache/encoder-tool`; `None` if neither is known.
pub(crate) fn cache() -> Option<PathBuf> {
    folder("XDG_CACHE_HOME", ".cache")
}

/// The configuration folder: `$XDG_CONFIG_HOME/encoder-tool`, else `~/.config/encoder-tool`; `None` if neither is
/// known.
pub(crate) fn settings() -> Option<PathBuf> {
    folder("XDG_CONFIG_HOME", ".config")
}

fn folder(variable: &str, in_home: &str) -> Option<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let named = set(variable).filter(|path| path.is_absolute());
    Some(named.or_else(|| Some(set("HOME")?.join(in_home)))?.join("encoder-tool"))
}
