//! The gate: who may come in, as relay, terminal and control socket share it.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use super::code::{Code, CodeError, LIFETIME, Pass};
use super::device::{Device, Devices, Token};
use super::device_file::DeviceFile;
use super::pairing::{Knock, Pairing, Request, Ticket, Verdict, tidy};
use super::{qr, telling};
use crate::clock::{self, Clock};
use crate::journal::{Doer, Journal, Record};
use crate::protocol::access::{self, Access, AccessReply, AccessRequest, Invite};
use crate::protocol::events::Role;

/// Between address and code: the page where a code is shown. A fragment stays in the browser.
const PATH: &str = "/p#";

/// Nobody waits longer for the log.
const WRITTEN_WITHIN: Duration = Duration::from_secs(1);

/// Who comes with a good session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// The device's number.
    pub id: u64,
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The robot that it is for, by name; `None`: any.
    pub robot: Option<String>,
}

/// A device that was just let in, and by what it will be known.
#[derive(Clone, Debug)]
pub struct Admission {
    /// The device.
    pub guest: Guest,
    /// What it shows from now on.
    pub token: Token,
}

/// What a device that shows a code is told.
#[derive(Debug)]
pub enum Welcome {
    /// Come in.
    Admitted(Admission),
    /// Wait for the operator's yes, and ask with this ticket.
    Waiting {
        /// By which it asks what became of it.
        ticket: Ticket,
        /// Four digits to compare.
        number: u16,
        /// What it will be allowed to do.
        role: Role,
    },
}

/// What a device that waits is told.
#[derive(Debug)]
pub enum Patience {
    /// Nobody has answered yet.
    Waiting {
        /// Four digits to compare.
        number: u16,
        /// What it will be allowed to do.
        role: Role,
    },
    /// Come in.
    Admitted(Admission),
    /// The operator said no, or nobody answered in time.
    Denied,
}

/// Why a device is not let in.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The code.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// Without random numbers there are no secrets.
    #[error("the system gives no random numbers, so nobody can be let in")]
    Random(#[from] getrandom::Error),
}

#[derive(Debug)]
struct State {
    pairing: Pairing,
    devices: Devices,
    /// Open connections of each device.
    present: BTreeMap<u64, usize>,
    /// `https://ADDRESS:PORT`, as phones reach it.
    address: String,
    /// Fingerprint of the certificate that vouches for us, for programs that come with a code.
    fingerprint: Option<String>,
}

/// The gate. What is async here waits for the disk, the rest for nothing.
#[derive(Debug)]
pub struct Gate {
    clock: Clock,
    state: Mutex<State>,
    file: DeviceFile,
    journal: Journal,
    changes: watch::Sender<u64>,
}

impl Gate {
    /// Opens the gate with the devices that `dir` remembers. `confirm`: drivers and operators wait for a yes. `journal`
    /// remembers who came in and who did not.
    ///
    /// # Errors
    /// If `dir` cannot be used.
    pub fn open(dir: &Path, confirm: bool, address: String, journal: Journal, clock: Clock) -> io::Result<Arc<Self>> {
        let (file, devices) = DeviceFile::open(dir)?;
        let state =
            State { pairing: Pairing::new(confirm), devices, present: BTreeMap::new(), address, fingerprint: None };
        Ok(Arc::new(Self { clock, state: Mutex::new(state), file, journal, changes: watch::Sender::new(0) }))
    }

    /// Tells that something has changed: somebody waits, was answered, let in or thrown out, came or went, or a code
    /// was used up.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Where phones reach the relay, `https://ADDRESS:PORT`; codes opened from now on lead there.
    pub fn move_to(&self, address: &str) {
        let moved = {
            let mut state = self.state();
            let moved = state.address != address;
            address.clone_into(&mut state.address);
            moved
        };
        if moved {
            self.changed();
        }
    }

    /// What vouches for us from now on, as programs that come with a code are told.
    pub fn vouch(&self, fingerprint: Option<String>) {
        self.state().fingerprint = fingerprint;
    }

    /// The device that shows this token.
    #[must_use]
    pub fn guest(&self, token: &str) -> Option<Guest> {
        let token = Token::parse(token)?;
        let mut state = self.state();
        let guest = state.devices.known(&token).map(guest)?;
        if state.devices.saw(guest.id, wall_clock()) {
            // Nobody waits for it: a lost note of a visit costs nothing.
            drop(self.file.save(&state.devices));
        }
        Some(guest)
    }

    /// Whether a device may still come in, by its number.
    #[must_use]
    pub fn knows(&self, id: u64) -> bool {
        self.state().devices.all().iter().any(|device| device.id == id)
    }

