//! PURE. What was found out about one thing, how bad it is, and what to do about it.

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Fine,
    /// Worth knowing.
    Note,
    /// May get in the way.
    Warning,
    /// Keeps people from driving.
    Problem,
}

impl Level {
    /// For people and programs.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// What is looked at, in the order in which it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The addresses of this machine.
    Addresses,
    /// The ports that people connect to.
    Port,
    /// Whether the page answers.
    Page,
    /// The certificate that it shows.
    Certificate,
    /// The robot's name on the network.
    Name,
    /// What filters connections on this machine.
    Firewall,
    /// Radio.
    WiFi,
    /// The time of day.
    Clock,
    /// Ports that may lead to a robot.
    SerialPorts,
    /// Gamepads at this machine.
    Gamepads,
    /// Programs that disturb a robot.
    Programs,
    /// The rule that opens devices to whoever sits here.
    DeviceRule,
    /// Where keys and the latch are kept.
    Data,
    /// The latch.
    Stop,
}

impl Subject {
    /// All, in order.
    pub const ALL: [Self; 14] = [
        Self::Addresses,
        Self::Port,
        Self::Page,
        Self::Certificate,
        Self::Name,
        Self::Firewall,
        Self::WiFi,
        Self::Clock,
        Self::SerialPorts,
        Self::Gamepads,
        Self::Programs,
        Self::DeviceRule,
        Self::Data,
        Self::Stop,
    ];

    /// For people and programs.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Addresses => "addresses",
            Self::Port => "port",
            Self::Page => "page",
            Self::Certificate => "certificate",
            Self::Name => "name",
            Self::Firewall => "firewall",
            Self::WiFi => "wi-fi",
            Self::Clock => "clock",
            Self::SerialPorts => "serial ports",
            Self::Gamepads => "gamepads",
            Self::Programs => "programs",
            Self::DeviceRule => "device rule",
            Self::Data => "data folder",
            Self::Stop => "stop",
        }
    }
}

/// What was found out. What is not fine comes with what to do: there is no other way to make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub subject: Subject,
    /// How bad it is.
    pub level: Level,
    /// What was found.
    pub what: String,
    /// What to do; only what is fine has none.
    pub advice: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn fine(subject: Subject, what: impl Into<String>) -> Self {
        Self { subject, level: Level::Fine, what: what.into(), advice: None }
    }

    /// Worth knowing.
    pub fn note(subject: Subject, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { subject, level: Level::Note, what: what.into(), advice: Some(advice.into()) }
    }

    /// May get in the way.
    pub fn warning(subject: Subject, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { subject, level: Level::Warning, what: what.into(), advice: Some(advice.into()) }
    }

    /// Keeps people from driving.
    pub fn problem(subject: Subject, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { subject, level: Level::Problem, what: what.into(), advice: Some(advice.into()) }
    }
}
