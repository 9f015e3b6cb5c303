//! CEL expressions of a few plain forms: what is set by a literal, and conditions on the grace period. All others are unclear.
//!
//! Nothing is evaluated. Source: <https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/>

use crate::base::Path;
use crate::checks::capped_grace::admitted::Admitted;
use crate::checks::capped_grace::comparison::Comparison;
use crate::checks::capped_grace::proof::Proof;
use crate::manifest::edit::pointer;
use serde_json::Value;

/// Whether all of a list of named conditions hold of an object.
pub fn conditions(list: Option<&Value>, admitted: &Admitted<'_>) -> Proof {
    match list {
        None | Some(Value::Null) => Proof::Yes,
        Some(Value::Array(all)) => Proof::all(all.iter().map(|condition| {
            let expression = condition.get("expression").and_then(Value::as_str);
            expression.map_or(Proof::Unknown, |text| condition_holds(text, admitted))
        })),
        Some(_) => Proof::Unknown,
    }
}

/// Whether a condition that is joined of comparisons of the grace period holds.
fn condition_holds(text: &str, admitted: &Admitted<'_>) -> Proof {
    if text.contains(['|', '?']) {
        return Proof::Unknown;
    }
    Proof::all(text.split("&&").map(|term| term_holds(term.trim(), &format!("object.{}", admitted.field()), admitted)))
}

fn term_holds(term: &str, field: &str, admitted: &Admitted<'_>) -> Proof {
    let is_asked = |term: &str| term.strip_prefix("has(").and_then(|rest| rest.strip_suffix(')')) == Some(field);
    if is_asked(term) {
        return Proof::Yes;
    }
    if term.strip_prefix('!').is_some_and(is_asked) {
        return Proof::No;
    }
    let comparison = term.strip_prefix(field).and_then(Comparison::in_signs);
    comparison.map_or(Proof::Unknown, |comparison| Proof::of(comparison.holds(admitted.grace)))
}

/// The number that an apply configuration sets as a literal: `Object{spec: Object.spec{terminationGracePeriodSeconds: 30}}`.
pub fn applied_number(text: &str, field: &Path) -> Option<i64> {
    let tokens = tokens(text)?;
    let keys = field.to_string();
    let keys: Vec<&str> = keys.split('.').collect();
    let (number, rest) = object_number(&tokens, &keys)?;
    rest.is_empty().then_some(number)?
}

/// The number that a literal list of JSON patches sets, if the last that has to do with the field does.
pub fn patched_number(text: &str, field: &Path) -> Option<i64> {
    let tokens = tokens(text)?;
    let mut rest = tokens.strip_prefix(&[Token::Sign('[')])?;
    let mut number = None;
    loop {
        let (patch, after) = fields(rest)?;
        let of = |name: &str| patch.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        let (Some([Token::Text(operation)]), Some([Token::Text(path)])) = (of("op"), of("path")) else { return None };
        match (*operation, *path == pointer(field), of("value")) {
            ("add" | "replace", true, Some([Token::Number(it)])) => number = Some(*it),
            ("add" | "replace" | "remove", false, _) if !contains(&pointer(field), path) => {}
            _ => return None,
        }
        match after {
            [Token::Sign(','), Token::Sign(']')] | [Token::Sign(']')] => return number,
            [Token::Sign(','), more @ ..] => rest = more,
            _ => return None,
        }
    }
}

/// Whether a pointer is above another one.
fn contains(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'t> {
    Word(&'t str),
    Number(i64),
    Text(&'t str),
    Sign(char),
}

/// The tokens of an expression; none where it has any that are not known here.
fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let (mut tokens, mut rest) = (Vec::new(), text.trim_start());
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '"' | '\'' => {
                let inner = rest.get(1..)?.split(first).next().filter(|inner| !inner.contains('\\'))?;
                tokens.push(Token::Text(inner));
                // Beyond the end where nothing closes it.
                inner.len() + 2
            }
            '-' | '0'..='9' => {
                let length = rest.get(1..)?.find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |digits| 1 + digits);
                tokens.push(rest.get(..length)?.parse().map_or(Token::Sign(first), Token::Number));
                if tokens.last() == Some(&Token::Sign(first)) { 1 } else { length }
            }
            word if word.is_ascii_alphabetic() || word == '_' => {
                let is_end = |c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.';
                let length = rest.find(is_end).unwrap_or(rest.len());
                tokens.push(Token::Word(rest.get(..length)?));
                length
            }
            sign => {
                tokens.push(Token::Sign(sign));
                sign.len_utf8()
            }
        };
        rest = rest.get(taken..)?.trim_start();
    }
    Some(tokens)
}

type Fields<'a, 't> = Vec<(&'t str, &'a [Token<'t>])>;

/// The fields of `Name{a: ..., b: ...}` with their values, and what comes behind it.
fn fields<'a, 't>(tokens: &'a [Token<'t>]) -> Option<(Fields<'a, 't>, &'a [Token<'t>])> {
    let [Token::Word(_), Token::Sign('{'), rest @ ..] = tokens else { return None };
    let (mut fields, mut rest) = (Vec::new(), rest);
    loop {
        match rest {
            [Token::Sign('}'), after @ ..] => return Some((fields, after)),
            [Token::Word(name), Token::Sign(':'), value @ ..] => {
                let length = value_length(value)?;
                fields.push((*name, value.get(..length)?));
                rest = value.get(length..)?;
                if let [Token::Sign(','), more @ ..] = rest {
                    rest = more;
                }
            }
            _ => return None,
        }
    }
}