    /// A device shows a code. If it was let in before, as `before`, it now is what the code says instead. Who is let in
    /// is told so once that is on disk.
    ///
    /// # Errors
    /// [`GateError`], with a sentence for its owner.
    pub async fn knock(&self, code: &str, name: &str, before: Option<u64>) -> Result<Welcome, GateError> {
        let (ticket, number) = (Ticket::new(random()?), random_number()?);
        let token = Token::new(random()?);
        let outcome = {
            let mut state = self.state();
            match state.pairing.knock(self.clock.now(), code, name, &ticket, number) {
                Ok(Knock::Waiting(request)) => Ok(Err(request)),
                Ok(Knock::Admitted(pass)) => Ok(Ok(self.admit(&mut state, tidy(name), pass, token, before))),
                Err(error) => Err(error),
            }
        };
        self.changed();
        match outcome {
            Ok(Ok(admitted)) => Ok(Welcome::Admitted(admitted.written_down(&self.journal).await)),
            Ok(Err(Request { name, pass: Pass { role, .. }, .. })) => {
                tracing::info!(name, ?role, "a device waits to be let in");
                self.journal.note(telling::waits(&name, role));
                Ok(Welcome::Waiting { ticket, number, role })
            }
            Err(error) => {
                tracing::warn!(%error, "a device showed a wrong code");
                self.journal.note(telling::refused(&tidy(name), &error.to_string()));
                Err(error.into())
            }
        }
    }

    /// A waiting device asks what became of it.
    ///
    /// # Errors
    /// [`GateError::Random`].
    pub async fn collect(&self, ticket: &str, before: Option<u64>) -> Result<Patience, GateError> {
        let token = Token::new(random()?);
        let admitted = {
            let mut state = self.state();
            match state.pairing.collect(self.clock.now(), ticket) {
                Verdict::Waiting(Request { number, pass, .. }) => {
                    return Ok(Patience::Waiting { number, role: pass.role });
                }
                Verdict::Denied => return Ok(Patience::Denied),
                Verdict::Admitted(name, pass) => self.admit(&mut state, name, pass, token, before),
            }
        };
        self.changed();
        Ok(Patience::Admitted(admitted.written_down(&self.journal).await))
    }

    /// A connection of a device has begun.
    pub fn came(&self, id: u64) {
        *self.state().present.entry(id).or_insert(0) += 1;
        self.changed();
    }

    /// A connection of a device has ended.
    pub fn went(&self, id: u64) {
        {
            let mut state = self.state();
            match state.present.get_mut(&id) {
                Some(count) if *count > 1 => *count -= 1,
                Some(_) | None => drop(state.present.remove(&id)),
            }
        }
        self.changed();
    }

    /// Whether the code of this invitation can still be used; how long.
    #[must_use]
    pub fn left(&self, invite: &Invite) -> Option<Duration> {
        let state = self.state();
        // One that leads to where we no longer are is of no use either.
        let code = invite.url.strip_prefix(&state.address)?.strip_prefix(PATH).and_then(Code::parse)?;
        state.pairing.left(self.clock.now(), &code)
    }

    /// The present state, as operators see it.
    #[must_use]
    pub fn access(&self) -> Access {
        let state = self.state();
        let waiting = state.pairing.waiting(self.clock.now()).into_iter().map(|request| access::Waiting {
            id: request.id,
            name: request.name,
            role: request.pass.role,
            robot: request.pass.robot,
            number: format!("{:04}", request.number),
        });
        let devices = state.devices.all().iter().map(|device| access::Device {
            id: device.id,
            name: device.name.clone(),
            role: device.role,
            robot: device.robot.clone(),
            paired: device.paired,
            seen: device.seen,
            here: state.present.contains_key(&device.id),
        });
        Access { waiting: waiting.collect(), devices: devices.collect() }
    }

    /// Opens a code for one device.
    ///
    /// # Errors
    /// [`GateError::Random`].
    pub fn invite(&self, pass: impl Into<Pass>) -> Result<Invite, GateError> {
        let (code, pass) = (Code::new(random()?), pass.into());
        let (url, fingerprint) = {
            let mut state = self.state();
            state.pairing.issue(self.clock.now(), code, pass.clone());
            (format!("{}{PATH}{}", state.address, code.text()), state.fingerprint.clone())
        };
        let Pass { role, robot } = pass;
        Ok(Invite { qr: qr::rows(&url), url, role, robot, fingerprint, seconds: LIFETIME.as_secs() })
    }

