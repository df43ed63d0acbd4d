//! PURE. An address of this machine, and how likely a phone reaches it.

// `core::net` has the addresses alone; its sisters in `std` come with sockets.
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The interface's name, as the system calls it: `wlan0`.
    pub name: String,
    /// One of its addresses.
    pub address: IpAddr,
    /// How many of its leading bits all addresses of this network share.
    pub prefix: u8,
    /// Whether there is a link: a cable that leads somewhere, a Wi-Fi that was joined.
    pub up: bool,
    /// Whether the system says that it is radio.
    pub wireless: bool,
    /// Whether it leads to one other machine only, as tunnels do.
    pub point_to_point: bool,
}

/// How likely a phone reaches an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likelihood {
    /// If the phone is in the same network.
    Likely,
    /// Only in special set-ups.
    Unlikely,
    /// Not at all.
    Never,
}

/// What an interface is, by its name and what the system says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Radio.
    WiFi,
    /// A cable, or a bridge that a cable is part of.
    Ethernet,
    /// A phone that shares its connection by cable, or a board that is a network card.
    Usb,
    /// A network whose name tells nothing.
    Other,
    /// A mobile network: a carrier lets nobody in.
    Mobile,
    /// A tunnel.
    Vpn,
    /// Between this machine and machines that it emulates.
    VirtualMachine,
    /// Between this machine and its containers.
    Container,
    /// This machine itself.
    Loopback,
}

impl Kind {
    /// For people.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::WiFi => "Wi-Fi",
            Self::Ethernet => "Ethernet",
            Self::Usb => "USB",
            Self::Other => "network",
            Self::Mobile => "mobile network",
            Self::Vpn => "VPN",
            Self::VirtualMachine => "virtual machine",
            Self::Container => "container bridge",
            Self::Loopback => "loopback",
        }
    }

    /// Whether phones may be on the other side.
    #[must_use]
    pub fn leads_to_phones(self) -> bool {
        match self {
            Self::WiFi | Self::Ethernet | Self::Usb | Self::Other => true,
            Self::Mobile | Self::Vpn | Self::VirtualMachine | Self::Container | Self::Loopback => false,
        }
    }
}

/// An address with what is to be expected of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reachable {
    /// The address.
    pub interface: Interface,
    /// What its interface is.
    pub kind: Kind,
    /// Whether a phone gets there.
    pub likelihood: Likelihood,
    /// Why, for people: `Wi-Fi`; `Ethernet, public address`.
    pub reason: String,
}

/// Beginnings of names, and what interfaces of such names are. The first that fits counts.
const NAMES: [(&str, Kind); 43] = [
    ("docker", Kind::Container),
    ("br-", Kind::Container),
    ("veth", Kind::Container),
    ("lxc", Kind::Container),
    ("lxd", Kind::Container),
    ("cni", Kind::Container),
    ("podman", Kind::Container),
    ("flannel", Kind::Container),
    ("cali", Kind::Container),
    ("waydroid", Kind::Container),
    ("virbr", Kind::VirtualMachine),
    ("vboxnet", Kind::VirtualMachine),
    ("vmnet", Kind::VirtualMachine),
    ("vmenet", Kind::VirtualMachine),
    ("vnet", Kind::VirtualMachine),
    ("tun", Kind::Vpn),
    ("tap", Kind::Vpn),
    ("wg", Kind::Vpn),
    ("tailscale", Kind::Vpn),
    ("zt", Kind::Vpn),
    ("utun", Kind::Vpn),
    ("ppp", Kind::Vpn),
    ("nordlynx", Kind::Vpn),
    ("proton", Kind::Vpn),
    ("ipsec", Kind::Vpn),
    ("gpd", Kind::Vpn),
    ("wwan", Kind::Mobile),
    ("wwp", Kind::Mobile),
    ("rmnet", Kind::Mobile),
    ("lo", Kind::Loopback),
    ("wl", Kind::WiFi),
    ("ath", Kind::WiFi),
    ("ap", Kind::WiFi),
    ("uap", Kind::WiFi),
    ("usb", Kind::Usb),
    ("rndis", Kind::Usb),
    ("enx", Kind::Usb),
    // On a Mac, en0 may be either.
    ("en", Kind::Ethernet),
    ("eth", Kind::Ethernet),
    ("em", Kind::Ethernet),
    ("br", Kind::Ethernet),
    ("bond", Kind::Ethernet),
    ("end", Kind::Ethernet),
];

