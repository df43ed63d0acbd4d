//! `joywire pads`: the gamepads of this machine, and live what each of their controls does.

use std::process::ExitCode;

use super::PadsArgs;

/// Built without gamepads.
#[cfg(not(feature = "gamepad"))]
pub fn run(_: &PadsArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("this program was built without gamepads: build it with `cargo build --release --features gamepad`")
}

#[cfg(feature = "gamepad")]
pub fn run(args: &PadsArgs) -> anyhow::Result<ExitCode> {
    live::run(args)
}

#[cfg(feature = "gamepad")]
mod live {
    use std::collections::BTreeMap;
    use std::io::{self, Write};
    use std::process::ExitCode;
    use std::time::Duration;

    use tokio::time::Instant;
    use tokio_util::sync::CancellationToken;

    use crate::cli::gamepad::view::{self, ADVICE, Look};
    use crate::cli::terminal::{erase, is_watched, lines};
    use crate::cli::{PadsArgs, gamepad, runtime, say, settings, signals};
    use crate::clock::Clock;
    use crate::drive::{DriverId, Rules as Driving};
    use crate::gamepad::desk::{Desk, Happening};
    use crate::gamepad::{Card, Choice, Settings};

    /// Between two pictures, and between two lines of a pad for programs.
    const PICTURE: Duration = Duration::from_millis(50);
    /// Signals are looked for this often.
    const LOOK: Duration = Duration::from_millis(1);

    pub fn run(args: &PadsArgs) -> anyhow::Result<ExitCode> {
        let layers = settings::layers(args.config.as_deref())?;
        let (config, wanted, _) = settings::check(&layers)?;
        let pads = gamepad::settings(&layers, &config)?;
        let driving = settings::agent(&config, &wanted)?.controller.rules;
        let chosen = pads.choice.clone();
        // All are shown, also those that do not drive; and none of them shakes.
        let all = Settings { choice: Choice::Auto, rumble: false, ..pads };
        let mut desk = Desk::open(all.clone(), Clock::start())?;
        let cards: Vec<(DriverId, Card)> =
            desk.plugged().map(|plugged| (plugged.pad.driver(), plugged.card.clone())).collect();
        if args.list || (!args.json && !is_watched()) {
            list(&cards, &chosen, args.json)?;
            return Ok(ExitCode::SUCCESS);
        }
        runtime()?.block_on(async {
            let shutdown = signals::shutdown()?;
            list(&cards, &chosen, args.json)?;
            let mut live = Live { chosen, settings: all, driving, shown: BTreeMap::new(), drawn: None };
            if args.json { live.tell(&mut desk, &shutdown).await } else { live.draw(&mut desk, &shutdown).await }
        })?;
        Ok(ExitCode::SUCCESS)
    }

    fn list(cards: &[(DriverId, Card)], chosen: &Choice, json: bool) -> io::Result<()> {
        if json {
            return write(&view::list_json(cards, chosen));
        }
        if cards.is_empty() {
            say(&format!("no gamepad here: {ADVICE}"));
        } else {
            say(&view::table(cards, chosen).join("\n"));
        }
        Ok(())
    }

    struct Live {
        chosen: Choice,
        settings: Settings,
        driving: Driving,
        /// The last line about each pad.
        shown: BTreeMap<DriverId, String>,
        /// How many lines the last picture has, and how many there were on the terminal then.
        drawn: Option<(u64, u64)>,
    }

    impl Live {
        /// A picture in place, again and again.
        async fn draw(&mut self, desk: &mut Desk, shutdown: &CancellationToken) -> io::Result<()> {
            say(&view::legend(&self.settings.rules).join("\n"));
            let mut due = Instant::now();
            let mut last = Vec::new();
            while !shutdown.is_cancelled() {
                self.wait(desk).await;
                drop(desk.happened());
                if Instant::now() < due {
                    continue;
                }
                due = Instant::now() + PICTURE;
                let picture: Vec<String> = desk.plugged().flat_map(|plugged| self.look(plugged).picture()).collect();
                let picture = if picture.is_empty() { vec!["waiting for a gamepad …".to_owned()] } else { picture };
                if picture != last {
                    self.redraw(&picture);
                    last = picture;
                }
            }
            Ok(())
        }

        fn redraw(&mut self, picture: &[String]) {
            if let Some((height, _)) = self.drawn.filter(|(_, end)| *end == lines()) {
                erase(height);
            }
            say(&picture.join("\n"));
            self.drawn = Some((u64::try_from(picture.len()).unwrap_or(u64::MAX), lines()));
        }

        /// A line for each change.
        async fn tell(&mut self, desk: &mut Desk, shutdown: &CancellationToken) -> io::Result<()> {
            drop(desk.happened());
            let mut due = Instant::now();
            while !shutdown.is_cancelled() {
                self.wait(desk).await;
                for happening in desk.happened() {
                    match happening {
                        Happening::Here(id, card) => write(&view::plugged_json("plugged", id, &card, &self.chosen))?,
                        Happening::Gone(id, card) => {
                            self.shown.remove(&id);
                            write(&view::plugged_json("unplugged", id, &card, &self.chosen))?;
                        }
                        // Nothing is driven here, and all pads are chosen: an ignored one is one too many.
                        Happening::Stop(_) | Happening::Ignored(_) => {}
                    }
                }
                if Instant::now() < due {
                    continue;
                }
                due = Instant::now() + PICTURE;
                for plugged in desk.plugged() {
                    let line = self.look(plugged).json();
                    let id = plugged.pad.driver();
                    if self.shown.get(&id) != Some(&line) {
                        write(&line)?;
                        self.shown.insert(id, line);
                    }
                }
            }
            Ok(())
        }

        fn look<'a>(&'a self, plugged: &'a crate::gamepad::desk::Plugged) -> Look<'a> {
            let used = self.chosen.takes(&plugged.card.name, plugged.card.guid);
            Look { card: &plugged.card, pad: &plugged.pad, rules: &self.settings.rules, driving: &self.driving, used }
        }

        async fn wait(&self, desk: &mut Desk) {
            desk.wait(PICTURE);
            desk.drain();
            tokio::time::sleep(LOOK).await;
        }
    }

    /// A line for a program. One that no longer reads ends this one.
    fn write(line: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{line}").and_then(|()| out.flush())
    }
}
