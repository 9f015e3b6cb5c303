//! Comparisons with a number, as policies write them.

/// `> 50`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    operator: Operator,
    number: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Greater,
    AtLeast,
    Less,
    AtMost,
    Equal,
    Different,
}

impl Comparison {
    /// By the words of Kyverno's conditions.
    pub fn by_word(operator: &str, number: i64) -> Option<Self> {
        let operator = match operator {
            "GreaterThan" => Operator::Greater,
            "GreaterThanOrEquals" => Operator::AtLeast,
            "LessThan" => Operator::Less,
            "LessThanOrEquals" => Operator::AtMost,
            "Equals" | "Equal" => Operator::Equal,
            "NotEquals" | "NotEqual" => Operator::Different,
            _ => return None,
        };
        Some(Self { operator, number })
    }

    /// A text that begins with an operator in signs: `>50`, `>= 50`, `== 50`, `!=50`.
    pub fn in_signs(text: &str) -> Option<Self> {
        const SIGNS: [(&str, Operator); 7] = [
            (">=", Operator::AtLeast),
            ("<=", Operator::AtMost),
            ("==", Operator::Equal),
            ("!=", Operator::Different),
            (">", Operator::Greater),
            ("<", Operator::Less),
            ("!", Operator::Different),
        ];
        let text = text.trim();
        let (operator, rest) = SIGNS.iter().find_map(|(sign, it)| Some((*it, text.strip_prefix(sign)?)))?;
        Some(Self { operator, number: rest.trim().parse().ok()? })
    }

    /// Whether a number compares so.
    pub fn holds(self, seen: i64) -> bool {
        match self.operator {
            Operator::Greater => seen > self.number,
            Operator::AtLeast => seen >= self.number,
            Operator::Less => seen < self.number,
            Operator::AtMost => seen <= self.number,
            Operator::Equal => seen == self.number,
            Operator::Different => seen != self.number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_as_written() {
        for (word, signs, holds) in [
            ("GreaterThan", "> 50", [false, false, true]),
            ("GreaterThanOrEquals", ">=50", [false, true, true]),
            ("LessThan", "<50", [true, false, false]),
            ("LessThanOrEquals", "<= 50", [true, true, false]),
            ("Equals", "==50", [false, true, false]),
            ("NotEquals", "!=50", [true, false, true]),
        ] {
            for comparison in [Comparison::by_word(word, 50), Comparison::in_signs(signs)] {
                assert_eq!([49, 50, 51].map(|seen| comparison.unwrap().holds(seen)), holds, "{word} {signs}");
            }
        }
        for odd in ["50", "> 5m", ">", "~50"] {
            assert_eq!(Comparison::in_signs(odd), None, "{odd}");
        }
        assert_eq!(Comparison::by_word("AnyIn", 50), None);
    }
}