impl Interface {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        kind(&self.name, self.wireless, self.point_to_point, self.address.is_loopback())
    }

    /// Whether `other` is in the same network.
    #[must_use]
    pub fn shares_network(&self, other: &Self) -> bool {
        let network = |address: IpAddr, prefix: u8| match address {
            IpAddr::V4(four) => u128::from(u32::from(four)).checked_shr(32_u32.saturating_sub(prefix.into())),
            IpAddr::V6(six) => u128::from(six).checked_shr(128_u32.saturating_sub(prefix.into())),
        };
        self.prefix == other.prefix
            && self.address.is_ipv4() == other.address.is_ipv4()
            && network(self.address, self.prefix) == network(other.address, other.prefix)
    }
}

/// What an interface of that name is.
#[must_use]
pub fn kind(name: &str, wireless: bool, point_to_point: bool, loopback: bool) -> Kind {
    let known = NAMES.iter().find(|(beginning, _)| name.starts_with(beginning)).map(|(_, kind)| *kind);
    match known {
        Some(Kind::Loopback) | None if loopback => Kind::Loopback,
        // Names alone say little about these three: a renamed radio, a tunnel called like a cable.
        Some(Kind::Ethernet | Kind::Usb | Kind::Other | Kind::Loopback) | None if wireless => Kind::WiFi,
        Some(Kind::Ethernet | Kind::Other | Kind::Loopback) | None if point_to_point => Kind::Vpn,
        Some(Kind::Loopback) | None => Kind::Other,
        Some(
            kind @ (Kind::WiFi
            | Kind::Ethernet
            | Kind::Usb
            | Kind::Other
            | Kind::Mobile
            | Kind::Vpn
            | Kind::VirtualMachine
            | Kind::Container),
        ) => kind,
    }
}

/// All addresses, the one that a phone most likely reaches first; those that none reaches are last.
#[must_use]
pub fn rank(list: &[Interface]) -> Vec<Reachable> {
    let mut all: Vec<Reachable> = list.iter().map(judge).collect();
    all.sort_by_cached_key(|one| {
        let address = one.interface.address;
        (one.likelihood, standing(address), one.kind, one.interface.name.clone(), address)
    });
    all
}

/// Whether a phone may need another than the first of `ranked`: there are likely addresses in different networks.
#[must_use]
pub fn several_make_sense(ranked: &[Reachable]) -> bool {
    let likely = || ranked.iter().filter(|one| one.likelihood == Likelihood::Likely).map(|one| &one.interface);
    let Some(best) = likely().next() else { return false };
    // An interface has addresses of both families, and often several of IPv6; that is one network.
    likely().any(|other| other.name != best.name && !covered(other, ranked) && !other.shares_network(best))
        || likely().any(|other| {
            other.name == best.name && other.address.is_ipv4() && best.address.is_ipv4() && !other.shares_network(best)
        })
}

/// Whether the interface of an IPv6 address has an IPv4 address as well, which stands for its network.
fn covered(interface: &Interface, ranked: &[Reachable]) -> bool {
    interface.address.is_ipv6()
        && ranked.iter().any(|one| {
            one.likelihood == Likelihood::Likely
                && one.interface.name == interface.name
                && one.interface.address.is_ipv4()
        })
}

