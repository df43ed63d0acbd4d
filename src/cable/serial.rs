//! Serial ports: opening one for the robot alone, and saying clearly why it cannot be opened.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use rustix::fs::{Access, FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;
use rustix::termios::isatty;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_serial::{ClearBuffer, SerialPort};

use super::line::Stream;
use super::port::Port;
use super::terminal::is_terminal;
use super::usb::FTDI;
use super::wire::Wire;
use super::{holder, low_latency, permission};

/// What the system says of its devices.
const SYS: &str = "/sys";
/// Pseudo-terminals: both of their ends are held by the programs that made them.
const PSEUDO: &str = "/dev/pts/";

/// Why a serial port could not be opened; each says what to try.
#[derive(Debug, thiserror::Error)]
pub enum SerialError {
    /// Nothing there.
    #[error(
        "no serial port at {path}: plug the robot in, or name another port with --serial (`joywire ports` lists them)"
    )]
    Missing {
        /// The port.
        path: String,
    },
    /// There, but not for us.
    #[error("no permission for {path}: {hint}")]
    Permission {
        /// The port.
        path: String,
        /// What to try.
        hint: String,
    },
    /// Another program has it.
    #[error("{path} is in use by {holder}: close it and try again")]
    Busy {
        /// The port.
        path: String,
        /// Who has it, as far as that can be seen.
        holder: String,
    },
    /// Something else.
    #[error("{path} is not a serial port")]
    NotAPort {
        /// What was named.
        path: String,
    },
    /// It cannot be as fast.
    #[error("{path} cannot do {baud} baud: set robot.baud, and the robot's firmware, to another rate")]
    Baud {
        /// The port.
        path: String,
        /// What was asked for, bits a second.
        baud: u32,
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

/// An open serial port, for one program alone until it is dropped.
pub struct Serial {
    wire: Wire,
    /// Holds the lock, and asks and tells the driver; nothing is read or written here.
    control: Box<dyn SerialPort>,
}

impl std::fmt::Debug for Serial {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Serial").field("wire", &self.wire).finish_non_exhaustive()
    }
}

impl AsyncRead for Serial {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_read(context, buffer)
    }
}

impl AsyncWrite for Serial {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(context)
    }
}

impl Stream for Serial {
    fn forget_written(&self) {
        // Closing a port whose line is stuck would wait for the rest to leave, up to half a minute.
        let cleared = self.control.clear(ClearBuffer::Output);
        tracing::trace!(?cleared, "what was still to be sent");
    }

    fn waiting(&self) -> u64 {
        self.control.bytes_to_write().map_or(0, u64::from)
    }
}

/// Opens `port` at `baud` bits a second, raw, for us alone, and drops what waited in it.
///
/// The stream holds a file lock as well as the terminal's own exclusive mode, which root passes. When it
/// is closed the line DTR falls (HUPCL), as is usual: boards with USB of their own know by it that nobody
/// listens, and would else wait for a reader. The price is that most others restart when it is opened again.
///
/// # Errors
/// [`SerialError`].
pub fn open(port: &Port, baud: u32) -> Result<Serial, SerialError> {
    let path = &port.name;
    // First of all: opening some devices does something, and a watchdog's restarts the machine later.
    if !is_terminal(Path::new(path), Path::new(SYS)).map_err(|error| explain(path, error))? {
        return Err(SerialError::NotAPort { path: path.clone() });
    }
    if let Some(holder) = in_use(port) {
        return Err(SerialError::Busy { path: path.clone(), holder });
    }
    // The library does not tell a port in use from a missing one, so that is asked first. What asked stays open, and is
    // what is read and written later: closing a port and opening it again would reset most boards twice.
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let probe = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| explain(path, error.into()))?;
    if !isatty(&probe) {
        return Err(SerialError::NotAPort { path: path.clone() });
    }
    for operation in [FlockOperation::NonBlockingLockExclusive, FlockOperation::Unlock] {
        flock(&probe, operation).map_err(|error| explain(path, error.into()))?;
    }
    let control = tokio_serial::new(path, baud).open().map_err(|error| {
        // A lock that someone took since the probe: the library calls that a missing device.
        let taken = error.kind == tokio_serial::ErrorKind::NoDevice && Path::new(path).exists();
        explain(path, if taken { Errno::WOULDBLOCK.into() } else { error.into() })
    })?;
    let real = control.baud_rate().map_err(|error| explain(path, error.into()))?;
    // A receiver follows some 4 % of error in all; half of that is the robot's own.
    if real.abs_diff(baud) > baud / 50 {
        return Err(SerialError::Baud { path: path.clone(), baud });
    }
    control.clear(ClearBuffer::All).map_err(|error| explain(path, error.into()))?;
    if port.usb.as_ref().is_some_and(|usb| usb.vid == FTDI) {
        let asked = low_latency::ask(&probe);
        tracing::debug!(?asked, port = path, "low latency");
    }
    let wire = Wire::new(probe).map_err(|error| explain(path, error))?;
    Ok(Serial { wire, control })
}

/// The programs that have `port` open already, as far as can be seen without opening it.
///
/// Many programs ask for no lock; two that read one port get half of the bytes each.
#[must_use]
pub fn in_use(port: &Port) -> Option<String> {
    let pseudo = std::fs::canonicalize(&port.name).is_ok_and(|device| device.starts_with(PSEUDO));
    if pseudo { None } else { holder::holders(&port.name) }
}

/// Why this user may not open `port`, as far as can be seen without opening it: what to try.
#[must_use]
pub fn forbidden(port: &Port) -> Option<String> {
    let denied = rustix::fs::access(&port.name, Access::READ_OK | Access::WRITE_OK) == Err(Errno::ACCESS);
    denied.then(|| permission::hint(&port.name))
}

fn explain(path: &str, source: io::Error) -> SerialError {
    let (path, known) = (path.to_owned(), Errno::from_io_error(&source));
    match known {
        Some(Errno::NOENT | Errno::NODEV | Errno::NXIO) => SerialError::Missing { path },
        Some(Errno::ACCESS | Errno::PERM) => SerialError::Permission { hint: permission::hint(&path), path },
        Some(Errno::BUSY | Errno::WOULDBLOCK) => {
            let holder = holder::holders(&path).unwrap_or_else(|| "another program".to_owned());
            SerialError::Busy { path, holder }
        }
        Some(Errno::NOTTY | Errno::ISDIR) => SerialError::NotAPort { path },
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
        let port = Port::bare(pty.path().to_str().unwrap());
        let first = open(&port, 115_200).unwrap();
        assert!(matches!(open(&port, 115_200), Err(SerialError::Busy { .. })));
        drop(first);
        open(&port, 115_200).unwrap();
    }

    /// Goal: what is no serial port is told as such, whoever has it open, and nothing happens to it.
    #[test]
    fn what_is_no_port_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let folder = file.path().parent().unwrap();
        for path in [file.path(), folder, Path::new("/dev/null")] {
            let error = open(&Port::bare(path.to_str().unwrap()), 115_200).unwrap_err();
            assert!(matches!(error, SerialError::NotAPort { .. }), "{error}");
        }
        let error = open(&Port::bare("/dev/no-such-port"), 115_200).unwrap_err();
        assert!(matches!(error, SerialError::Missing { .. }), "{error}");
    }
}
