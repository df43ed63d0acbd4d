//! PURE. A QR code as lines of a terminal: two modules a letter, one above the other.

/// Light modules around the code, without which cameras do not find it.
const QUIET: usize = 4;

/// The lines of a code of `rows` (`#` dark, space light).
///
/// With `colours` it is dark on light whatever the terminal's own are. Without, light modules are drawn and dark ones
/// left empty, which is right where letters are lighter than what is behind them.
pub fn lines(rows: &[String], colours: bool) -> Vec<String> {
    let width = rows.first().map_or(0, |row| row.chars().count());
    let empty = " ".repeat(width + 2 * QUIET);
    let framed = rows.iter().map(|row| format!("{0}{row}{0}", " ".repeat(QUIET)));
    let quiet = || std::iter::repeat_n(empty.clone(), QUIET);
    let all: Vec<String> = quiet().chain(framed).chain(quiet()).collect();
    all.chunks(2)
        .map(|pair| {
            let below = pair.get(1).unwrap_or(&empty);
            let line: String = pair[0].chars().zip(below.chars()).map(|(up, down)| letter(up, down, colours)).collect();
            if colours { format!("\x1b[38;5;16;48;5;231m{line}\x1b[0m") } else { line }
        })
        .collect()
}

fn letter(up: char, down: char, dark: bool) -> char {
    match (up == '#', down == '#') {
        (up, down) if up == dark && down == dark => '█',
        (up, _) if up == dark => '▀',
        (_, down) if down == dark => '▄',
        _ => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: what is light stays light: with colours by the background, without them by letters.
    #[test]
    fn code_is_dark_on_light_with_its_quiet_zone() {
        let rows: Vec<String> = ["##", "# ", " #"].map(str::to_owned).into();
        let plain = ["██████████", "██████████", "████ ▄████", "█████▄████", "██████████", "██████████"];
        assert_eq!(lines(&rows, false), plain);
        let inside = |line: &str| format!("\x1b[38;5;16;48;5;231m{line}\x1b[0m");
        let coloured = ["          ", "          ", "    █▀    ", "     ▀    ", "          ", "          "];
        assert_eq!(lines(&rows, true), coloured.map(inside));
    }
}
