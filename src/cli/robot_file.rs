//! The robot's file: what calibration found goes into its `[motors]`, and everything else stays as it is.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use toml_edit::{Array, DocumentMut, Item, Table, value};

use super::settings;
use crate::agent::calibration::{Difference, MotorFile};
use crate::config::Layers;
use crate::drive::Motor;

/// A robot's file, which need not exist yet.
pub struct RobotFile {
    path: PathBuf,
    text: String,
}

/// A text that would be written, and how it differs.
pub struct Change {
    text: String,
    /// Lines that would go, after `-`, and that would come, after `+`.
    pub lines: Vec<String>,
}

impl RobotFile {
    /// The file that the other commands would read: the named one, else the usual one.
    ///
    /// # Errors
    /// If it cannot be read, or if there is no folder for it.
    pub fn find(named: Option<&Path>) -> anyhow::Result<Self> {
        let path = match named {
            Some(path) => path.to_owned(),
            None => settings::usual_file().context("there is no folder for configuration: set HOME, or name a file")?,
        };
        let text = if named.is_none() && !path.exists() {
            String::new()
        } else {
            fs::read_to_string(&path).with_context(|| format!("cannot read the configuration {}", path.display()))?
        };
        Ok(Self { path, text })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The same with these motors.
    ///
    /// # Errors
    /// If it is no TOML, or if what would be written would be refused.
    pub fn with(&self, motors: &[Motor]) -> anyhow::Result<Change> {
        let mut document: DocumentMut =
            self.text.parse().with_context(|| format!("{} cannot be changed", self.path.display()))?;
        let section = document.entry("motors").or_insert(Item::Table(Table::new()));
        let section = section.as_table_like_mut().ok_or_else(|| anyhow!("`motors` is no section"))?;
        let lists: [(&str, Array); 3] = [
            ("inverted", motors.iter().map(|motor| motor.inverted).collect()),
            ("trim", motors.iter().map(|motor| motor.trim).collect()),
            ("dead_band", motors.iter().map(|motor| i64::from(motor.dead_band)).collect()),
        ];
        for (key, list) in lists {
            let same = section.get(key).and_then(Item::as_array).is_some_and(|old| plain(old) == plain(&list));
            if !same {
                section.insert(key, value(list));
            }
        }
        let text = document.to_string();
        let mut layers = Layers::defaults();
        layers.text(text.clone(), &self.path)?;
        settings::check(&settings::with_environment(layers)?)?;
        Ok(Change { lines: difference(&self.text, &text), text })
    }

    /// Writes it, whole or not at all; `false` if the file is no longer as it was read, and so was left alone.
    ///
    /// # Errors
    /// If it cannot be written; the file is then as it was.
    pub fn write(&self, change: &Change) -> anyhow::Result<bool> {
        let failed = || format!("cannot write {}; it is as it was", self.path.display());
        let text = match fs::read_to_string(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            read => read.with_context(failed)?,
        };
        if text != self.text {
            return Ok(false);
        }
        // A link stays a link: what it leads to is replaced.
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(failed)?;
        }
        // A name of its own, so that nothing that lies there is written over.
        let mut name = path.clone().into_os_string();
        name.push(format!(".{:08x}.new", getrandom::u32().with_context(failed)?));
        let fresh = PathBuf::from(name);
        let outcome = replace(&fresh, &path, &change.text);
        if outcome.is_err() {
            // What is left of it is of no use to anyone.
            fs::remove_file(&fresh).ok();
        }
        outcome.with_context(failed)?;
        Ok(true)
    }
}

fn replace(fresh: &Path, path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = File::create_new(fresh)?;
    file.write_all(text.as_bytes())?;
    if let Ok(known) = fs::metadata(path) {
        file.set_permissions(known.permissions())?;
    }
    file.sync_all()?;
    fs::rename(fresh, path)?;
    // The robot may be switched off right after. It is written all the same if the folder cannot be held to that.
    path.parent().map(|folder| File::open(folder).and_then(|folder| folder.sync_all()).ok());
    Ok(())
}

/// The file as an operator's page reaches it: read anew each time, for people change it meanwhile.
#[derive(Clone, Debug)]
pub struct NamedFile(pub Option<PathBuf>);

impl NamedFile {
    fn change(&self, motors: &[Motor]) -> Result<(RobotFile, Change), String> {
        let found = RobotFile::find(self.0.as_deref()).and_then(|file| file.with(motors).map(|change| (file, change)));
        found.map_err(|error| sentence(&error))
    }
}

impl MotorFile for NamedFile {
    fn place(&self) -> String {
        let path = self.0.clone().or_else(settings::usual_file);
        path.map_or_else(String::new, |path| path.display().to_string())
    }

    fn preview(&self, motors: &[Motor]) -> Result<Difference, String> {
        let (file, change) = self.change(motors)?;
        Ok(Difference { mark: mark(&file, &change), lines: change.lines })
    }

