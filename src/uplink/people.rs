//! PURE. The people who have come to robots by one connection: when that ends, all of them have left.

use std::collections::BTreeMap;

use crate::mailbox::Sender;

/// All of them, by the place of their robot and their number.
#[derive(Debug, Default)]
pub(super) struct People {
    met: BTreeMap<(usize, u64), Sender>,
}

impl People {
    /// Somebody is at a robot.
    pub(super) fn meet(&mut self, robot: usize, sender: &Sender) {
        self.met.entry((robot, sender.person.id)).or_insert_with(|| sender.clone());
    }

    /// They have left.
    pub(super) fn forget(&mut self, robot: usize, id: u64) {
        self.met.remove(&(robot, id));
    }

    /// All leave.
    pub(super) fn leave(&mut self) -> impl Iterator<Item = (usize, Sender)> + use<> {
        std::mem::take(&mut self.met).into_iter().map(|((robot, _), sender)| (robot, sender))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::events::{Person, Role};

    /// Goal: nobody who came by a connection that has ended is left at a robot.
    #[test]
    fn everybody_leaves_with_their_connection() {
        let mut people = People::default();
        let anne = Sender { person: Person { id: 1, name: "Anne".into() }, role: Role::Driver, device: None };
        people.meet(0, &anne);
        people.meet(1, &anne);
        people.meet(1, &anne);
        people.forget(0, 1);
        assert_eq!(people.leave().collect::<Vec<_>>(), [(1, anne)]);
        assert_eq!(people.leave().count(), 0);
    }
}
