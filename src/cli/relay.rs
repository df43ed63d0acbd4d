//! `joywire relay`: the HTTPS relay alone.

use std::process::ExitCode;

use super::front::Front;
use super::phones::{Names, Phones};
use super::{RelayArgs, descriptors, memory, runtime, say, settings, signals};
use crate::config::Config;
use crate::metrics::{self, Book};
use crate::relay::Relay;

pub fn run(args: &RelayArgs) -> anyhow::Result<ExitCode> {
    let layers = settings::for_relay(args)?;
    let (config, wanted, _) = settings::check(&layers)?;
    descriptors::provide(&config);
    // Before signals are caught: whoever is asked something must be able to leave.
    let phones = config.server.public.then(|| Phones::choose(&config)).transpose()?;
    let journal = memory::open(&layers, &config, "joywire relay")?;
    runtime()?.block_on(memory::around(&journal, "joywire relay", async {
        let shutdown = signals::shutdown()?;
        let names = Names::new(phones.as_ref());
        let relay = Relay::bind(settings::relay(&config, &wanted, &names, &journal)?, None)?;
        let book = Book::new(journal.clone()).with_relay(relay.meter());
        let _numbers = metrics::serve(config.metrics.port, book);
        // Who reads this may ask for everything at once.
        say(&format!("joywire relays: open {} in a browser on this machine", url(&relay)));
        say("robots come by their agents: `joywire pair --role agent` shows what to type beside a robot");
        show_pages(&config, &relay);
        let _open = Front::open(&config, &relay, phones, names);
        relay.serve(shutdown).await?;
        Ok(ExitCode::SUCCESS)
    }))
}

/// Says where the user's own pages are, if there are any.
pub fn show_pages(config: &Config, relay: &Relay) {
    let folder = &config.server.web;
    if folder.is_empty() {
        return;
    }
    if !std::path::Path::new(folder).join("index.html").exists() {
        say(&format!("{folder} has no index.html yet: until it has one, Joywire's own page is shown instead"));
    }
    say(&format!("the pages of {folder} are there, Joywire's own page at {}/joywire/", url(relay)));
}

/// The address for a browser.
pub fn url(relay: &Relay) -> String {
    let port = relay.local_addrs().first().map_or(0, std::net::SocketAddr::port);
    format!("https://localhost:{port}")
}
