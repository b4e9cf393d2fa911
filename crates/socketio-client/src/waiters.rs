//! Those who wait for something.

/// Who waits for one thing, in order. Each may give up by its number.
pub(crate) struct Waiters<T> {
    waiting: Vec<(u64, T)>,
    next: u64,
}

impl<T> Default for Waiters<T> {
    fn default() -> Self {
        Self {
            waiting: Vec::new(),
            next: 0,
        }
    }
}

impl<T> Waiters<T> {
    pub(crate) fn push(&mut self, waiter: T) -> u64 {
        let number = self.next;
        self.next += 1;
        self.waiting.push((number, waiter));
        number
    }

    #[cfg(any(feature = "tokio", test))]
    pub(crate) fn remove(&mut self, number: u64) -> Option<T> {
        let at = self.waiting.iter().position(|(own, _)| *own == number)?;
        Some(self.waiting.remove(at).1)
    }

    /// Those of whom `is_meant` says so.
    pub(crate) fn take(&mut self, is_meant: impl Fn(&T) -> bool) -> Vec<T> {
        let taken = self.waiting.extract_if(.., |(_, waiter)| is_meant(waiter));
        taken.map(|(_, waiter)| waiter).collect()
    }

    pub(crate) fn take_all(&mut self) -> Vec<T> {
        self.take(|_| true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiters_are_taken_in_order_and_once() {
        let mut waiters = Waiters::default();
        let first = waiters.push('a');
        waiters.push('b');
        let last = waiters.push('a');
        waiters.push('c');
        assert_eq!(waiters.remove(last), Some('a'));
        assert_eq!(waiters.remove(last), None, "gave up already");
        assert_eq!(waiters.take(|waiter| *waiter == 'a'), ['a']);
        assert_eq!(waiters.remove(first), None, "was told already");
        assert_eq!(waiters.take_all(), ['b', 'c']);
        assert_eq!(waiters.take_all(), [' '; 0]);
    }
}
