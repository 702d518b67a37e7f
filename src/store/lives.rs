//! Which object an address stands for: space of a deleted one is used again, and a handle that was opened before is
//! not to lead to what lies there now.

use std::collections::HashMap;

use crate::wire::Addr;

/// What happened to an object since the last commit.
#[derive(Debug, Clone, Copy)]
enum Event {
    Born(Addr),
    /// It was deleted; the number that its address had.
    Ended(Addr, u64),
}

/// Numbers of the addresses of objects: another one once the object there is gone.
#[derive(Debug, Default)]
pub(super) struct Lives {
    last: u64,
    /// Those that are not 0.
    numbers: HashMap<Addr, u64>,
    events: Vec<Event>,
    marked: usize,
}

impl Lives {
    pub(super) fn number(&self, address: Addr) -> u64 {
        self.numbers.get(&address).copied().unwrap_or(0)
    }
    fn set(&mut self, address: Addr, number: u64) {
        match number {
            0 => drop(self.numbers.remove(&address)),
            _ => drop(self.numbers.insert(address, number)),
        }
    }
    fn renumber(&mut self, address: Addr) {
        self.last = self.last.saturating_add(1);
        self.set(address, self.last);
    }
    pub(super) fn born(&mut self, address: Addr) {
        self.events.push(Event::Born(address));
    }
    pub(super) fn ended(&mut self, address: Addr) {
        self.events.push(Event::Ended(address, self.number(address)));
        self.renumber(address);
    }
    pub(super) fn mark(&mut self) {
        self.marked = self.events.len();
    }
    /// Nobody has a handle to what was made since the mark.
    pub(super) fn undo(&mut self) {
        for event in self.events.split_off(self.marked.min(self.events.len())).into_iter().rev() {
            if let Event::Ended(address, number) = event {
                self.set(address, number);
            }
        }
    }
    pub(super) fn committed(&mut self) {
        self.events.clear();
        self.marked = 0;
    }
    /// What was deleted since the last commit is back, what was made since is gone.
    pub(super) fn rolled_back(&mut self) {
        self.marked = 0;
        for event in std::mem::take(&mut self.events).into_iter().rev() {
            match event {
                Event::Born(address) => self.renumber(address),
                Event::Ended(address, number) => self.set(address, number),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Addr = Addr::new(96);

    #[test]
    fn an_address_has_another_number_once_its_object_is_gone() {
        let mut lives = Lives::default();
        lives.born(A);
        lives.committed();
        let first = lives.number(A);
        lives.ended(A);
        lives.born(A);
        let second = lives.number(A);
        lives.rolled_back();
        assert_eq!(lives.number(A), first, "the deleted object is back");
        assert_ne!(second, first);
        lives.ended(A);
        assert!(![first, second].contains(&lives.number(A)), "no number comes twice");
    }

    #[test]
    fn what_is_rolled_back_is_gone() {
        let mut lives = Lives::default();
        lives.born(A);
        let number = lives.number(A);
        lives.rolled_back();
        assert_ne!(lives.number(A), number);
        // Made, deleted and made again: neither handle is good any more.
        let mut lives = Lives::default();
        lives.born(A);
        let first = lives.number(A);
        lives.ended(A);
        lives.born(A);
        let second = lives.number(A);
        lives.rolled_back();
        assert!(![first, second].contains(&lives.number(A)));
    }

    #[test]
    fn a_step_that_is_undone_ends_nothing() {
        let mut lives = Lives::default();
        lives.ended(A);
        let number = lives.number(A);
        lives.mark();
        lives.ended(A);
        lives.undo();
        assert_eq!(lives.number(A), number);
    }
}
