//! The `joywire` program: reads the command line and hands over to the command.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    joywire::cli::main(joywire::cli::CommandLine::parse())
}
