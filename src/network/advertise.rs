//! Tells the local network the robot's name (mDNS), so that `LABEL.local` leads to this machine.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use mdns_sd::{DaemonEvent, IfKind, IfPredicate, Receiver, ServiceDaemon, ServiceInfo};
use percent_encoding::NON_ALPHANUMERIC;

use super::hostname;
use super::interface::{is_link_local, kind};

/// The service. Browsers of services know it and open what it names; one of our own nobody would look for.
const SERVICE: &str = "_https._tcp.local.";
/// Where all of these names are.
const DOMAIN: &str = ".local.";
/// Addresses are looked at again this often, s: someone changes the Wi-Fi.
const LOOK_AGAIN: u32 = 3;
/// The farewell may take this long.
const FAREWELL: Duration = Duration::from_millis(200);

/// Why the name is not told.
#[derive(Debug, thiserror::Error)]
pub enum AdvertiseError {
    /// The part that answers could not be started.
    #[error("the name {label}.local cannot be told on the network: {reason}; phones still reach the robot by address")]
    Daemon {
        /// The label.
        label: String,
        /// What the library says.
        reason: String,
    },
}

/// The robot's name on the network, as long as this lives.
///
/// Two threads of its own do the work: nothing here waits for the network, and what goes wrong there ends there.
/// Only [`drop`] waits, 200 ms at most, for the farewell: let the robot stop first.
///
/// If another robot has the name, this one takes the next that is free (`rover-2.local`), and [`Self::host`] tells
/// it a second or so later. Limits: machines that meet after both had their name keep it, and which one answers is
/// then chance; the name is looked for anew in every network that is joined. If another program holds UDP port 5353
/// for itself alone, nothing is told, and this is not noticed here.
pub struct Advertisement {
    daemon: ServiceDaemon,
    fullname: String,
    port: u16,
    /// Robots that are told beside the first, and how.
    robots: Mutex<BTreeMap<String, String>>,
    host: Arc<Mutex<String>>,
}

impl std::fmt::Debug for Advertisement {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Advertisement").field("host", &self.host()).finish_non_exhaustive()
    }
}

impl Advertisement {
    /// Tells the name `label` and the HTTPS page at `port` on every network that may have phones, now and
    /// whenever addresses change. `robot_name` is what lists of services show.
    ///
    /// # Errors
    /// [`AdvertiseError`].
    pub fn start(label: &str, robot_name: &str, port: u16) -> Result<Self, AdvertiseError> {
        let refuse =
            |error: mdns_sd::Error| AdvertiseError::Daemon { label: label.to_owned(), reason: error.to_string() };
        let service = service(label, robot_name, port, "/").map_err(refuse)?;
        let fullname = service.get_fullname().to_owned();
        let daemon = ServiceDaemon::new().map_err(refuse)?;
        let host = Arc::new(Mutex::new(format!("{label}{DOMAIN}").trim_end_matches('.').to_owned()));
        // From here on the farewell is said, whatever fails.
        let advertisement = Self { daemon, fullname, port, robots: Mutex::default(), host };
        advertisement.set_up(service, label).map_err(refuse)?;
        Ok(advertisement)
    }

    /// The name that leads here: `joywire-robot.local`.
    #[must_use]
    pub fn host(&self) -> String {
        self.host.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells these robots as well, each with the way to it, and no others any more.
    pub fn tell(&self, robots: &[String]) {
        let mut told = self.robots.lock().unwrap_or_else(PoisonError::into_inner);
        let gone: Vec<String> = told.keys().filter(|name| !robots.contains(name)).cloned().collect();
        for name in gone {
            if let Some(fullname) = told.remove(&name) {
                // Its answer is of no use: the name is told no more from here on.
                drop(self.daemon.unregister(&fullname));
            }
        }
        let host = self.host();
        let label = host.trim_end_matches(DOMAIN.trim_end_matches('.'));
        for name in robots {
            if told.contains_key(name) {
                continue;
            }
            let path = format!("/?robot={}", percent_encoding::utf8_percent_encode(name, NON_ALPHANUMERIC));
            let registered = service(label, name, self.port, &path).and_then(|service| {
                let fullname = service.get_fullname().to_owned();
                self.daemon.register(service).map(|()| fullname)
            });
            match registered {
                Ok(fullname) => drop(told.insert(name.clone(), fullname)),
                Err(error) => tracing::warn!(robot = name, %error, "this robot's name is not told on the network"),
            }
        }
    }

    fn set_up(&self, service: ServiceInfo, label: &str) -> mdns_sd::Result<()> {
        let daemon = &self.daemon;
        daemon.disable_interface(IfKind::Predicate(IfPredicate::new(|found| !leads_to_phones(found))))?;
        daemon.set_ip_check_interval(LOOK_AGAIN)?;
        let events = daemon.monitor()?;
        let host = Arc::clone(&self.host);
        let wanted = format!("{label}{DOMAIN}");
        thread::Builder::new()
            .name("mdns-names".to_owned())
            .spawn(move || follow(&events, &wanted, &host))
            .map_err(|error| mdns_sd::Error::Msg(error.to_string()))?;
        daemon.register(service)
    }
}

impl Drop for Advertisement {
    fn drop(&mut self) {
        // Were its thread gone, there would be nobody to say good-bye either.
        if let Ok(said) = self.daemon.unregister(&self.fullname) {
            drop(said.recv_timeout(FAREWELL));
        }
        drop(self.daemon.shutdown());
    }
}

fn service(label: &str, robot_name: &str, port: u16, path: &str) -> mdns_sd::Result<ServiceInfo> {
    let host = format!("{label}{DOMAIN}");
    let name = hostname::instance(robot_name);
    let nowhere: &[IpAddr] = &[];
    let mut service = ServiceInfo::new(SERVICE, &name, &host, nowhere, port, &[("path", path)][..])?.enable_addr_auto();
    service.set_interfaces(vec![IfKind::Predicate(IfPredicate::new(is_told))]);
    Ok(service)
}

/// Whether the name is told there at all.
fn leads_to_phones(found: &if_addrs::Interface) -> bool {
    // Radio or cable makes no difference here.
    kind(&found.name, false, found.is_p2p(), found.is_loopback()).leads_to_phones()
}

/// Whether the name leads to this address.
fn is_told(found: &if_addrs::Interface) -> bool {
    let useful = match found.ip() {
        IpAddr::V4(_) => true,
        IpAddr::V6(six) => !is_link_local(six),
    };
    useful && leads_to_phones(found)
}

/// Keeps `host` up to date until the daemon ends.
fn follow(events: &Receiver<DaemonEvent>, wanted: &str, host: &Mutex<String>) {
    for event in events {
        if let DaemonEvent::NameChange(change) = event
            && change.original.eq_ignore_ascii_case(wanted)
        {
            change.new_name.trim_end_matches('.').clone_into(&mut host.lock().unwrap_or_else(PoisonError::into_inner));
            tracing::warn!(name = %change.new_name, wanted, "another robot has this name: this one takes another");
        }
    }
}
