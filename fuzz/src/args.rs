/// The arguments of one operation, read from the front. What is missing is zero.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a>(&'a [u8]);

impl<'a> Args<'a> {
    /// The letter of the operation, and its arguments.
    #[must_use]
    pub fn of(record: &'a [u8]) -> Option<(u8, Self)> {
        let (letter, args) = record.split_first()?;
        Some((*letter, Self(args)))
    }

    /// A small number: one digit. Any other byte gives some number, too.
    pub fn digit(&mut self) -> usize {
        let Some((digit, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        usize::from(digit.wrapping_sub(b'0'))
    }

    /// As many decimal digits as there are, up to six, for sizes and milliseconds.
    pub fn number(&mut self) -> u64 {
        let mut number = 0;
        for _ in 0..6 {
            let Some((digit @ b'0'..=b'9', rest)) = self.0.split_first() else {
                break;
            };
            number = number * 10 + u64::from(digit - b'0');
            self.0 = rest;
        }
        number
    }

    /// Whether this letter comes next. If so, it is taken.
    pub fn flag(&mut self, letter: u8) -> bool {
        let Some(rest) = self.0.strip_prefix(&[letter]) else {
            return false;
        };
        self.0 = rest;
        true
    }

    /// Whether this letter is anywhere among the arguments.
    #[must_use]
    pub fn has(&self, letter: u8) -> bool {
        self.0.contains(&letter)
    }

    /// All that is left.
    #[must_use]
    pub fn rest(self) -> &'a [u8] {
        self.0
    }
}
