//! Dates as text, the way JavaScript writes them into JSON.

use alloc::{format, string::String};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// JavaScript's dates end 100 million days from 1970, in both directions.
const LAST: i64 = 100_000_000 * DAY;

/// `2009-02-13T23:31:30.000Z`; `None` for what is no date in JavaScript either.
pub(super) fn to_iso(millis: i64) -> Option<String> {
    if !(-LAST..=LAST).contains(&millis) {
        return None;
    }
    let (year, month, day) = civil(millis.div_euclid(DAY));
    let time = millis.rem_euclid(DAY);
    let (hour, minute) = (time / 3_600_000, time / 60_000 % 60);
    let (second, milli) = (time / 1000 % 60, time % 1000);
    let year = match year {
        0..=9999 => format!("{year:04}"),
        _ => format!("{year:+07}"),
    };
    Some(format!(
        "{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"
    ))
}

/// Year, month and day of a day since 1970.
///
/// Counted in years that begin in March, so that the leap day is the last of its year, and in
/// eras of 400 years, which are all of one length.
fn civil(day: i64) -> (i64, i64, i64) {
    const ERA: i64 = 146_097;
    // From 0000-03-01 to 1970-01-01.
    let day = day + 719_468;
    let (era, day) = (day.div_euclid(ERA), day.rem_euclid(ERA));
    let year = (day - day / 1460 + day / 36_524 - day / (ERA - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let is_next_year = month >= 10;
    let month = if is_next_year { month - 9 } else { month + 3 };
    let year = 400 * era + year + i64::from(is_next_year);
    (year, month, day_of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The right-hand sides are what `toISOString` gives in JavaScript.
    #[test]
    fn dates_are_spelled_as_in_javascript() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (1500, "1970-01-01T00:00:01.500Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
            (-62_167_219_200_001, "-000001-12-31T23:59:59.999Z"),
            (253_402_300_800_000, "+010000-01-01T00:00:00.000Z"),
            (LAST, "+275760-09-13T00:00:00.000Z"),
            (-LAST, "-271821-04-20T00:00:00.000Z"),
        ] {
            assert_eq!(to_iso(millis).as_deref(), Some(text), "{millis}");
        }
        assert_eq!(to_iso(LAST + 1), None);
        assert_eq!(to_iso(i64::MIN), None);
    }
}
