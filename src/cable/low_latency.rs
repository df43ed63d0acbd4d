//! Asks an adapter to hand over what it hears at once, rather than every 16 ms: one system call, unsafe code in no other file.
#![expect(unsafe_code, reason = "no safe crate without a C parser in its build knows this call")]

use std::io;

use rustix::fd::AsFd;
use rustix::ioctl::{Updater, ioctl};

/// Numbers of the two calls on x86 and Arm.
const TIOCGSERIAL: rustix::ioctl::Opcode = 0x541E;
const TIOCSSERIAL: rustix::ioctl::Opcode = 0x541F;
/// `flags` is the fifth number of `struct serial_struct`.
const FLAGS: usize = 4;
const ASYNC_LOW_LATENCY: i32 = 0x2000;
/// `struct serial_struct` has 72 bytes at most; here is room for 128, of which the system uses what it needs.
type SerialStruct = [i32; 32];

/// Asks for it. Every user who may open the port may ask.
///
/// # Errors
/// If the driver of the port does not know the question; a pseudo-terminal does not.
pub fn ask(port: impl AsFd) -> io::Result<()> {
    if !cfg!(any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64", target_arch = "arm")) {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let mut settings: SerialStruct = [0; 32];
    // SAFETY: the number is right on these machines, and the system writes 72 bytes at most into the 128.
    unsafe { ioctl(&port, Updater::<'_, TIOCGSERIAL, SerialStruct>::new(&mut settings)) }?;
    settings[FLAGS] |= ASYNC_LOW_LATENCY;
    // SAFETY: the number is right on these machines, and the system reads 72 bytes at most, which it wrote itself.
    unsafe { ioctl(&port, Updater::<'_, TIOCSSERIAL, SerialStruct>::new(&mut settings)) }?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a port that cannot do it says so, and nothing else happens.
    #[test]
    fn what_is_no_serial_port_refuses() {
        assert!(ask(tempfile::tempfile().unwrap()).is_err());
    }
}
