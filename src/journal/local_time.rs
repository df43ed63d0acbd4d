//! Local time, for people: SQLite knows the time zone, and how clocks were set in each year.

use rusqlite::Connection;

/// Milliseconds of a minute, an hour, a day.
const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// How times may be written.
pub const EXAMPLES: &str = "10m, 2h, 3d, today, yesterday, 10:30, 2026-11-28, \"2026-11-28 10:30\"";

/// Knows the time zone.
#[derive(Debug)]
pub struct LocalTime {
    /// A database without a file.
    sqlite: Connection,
}

/// A time as a person says it: a day and a minute last a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its beginning, ms since 1970.
    pub from_ms: u64,
    /// Its end.
    pub to_ms: u64,
}

impl LocalTime {
    /// Asks nobody yet.
    ///
    /// # Errors
    /// If there is no memory.
    pub fn new() -> rusqlite::Result<Self> {
        Ok(Self { sqlite: Connection::open_in_memory()? })
    }

    /// A moment, to the second.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn show(&self, ms: u64) -> rusqlite::Result<String> {
        Ok(self.local("%Y-%m-%d %H:%M:%S", ms)?.unwrap_or_else(|| unknown(ms)))
    }

    /// A moment as it is said at another one: without the day, if that is the same.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn moment(&self, ms: u64, now_ms: u64) -> rusqlite::Result<String> {
        let (then, now) = (self.show(ms)?, self.show(now_ms)?);
        let day = now.split_inclusive(' ').next().unwrap_or_default();
        Ok(then.strip_prefix(day).map_or_else(|| then.clone(), str::to_owned))
    }

    /// A moment as part of a file's name, which sorts by age: so it is that of Greenwich.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn stamp(&self, ms: u64) -> rusqlite::Result<String> {
        let select = "SELECT strftime('%Y-%m-%d-%H%M%S', ?, 'unixepoch')";
        let stamp: Option<String> = self.sqlite.query_row(select, [seconds(ms)], |row| row.get(0))?;
        Ok(stamp.unwrap_or_else(|| "time-unknown".to_owned()))
    }

    /// A moment as programs read it.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn utc(&self, ms: u64) -> rusqlite::Result<String> {
        let select = "SELECT strftime('%Y-%m-%dT%H:%M:%S', ?, 'unixepoch')";
        let second: Option<String> = self.sqlite.query_row(select, [seconds(ms)], |row| row.get(0))?;
        Ok(second.map_or_else(|| unknown(ms), |second| format!("{second}.{:03}Z", ms % 1000)))
    }

    /// A time as a person says it; `None` if it is none.
    #[must_use]
    pub fn read(&self, text: &str, now_ms: u64) -> Option<Span> {
        let text = text.trim();
        let today = self.local("%Y-%m-%d", now_ms).ok()??;
        if let Some(ago) = ago(text) {
            let at = now_ms.saturating_sub(ago);
            return Some(Span { from_ms: at, to_ms: at });
        }
        match text {
            "now" => Some(Span { from_ms: now_ms, to_ms: now_ms }),
            "today" => self.calendar(&today),
            "yesterday" => {
                let noon = self.calendar(&today)?.from_ms.saturating_sub(HOUR * 12);
                self.calendar(&self.local("%Y-%m-%d", noon).ok()??)
            }
            _ if text.len() <= 8 => self.calendar(&format!("{today} {text}")),
            _ => self.calendar(text),
        }
    }

    /// A day, minute or second of the calendar.
    fn calendar(&self, text: &str) -> Option<Span> {
        type Answer = (Option<String>, Option<String>);
        const SHAPE: &[u8] = b"0000-00-00 00:00:00";
        let lasts = match text.len() {
            10 => DAY,
            16 => MINUTE,
            19 => 1000,
            _ => return None,
        };
        let text = text.replacen('T', " ", 1);
        let fits = |(shape, byte): (&u8, u8)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == *shape };
        if !SHAPE.iter().zip(text.bytes()).all(fits) {
            return None;
        }
        let select = "SELECT strftime('%s', ?1, 'utc'), strftime('%Y-%m-%d %H:%M:%S', ?1)";
        let answer: Answer = self.sqlite.query_row(select, [&text], |row| Ok((row.get(0)?, row.get(1)?))).ok()?;
        let (Some(at), Some(same)) = answer else { return None };
        // Else the 30th of February would be a day of March.
        let from_ms = at.parse::<u64>().ok()?.checked_mul(1000)?;
        same.starts_with(&text).then_some(Span { from_ms, to_ms: from_ms.saturating_add(lasts - 1) })
    }

    fn local(&self, format: &str, ms: u64) -> rusqlite::Result<Option<String>> {
        let select = "SELECT strftime(?, ?, 'unixepoch', 'localtime')";
        self.sqlite.query_row(select, (format, seconds(ms)), |row| row.get(0))
    }
}

/// A moment that no calendar has, as somebody changed it.
fn unknown(ms: u64) -> String {
    format!("time unknown ({} ms)", ms.cast_signed())
}

fn seconds(ms: u64) -> i64 {
    (ms / 1000).cast_signed()
}

/// Milliseconds of a time such as `10m`.
fn ago(text: &str) -> Option<u64> {
    let unit = match text.chars().last()? {
        's' => 1000,
        'm' => MINUTE,
        'h' => HOUR,
        'd' => DAY,
        _ => return None,
    };
    text[..text.len() - 1].parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: times are read as people write them, and what is no time is not taken for one.
    #[test]
    fn times_are_read_as_people_write_them() {
        let local = LocalTime::new().unwrap();
        let noon = local.read("2026-11-28 12:00", 0).unwrap();
        let now = noon.from_ms;
        assert_eq!(local.show(now).unwrap(), "2026-11-28 12:00:00");
        assert_eq!(noon.to_ms - noon.from_ms, MINUTE - 1);
        assert_eq!(local.read("2026-11-28T12:00", now), Some(noon));
        assert_eq!(local.read("12:00", now), Some(noon));
        let day = local.read("2026-11-28", now).unwrap();
        assert_eq!(local.read("today", now), Some(day));
        assert!(day.from_ms <= now && now <= day.to_ms);
        assert_eq!(local.read("yesterday", now), local.read("2026-11-27", now));
        assert_eq!(local.read("90s", now).unwrap().from_ms, now - 90_000);
        assert_eq!(local.read("2h", now).unwrap().from_ms, now - 2 * HOUR);
        for bad in
            ["", "m", "-1m", "ten", "2026-02-30", "2026-13-01", "25:00", "12:60", "2026-11-28 9:00", "ü", "2451545.0"]
        {
            assert_eq!(local.read(bad, now), None, "{bad}");
        }
    }

    /// Goal: a time that no calendar has is shown as such, whoever put it there.
    #[test]
    fn impossible_times_are_shown() {
        let local = LocalTime::new().unwrap();
        let never = (-5i64).cast_unsigned();
        assert_eq!(local.show(never).unwrap(), "time unknown (-5 ms)");
        assert_eq!(local.utc(never).unwrap(), "time unknown (-5 ms)");
        assert_eq!(local.moment(never, 0).unwrap(), "time unknown (-5 ms)");
        assert_eq!(local.stamp(never).unwrap(), "time-unknown");
        assert_eq!(local.moment(DAY * 20_000 + 1000, DAY * 20_000).unwrap().len(), "10:00:00".len());
        assert_eq!(local.moment(DAY, DAY * 20_000).unwrap().len(), "1970-01-02 10:00:00".len());
    }
}