fn judge(interface: &Interface) -> Reachable {
    let kind = interface.kind();
    let (likelihood, reason) = match (kind, standing(interface.address)) {
        (Kind::Loopback, _) | (_, Standing::Loopback) => (Likelihood::Never, Kind::Loopback.text().to_owned()),
        (_, Standing::LinkLocalSix) => (Likelihood::Never, "link-local".to_owned()),
        _ if !interface.up => (Likelihood::Never, format!("{}, not connected", kind.text())),
        (_, Standing::LinkLocalFour) => (Likelihood::Unlikely, "link-local".to_owned()),
        _ if !kind.leads_to_phones() => (Likelihood::Unlikely, kind.text().to_owned()),
        (_, Standing::PrivateFour) => (Likelihood::Likely, kind.text().to_owned()),
        (_, Standing::PublicFour) => (Likelihood::Likely, format!("{}, public address", kind.text())),
        (_, Standing::LocalSix) => (Likelihood::Likely, format!("{}, IPv6", kind.text())),
        (_, Standing::PublicSix) => (Likelihood::Likely, format!("{}, IPv6, public address", kind.text())),
    };
    Reachable { interface: interface.clone(), kind, likelihood, reason }
}

/// What an address is by its number, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    PrivateFour,
    PublicFour,
    LocalSix,
    PublicSix,
    LinkLocalFour,
    LinkLocalSix,
    Loopback,
}

fn standing(address: IpAddr) -> Standing {
    match address {
        IpAddr::V4(four) if four.is_loopback() => Standing::Loopback,
        IpAddr::V4(four) if four.is_link_local() => Standing::LinkLocalFour,
        IpAddr::V4(four) if four.is_private() || is_shared(four) => Standing::PrivateFour,
        IpAddr::V4(_) => Standing::PublicFour,
        IpAddr::V6(six) if six.is_loopback() => Standing::Loopback,
        IpAddr::V6(six) if is_link_local(six) => Standing::LinkLocalSix,
        IpAddr::V6(six) if six.segments()[0] & 0xfe00 == 0xfc00 => Standing::LocalSix,
        IpAddr::V6(_) => Standing::PublicSix,
    }
}

/// 100.64.0.0/10: behind the translation of a carrier or a campus.
fn is_shared(four: Ipv4Addr) -> bool {
    let [first, second, ..] = four.octets();
    first == 100 && second & 0xc0 == 64
}

