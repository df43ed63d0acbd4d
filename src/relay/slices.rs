//! PURE. A robot's audience in slices: what all of it hears many times a second is told to one slice after the other, so
//! that a sample of the one who drives never waits for hundreds of deliveries.

/// Clients in a slice at most. A delivery costs some 7 µs, so a sample that comes meanwhile waits about 0.1 ms; fewer would
/// have every snapshot written out as text more often.
const MOST: u8 = 16;

/// How many clients are in each slice.
#[derive(Debug, Default)]
pub(super) struct Slices(Vec<u8>);

impl Slices {
    /// Finds a place for one more client: the slice that it is in from now on.
    pub(super) fn join(&mut self) -> usize {
        let slice = self.0.iter().position(|filled| *filled < MOST).unwrap_or(self.0.len());
        if slice == self.0.len() {
            self.0.push(0);
        }
        self.0[slice] += 1;
        slice
    }

    /// One has left this slice.
    pub(super) fn leave(&mut self, slice: usize) {
        if let Some(filled) = self.0.get_mut(slice) {
            *filled = filled.saturating_sub(1);
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    /// Every slice is below this number.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: no slice is longer than it may be, and there are no more of them than are needed, whoever comes and goes.
    #[test]
    fn slices_are_short_and_few() {
        let mut slices = Slices::default();
        assert_eq!(slices.count(), 0);
        let mut places: Vec<usize> = (0..500).map(|_| slices.join()).collect();
        let most = usize::from(MOST);
        assert_eq!(slices.count(), 500usize.div_ceil(most));
        // All but every seventh leave, and as many come again.
        let staying: Vec<usize> = places.iter().copied().step_by(7).collect();
        places.iter().enumerate().filter(|(n, _)| n % 7 != 0).for_each(|(_, place)| slices.leave(*place));
        places = staying;
        while places.len() < 500 {
            places.push(slices.join());
        }
        assert_eq!(slices.count(), 500usize.div_ceil(most));
        for slice in 0..slices.count() {
            assert!(places.iter().filter(|place| **place == slice).count() <= most);
        }
        for place in places {
            slices.leave(place);
        }
        assert_eq!(slices.count(), 0);
        slices.leave(3);
        assert_eq!(slices.join(), 0);
    }
}
