//! Writes the manual pages and the shells' completions of `edge-agent` into a folder, as its command line defines them:
//! `edge-agent-manual DIR`.

use clap::CommandFactory;
use clap_complete::{Shell, generate_to};
use edge_agent::Arguments;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("say which folder")?);
    let pages = folder.join("man");
    fs::create_dir_all(&pages)?;
    clap_mangen::generate_to(Arguments::command(), &pages)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        generate_to(shell, &mut Arguments::command(), "edge-agent", &folder)?;
    }
    Ok(())
}
