//! Files that nobody else may read, replaced whole or not at all: keys, let-in devices, the STOP latch.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Makes `directory` if it is missing, and closes it to others in any case.
///
/// # Errors
/// What the system says.
pub fn directory(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    if fs::metadata(directory)?.permissions().mode() & 0o777 != 0o700 {
        fs::set_permissions(directory, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Replaces `path` by a file with these bytes and mode 0600. When this returns, it is on stable storage; if it
/// fails, the old file is still there.
///
/// # Errors
/// What the system says.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    write_new(&unfinished, bytes)?.sync_all()?;
    fs::rename(&unfinished, path)?;
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

/// Whether [`replace`] would find a folder that it may write in, and room for these bytes. Changes nothing, and waits for
/// no disk.
///
/// # Errors
/// What the system says.
pub fn rehearse(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    write_new(&unfinished, bytes)?;
    fs::remove_file(&unfinished)
}

fn write_new(unfinished: &Path, bytes: &[u8]) -> io::Result<File> {
    // One that a killed program left may have other rights, which opening it again would keep.
    match fs::remove_file(unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(unfinished)?;
    file.write_all(bytes)?;
    Ok(file)
}

/// The mode of a file, and whether anyone but its owner may read or write it.
///
/// # Errors
/// What the system says.
pub fn exposed(path: &Path) -> io::Result<Option<u32>> {
    let mode = fs::metadata(path)?.permissions().mode() & 0o777;
    Ok((mode & 0o077 != 0).then_some(mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: nobody else reads what is kept, not even if an older file was open to all.
    #[test]
    fn replaced_file_is_private_and_whole() {
        let home = tempfile::tempdir().unwrap();
        let (below, path) = (home.path().join("a/b"), home.path().join("a/b/key.pem"));
        directory(&below).unwrap();
        fs::write(path.with_extension("new"), "left by a killed program").unwrap();
        fs::write(&path, "old").unwrap();
        assert!(exposed(&path).unwrap().is_some());
        replace(&path, b"fresh").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"fresh");
        assert_eq!((exposed(&path).unwrap(), exposed(&below).unwrap()), (None, None));
        assert_eq!(fs::read_dir(&below).unwrap().count(), 1, "something was left behind");
        rehearse(&path, b"other").unwrap();
        assert_eq!((fs::read(&path).unwrap(), fs::read_dir(&below).unwrap().count()), (b"fresh".to_vec(), 1));
        assert!(rehearse(&home.path().join("absent/key.pem"), b"other").is_err());
    }
}
