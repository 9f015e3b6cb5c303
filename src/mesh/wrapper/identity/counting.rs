//! How a loop counts its turns: the test of a counter, and the step that each turn takes.

use crate::mesh::wrapper::wait::script_wait::COMPARISONS;

/// `[ $n -lt 30 ]`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CountTest<'a> {
    /// The name of the counter.
    pub(super) variable: &'a str,
    /// The test itself takes a step upwards, in the arithmetic of bash: `[ $((n++)) -lt 30 ]`.
    pub(super) counts_itself: bool,
    /// It holds while the counter is small, and not once it is large.
    pub(super) holds_below: bool,
}

impl<'a> CountTest<'a> {
    /// Reads a command; none where it is no such test.
    pub(super) fn of(words: &[&'a str], bash: bool) -> Option<Self> {
        let (counter, operator) = match *words {
            ["[", counter, operator, _, "]"] | ["test", counter, operator, _] => (counter, operator),
            // An error for other shells, which fails.
            ["[[", counter, operator, _, "]]"] if bash => (counter, operator),
            _ => return None,
        };
        if !COMPARISONS.contains(&operator) {
            return None;
        }
        let counted = counter.strip_prefix("$((").and_then(|inner| inner.strip_suffix("++))")).filter(|_| bash);
        let plain = counter.strip_prefix('$').unwrap_or_default();
        let plain = plain.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(plain);
        let variable = counted.unwrap_or(plain);
        let holds_below = matches!(operator, "-lt" | "-le");
        is_name(variable).then_some(Self { variable, counts_itself: counted.is_some(), holds_below })
    }
}

/// `n=$((n+1))`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step<'a> {
    /// The name of the counter.
    pub(super) variable: &'a str,
    /// Upwards.
    pub(super) grows: bool,
}

impl<'a> Step<'a> {
    /// Reads an assignment; none where it is no step of a number that is written out.
    pub(super) fn of(word: &'a str) -> Option<Self> {
        let (variable, value) = word.split_once('=').filter(|(name, _)| is_name(name))?;
        let arithmetic = || value.strip_prefix("$((")?.strip_suffix("))");
        let command = || value.strip_prefix("$(expr ")?.strip_suffix(')');
        let sum = arithmetic().or_else(command)?.replace([' ', '$'], "");
        let rest = sum.strip_prefix(variable)?;
        let number = rest.strip_prefix(['+', '-'])?;
        let is_number = number.parse::<u16>().is_ok_and(|number| number > 0) && !number.starts_with('+');
        is_number.then_some(Self { variable, grows: rest.starts_with('+') })
    }
}

fn is_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.bytes().all(is_part) && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_of_a_counter_are_told_from_others() {
        for (line, bash, wanted) in [
            ("[ $n -lt 30 ]", false, Some(("n", false, true))),
            ("test ${n} -ge $MAX", false, Some(("n", false, false))),
            ("[[ $n -le 3 ]]", true, Some(("n", false, true))),
            ("[[ $n -le 3 ]]", false, None),
            ("[ $((n++)) -lt 3 ]", true, Some(("n", true, true))),
            ("[ $((n++)) -lt 3 ]", false, None),
            ("[ $n = 30 ]", false, None),
            ("[ 30 -gt $n ]", false, None),
            ("[ $1 -gt 3 ]", false, None),
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            let wanted =
                wanted.map(|(variable, counts_itself, holds_below)| CountTest { variable, counts_itself, holds_below });
            assert_eq!(CountTest::of(&words, bash), wanted, "{line}");
        }
    }

    #[test]
    fn steps_of_a_counter_are_told_from_other_assignments() {
        for (word, wanted) in [
            ("n=$((n+1))", Some(("n", true))),
            ("n=$(( $n - 2 ))", Some(("n", false))),
            ("n=$(expr $n + 1)", Some(("n", true))),
            ("n=$((m+1))", None),
            ("n=$((n+0))", None),
            ("n=$((n++))", None),
            ("n=$((n*2))", None),
            ("n=1", None),
            ("2=$((2+1))", None),
        ] {
            assert_eq!(Step::of(word), wanted.map(|(variable, grows)| Step { variable, grows }), "{word}");
        }
    }
}
