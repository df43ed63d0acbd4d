//! From configuration to gamepads.

#[cfg(feature = "gamepad")]
pub mod view;

use std::path::PathBuf;
use std::time::Duration;

use super::settings::wheels;
use crate::agent::Agent;
use crate::clock::Clock;
use crate::config::{Config, ConfigError, Layers};
use crate::drive::{Shaping, Style, Wheels};
use crate::gamepad::{Choice, Control, Rules, Settings, Speeds};

/// What a control's key may hold.
const A_CONTROL: &str = "a control that can be pressed, such as \"east\" or \"left_trigger\" (`joywire pads` shows \
                         each by its name)";

/// Reads `[gamepad]`.
///
/// # Errors
/// [`ConfigError`] for the first value that does not do.
pub fn settings(layers: &Layers, config: &Config) -> Result<Settings, ConfigError> {
    let section = &config.gamepad;
    let choice = Choice::read(&section.r#use).ok_or_else(|| {
        let expected = "\"auto\", \"off\", part of a pad's name, or a GUID (`joywire pads --list` shows both)";
        layers.refusal("gamepad.use", &section.r#use, expected)
    })?;
    let shaping = Shaping { dead_zone: section.dead_zone, full_zone: section.full_zone, expo: section.expo };
    let speeds = Speeds { normal: section.normal_speed, slow: section.slow_speed, turbo: section.turbo_speed };
    let [deadman, turbo, slow, seat] = [
        ("gamepad.deadman", &section.deadman),
        ("gamepad.turbo", &section.turbo),
        ("gamepad.slow", &section.slow),
        ("gamepad.seat", &section.seat),
    ]
    .map(|(key, text)| if text.is_empty() { Ok(None) } else { control(layers, key, text).map(Some) });
    let rules = Rules {
        wheels: wheels(config),
        style: style(layers, &section.style, wheels(config))?,
        shaping,
        speeds,
        deadman: deadman?,
        turbo: turbo?,
        slow: slow?,
        stop: control(layers, "gamepad.stop", &section.stop)?,
        seat: seat?,
        reset: reset(layers, &section.reset)?,
        rest: Duration::from_millis(section.rest_ms),
    };
    check_doubles(layers, &rules)?;
    let mappings = (!section.mappings.is_empty()).then(|| PathBuf::from(&section.mappings));
    Ok(Settings { choice, mappings, rules, rumble: section.rumble })
}

/// Gives an agent the pads of this machine.
///
/// # Errors
/// If the system gives no thread to read them.
#[cfg(feature = "gamepad")]
pub fn plug_in(agent: Agent, settings: Settings, operator: bool, clock: Clock) -> std::io::Result<Agent> {
    use crate::gamepad::{link, reader};

    if settings.choice == Choice::Off {
        return Ok(agent);
    }
    let (ours, theirs) = link();
    reader::spawn(settings, ours, clock)?;
    Ok(agent.with_pads(theirs, operator))
}

/// Built without gamepads: the agent stays as it is.
///
/// # Errors
/// None.
#[cfg(not(feature = "gamepad"))]
#[expect(clippy::unnecessary_wraps, reason = "the same as with gamepads")]
pub fn plug_in(agent: Agent, _: Settings, _: bool, _: Clock) -> std::io::Result<Agent> {
    Ok(agent)
}

fn control(layers: &Layers, key: &str, text: &str) -> Result<Control, ConfigError> {
    let control: Option<Control> = text.parse().ok();
    control.filter(|control| control.is_button()).ok_or_else(|| layers.refusal(key, text, A_CONTROL))
}

fn reset(layers: &Layers, texts: &[String]) -> Result<Option<[Control; 2]>, ConfigError> {
    let key = "gamepad.reset";
    match texts {
        [] => Ok(None),
        [one, two] => Ok(Some([control(layers, key, one)?, control(layers, key, two)?])),
        _ => Err(layers.refusal(key, &texts.join(", "), "a list of two controls that are held together, or []")),
    }
}

fn style(layers: &Layers, text: &str, wheels: Wheels) -> Result<Style, ConfigError> {
    match text {
        "auto" => Ok(usual(wheels)),
        "arcade" => Ok(Style::Arcade),
        "tank" => Ok(Style::Tank),
        "curvature" if wheels.steer() => {
            let expected = "auto, arcade, tank or strafe: a car's wheels make the curve";
            Err(layers.refusal("gamepad.style", text, expected))
        }
        "curvature" => Ok(Style::Curvature),
        "strafe" => Ok(Style::Strafe),
        _ => Err(layers.refusal("gamepad.style", text, "auto, arcade, tank, curvature or strafe")),
    }
}

/// The style that fits a robot.
fn usual(wheels: Wheels) -> Style {
    if wheels.strafes() { Style::Strafe } else { Style::Arcade }
}

/// One finger means one thing: no control has two functions.
fn check_doubles(layers: &Layers, rules: &Rules) -> Result<(), ConfigError> {
    let [first, second] = rules.reset.map_or([None; 2], |pair| pair.map(Some));
    let all = [
        ("gamepad.stop", Some(rules.stop)),
        ("gamepad.seat", rules.seat),
        ("gamepad.turbo", rules.turbo),
        ("gamepad.slow", rules.slow),
        ("gamepad.deadman", rules.deadman),
        ("gamepad.reset", first),
        ("gamepad.reset", second),
    ];
    for (index, (key, control)) in all.iter().enumerate() {
        let Some(control) = control else { continue };
        if let Some((other, _)) = all[..index].iter().find(|(_, taken)| *taken == Some(*control)) {
            let expected = format!("another control: {other} has this one already");
            return Err(layers.refusal(key, control.name(), &expected));
        }
    }
    Ok(())
}
