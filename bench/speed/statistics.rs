//! PURE. Quantiles of a round, and what many rounds say together: their median, and the least and the most of them.

/// What one round found, in no order.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// From whatever was measured; what is no number was not measured.
    pub fn new(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The value that a share of `thousandths` of all does not pass (nearest rank); no number if there are none.
    pub fn quantile(&self, thousandths: usize) -> f64 {
        let rank = (self.0.len() * thousandths).div_ceil(1000).max(1);
        self.0.get(rank - 1).copied().unwrap_or(f64::NAN)
    }

    /// The middle one.
    pub fn median(&self) -> f64 {
        self.quantile(500)
    }

    /// All rounds in one.
    pub fn pooled<'a>(rounds: impl IntoIterator<Item = &'a Self>) -> Self {
        Self::new(rounds.into_iter().flat_map(|round| round.0.iter().copied()))
    }
}

/// What many rounds say together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The middle round; of two middle ones their mean.
    pub median: f64,
    /// The least round.
    pub low: f64,
    /// The most.
    pub high: f64,
}

impl Spread {
    /// Of one value a round; `None` without any.
    pub fn of(rounds: &[f64]) -> Option<Self> {
        let mut sorted: Vec<f64> = rounds.iter().copied().filter(|value| value.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (*sorted.first()?, *sorted.last()?);
        let half = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 { sorted[half] } else { f64::midpoint(sorted[half - 1], sorted[half]) };
        Some(Self { median, low, high })
    }
}