/// How many tokens a value has: up to the comma or the brace behind it.
fn value_length(tokens: &[Token<'_>]) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign(',' | '}') if depth == 0 => return Some(index),
            Token::Sign('{' | '[' | '(') => depth += 1,
            Token::Sign('}' | ']' | ')') => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

/// The number at these keys of nested objects, none where they are not there, and what comes behind the outer one.
fn object_number<'a, 't>(tokens: &'a [Token<'t>], keys: &[&str]) -> Option<(Option<i64>, &'a [Token<'t>])> {
    let (fields, rest) = fields(tokens)?;
    let (first, deeper) = keys.split_first()?;
    let mut named = fields.iter().filter(|(name, _)| name == first).map(|(_, value)| *value);
    let number = match (named.next(), deeper) {
        (Some([Token::Number(number)]), []) => Some(*number),
        (Some(value), [_, ..]) => object_number(value, deeper).filter(|(_, rest)| rest.is_empty())?.0,
        _ => None,
    };
    Some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::capped_grace::admitted::GRACE;

    fn field() -> Path {
        Path::keys("spec").key(GRACE)
    }

    #[test]
    fn a_literal_in_nested_objects_is_read() {
        let of_template = Path::keys("spec.template.spec").key(GRACE);
        let template = "Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{
            terminationGracePeriodSeconds: 30}}}}";
        for (text, field, wanted) in [
            ("Object{spec: Object.spec{terminationGracePeriodSeconds: 50}}", field(), Some(50)),
            (
                "Object{\n  spec: Object.spec{ // a cap\n terminationGracePeriodSeconds: 50,\n  }\n}\n",
                field(),
                Some(50),
            ),
            (
                "Object{metadata: Object.metadata{labels: {'a': 'b'}}, spec: Object.spec{hostname: f(1, \"x\"), terminationGracePeriodSeconds: 0}}",
                field(),
                Some(0),
            ),
            (template, of_template.clone(), Some(30)),
            (template, field(), None),
            ("Object{spec: Object.spec{terminationGracePeriodSeconds: 50}}", of_template, None),
            ("Object{spec: Object.spec{terminationGracePeriodSeconds: 50 + 1}}", field(), None),
            ("Object{spec: Object.spec{terminationGracePeriodSeconds: 1.5}}", field(), None),
            ("Object{spec: Object.spec{terminationGracePeriodSeconds: 60 / 2\n}}", field(), None),
            ("Object{spec: Object.spec{terminationGracePeriodSeconds: params.seconds}}", field(), None),
            ("Object{spec: Object.spec{?terminationGracePeriodSeconds: optional.of(5)}}", field(), None),
            ("true ? Object{spec: Object.spec{terminationGracePeriodSeconds: 5}} : Object{}", field(), None),
            ("Object{spec: Object.spec{terminationGracePeriodSeconds: 5}} == x", field(), None),
            ("Object{spec: Object.spec{terminationGracePeriodSeconds: 50}", field(), None),
            ("Object{spec: Object.spec{terminationGracePeriodSeconds: '50'}}", field(), None),
            ("Object{spec: Object.spec{a: 'x}", field(), None),
            ("Object{spec: Object.spec{terminationGracePeriodSeconds: 50}, kind: 'x", field(), None),
            (r"Object{spec: Object.spec{hostname: 'a\b', terminationGracePeriodSeconds: 50}}", field(), None),
            ("Object{spec: Object.spec{terminationGracePeriodSeconds: -5}}", field(), Some(-5)),
            ("Object{spec: Object.spec{terminationGracePeriodSeconds: 5", field(), None),
            ("", field(), None),
        ] {
            assert_eq!(applied_number(text, &field), wanted, "{text}");
        }
    }

    #[test]
    fn the_last_patch_of_the_field_decides() {
        let patch = |op: &str, path: &str, value: &str| format!("JSONPatch{{op: \"{op}\", path: \"{path}\"{value}}}");
        let grace = "/spec/terminationGracePeriodSeconds";
        let sets = |number: i64| patch("replace", grace, &format!(", value: {number}"));
        for (patches, wanted) in [
            (vec![sets(30)], Some(30)),
            (vec![sets(30), sets(20)], Some(20)),
            (vec![patch("add", "/metadata/labels/a", ", value: 'b'"), sets(30)], Some(30)),
            (vec![patch("remove", "/metadata/labels/a", ""), sets(30)], Some(30)),
            (vec![patch("test", grace, ", value: 60"), sets(30)], None),
            (vec![sets(30), patch("remove", grace, "")], None),
            (vec![sets(30), patch("add", "/spec", ", value: x")], None),
            (vec![patch("copy", "/metadata/a", ", from: '/b'"), sets(30)], None),
            (vec![patch("add", grace, ", value: 5 * 6")], None),
            (vec![patch("add", "/spec/x", ", value: 30")], None),
        ] {
            assert_eq!(patched_number(&format!("[{}]", patches.join(", ")), &field()), wanted, "{patches:?}");
        }
        assert_eq!(patched_number("[]", &field()), None);
        assert_eq!(patched_number(&sets(30), &field()), None);
        assert_eq!(patched_number("[JSONPatch{op: 'add', path: '/spec/' + x, value: 1}]", &field()), None);
    }
}
