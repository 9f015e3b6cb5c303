//! The page of a rule for a terminal, as `seaworthy explain` prints it.

use crate::report::plain::one_line;
use crate::report::rule_page::{Block, RulePage};

/// The page with prose wrapped at `width` columns; fewer than 40 count as 40. Code is never wrapped.
pub fn render(page: &RulePage, width: usize) -> String {
    let width = width.max(40) - INDENT.len();
    let mut lines = vec![format!("{}: {}", page.id, page.title)];
    lines.extend(wrapped(&page.summary, width));
    for section in &page.sections {
        lines.extend([String::new(), lower_case(&section.heading)]);
        for (index, block) in section.blocks.iter().enumerate() {
            let is_apart = index > 0 && matches!(block, Block::Code(..));
            lines.extend(is_apart.then(String::new));
            lines.extend(block_lines(block, width).into_iter().map(|line| format!("{INDENT}{line}")));
            let is_followed = index + 1 < section.blocks.len();
            lines.extend((is_followed && matches!(block, Block::Code(..))).then(String::new));
        }
    }
    lines.iter().map(|line| format!("{}\n", one_line(line).trim_end())).collect()
}

const INDENT: &str = "  ";

/// How each item of a list begins, and how its further lines do.
const ITEM: [&str; 2] = ["* ", "  "];

fn block_lines(block: &Block, width: usize) -> Vec<String> {
    match block {
        Block::Prose(text) => wrapped(text, width),
        Block::Items(items) => items.iter().flat_map(|item| item_lines(item, width)).collect(),
        Block::Code(_, text) => text.lines().map(str::to_owned).collect(),
    }
}

fn item_lines(item: &str, width: usize) -> Vec<String> {
    let lines = wrapped(item, width - ITEM[0].len()).into_iter().enumerate();
    lines.map(|(index, line)| format!("{}{line}", ITEM[usize::from(index > 0)])).collect()
}

/// Headings here begin with a small letter.
fn lower_case(heading: &str) -> String {
    let mut letters = heading.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// Text in lines of at most `width` characters; longer words stand alone. Line breaks of the text count as spaces.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::rule_page::tests::whole_page;

    #[test]
    fn the_page_of_a_rule() {
        insta::assert_snapshot!(render(&whole_page(), 60));
    }

    #[test]
    fn prose_is_wrapped_between_words() {
        assert_eq!(wrapped("aa bb\ncc dddddd e", 5), ["aa bb", "cc", "dddddd", "e"]);
        assert_eq!(wrapped(" ", 5), Vec::<String>::new());
    }

    #[test]
    fn nothing_in_a_page_drives_the_terminal() {
        let mut page = whole_page();
        page.sections[0].blocks.push(Block::Code("text", "a\u{1b}[31m\u{202e}".to_owned()));
        page.title = "two\nlines".to_owned();
        let text = render(&page, 0);
        assert!(text.contains("two lines") && !text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
    }
}
