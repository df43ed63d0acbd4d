//! PURE. Pairing: from a scanned code to a device that may come in, with a look at the terminal in between.

use std::time::Duration;

use super::code::{Code, CodeError, Codes, LIFETIME, Pass};
use super::secret::{Hash, Secret};
use crate::protocol::events::Role;
use crate::time::Time;

/// Devices that wait to be let in; more are turned away until the operator has answered.
const MAX_WAITING: usize = 16;

/// By this a waiting device asks what became of it: 128 random bits.
pub type Ticket = Secret<16>;

/// A device that waits to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its number, never used again.
    pub id: u64,
    /// What it calls itself, at most 32 characters.
    pub name: String,
    /// What it would be allowed to do.
    pub pass: Pass,
    /// Four digits that it shows, and the terminal, too: the same device is meant.
    pub number: u16,
}

/// What a good code leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Knock {
    /// The device may come in.
    Admitted(Pass),
    /// The operator must say yes first.
    Waiting(Request),
}

/// What became of a device that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody has answered yet.
    Waiting(Request),
    /// Come in, under this name.
    Admitted(String, Pass),
    /// The operator said no, or nobody answered in time.
    Denied,
}

#[derive(Clone, Debug)]
struct Waiting {
    request: Request,
    ticket: Hash,
    until: Time,
    answer: Option<bool>,
}

/// Codes and the devices that wait.
#[derive(Clone, Debug)]
pub struct Pairing {
    codes: Codes,
    waiting: Vec<Waiting>,
    confirm: bool,
    next: u64,
}

impl Pairing {
    /// `confirm`: drivers and operators are let in only after a look at the terminal.
    #[must_use]
    pub fn new(confirm: bool) -> Self {
        Self { codes: Codes::default(), waiting: Vec::new(), confirm, next: 0 }
    }

    /// Opens a code for one device.
    pub fn issue(&mut self, now: Time, code: Code, pass: impl Into<Pass>) {
        self.codes.issue(now, code, pass);
    }

    /// How long this code is still good; `None` if it is not.
    #[must_use]
    pub fn left(&self, now: Time, code: &Code) -> Option<Duration> {
        self.codes.left(now, code)
    }

    /// A device shows a code. `ticket` and `number` are fresh and random; `number` is below 10000.
    ///
    /// # Errors
    /// [`CodeError`]; also if too many devices wait already.
    pub fn knock(
        &mut self,
        now: Time,
        code: &str,
        name: &str,
        ticket: &Ticket,
        number: u16,
    ) -> Result<Knock, CodeError> {
        self.forget(now);
        if self.waiting.len() >= MAX_WAITING {
            return Err(CodeError::Crowded);
        }
        let pass = self.codes.redeem(now, code)?;
        if pass.role == Role::Viewer || !self.confirm {
            return Ok(Knock::Admitted(pass));
        }
        self.next += 1;
        let request = Request { id: self.next, name: tidy(name), pass, number };
        let until = now + LIFETIME;
        self.waiting.push(Waiting { request: request.clone(), ticket: ticket.hash(), until, answer: None });
        Ok(Knock::Waiting(request))
    }

    /// The operator answers; the request, if it was still waiting.
    pub fn answer(&mut self, now: Time, id: u64, yes: bool) -> Option<Request> {
        self.forget(now);
        let waiting = self.waiting.iter_mut().find(|waiting| waiting.request.id == id && waiting.answer.is_none())?;
        waiting.answer = Some(yes);
        Some(waiting.request.clone())
    }

    /// A waiting device asks. An answer is given once.
    pub fn collect(&mut self, now: Time, ticket: &str) -> Verdict {
        self.forget(now);
        let Some(ticket) = Ticket::parse(ticket) else { return Verdict::Denied };
        let Some(place) = self.waiting.iter().position(|waiting| ticket.fits(&waiting.ticket)) else {
            return Verdict::Denied;
        };
        match self.waiting[place].answer {
            None => Verdict::Waiting(self.waiting[place].request.clone()),
            Some(yes) => {
                let Request { name, pass, .. } = self.waiting.remove(place).request;
                if yes { Verdict::Admitted(name, pass) } else { Verdict::Denied }
            }
        }
    }

    /// Who waits for an answer, first first.
    #[must_use]
    pub fn waiting(&self, now: Time) -> Vec<Request> {
        let unanswered = self.waiting.iter().filter(|waiting| waiting.answer.is_none() && waiting.until > now);
        unanswered.map(|waiting| waiting.request.clone()).collect()
    }

    fn forget(&mut self, now: Time) {
        self.waiting.retain(|waiting| waiting.until > now);
    }
}