/// `fe80::/10`: a browser cannot use it, as it lacks the interface.
#[must_use]
pub fn is_link_local(six: Ipv6Addr) -> bool {
    six.segments()[0] & 0xffc0 == 0xfe80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(name: &str, address: &str) -> Interface {
        let address: IpAddr = address.parse().unwrap();
        let prefix = if address.is_ipv4() { 24 } else { 64 };
        Interface { name: name.to_owned(), address, prefix, up: true, wireless: false, point_to_point: false }
    }

    fn ranked(list: &[(&str, &str)]) -> Vec<Reachable> {
        rank(&list.iter().map(|(name, address)| interface(name, address)).collect::<Vec<_>>())
    }

    /// Goal: on a laptop with everything installed, the address of the Wi-Fi comes first, and nothing that leads
    /// nowhere before anything that leads somewhere.
    #[test]
    fn wifi_comes_before_what_leads_nowhere() {
        let all = ranked(&[
            ("lo", "127.0.0.1"),
            ("lo", "::1"),
            ("docker0", "172.17.0.1"),
            ("br-5a3f", "172.18.0.1"),
            ("virbr0", "192.168.122.1"),
            ("tun0", "10.8.0.2"),
            ("tailscale0", "100.100.1.2"),
            ("wlp3s0", "fe80::1"),
            ("wlp3s0", "2001:db8::5"),
            ("wlp3s0", "fd00::5"),
            ("enp0s31f6", "169.254.7.8"),
            ("wlp3s0", "192.168.1.23"),
        ]);
        let told: Vec<(String, Likelihood, &str)> =
            all.iter().map(|one| (one.interface.address.to_string(), one.likelihood, one.reason.as_str())).collect();
        let (likely, unlikely, never) = (Likelihood::Likely, Likelihood::Unlikely, Likelihood::Never);
        let expected = [
            ("192.168.1.23", likely, "Wi-Fi"),
            ("fd00::5", likely, "Wi-Fi, IPv6"),
            ("2001:db8::5", likely, "Wi-Fi, IPv6, public address"),
            ("100.100.1.2", unlikely, "VPN"),
            ("10.8.0.2", unlikely, "VPN"),
            ("192.168.122.1", unlikely, "virtual machine"),
            ("172.18.0.1", unlikely, "container bridge"),
            ("172.17.0.1", unlikely, "container bridge"),
            ("169.254.7.8", unlikely, "link-local"),
            ("fe80::1", never, "link-local"),
            ("127.0.0.1", never, "loopback"),
            ("::1", never, "loopback"),
        ];
        assert_eq!(told, expected.map(|(address, likelihood, reason)| (address.to_owned(), likelihood, reason)));
        assert!(!several_make_sense(&all), "one Wi-Fi is one network");
    }

    /// Goal: what the names of interfaces mean, on every kind of machine.
    #[test]
    fn names_tell_what_interfaces_are() {
        for (names, expected) in [
            (&["wlan0", "wlp3s0", "wlx00c0ca", "ap0", "uap0"][..], Kind::WiFi),
            (&["eth0", "enp3s0", "eno1", "end0", "em1", "br0", "bond0", "bridge100"], Kind::Ethernet),
            (&["usb0", "enx1a2b3c", "rndis0"], Kind::Usb),
            (&["docker0", "br-12ab", "veth9", "lxcbr0", "lxdbr0", "cni0", "podman1"], Kind::Container),
            (&["virbr0", "vboxnet0", "vmnet8"], Kind::VirtualMachine),
            (&["tun0", "tap0", "wg0", "tailscale0", "ztabc", "utun3", "ppp0"], Kind::Vpn),
            (&["wwan0", "wwp0s20u4"], Kind::Mobile),
            (&["mesh7", "local"], Kind::Other),
        ] {
            for name in names {
                assert_eq!(kind(name, false, false, false), expected, "{name}");
            }
        }
        assert_eq!(kind("eth1", true, false, false), Kind::WiFi);
        assert_eq!(kind("work", false, true, false), Kind::Vpn);
        assert_eq!(kind("lo", false, false, true), Kind::Loopback);
    }

    /// Goal: whoever is in two networks is asked which one the phone is in; two cables into one network are no
    /// question.
    #[test]
    fn only_different_networks_are_a_question() {
        let sense = |list: &[(&str, &str)]| several_make_sense(&ranked(list));
        assert!(sense(&[("wlan0", "192.168.1.5"), ("eth0", "10.0.0.5")]));
        assert!(sense(&[("wlan0", "192.168.1.5"), ("eth0", "fd00:1::5")]));
        assert!(sense(&[("eth0", "192.168.1.5"), ("eth0", "10.0.0.5")]));
        assert!(!sense(&[("wlan0", "192.168.1.5"), ("eth0", "192.168.1.6")]));
        assert!(!sense(&[("wlan0", "192.168.1.5"), ("wlan0", "fd00::5"), ("wlan0", "2001:db8::5")]));
        assert!(!sense(&[("wlan0", "192.168.1.5"), ("eth0", "192.168.1.6"), ("eth0", "2001:db8::6")]));
        assert!(!sense(&[("wlan0", "192.168.1.5"), ("docker0", "172.17.0.1")]));
        assert!(!sense(&[("lo", "127.0.0.1")]) && !sense(&[]));
    }

    /// Goal: a public address is offered, but after a private one; an unplugged cable is not offered.
    #[test]
    fn public_comes_after_private_and_unplugged_never() {
        let all = ranked(&[("eth0", "93.184.216.34"), ("wlan0", "10.1.1.1")]);
        assert_eq!(all[0].interface.name, "wlan0");
        assert_eq!((all[1].likelihood, all[1].reason.as_str()), (Likelihood::Likely, "Ethernet, public address"));
        let unplugged = rank(&[Interface { up: false, ..interface("eth0", "192.168.1.5") }]);
        assert_eq!(
            (unplugged[0].likelihood, unplugged[0].reason.as_str()),
            (Likelihood::Never, "Ethernet, not connected")
        );
    }
}