    fn write(&self, motors: &[Motor], shown: &str) -> Result<(), String> {
        let (file, change) = self.change(motors)?;
        if mark(&file, &change) == shown && file.write(&change).map_err(|error| sentence(&error))? {
            return Ok(());
        }
        Err(format!("{} has changed meanwhile: look at the difference again", file.path.display()))
    }
}

/// The same for the same texts before and after, and hardly ever for others.
fn mark(file: &RobotFile, change: &Change) -> String {
    let mut hasher = DefaultHasher::new();
    (&file.text, &change.text).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn sentence(error: &anyhow::Error) -> String {
    format!("{error:#}")
}

/// A list without the way it is laid out.
fn plain(list: &Array) -> Vec<String> {
    list.iter().map(|item| item.to_string().trim().to_owned()).collect()
}

/// Lines that one of two texts has more often than the other.
fn difference(before: &str, after: &str) -> Vec<String> {
    let more = |these: &str, than: &str, sign: char| -> Vec<String> {
        let mut known: Vec<&str> = than.lines().collect();
        let is_new = |line: &&str| match known.iter().position(|other| other == line) {
            Some(place) => {
                known.swap_remove(place);
                false
            }
            None => !line.is_empty(),
        };
        these.lines().filter(is_new).map(|line| format!("{sign} {line}")).collect()
    };
    [more(before, after, '-'), more(after, before, '+')].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# mine\n[robot]\nname = \"Rover\" # the fast one\n\n[motors]\ntrim = [1.0, 1.0] # both\n";

    fn motors() -> Vec<Motor> {
        vec![Motor { inverted: true, trim: 0.98, dead_band: 120 }, Motor::default()]
    }

    fn file(text: &str) -> (tempfile::TempDir, RobotFile) {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("robot.toml");
        fs::write(&path, text).unwrap();
        let file = RobotFile::find(Some(&path)).unwrap();
        (home, file)
    }

    /// Goal: what a person wrote into the file stays there, and what changes is shown.
    #[test]
    fn only_the_motors_change() {
        let (_home, file) = file(FILE);
        let change = file.with(&motors()).unwrap();
        assert_eq!(change.lines[0], "- trim = [1.0, 1.0] # both");
        assert_eq!(change.lines.len(), 4, "{:?}", change.lines);
        assert!(file.write(&change).unwrap());
        let text = fs::read_to_string(file.path()).unwrap();
        assert!(text.starts_with("# mine\n[robot]\nname = \"Rover\" # the fast one\n"), "{text}");
        assert!(text.contains("inverted = [true, false]") && text.contains("dead_band = [120, 0]"), "{text}");
        let again = RobotFile::find(Some(file.path())).unwrap();
        assert!(again.with(&motors()).unwrap().lines.is_empty(), "a second time there is nothing to do");
    }

    /// Goal: what would not be accepted is not written, and nothing is lost.
    #[test]
    fn refused_values_leave_the_file_alone() {
        let (home, file) = file(FILE);
        let refused = file.with(&[Motor { trim: 0.1, ..Motor::default() }]);
        let error = format!("{:#}", refused.err().unwrap());
        assert!(error.contains("robot.toml") && error.contains("0.5 to 1"), "{error}");
        assert_eq!(fs::read_to_string(file.path()).unwrap(), FILE);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }

    /// Goal: what somebody has written since it was read is not lost.
    #[test]
    fn what_came_meanwhile_stays() {
        let (_home, file) = file(FILE);
        let change = file.with(&motors()).unwrap();
        let edited = format!("{FILE}# edited\n");
        fs::write(file.path(), &edited).unwrap();
        assert!(!file.write(&change).unwrap());
        assert_eq!(fs::read_to_string(file.path()).unwrap(), edited);
    }

    /// Goal: a line is told as changed although the same line stands elsewhere, too.
    #[test]
    fn difference_counts_lines() {
        assert_eq!(difference("a\nb\n", "a\nb\na\n"), ["+ a"]);
        assert_eq!(difference("a\nx\na\n", "a\nx\n"), ["- a"]);
        assert!(difference("a\n", "a\n").is_empty());
    }

    /// Goal: over the network too only what was shown is written.
    #[test]
    fn what_was_not_shown_is_not_written() {
        let (_home, file) = file(FILE);
        let kept = NamedFile(Some(file.path().to_owned()));
        let shown = kept.preview(&motors()).unwrap();
        assert_eq!(shown.lines.len(), 4);
        assert!(kept.write(&[Motor::default()], &shown.mark).unwrap_err().contains("look at the difference again"));
        fs::write(file.path(), format!("{FILE}# changed\n")).unwrap();
        assert!(kept.write(&motors(), &shown.mark).unwrap_err().contains("has changed meanwhile"));
        let shown = kept.preview(&motors()).unwrap();
        kept.write(&motors(), &shown.mark).unwrap();
        assert!(kept.preview(&motors()).unwrap().lines.is_empty());
        assert!(fs::read_to_string(file.path()).unwrap().contains("# changed"));
    }
}
