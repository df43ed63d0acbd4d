//! Packs the page's files while the program is built, so that it need not do so at each start.

use std::io::{Error, Write};
use std::path::{Path, PathBuf};
use std::{env, fs};

use crc::{CRC_64_XZ, Crc};
use flate2::Compression;
use flate2::write::GzEncoder;

/// For each file of `web/`: NAME.gz, and in NAME.tag what tells this version of it from others.
fn main() -> Result<(), Error> {
    println!("cargo::rerun-if-changed=web");
    let variable = |name| env::var_os(name).ok_or_else(|| Error::other(format!("cargo does not tell {name}")));
    let target = Path::new(&variable("OUT_DIR")?).join("web");
    fs::create_dir_all(&target)?;
    for entry in fs::read_dir(Path::new(&variable("CARGO_MANIFEST_DIR")?).join("web"))? {
        let path = entry?.path();
        let bytes = fs::read(&path)?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&bytes)?;
        fs::write(beside(&target, &path, "gz"), encoder.finish()?)?;
        fs::write(beside(&target, &path, "tag"), format!("{:016x}", Crc::<u64>::new(&CRC_64_XZ).checksum(&bytes)))?;
    }
    Ok(())
}

fn beside(target: &Path, path: &Path, ending: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    target.join(format!("{name}.{ending}"))
}
