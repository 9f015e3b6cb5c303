//! The little JSON that is needed: whether a text is one whole object, and the string that one of its keys has.
//! <https://www.rfc-editor.org/rfc/rfc8259>. Nothing is kept of it, and it may be anybody's.

/// Far deeper than any honest answer; reading goes as deep on the stack.
const DEEPEST: u8 = 32;

/// The string that this key of the object itself has, as it stands between its quotes; of several the last one, as other
/// readers have it. None where the text is anything but one object, or the key has something else.
pub fn string_of<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut reader = Reader { rest: text, key };
    let found = reader.object(DEEPEST)?;
    reader.space();
    found.filter(|_| reader.rest.is_empty())
}

struct Reader<'a, 'k> {
    rest: &'a str,
    key: &'k str,
}

/// Each gives none where the text is not what it reads.
impl<'a> Reader<'a, '_> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn sign(&mut self, sign: char) -> Option<()> {
        self.space();
        self.rest = self.rest.strip_prefix(sign)?;
        Some(())
    }

    /// Gives the string that the key has in it, if any.
    fn object(&mut self, deeper: u8) -> Option<Option<&'a str>> {
        self.sign('{')?;
        let mut found = None;
        if self.sign('}').is_some() {
            return Some(found);
        }
        loop {
            let name = self.string()?;
            self.sign(':')?;
            let value = self.value(deeper)?;
            if name == self.key {
                found = value;
            }
            if self.sign('}').is_some() {
                return Some(found);
            }
            self.sign(',')?;
        }
    }

    fn array(&mut self, deeper: u8) -> Option<()> {
        self.sign('[')?;
        if self.sign(']').is_some() {
            return Some(());
        }
        loop {
            self.value(deeper)?;
            if self.sign(']').is_some() {
                return Some(());
            }
            self.sign(',')?;
        }
    }

    /// Gives what it says where it is a string.
    fn value(&mut self, deeper: u8) -> Option<Option<&'a str>> {
        self.space();
        match self.rest.bytes().next()? {
            b'"' => self.string().map(Some),
            b'{' => self.object(deeper.checked_sub(1)?).map(|_| None),
            b'[' => self.array(deeper.checked_sub(1)?).map(|()| None),
            _ => self.word().map(|()| None),
        }
    }

    fn string(&mut self) -> Option<&'a str> {
        self.sign('"')?;
        let bytes = self.rest.as_bytes();
        let mut end = 0;
        while bytes.get(end)? != &b'"' {
            end += match (bytes[end], bytes.get(end + 1)?) {
                (b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                (b'\\', b'u') if bytes.get(end + 2..end + 6)?.iter().all(u8::is_ascii_hexdigit) => 6,
                (b'\\' | 0..0x20, _) => return None,
                _ => 1,
            };
        }
        let (text, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest.strip_prefix('"')?;
        Some(text)
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Option<()> {
        let end = self.rest.find([',', ']', '}', ' ', '\t', '\n', '\r'])?;
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (matches!(word, "true" | "false" | "null") || is_number(word)).then_some(())
    }
}

fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (number, exponent) = word.split_once(['e', 'E']).unwrap_or((word, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    let no_zero_before = whole == "0" || !whole.starts_with('0');
    digits(whole) && no_zero_before && digits(fraction) && digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
}

#[cfg(test)]
mod tests {
    use super::string_of;

    #[test]
    fn the_objects_own_key_is_found() {
        let cases = [
            (r#"{"k":"v"}"#, "v"),
            (" {\r\n\t\"k\" : \"v\" , \"n\": 1 } \n", "v"),
            (r#"{"a":{"k":"x"},"b":[{"k":"y"},[]],"k":"v","c":{}}"#, "v"),
            (r#"{"k":"first","k":"last"}"#, "last"),
            (r#"{"k":"a\"b\\\u00e4"}"#, r#"a\"b\\\u00e4"#),
            (r#"{"a":[0,-1,2.50,1e9,1E+9,-0.5e-7,true,false,null],"k":""}"#, ""),
            (r#"{"a":"k\":\"x","k":"ä"}"#, "ä"),
        ];
        for (text, wanted) in cases {
            assert_eq!(string_of(text, "k"), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_no_whole_object_with_that_string_gives_nothing() {
        let whole = r#"{"n":{"a":[1,"\u0041"]},"k":"v"}"#;
        for end in 0..whole.len() {
            assert_eq!(string_of(&whole[..end], "k"), None, "cut off: {}", &whole[..end]);
        }
        let cases = [
            r#"error: {"k":"v"}"#,
            r#"{"k":"v"}garbage"#,
            r#"{"k":"v"}{"k":"v"}"#,
            r#"["k","v"]"#,
            r#"{"a":{"k":"v"}}"#,
            r#"{"k":"v","k":null}"#,
            r#"{"k":5}"#,
            r#"{"k":"v",}"#,
            r#"{"k":"v","a":[1,]}"#,
            r#"{"k":"v" "a":1}"#,
            r#"{"k":"v","a":01}"#,
            r#"{"k":"v","a":1.}"#,
            r#"{"k":"v","a":+1}"#,
            r#"{"k":"v","a":1e}"#,
            r#"{"k":"v","a":--1}"#,
            r#"{"k":"v","a":nul}"#,
            r#"{"k":"v","a":}"#,
            r#"{"k":"\x"}"#,
            r#"{"k":"\u00g0"}"#,
            "{\"k\":\"a\nb\"}",
            "\u{feff}{\"k\":\"v\"}",
        ];
        for text in cases {
            assert_eq!(string_of(text, "k"), None, "{text}");
        }
    }

    #[test]
    fn what_is_deep_does_not_exhaust_the_stack() {
        let deep = |levels: usize| format!(r#"{{"k":"v","a":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
        assert_eq!(string_of(&deep(32), "k"), Some("v"));
        assert_eq!(string_of(&deep(33), "k"), None);
        assert_eq!(string_of(&deep(30_000), "k"), None);
    }
}
