//! Numbers as Go reads and writes them, for text between a YAML scalar and a JSON value.
//!
//! Reading: `strconv.ParseInt` with base 0 and `ParseFloat` as `go-yaml` v2 calls them. Writing: `encoding/json`, and
//! `strconv.FormatFloat(x, 'g', -1, 32)` for keys as sigs.k8s.io/yaml calls it.

use super::scalar::Scalar;
use serde_json::{Number, Value};
use std::borrow::Cow;

/// The number that a plain scalar starting with a digit, a sign or a point is, if it is one.
pub(super) fn parse(text: &str) -> Option<Scalar<'static>> {
    if text.starts_with('.') {
        return float(text);
    }
    let plain = if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) };
    integer(&plain).or_else(|| float(&plain))
}

/// A whole number: an optional sign, an optional `0x`, `0o`, `0b` or `0` (octal), digits.
fn integer(text: &str) -> Option<Scalar<'static>> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("+", &text[1..]),
        _ => ("", text),
    };
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None; // Rust would take a second sign
    }
    let magnitude = u64::from_str_radix(digits, base).ok()?;
    match sign {
        "-" => 0i64.checked_sub_unsigned(magnitude).map(Scalar::Integer),
        "+" => i64::try_from(magnitude).ok().map(Scalar::Integer),
        _ => Some(i64::try_from(magnitude).map_or(Scalar::Unsigned(magnitude), Scalar::Integer)),
    }
}

/// A decimal fraction; one that is too large for a float is no number but text.
fn float(text: &str) -> Option<Scalar<'static>> {
    let decimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    if !text.bytes().all(decimal) {
        return None; // Rust would take `inf` and `nan`
    }
    text.parse().ok().filter(|value: &f64| value.is_finite()).map(Scalar::Float)
}

/// The JSON number that Go writes for a float: without a fraction it is a whole number up to 1e21. None if not finite.
pub(super) fn json(value: f64) -> Option<Value> {
    if value.fract() == 0.0 && value.abs() < 1e20 && !(value == 0.0 && value.is_sign_negative()) {
        // The shortest digits that name this float, filled up with zeros: what Go prints, not the float's exact value.
        let digits = value.to_string();
        if let Ok(whole) = digits.parse::<i64>() {
            return Some(whole.into());
        }
        if let Ok(whole) = digits.parse::<u64>() {
            return Some(whole.into());
        }
    }
    Number::from_f64(value).map(Value::Number)
}

/// The name of a float that is not finite.
pub(super) fn name(value: f64) -> &'static str {
    match value {
        _ if value.is_nan() => ".nan",
        _ if value < 0.0 => "-.inf",
        _ => ".inf",
    }
}

/// A float as a key of a map: the shortest digits that name the nearest 32-bit float, with an exponent of at least two
/// digits below 1e-4 and from 1e6 on.
pub(super) fn key(value: f64) -> String {
    #[allow(clippy::cast_possible_truncation)] // as sigs.k8s.io/yaml does
    let value = value as f32;
    if !value.is_finite() {
        return name(f64::from(value)).to_owned();
    }
    let scientific = format!("{value:e}");
    match scientific.split_once('e').map(|(digits, exponent)| (digits, exponent.parse::<i32>())) {
        Some((digits, Ok(exponent))) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn float_keys_are_written_as_go_writes_them() {
        let cases = [
            (1.5, "1.5"),
            (1000.0, "1000"),
            (1e6, "1e+06"),
            (1_234_567.5, "1.2345675e+06"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (0.1, "0.1"),
            (-0.0, "-0"),
            (1e300, ".inf"),
            (f64::NEG_INFINITY, "-.inf"),
            (f64::NAN, ".nan"),
        ];
        for (value, text) in cases {
            assert_eq!(key(value), text);
        }
    }

    #[test]
    fn whole_floats_become_whole_json_numbers() {
        let cases = [
            (1e3, "1000"),
            (1e19, "10000000000000000000"),
            (1.234_567_890_123_456_7e18, "1234567890123456800"),
            (-1e3, "-1000"),
            (0.5, "0.5"),
            (1e21, "1e+21"),
            (-0.0, "-0.0"),
        ];
        for (value, text) in cases {
            assert_eq!(json(value).map(|value| value.to_string()).as_deref(), Some(text));
        }
        assert_eq!(json(f64::INFINITY), None);
    }

    #[test]
    fn texts_near_a_number_are_none() {
        for text in
            ["+", "-", ".", "0x", "0b2", "1e", "e5", "1e400", ".5_0", "--1", "+-1", "0x-1", "1.2.3", "1-2", "12:30"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
