//! The floors: the least that could stand between a client and the line. Each is a process of its own, a subcommand of this
//! very program, and turns a number into a DRIVE frame with that speed.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, bail};
use futures_util::StreamExt;
use joywire::protocol::frame;
use joywire::protocol::message::{Drive, PerMotor, ToMcu};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_tungstenite::accept_async;

use super::{Contestant, Running};

/// As `main` is asked for one: `floor KIND PORT`.
pub const WORD: &str = "floor";

/// Starts one.
pub fn start(running: &mut Running, port: &str) -> anyhow::Result<()> {
    let program = std::env::current_exe().context("where this program is")?;
    let contestant = running.contestant;
    let mut command = Command::new(program);
    command.args([WORD, contestant.name(), port]).stdin(Stdio::piped());
    if contestant == Contestant::WebSocket {
        let (cert, key) = running.certificate()?;
        command.args([cert, key]);
    }
    let process = running.spawn(&mut command)?;
    if contestant == Contestant::Pty {
        process.says("ready")?;
    } else {
        running.address = Some(process.says_its_address()?);
    }
    Ok(())
}

/// Is one, until its client or its standard input is gone: its name, its port, and the files of a certificate and its key.
///
/// # Errors
/// If the line or a socket breaks.
pub fn serve(words: &[String]) -> anyhow::Result<()> {
    let [name, port, files @ ..] = words else { bail!("{WORD} NAME PORT [CERTIFICATE KEY]") };
    let line = Wire { port: File::options().read(true).write(true).open(port)?, seq: 0, frame: Vec::new() };
    match Contestant::ALL.into_iter().find(|contestant| contestant.name() == name) {
        Some(Contestant::Pty) => {
            say("ready")?;
            by_lines(std::io::stdin().lock(), line)
        }
        Some(Contestant::Tcp) => {
            let listener = listen()?;
            let (stream, _) = listener.accept()?;
            stream.set_nodelay(true)?;
            by_lines(BufReader::new(stream), line)
        }
        Some(Contestant::WebSocket) => by_web_socket(line, files),
        Some(Contestant::Original | Contestant::OriginalUnlocked | Contestant::Joywire | Contestant::JoywireApart)
        | None => bail!("{name} is no floor"),
    }
}

/// The line, and what is said on it.
struct Wire {
    port: File,
    seq: u16,
    frame: Vec<u8>,
}

impl Wire {
    fn drive(&mut self, number: &str) -> anyhow::Result<()> {
        let permille: i16 = number.trim().parse()?;
        self.seq = self.seq.wrapping_add(1);
        let motors = PerMotor::new(&[permille, permille]).context("two motors")?;
        let (session, tick, ttl_ms) = (1, 0, 230);
        let drive = Drive { session, seq: self.seq, tick, ttl_ms, motors, aux: 0, epoch: 0, cause: 0 };
        self.frame.clear();
        frame::encode(ToMcu::Drive(drive).encode().as_slice(), &mut self.frame);
        Ok(self.port.write_all(&self.frame)?)
    }
}

fn by_lines(mut numbers: impl BufRead, mut wire: Wire) -> anyhow::Result<()> {
    let mut number = String::new();
    while numbers.read_line(&mut number)? > 0 {
        wire.drive(&number)?;
        number.clear();
    }
    Ok(())
}

fn by_web_socket(mut wire: Wire, files: &[String]) -> anyhow::Result<()> {
    let listener = listen()?;
    listener.set_nonblocking(true)?;
    let [cert, key] = files else { bail!("a certificate and its key") };
    let (chain, private) = (vec![CertificateDer::from_pem_file(cert)?], PrivateKeyDer::from_pem_file(key)?);
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, private)?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let (stream, _) = tokio::net::TcpListener::from_std(listener)?.accept().await?;
        stream.set_nodelay(true)?;
        let stream = TlsAcceptor::from(Arc::new(config)).accept(stream).await?;
        let mut socket = accept_async(stream).await?;
        while let Some(Ok(message)) = socket.next().await {
            if let Ok(number) = message.to_text()
                && message.is_text()
            {
                wire.drive(number)?;
            }
        }
        Ok(())
    })
}

fn listen() -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    say(&format!("listening at https://localhost:{}", listener.local_addr()?.port()))?;
    Ok(listener)
}

fn say(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
