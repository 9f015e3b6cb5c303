//! What an edited file must look like still, whatever it means.

use serde::de::IgnoredAny;

/// Line ends, the byte order mark, the end of the file, and JSON stay what they were.
pub fn is_kept(old: &str, new: &str) -> Result<(), String> {
    let is_broken = [
        (old.starts_with('\u{feff}') != new.starts_with('\u{feff}'), "the byte order mark"),
        (!old.ends_with('\n') && new.ends_with('\n') && !is_cut(old, new), "no line end at the end of the file"),
        (old.ends_with('\n') && !new.ends_with('\n'), "the line end at the end of the file"),
        (line_ends(old) != line_ends(new), "the line ends"),
        (is_json(old) && !is_json(new), "being JSON"),
        (has_more_loose_ends(old, new), "lines without spaces at the end"),
    ];
    match is_broken.iter().find(|(is_broken, _)| *is_broken) {
        Some((_, what)) => Err(format!("not kept: {what}")),
        None => Ok(()),
    }
}

/// Whether the last line went, and an empty one before it stays.
fn is_cut(old: &str, new: &str) -> bool {
    let is_blank = |line: &&str| line.trim().is_empty();
    let blanks = |text: &str| text.split('\n').filter(is_blank).count();
    new.lines().last().is_some_and(|line| is_blank(&line)) || blanks(new) <= blanks(old)
}

#[derive(PartialEq)]
enum LineEnds {
    Unix,
    Windows,
    Mixed,
}

fn line_ends(text: &str) -> Option<LineEnds> {
    let (all, windows) = (text.matches('\n').count(), text.matches("\r\n").count());
    match windows {
        _ if all == 0 => None,
        0 => Some(LineEnds::Unix),
        _ if windows == all => Some(LineEnds::Windows),
        _ => Some(LineEnds::Mixed),
    }
}

fn is_json(text: &str) -> bool {
    serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>().all(|value| value.is_ok())
}

/// Whether something new ends in a colon, dash or comma with space behind it.
fn has_more_loose_ends(old: &str, new: &str) -> bool {
    let count = |text: &str, is_loose: fn(&str) -> bool| {
        text.lines().filter(|line| line.ends_with([' ', '\t']) && is_loose(line.trim_end())).count()
    };
    let is_open = |line: &str| line.ends_with([':', '-', ',', '{', '[']);
    count(new, |_| true) > count(old, |_| true) && count(new, is_open) > count(old, is_open)
}
