//! Strangers who knock without end: connections, handshakes and a request that nobody answers with more than a few words.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Builder;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use super::watchers::{connector, secure};

/// Addresses that they come from.
const ADDRESSES: u64 = 50;
/// One of them gives up after this.
const PATIENCE: Duration = Duration::from_secs(5);
/// Of another site, so that they are strangers although they are on this machine.
const REQUEST: &str =
    "GET /nothing HTTP/1.1\r\nHost: localhost\r\nOrigin: https://elsewhere.example\r\nConnection: close\r\n\r\n";

/// A flood.
#[derive(Debug)]
pub struct Strangers {
    knocked: Arc<AtomicU64>,
    answered: Arc<AtomicU64>,
    stop: CancellationToken,
    thread: Option<thread::JoinHandle<()>>,
}

impl Strangers {
    /// Begins: so many a second knock, whether those before have been answered or not.
    ///
    /// # Errors
    /// If the system has no thread left.
    pub fn come(to: SocketAddr, per_second: u32) -> io::Result<Self> {
        let (knocked, answered) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let stop = CancellationToken::new();
        let (knocks, answers, until) = (knocked.clone(), answered.clone(), stop.clone());
        let thread = thread::Builder::new().name("strangers".to_owned()).spawn(move || {
            // They are on other machines, in life, and must not take the cores from who is measured.
            rustix::process::nice(19).unwrap_or_default();
            let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return };
            runtime.block_on(until.run_until_cancelled(knock(to, per_second, knocks, answers)));
        })?;
        Ok(Self { knocked, answered, stop, thread: Some(thread) })
    }

    /// How many have knocked, and how many of them got an answer.
    pub fn counts(&self) -> (u64, u64) {
        (self.knocked.load(Ordering::Relaxed), self.answered.load(Ordering::Relaxed))
    }
}

impl Drop for Strangers {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

async fn knock(to: SocketAddr, per_second: u32, knocked: Arc<AtomicU64>, answered: Arc<AtomicU64>) {
    let tls = connector();
    let mut beat = interval(Duration::from_secs(1) / per_second.max(1));
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    loop {
        beat.tick().await;
        let number = knocked.fetch_add(1, Ordering::Relaxed);
        let last = u8::try_from(number % ADDRESSES + 1).unwrap_or(1);
        let (tls, answered) = (tls.clone(), answered.clone());
        tokio::spawn(async move {
            let asked = timeout(PATIENCE, ask(to, IpAddr::V4(Ipv4Addr::new(127, 0, 200, last)), tls));
            if let Ok(Ok(1..)) = asked.await {
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
}

async fn ask(to: SocketAddr, from: IpAddr, tls: TlsConnector) -> io::Result<usize> {
    let mut stream = secure(to, from, &tls).await?;
    let request = REQUEST.replace("localhost", &format!("localhost:{}", to.port()));
    stream.write_all(request.as_bytes()).await?;
    let mut answer = [0; 512];
    stream.read(&mut answer).await
}
