//! Writes the manual pages and the shells' completions of the programs, as their command lines define them: `manual DIR`.
//!
//! What `--help` says last, "Examples:" and "Files:", becomes a section of its own in a page.
#![allow(clippy::disallowed_methods, reason = "its paths are of its own making")]

use clap::{Command, CommandFactory};
use clap_complete::{Shell, generate_to};
use clap_mangen::Man;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("say which folder")?);
    for (name, command) in [
        ("edge-agent", edge_agent::Arguments::command()),
        ("edge-link", edge_link::Arguments::command()),
        ("encoder-tool", encoder_tool::Arguments::command()),
    ] {
        let folder = folder.join(name);
        fs::create_dir_all(folder.join("man"))?;
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            generate_to(shell, &mut command.clone(), name, &folder)?;
        }
        let mut command = command.disable_help_subcommand(true);
        command.build();
        write_pages(&command, &folder.join("man"))?;
    }
    Ok(())
}

fn write_pages(command: &Command, folder: &Path) -> Result<(), Box<dyn Error>> {
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        write_pages(sub, folder)?;
    }
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let last = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let man = Man::new(command.clone().after_long_help(None::<&'static str>));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    page.extend(sections(&last).bytes());
    man.render_version_section(&mut page)?;
    fs::write(folder.join(format!("{name}.1")), page)?;
    Ok(())
}

/// "Examples:" and "Files:" as roff, each line as it is.
fn sections(text: &str) -> String {
    let mut roff = String::new();
    for part in text.split("\n\n").filter(|part| !part.is_empty()) {
        let (heading, lines) = part.split_once(":\n").unwrap_or(("Notes", part));
        roff += &format!(".SH {}\n.nf\n", heading.to_uppercase());
        for line in lines.lines() {
            roff += &format!("\\&{}\n", line.trim_start().replace('\\', "\\e").replace('-', "\\-"));
        }
        roff += ".fi\n";
    }
    roff
}