/// A name for terminals and pages: printable, at most 32 characters, never nothing.
#[must_use]
pub fn tidy(name: &str) -> String {
    let printable: String = name.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    // Marks that turn the direction of writing could make one name look like another.
    let plain: String = printable.chars().filter(|letter| !is_invisible(*letter)).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let name: String = words.join(" ").chars().take(32).collect();
    let name = name.trim_end();
    if name.is_empty() { "a device".to_owned() } else { name.to_owned() }
}

fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::ZERO;

    fn opened(confirm: bool, role: Role) -> Pairing {
        let mut pairing = Pairing::new(confirm);
        pairing.issue(NOW, Code::new([1; 16]), role);
        pairing
    }

    fn knock(pairing: &mut Pairing, name: &str) -> Result<Knock, CodeError> {
        pairing.knock(NOW, &Code::new([1; 16]).text(), name, &Ticket::new([9; 16]), 1234)
    }

    /// Goal: a driver comes in only after the operator's yes, and is told once.
    #[test]
    fn driver_waits_for_the_operators_yes() {
        let mut pairing = opened(true, Role::Driver);
        let Ok(Knock::Waiting(request)) = knock(&mut pairing, "Anne's\u{1b} phone\n") else { panic!("must wait") };
        assert_eq!((request.name.as_str(), request.number), ("Anne's phone", 1234));
        let ticket = Ticket::new([9; 16]).text();
        assert_eq!(pairing.collect(NOW, &ticket), Verdict::Waiting(request.clone()));
        assert_eq!(pairing.waiting(NOW), std::slice::from_ref(&request));
        assert_eq!(pairing.answer(NOW, request.id, true), Some(request.clone()));
        assert_eq!(pairing.answer(NOW, request.id, false), None, "answered once");
        assert_eq!(pairing.collect(NOW, &ticket), Verdict::Admitted("Anne's phone".into(), Role::Driver.into()));
        assert_eq!(pairing.collect(NOW, &ticket), Verdict::Denied, "told once");
    }

    /// Goal: no, and no answer for two minutes, keep a device out; a made-up ticket is nobody.
    #[test]
    fn no_and_silence_keep_a_device_out() {
        for answer in [Some(false), None] {
            let mut pairing = opened(true, Role::Operator);
            let Ok(Knock::Waiting(request)) = knock(&mut pairing, "") else { panic!("must wait") };
            assert_eq!(request.name, "a device");
            assert_eq!(pairing.collect(NOW, &Ticket::new([8; 16]).text()), Verdict::Denied);
            assert_eq!(pairing.collect(NOW, "rubbish"), Verdict::Denied);
            let later = if answer.is_some() { NOW } else { NOW + LIFETIME };
            answer.map(|yes| pairing.answer(NOW, request.id, yes));
            assert_eq!(pairing.collect(later, &Ticket::new([9; 16]).text()), Verdict::Denied);
            assert_eq!(pairing.answer(later, request.id, true), None);
        }
    }

    /// Goal: viewers, and all where the operator wants it so, come in by the code alone.
    #[test]
    fn viewers_need_no_yes() {
        assert_eq!(knock(&mut opened(true, Role::Viewer), "x"), Ok(Knock::Admitted(Role::Viewer.into())));
        assert_eq!(knock(&mut opened(false, Role::Driver), "x"), Ok(Knock::Admitted(Role::Driver.into())));
    }

    /// Goal: devices that nobody answers do not pile up, and do not use codes up.
    #[test]
    fn a_crowd_waits_outside() {
        let mut pairing = opened(true, Role::Driver);
        for round in 0..MAX_WAITING {
            assert!(knock(&mut pairing, &format!("{round}")).is_ok());
            pairing.issue(NOW, Code::new([1; 16]), Role::Driver);
        }
        assert_eq!(knock(&mut pairing, "one more"), Err(CodeError::Crowded));
        assert!(pairing.left(NOW, &Code::new([1; 16])).is_some());
        assert!(pairing.waiting(NOW).len() == MAX_WAITING);
    }

    proptest::proptest! {
        /// Goal: whatever a device calls itself is one short line that shows what it is.
        #[test]
        fn any_name_becomes_a_short_line(name in "(?s).{0,80}") {
            let tidied = tidy(&name);
            proptest::prop_assert!((1..=32).contains(&tidied.chars().count()));
            proptest::prop_assert!(!tidied.chars().any(|letter| letter.is_control() || is_invisible(letter)));
            proptest::prop_assert_eq!(tidy(&tidied), tidied);
        }

        /// Goal: whatever is shown as a code or a ticket opens nothing and breaks nothing.
        #[test]
        fn any_text_is_no_code(text in "(?s).{0,60}") {
            let mut pairing = opened(true, Role::Driver);
            proptest::prop_assert!(pairing.knock(NOW, &text, "x", &Ticket::new([9; 16]), 1).is_err());
            proptest::prop_assert_eq!(pairing.collect(NOW, &text), Verdict::Denied);
        }
    }
}
