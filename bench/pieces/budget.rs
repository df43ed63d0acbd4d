//! The budget: how many instructions each piece needed when that was last agreed on.

use super::Piece;

/// The budget as it was read.
pub struct Budget(toml::Table);

impl Budget {
    /// Its file, as seen from the repository.
    pub const PATH: &'static str = "bench/pieces/budget.toml";

    fn file() -> std::path::PathBuf {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(Self::PATH)
    }

    /// Reads it.
    pub fn read() -> Self {
        let text = std::fs::read_to_string(Self::file());
        Self(text.unwrap_or_else(|error| panic!("{} cannot be read: {error}", Self::PATH)).parse().unwrap())
    }

    /// Makes it what was counted.
    pub fn write(counts: &[(&Piece, u64)]) {
        let mut text = String::from(
            "# Instructions of one round of each piece (bench/pieces/main.rs), as callgrind counts them in the build that\n\
             # `make instructions` makes. Renewed with `JOYWIRE_WRITE=1 make instructions`.\n",
        );
        text.extend(counts.iter().map(|(piece, counted)| format!("{} = {counted}\n", piece.name)));
        std::fs::write(Self::file(), text).unwrap();
    }

    /// The row of a piece, and why it is wrong if it is.
    pub fn verdict(&self, piece: &Piece, counted: u64) -> Result<String, (String, String)> {
        let name = piece.name;
        let Some(budget) = self.0.get(name).and_then(toml::Value::as_integer).and_then(|n| u64::try_from(n).ok())
        else {
            return Err((format!("| {name} | {counted} | none |  |  |"), format!("{name} has no budget yet")));
        };
        let (whole, share) = (shown(budget), shown(counted) / shown(budget) - 1.0);
        let allowed = piece.margin * 100.0;
        let row = format!("| {name} | {counted} | {whole} | {:+.1} % | +{allowed} % |", share * 100.0);
        if share > piece.margin {
            let why = format!("{name} needs {counted} instructions: {:.0} % more than its {budget}", share * 100.0);
            return Err((row, why));
        }
        // The next regression would have this much room; but a newer compiler that does better is no failure.
        let note = if share < -piece.margin { " lower the budget: it is far above this |" } else { "" };
        Ok(row + note)
    }
}

/// Counts are far below what a float holds exactly.
fn shown(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
