//! Which texts `go-yaml` v2 takes for a timestamp. It matters only under an explicit `!!timestamp`; the value stays text.
//!
//! Source: `parseTimestamp` in <https://github.com/yaml/go-yaml/blob/v2/resolve.go>, by the rules of Go's `time.Parse`.

/// Whether the text is a date, or a date with a time of day, in one of the four accepted forms:
/// `2006-1-2`, `2006-1-2T15:4:5Z`, the same with `t`, and `2006-1-2 15:4:5` without a zone.
pub(super) fn is_timestamp(text: &str) -> bool {
    read(text).is_some()
}

fn read(text: &str) -> Option<()> {
    let (year, rest) = digits(text, 4, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 1, 2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 1, 2)?;
    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return None;
    }
    match rest.as_bytes().first() {
        None => Some(()),
        Some(b'T' | b't') => zone(time_of_day(&rest[1..])?),
        Some(b' ') => time_of_day(rest.trim_start_matches(' '))?.is_empty().then_some(()),
        Some(_) => None,
    }
}

/// `15:4:5` and an optional fraction; what follows it.
fn time_of_day(text: &str) -> Option<&str> {
    let (hour, rest) = digits(text, 1, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 1, 2)?;
    let (second, rest) = digits(rest.strip_prefix(':')?, 1, 2)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let Some(fraction) = rest.strip_prefix(['.', ',']) else { return Some(rest) };
    let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
    (length > 0).then(|| &fraction[length..])
}

/// `Z` or `+07:00`.
fn zone(text: &str) -> Option<()> {
    if text == "Z" {
        return Some(());
    }
    let (hours, rest) = digits(text.strip_prefix(['+', '-'])?, 2, 2)?;
    let (minutes, rest) = digits(rest.strip_prefix(':')?, 2, 2)?;
    (rest.is_empty() && hours <= 24 && minutes < 60).then_some(())
}

/// The number at the start of the text, of `least` to `most` digits, and what follows it.
fn digits(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let length = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(length)?;
    (length >= least).then_some((number.parse().ok()?, rest))
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_forms_are_timestamps_and_near_misses_are_not() {
        let yes = [
            "2026-11-20",
            "2026-1-2",
            "2024-02-29",
            "2001-12-14T21:59:43.10Z",
            "2001-12-14t1:5:4-05:00",
            "2001-12-14 21:59:43",
        ];
        let no = [
            "",
            "2026",
            "2026-13-01",
            "2026-02-30",
            "2023-02-29",
            "20260-1-1",
            "2001-12-14T21:59:43",
            "2001-12-14 21:59:43.10 -5",
            "2001-12-14 24:00:00",
            "2001-12-14T21:59:43+5:00",
            "2026-11-20 ",
        ];
        for text in yes {
            assert!(is_timestamp(text), "{text}");
        }
        for text in no {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
