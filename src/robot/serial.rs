//! Serial ports: opening one for the robot alone, and saying clearly why it cannot be opened.

use std::io;

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;
use tokio_serial::{ClearBuffer, SerialPort, SerialPortBuilderExt, SerialStream};

/// Why a serial port could not be opened; each says what to try.
#[derive(Debug, thiserror::Error)]
pub enum SerialError {
    /// Nothing there.
    #[error("no serial port at {path}: plug the robot in, or name another port with --serial")]
    Missing {
        /// The port.
        path: String,
    },
    /// There, but not for us.
    #[error("no permission for {path}: run `sudo usermod -aG dialout $USER`, then log in again")]
    Permission {
        /// The port.
        path: String,
    },
    /// Another program has it.
    #[error("{path} is in use by another program: close it (a serial monitor? ModemManager?) and try again")]
    Busy {
        /// The port.
        path: String,
    },
    /// Anything else.
    #[error("{path} cannot be used as a serial port: {source}")]
    Other {
        /// The port.
        path: String,
        /// What the system says.
        source: io::Error,
    },
}

/// Opens `path` at `baud` bits a second, raw, for us alone, and drops what waited in it.
///
/// The stream holds a file lock as well as the terminal's own exclusive mode, which root passes.
///
/// # Errors
/// [`SerialError`].
pub fn open(path: &str, baud: u32) -> Result<SerialStream, SerialError> {
    // tokio-serial does not tell a port in use from a missing one, so that is asked first. The probe
    // stays open meanwhile: closing a port and opening it again would reset most boards twice.
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let probe = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| explain(path, error.into()))?;
    for operation in [FlockOperation::NonBlockingLockExclusive, FlockOperation::Unlock] {
        flock(&probe, operation).map_err(|error| explain(path, error.into()))?;
    }
    let stream = tokio_serial::new(path, baud).open_native_async().map_err(|error| explain(path, error.into()))?;
    stream.clear(ClearBuffer::All).map_err(|error| explain(path, error.into()))?;
    Ok(stream)
}

fn explain(path: &str, source: io::Error) -> SerialError {
    let path = path.to_owned();
    match Errno::from_io_error(&source) {
        Some(Errno::NOENT | Errno::NODEV | Errno::NXIO) => SerialError::Missing { path },
        Some(Errno::ACCESS | Errno::PERM) => SerialError::Permission { path },
        Some(Errno::BUSY | Errno::WOULDBLOCK) => SerialError::Busy { path },
        Some(_) | None => SerialError::Other { path, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::robot::pty::Pty;

    /// Goal: a simulated robot's port opens like a real one, for one program at a time. Neither the
    /// robot's own end nor a lock of ours may keep us out.
    #[tokio::test]
    async fn one_program_at_a_time_has_the_port() {
        let pty = Pty::open(None).unwrap();
        let path = pty.path().to_str().unwrap();
        let first = open(path, 115_200).unwrap();
        assert!(matches!(open(path, 115_200), Err(SerialError::Busy { .. })));
        drop(first);
        open(path, 115_200).unwrap();
    }
}
