//! JavaScript has one type of number: which floats are integers.

/// The first float that is no `u64`, 2^64.
const OVER_U64: f64 = 18_446_744_073_709_551_616.0;

/// The first float that is an `i64`, -2^63.
const MIN_I64: f64 = -9_223_372_036_854_775_808.0;

/// A float that is a whole number from 0 on.
pub(super) fn whole(float: f64) -> Option<u64> {
    let number = float as u64;
    ((0.0..OVER_U64).contains(&float) && number as f64 == float).then_some(number)
}

/// A float that is a whole number below 0.
pub(super) fn whole_below_zero(float: f64) -> Option<i64> {
    let number = float as i64;
    ((MIN_I64..0.0).contains(&float) && number as f64 == float).then_some(number)
}