    /// Does what an operator asks. Waits until it is on disk, if it is to be remembered.
    pub async fn ask(&self, request: AccessRequest, by: Doer) -> AccessReply {
        let mut invitation = None;
        let done = match request {
            AccessRequest::List => Ok(()),
            AccessRequest::Approve { id } => self.answer(id, true, by).await,
            AccessRequest::Deny { id } => self.answer(id, false, by).await,
            AccessRequest::Revoke { id } => self.revoke(id, by).await,
            AccessRequest::Assign { id, robot } => self.assign(id, robot, by).await,
            AccessRequest::Invite { role, robot } => {
                let pass = Pass { role, robot };
                self.journal.note(telling::invited(&pass, by));
                self.invite(pass).map(|invite| invitation = Some(invite)).map_err(|error| error.to_string())
            }
        };
        AccessReply { ok: done.is_ok(), why: done.err(), access: self.access(), invite: invitation }
    }

    async fn answer(&self, id: u64, yes: bool, by: Doer) -> Result<(), String> {
        let answered = self.state().pairing.answer(self.clock.now(), id, yes);
        let Some(request) = answered else {
            return Err(format!("no device number {id} waits: it was answered already, or gave up"));
        };
        tracing::info!(device = request.name, role = ?request.pass.role, yes, "a waiting device was answered");
        self.changed();
        self.keep(telling::answered(&request.name, yes, by)).await;
        Ok(())
    }

    async fn revoke(&self, id: u64, by: Doer) -> Result<(), String> {
        let (name, saved) = {
            let mut state = self.state();
            let name = called(&state, id);
            if !state.devices.revoke(id) {
                return Err(format!("there is no device number {id}"));
            }
            (name, self.file.save(&state.devices))
        };
        tracing::info!(id, "a device was thrown out");
        // First out, then written down: a slow disk keeps nobody in.
        self.changed();
        self.keep(telling::revoked(id, &name, by)).await;
        written(saved).await.map_err(|error| {
            format!("device {id} is out until this program ends, but that could not be written down: {error}")
        })
    }

    async fn assign(&self, id: u64, robot: Option<String>, by: Doer) -> Result<(), String> {
        let (name, saved) = {
            let mut state = self.state();
            let name = called(&state, id);
            if !state.devices.assign(id, robot.clone()) {
                return Err(format!("there is no device number {id}"));
            }
            (name, self.file.save(&state.devices))
        };
        self.changed();
        self.keep(telling::assigned(id, &name, robot.as_deref(), by)).await;
        written(saved).await.map_err(|error| format!("that could not be written down: {error}"))
    }

    /// Lets a device in and has that written down.
    fn admit(&self, state: &mut State, name: String, pass: Pass, token: Token, before: Option<u64>) -> Admitted {
        if let Some(before) = before {
            state.devices.revoke(before);
        }
        let id = state.devices.add(wall_clock(), name.clone(), pass.clone(), &token);
        let Pass { role, robot } = pass;
        tracing::info!(id, name, ?role, robot, "a device was let in");
        let admission = Admission { guest: Guest { id, name, role, robot }, token };
        Admitted { admission, saved: self.file.save(&state.devices) }
    }

    /// Remembers something; a log that hangs holds nobody up for long.
    async fn keep(&self, record: Record) {
        keep(&self.journal, record).await;
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the lists whole: each change is one call.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A device that was let in and is being written down.
#[derive(Debug)]
struct Admitted {
    admission: Admission,
    saved: oneshot::Receiver<io::Result<()>>,
}

impl Admitted {
    /// Waits until it is. A disk that fails keeps nobody out, but does not remember them either.
    async fn written_down(self, journal: &Journal) -> Admission {
        keep(journal, telling::admitted(&self.admission.guest)).await;
        let id = self.admission.guest.id;
        if let Err(error) = written(self.saved).await {
            tracing::warn!(id, %error, "a device must pair again after the next start: it could not be written down");
        }
        self.admission
    }
}

async fn keep(journal: &Journal, record: Record) {
    drop(tokio::time::timeout(WRITTEN_WITHIN, journal.keep(record)).await);
}

/// What a device is called.
fn called(state: &State, id: u64) -> String {
    let found = state.devices.all().iter().find(|device| device.id == id);
    found.map_or_else(|| format!("device {id}"), |device| device.name.clone())
}

fn guest(device: &Device) -> Guest {
    Guest { id: device.id, name: device.name.clone(), role: device.role, robot: device.robot.clone() }
}

async fn written(saved: oneshot::Receiver<io::Result<()>>) -> io::Result<()> {
    saved.await.unwrap_or_else(|_| Err(io::Error::other("the thread that writes is gone")))
}

/// Seconds since 1970.
fn wall_clock() -> u64 {
    clock::unix_millis() / 1000
}

fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// Four digits. The few numbers that come a little more often are no help to anyone.
fn random_number() -> Result<u16, getrandom::Error> {
    Ok(u16::try_from(getrandom::u32()? % 10_000).unwrap_or(0))
}
