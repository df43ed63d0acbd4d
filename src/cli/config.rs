//! `joywire config show` and `joywire config check`.

use std::path::Path;
use std::process::ExitCode;

use super::{say, settings};
use crate::config::Layers;

pub fn show(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let layers = settings::layers(file)?;
    settings::check(&layers)?;
    let mut section = "";
    for (key, value, origin) in layers.iter() {
        let (of, name) = key.split_once('.').unwrap_or(("", key));
        if of != section {
            say(&format!("{}[{of}]", if section.is_empty() { "" } else { "\n" }));
            section = of;
        }
        let setting = format!("{name} = {value}");
        say(&format!("{setting:<40} # {origin}"));
    }
    Ok(ExitCode::SUCCESS)
}

pub fn check(file: &Path) -> anyhow::Result<ExitCode> {
    let mut layers = Layers::defaults();
    layers.file(file)?;
    settings::check(&layers)?;
    say(&format!("{}: fine", file.display()));
    Ok(ExitCode::SUCCESS)
}
